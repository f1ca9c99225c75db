"""The command `voicewright`: its subcommands, its own options, and its end."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import typer

from voicewright import __version__
from voicewright.cli import (
    audit,
    clone,
    consents,
    doctor,
    engines,
    inspect,
    keys,
    read,
    say,
    serve,
    smoke,
    users,
    verify,
    voices,
    wyoming,
)
from voicewright.cli import engines_doctor as _engines_doctor  # noqa: F401 - adds its command to `engines`
from voicewright.cli import users_deletion as _users_deletion  # noqa: F401 - adds its command to `users`
from voicewright.cli import voices_cleanup as _voices_cleanup  # noqa: F401 - adds its commands to `voices`
from voicewright.cli import voices_copies as _voices_copies  # noqa: F401 - the same
from voicewright.cli import voices_sharing as _voices_sharing  # noqa: F401 - the same
from voicewright.cli import voices_stock as _voices_stock  # noqa: F401 - the same
from voicewright.cli.failures import USAGE_STATUS, describe, show
from voicewright.cli.terminal import CLOSED_PIPE_STATUS, drop_unread, is_unread
from voicewright.errors import ErrorKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicewright.cli.application import Application

app = typer.Typer(
    name="voicewright",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="From recordings to a voice that its owner can train, judge, keep and speak with.",
)
app.command("clone")(clone.clone)
app.command("say")(say.say)
app.command("read")(read.read)
app.command("serve")(serve.serve)
app.command("worker")(serve.worker)
app.command("wyoming")(wyoming.wyoming)
app.add_typer(users.app, name="users")
app.add_typer(voices.app, name="voices")
app.add_typer(engines.app, name="engines")
app.add_typer(consents.app, name="consents")
app.add_typer(keys.app, name="keys")
app.add_typer(audit.app, name="audit")
app.command("inspect")(inspect.inspect)
app.command("verify")(verify.verify)
app.command("doctor")(doctor.doctor)
app.command("smoke")(smoke.smoke)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - Typer's callback form
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    """Hold what belongs to every command."""


def run(application: Application, arguments: Sequence[str]) -> int:
    """Run one command line.

    Returns:
        The exit status; docs/cli.md lists them.
    """
    try:
        status = _run(application, arguments)
        return (status or CLOSED_PIPE_STATUS) if drop_unread() else status
    except BrokenPipeError:
        if not is_unread():
            raise
        drop_unread()
        return CLOSED_PIPE_STATUS
    except OSError as error:  # of the last words: commands have an end of their own for all others
        return show(describe(error, log_path=application.log_path), as_json=False)


def _run(application: Application, arguments: Sequence[str]) -> int:
    program: Any = typer.main.get_command(app)
    try:
        status = program.main(
            args=list(arguments), prog_name="voicewright", standalone_mode=False, obj=application
        )
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except SystemExit:  # Typer's own way out of a closed pipe
        return CLOSED_PIPE_STATUS
    except Exception as error:
        # Typer's usage errors have no public base class: they are told by what they can do.
        if not hasattr(error, "format_message"):
            raise
        return _show_usage_error(error, as_json="--json" in arguments)
    return status if isinstance(status, int) else 0


def _show_usage_error(error: Any, *, as_json: bool) -> int:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "voicewright"
    # what a command itself refuses is about no single parameter: the words are the command's own
    own = getattr(error, "param", True) is None and getattr(error, "param_hint", None) is None
    message = str(error.message if own else error.format_message()) or f"{path} needs more to go on"
    print(f"error: {message}\nSee: {path} --help", file=sys.stderr)
    if as_json:
        answer = {"error": message, "code": "USAGE", "kind": ErrorKind.INVALID, "retryable": False}
        typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
    return USAGE_STATUS
