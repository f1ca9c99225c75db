"""Checks of what callers say about a voice, before anything of it is stored."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from voicewright.voices.errors import VoiceDataInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping


def checked_seconds(value: float) -> float:
    """The value, if it is an amount of seconds."""
    if not math.isfinite(value) or value < 0:
        raise VoiceDataInvalid(f"{value} can't be an amount of seconds of speech or of training.")
    return value


def checked_json(value: Mapping[str, Any], what: str) -> dict[str, Any]:
    """A copy that PostgreSQL can keep: no NaN, no infinity, no NUL character, nothing but JSON."""
    try:
        text = json.dumps(dict(value), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise VoiceDataInvalid(f"{what.capitalize()} of the voice can't be kept as JSON: {error}.") from error
    if "\\u0000" in text:
        raise VoiceDataInvalid(f"{what.capitalize()} of the voice holds a NUL character; leave it out.")
    checked: dict[str, Any] = json.loads(text)
    return checked


def checked_evaluation(evaluation: Mapping[str, Any] | None) -> tuple[dict[str, Any] | None, float | None]:
    """A copy of an evaluation that can be kept, and its overall quality."""
    if evaluation is None:
        return None, None
    checked = checked_json(evaluation, "the evaluation")
    overall = checked.get("overall")
    if overall is None:
        return checked, None
    if isinstance(overall, bool) or not isinstance(overall, int | float) or not 0 <= overall <= 1:
        raise VoiceDataInvalid(f"The overall quality of a voice is a number from 0 to 1, not {overall!r}.")
    return checked, float(overall)
