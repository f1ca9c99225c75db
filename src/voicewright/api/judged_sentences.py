"""The sentences that a voice was judged by, as its evaluation keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from voicewright.api.services import Services


def sentences_in(evaluation: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Those of an evaluation; none where there is none."""
    found: list[dict[str, Any]] = (evaluation or {}).get("sentences", [])
    return found


def marks_of(services: Services, sentences: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, str]:
    """The headers that say how the sound of one of them was marked."""
    sentence = next((one for one in sentences if one["audio"] == name), {})
    return services.provenance.header(None, sentence.get("watermark"), signed=sentence.get("signed", False))
