"""Examples of what is sent and answered, made from the schemas of the OpenAPI document.

A field shows its own example (`Field(examples=[...])`) or default where it has one, then what
`example_values` has for its name, then what follows from its type. So every body has an example that holds to
its schema, and none can grow old.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from voicewright.api.example_values import BY_FORMAT, BY_NAME

UNKNOWN: Final = "..."
"""What a text is shown as that has no example anywhere; a test finds it."""

_SCHEMAS: Final = "#/components/schemas/"
_HUMP: Final = re.compile("(?<=[a-z])([A-Z])")


def answered_example(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """An answer of this form, with all its fields.

    Args:
        schema: of the answer.
        schemas: those that it may refer to, by name.
    """
    return _Maker(schemas, sent=False).make(schema)


def sent_example(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """A body of this form, with the fields that it must have and those that have an example of their own."""
    return _Maker(schemas, sent=True).make(schema)


@dataclass(frozen=True, slots=True)
class _Maker:
    schemas: dict[str, Any]
    sent: bool

    def make(self, schema: dict[str, Any], name: str = "", owner: str = "") -> Any:
        """An example of a schema; of a field with its name, and with that of the schema that has it."""
        known = [BY_NAME[key] for key in _keys(name, owner) if key in BY_NAME]
        given = _given(schema) or _given(_plain(schema)) or known
        return given[0] if given else self._typed(_plain(schema), owner)

    def _typed(self, schema: dict[str, Any], owner: str) -> Any:
        if "$ref" in schema:
            referred = schema["$ref"].removeprefix(_SCHEMAS)
            return self.make(self.schemas[referred], owner=referred)
        match schema.get("type"):
            case "object":
                return self._object(schema, owner)
            case "array":
                return [self.make(schema["items"])]
            case "integer" | "number":
                return schema.get("minimum", 1)
            case "boolean":
                return False
        return BY_FORMAT.get(schema.get("format", ""), UNKNOWN)

    def _object(self, schema: dict[str, Any], owner: str) -> dict[str, Any]:
        required = schema.get("required", [])
        return {
            name: self.make(field, name, owner)
            for name, field in schema.get("properties", {}).items()
            if not self.sent or name in required or "examples" in {**_plain(field), **field}
        }


def _keys(name: str, owner: str) -> tuple[str, str]:
    snake = _HUMP.sub(r"_\1", name).lower()
    return f"{owner}.{snake}", snake


def _given(schema: dict[str, Any]) -> list[Any]:
    """What the schema itself says, the best first."""
    alone = [schema[key] for key in ("const", "default") if schema.get(key) is not None]
    return [*schema.get("examples", []), *alone, *schema.get("enum", [])]


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """The first choice of several: of `X | None` it is X."""
    choices: list[dict[str, Any]] = schema.get("anyOf", [])
    return choices[0] if choices else schema
