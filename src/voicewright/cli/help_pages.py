"""How the help of a group of commands looks: each with the whole of its sentence, however long."""

from __future__ import annotations

from typing import Any, Final

from typer.core import TyperGroup

_LONGEST: Final = 1000


class WholeSentences(TyperGroup):
    """A group that cuts off no sentence of its commands."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of the commands."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [
            (name, command.get_short_help_str(_LONGEST))
            for name, command in commands
            if command is not None and not command.hidden
        ]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)
