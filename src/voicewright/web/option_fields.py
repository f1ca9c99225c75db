"""The options of an engine as fields of a form, from the schema that the engine gives."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_USUAL: Final = frozenset({"epochs", "model", "instructions"})
"""What people do change; everything else is for those who know why."""
_SECONDS: Final = "_s"
_IN_A_FORM: Final = {"; unset: ": "; empty: ", "; false: ": "; off: ", "; true: ": "; on: "}
"""What engines say of values, for who sees fields and boxes."""
_HUMP: Final = re.compile("(?<=[a-z0-9])[A-Z]")


@dataclass(frozen=True, slots=True)
class OptionField:
    """One option."""

    name: str
    """As the engine calls it."""
    title: str
    kind: str
    """`number`, `whole`, `tick`, `choice` or `text`."""
    help: str
    default: Any = None
    """None: it is left to the engine."""
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    longest: int | None = None
    """Characters of a text."""
    is_usual: bool = False
    """Shown without being asked for."""


def fields_of(schema: Mapping[str, Any]) -> Sequence[OptionField]:
    """The fields of a JSON Schema, those that people change first.

    Args:
        schema: as `EngineOptions.model_json_schema` gives it: an object of plain values, some of which may be
            null. A value of another kind has no field; the engine's default holds.
    """
    found = [_field(name, given) for name, given in schema.get("properties", {}).items()]
    return sorted((one for one in found if one is not None), key=lambda one: not one.is_usual)


def _field(name: str, given: Mapping[str, Any]) -> OptionField | None:
    plain = {**given, **_not_null(given)}
    kind = _kind(plain)
    if kind is None:
        return None
    return OptionField(
        name=name,
        title=option_title(name),
        kind=kind,
        help=_help(str(given.get("description", ""))),
        default=given.get("default"),
        choices=tuple(map(str, plain.get("enum", ()))),
        least=plain.get("minimum", plain.get("exclusiveMinimum")),
        most=plain.get("maximum", plain.get("exclusiveMaximum")),
        longest=plain.get("maxLength"),
        is_usual=name in _USUAL,
    )


def _help(description: str) -> str:
    for value, shown in _IN_A_FORM.items():
        description = description.replace(value, shown)
    return description


def _not_null(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a value is that may be null as well."""
    kinds = [one for one in given.get("anyOf", ()) if one.get("type") != "null"]
    return kinds[0] if len(kinds) == 1 else {}


def _kind(plain: Mapping[str, Any]) -> str | None:
    if "enum" in plain:
        return "choice"
    return {"integer": "whole", "number": "number", "boolean": "tick", "string": "text"}.get(
        str(plain.get("type"))
    )


def option_title(name: str) -> str:
    """`max_time_s` as people say it, `Max time, in seconds`; and `batchSize`, `Batch size`."""
    words = _HUMP.sub(lambda found: f"_{found[0].lower()}", name.removesuffix(_SECONDS)).replace("_", " ")
    unit = ", in seconds" if name.endswith(_SECONDS) else ""
    return f"{words[:1].upper()}{words[1:]}{unit}"
