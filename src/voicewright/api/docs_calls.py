"""How an operation of the OpenAPI document is called from a shell."""

from __future__ import annotations

import json
import re
from typing import Any, Final

_PARAMETER: Final = re.compile(r"\{(\w+)\}")
_HUMP: Final = re.compile("(?<=[a-z])([A-Z])")


def curl_of(path: str, method: str, operation: dict[str, Any]) -> str:
    """The command, with what is the caller's own as variables of the shell: `$URL`, `$TOKEN`, `$JOB_ID`."""
    contents = operation.get("requestBody", {}).get("content", {})
    kind, body = next(iter(contents.items()), ("", None))
    plain = "post" if contents else "get"  # what curl does of itself
    command = "curl" if method == plain else f"curl -X {method.upper()}"
    lines = [f'{command} "$URL{_PARAMETER.sub(_variable, path)}{_query(operation)}"']
    if operation.get("security"):
        lines.append('-H "Authorization: Bearer $TOKEN"')
    if body is not None:
        lines += _sent(kind, body)
    return " \\\n  ".join(lines)


def _variable(parameter: re.Match[str]) -> str:
    return "$" + _HUMP.sub(r"_\1", parameter[1]).upper()


def _query(operation: dict[str, Any]) -> str:
    required = [
        f"{parameter['name']}=..."
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "query" and parameter.get("required")
    ]
    return f"?{'&'.join(required)}" if required else ""


def _sent(kind: str, body: dict[str, Any]) -> list[str]:
    if kind == "application/json":
        return _json(body)
    if isinstance(body["example"], str):
        return [f'-H "Content-Type: {kind}"', "--data-binary @file"]
    return _form(body)


def _json(body: dict[str, Any]) -> list[str]:
    several = list(body.get("examples", {}).values())
    sent = several[0]["value"] if several else body["example"]
    return ['-H "Content-Type: application/json"', f"-d '{json.dumps(sent)}'"]


def _form(body: dict[str, Any]) -> list[str]:
    parts = [
        (name, each)
        for name, value in body["example"].items()
        for each in (value if isinstance(value, list) else [value])
    ]
    return [f"-F '{name}={'@recording.flac' if name == 'audio' else value}'" for name, value in parts]
