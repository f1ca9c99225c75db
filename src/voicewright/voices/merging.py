"""JSON merge patch (RFC 7396)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def merged(target: Any, patch: Any) -> Any:
    """What becomes of a value: objects are merged by name, null takes a name out, all else replaces.

    Its depth is the patch's, so limit that before.
    """
    if not isinstance(patch, dict):
        return patch
    return merged_object(target if isinstance(target, dict) else {}, patch)


def merged_object(target: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """The same of two objects."""
    result = dict(target)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(target.get(name), value)
    return result
