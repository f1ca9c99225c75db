from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from voicewright.audio.encode import _FROM_EXTENSION
from voicewright.cli.app import app
from voicewright.cli.failures import EXIT_STATUS, USAGE_STATUS
from voicewright.cli.terminal import CLOSED_PIPE_STATUS


def commands(group: Any, path: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            found |= commands(command, f"{path}{name} ")
        else:
            found[f"{path}{name}"] = command
    return found


COMMANDS = commands(typer.main.get_command(app))


@pytest.fixture(scope="module")
def page(repository: Path) -> str:
    return (repository / "docs" / "cli.md").read_text(encoding="utf-8")


def section(page: str, title: str) -> str:
    found = re.search(rf"^#+ {re.escape(title)}$(.*?)(?=^#+ |\Z)", page, flags=re.MULTILINE | re.DOTALL)
    assert found, f"docs/cli.md has no section '{title}'"
    return found[1]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_documented_and_every_documented_option_exists(page: str, name: str) -> None:
    offered: set[str] = set()
    for parameter in COMMANDS[name].params:
        if parameter.name != "help":
            is_option = parameter.param_type_name == "option"
            offered |= {*parameter.opts, *parameter.secondary_opts} if is_option else {parameter.name}

    rows = re.findall(r"^\| (`[^|]+`) \|", section(page, name), flags=re.MULTILINE)
    documented = {option for row in rows for option in re.findall(r"`([^`]+)`", row)}

    assert documented == offered


def test_every_command_has_a_help_text() -> None:
    assert all(command.help for command in COMMANDS.values())


def test_exit_statuses_are_documented(page: str) -> None:
    rows = re.findall(r"^\| (\d+) \| (?:`(\w+)`)? *\|", section(page, "Exit status"), flags=re.MULTILINE)

    by_kind = {kind: int(status) for status, kind in rows if kind}
    assert by_kind == {kind.value: status for kind, status in EXIT_STATUS.items()}
    assert {int(status) for status, kind in rows if not kind} == {
        0,
        USAGE_STATUS,
        129,
        CLOSED_PIPE_STATUS,
        143,
    }


def test_every_format_to_speak_into_is_documented(page: str) -> None:
    row = re.search(
        r"^\| `--out` \|.*the extension chooses the format: (.*) \| *\|$", page, flags=re.MULTILINE
    )
    assert row
    assert re.findall(r"`(\.\w+)`", row[1]) == list(_FROM_EXTENSION)
