from __future__ import annotations

import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import voicewright
from voicewright.errors import AppError, ErrorKind

NOT_TO_IMPORT = ("voicewright.db.migrations.", "voicewright.__main__")
"""Alembic imports the first, in a context of its own; the second runs the program."""


def subclasses(error: type[AppError]) -> Iterator[type[AppError]]:
    for child in error.__subclasses__():
        if child.__module__.startswith("voicewright."):
            yield child
            yield from subclasses(child)


@pytest.fixture(scope="module")
def errors() -> list[type[AppError]]:
    for module in pkgutil.walk_packages(voicewright.__path__, "voicewright."):
        if not module.name.startswith(NOT_TO_IMPORT):
            try:
                importlib.import_module(module.name)
            except ModuleNotFoundError as error:
                # of an engine with an environment of its own: it raises what `engines.errors` has
                if not module.name.startswith("voicewright.plugins.") or "voicewright" in str(error.name):
                    raise
    return [AppError, *dict.fromkeys(subclasses(AppError))]


@pytest.fixture(scope="module")
def documented(repository: Path) -> list[tuple[str, str]]:
    page = (repository / "docs" / "errors.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `([A-Z_]+)` \| (\w+) \|", page, flags=re.MULTILINE)


def test_every_error_has_a_code_of_its_own(errors: list[type[AppError]]) -> None:
    shared = {code: count for code, count in Counter(error.code for error in errors).items() if count > 1}

    assert shared == {}


def test_every_code_is_documented_with_its_kind(
    errors: list[type[AppError]], documented: list[tuple[str, str]]
) -> None:
    raised = {(error.code, ErrorKind(error.kind).value) for error in errors}
    # What the edge itself says, without a class: the system's own errors, and the command line's.
    edge = {("DISK_FULL", "no_space"), ("NO_MEMORY", "no_space"), ("PERMISSION_DENIED", "invalid")}
    edge |= {("USAGE", "invalid"), ("METHOD_NOT_ALLOWED", "invalid")}
    edge |= {("NOT_FOUND", "not_found"), ("MALFORMED_REQUEST", "malformed")}

    assert set(documented) == raised | edge


def test_no_code_is_documented_twice(documented: list[tuple[str, str]]) -> None:
    assert len({code for code, _ in documented}) == len(documented)


def test_every_error_says_what_it_means(errors: list[type[AppError]]) -> None:
    assert [error.__name__ for error in errors if not error.__doc__] == []
