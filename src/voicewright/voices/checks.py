"""Checks of what callers say about a voice, before anything of it is stored."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any, Final

from voicewright.errors import FieldFault
from voicewright.voices.errors import VoiceDataInvalid, VoiceMetadataInvalid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from voicewright.errors import AppError

MAX_METADATA_BYTES: Final = 64 << 10
"""As JSON in UTF-8, without spaces."""
MAX_EVALUATION_BYTES: Final = 256 << 10
"""The same; it has every sentence that was judged."""
MAX_DEPTH: Final = 16
"""Of objects and lists in each other."""
_UNSTORABLE: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000|[\ud800-\udfff]")
"""In JSON: a NUL character or half of a surrogate pair, which no table keeps."""


def checked_seconds(value: float) -> float:
    """The value, if it is an amount of seconds."""
    if not math.isfinite(value) or value < 0:
        raise VoiceDataInvalid(f"{value} can't be an amount of seconds of speech or of training.")
    return value


def checked_json(
    value: Mapping[str, Any], what: str, *, most_bytes: int = MAX_METADATA_BYTES
) -> dict[str, Any]:
    """A copy that PostgreSQL can keep: no NaN, no infinity, no NUL character, nothing but JSON.

    Args:
        value: what is to be kept.
        what: how to call it in the refusal.
        most_bytes: of its JSON.

    Raises:
        VoiceDataInvalid: it is too large or too deep, or no such JSON.
    """
    return _checked(value, f"{what} of the voice", most_bytes, VoiceDataInvalid)


def checked_evaluation(evaluation: Mapping[str, Any] | None) -> tuple[dict[str, Any] | None, float | None]:
    """A copy of an evaluation that can be kept, and its overall quality."""
    if evaluation is None:
        return None, None
    checked = checked_json(evaluation, "the evaluation", most_bytes=MAX_EVALUATION_BYTES)
    overall = checked.get("overall")
    if overall is None:
        return checked, None
    if isinstance(overall, bool) or not isinstance(overall, int | float) or not 0 <= overall <= 1:
        raise VoiceDataInvalid(f"The overall quality of a voice is a number from 0 to 1, not {overall!r}.")
    return checked, float(overall)


def checked_score(value: float | None) -> float | None:
    """A quality score, if it is one."""
    if value is not None and (isinstance(value, bool) or not 0 <= value <= 1):
        raise VoiceDataInvalid(
            f"A quality score is a number from 0 to 1, not {value!r}.",
            fields=[FieldFault("qualityScore", "Give a number from 0 to 1.")],
        )
    return value


def checked_details(value: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of what an owner keeps with a voice (`metadata`), if it is not more than can be kept.

    Raises:
        VoiceMetadataInvalid: it is too large or too deep, or no JSON that PostgreSQL can keep.
    """
    return _checked(value, "the metadata", MAX_METADATA_BYTES, _metadata_refused)


def _checked(
    value: Mapping[str, Any], what: str, most_bytes: int, refused: Callable[[str], AppError]
) -> dict[str, Any]:
    what = what.capitalize()
    if _is_deeper(value, MAX_DEPTH):
        raise refused(f"{what} can't be kept: nested more than {MAX_DEPTH} levels deep.")
    try:
        text = json.dumps(dict(value), allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise refused(f"{what} can't be kept as JSON: {error}.") from error
    if _UNSTORABLE.search(text):
        raise refused(f"{what} can't be kept: leave out the NUL character or half of a surrogate pair.")
    if len(text.encode()) > most_bytes:
        raise refused(f"{what} can't be kept: more than {most_bytes >> 10} KB of JSON.")
    checked: dict[str, Any] = json.loads(text)
    return checked


def _metadata_refused(message: str) -> VoiceMetadataInvalid:
    return VoiceMetadataInvalid(message, fields=[FieldFault("metadata", message)])


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether objects and lists lie in each other more often than that; without recursion."""
    level = [value]
    for _ in range(levels):
        level = [inner for each in level for inner in _inside(each)]
        level = [inner for inner in level if isinstance(inner, dict | list | tuple)]
        if not level:
            return False
    return bool(level)


def _inside(value: Any) -> list[Any]:
    return list(value.values() if isinstance(value, dict) else value)
