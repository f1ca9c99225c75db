"""Puts schemas into words: the fields of a body as rows of a table, types as people write them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_SCHEMAS: Final = "#/components/schemas/"
_LIMITS: Final = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "exclusiveMaximum": "< {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
}
_OF_COURSE: Final = (("minLength", 1), ("minItems", 1))


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a body; of one inside another the name has both: `options.epochs`."""

    name: str
    kind: str
    required: bool
    description: str
    default: Any = None


def fields_of(schema: dict[str, Any], schemas: dict[str, Any], within: str = "") -> Iterator[Field]:
    """The fields of an object, each followed by its own.

    Args:
        schema: of the object.
        schemas: those that it may refer to, by name.
        within: the name of what has it, with a dot.
    """
    plain = _plain(schema, schemas)
    if plain.get("type") == "array":
        plain, within = _plain(plain["items"], schemas), f"{within.removesuffix('.')}[]."
    required = plain.get("required", [])
    for name, field in plain.get("properties", {}).items():
        full = f"{within}{name}"
        told = field.get("description") or _plain(field, schemas).get("description", "")
        yield Field(full, kind_of(field, schemas), name in required, told, field.get("default"))
        yield from fields_of(field, schemas, f"{full}.")


def kind_of(schema: dict[str, Any], schemas: dict[str, Any]) -> str:
    """What a value is, and its limits: `integer, ≥ 0, ≤ 100`."""
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return " or ".join(kind_of(choice, schemas) for choice in choices)
    plain = _plain(schema, schemas)
    if "const" in plain:
        return f"“{plain['const']}”"
    if "enum" in plain:
        return " | ".join(f"“{value}”" for value in plain["enum"])
    limits = [
        words.format(_number(plain[key]))
        for key, words in _LIMITS.items()
        if key in plain and (key, plain[key]) not in _OF_COURSE
    ]
    if plain.get("type") == "array":
        return ", ".join([f"list of {kind_of(plain.get('items', {}), schemas)}", *limits])
    kind = plain.get("type", "anything")
    if "format" in plain:
        kind = f"{kind} ({plain['format']})"
    return ", ".join([kind, *limits])


def _plain(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """The schema that is referred to, and of `X | None` that of X."""
    if "$ref" in schema:
        return _plain(schemas[schema["$ref"].removeprefix(_SCHEMAS)], schemas)
    if "anyOf" in schema:
        return _plain(schema["anyOf"][0], schemas)
    return schema


def _number(value: float) -> str:
    return f"{value:,.15g}" if isinstance(value, float) else f"{value:,}"
