"""The words of a speech with their times as WebVTT, as SubRip (SRT) and as JSON."""

from __future__ import annotations

import json
import re
import textwrap
from typing import TYPE_CHECKING, Final, NamedTuple

from voicewright.text.sentences import SENTENCE_ENDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from voicewright.engines.port import SpokenWord

LINE: Final = 42
"""Characters that are read at a glance."""
LINES: Final = 2
LONGEST_CUE_S: Final = 7.0
_GAP_S: Final = 1.0
"""A silence that long ends a cue."""
_BREATH_S: Final = 0.1
"""After a full stop without a silence like this no sentence ends: Dr. Smith."""
_SHORTEST_S: Final = 0.001
_NO_SPACE: Final = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uff00-\uffef]")
"""Scripts that put no space between words."""


class Cue(NamedTuple):
    """What is shown at once."""

    start_s: float
    end_s: float
    lines: tuple[str, ...]


def cues(words: Iterable[SpokenWord]) -> Iterator[Cue]:
    """Cut words into cues: a sentence each, or as much of one as two lines hold."""
    held: list[SpokenWord] = []
    for word in words:
        if held and (
            (held[-1].text.endswith(SENTENCE_ENDS) and word.start_s - held[-1].end_s > _BREATH_S)
            or word.start_s - held[-1].end_s > _GAP_S
            or word.end_s - held[0].start_s > LONGEST_CUE_S
            or len(_lines([*held, word])) > LINES
        ):
            yield _cue(held)
            held = []
        held.append(word)
    if held:
        yield _cue(held)


def to_webvtt(words: Iterable[SpokenWord]) -> str:
    """Write WebVTT, for the web."""
    written = ["WEBVTT"]
    for cue in cues(words):
        when = f"{_time(cue.start_s, '.')} --> {_time(cue.end_s, '.')}"
        written.append("\n".join((when, *map(_webvtt_text, cue.lines))))
    return "\n\n".join(written) + "\n"


def to_srt(words: Iterable[SpokenWord]) -> str:
    """Write SubRip, for players of video."""
    written = []
    for number, cue in enumerate(cues(words), 1):
        when = f"{_time(cue.start_s, ',')} --> {_time(cue.end_s, ',')}"
        written.append("\n".join((str(number), when, *map(_srt_text, cue.lines))))
    return "".join(f"{each}\n\n" for each in written)


def to_json(words: Iterable[SpokenWord], *, estimated: bool = False) -> str:
    """Write each word with its times in seconds."""
    told = [
        {"text": word.text, "start": round(word.start_s, 3), "end": round(word.end_s, 3)} for word in words
    ]
    return json.dumps({"words": told, "estimated": estimated}, ensure_ascii=False)


def _cue(words: Sequence[SpokenWord]) -> Cue:
    start_s = max(words[0].start_s, 0.0)
    return Cue(start_s, max(words[-1].end_s, start_s + _SHORTEST_S), tuple(_lines(words)))


def _lines(words: Sequence[SpokenWord]) -> list[str]:
    """At most `LINE` characters each; a word that is longer has a line of its own."""
    text = ""
    for word in words:
        unspaced = text and _NO_SPACE.match(text[-1]) and _NO_SPACE.match(word.text)
        text += word.text if unspaced or not text else f" {word.text}"
    wide = not text.isascii() and _NO_SPACE.search(text) is not None
    return textwrap.wrap(text, LINE, break_long_words=wide, break_on_hyphens=False)


def _time(at_s: float, decimal: str) -> str:
    minutes, ms = divmod(round(at_s * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{ms // 1000:02d}{decimal}{ms % 1000:03d}"


def _webvtt_text(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _srt_text(line: str) -> str:
    """SubRip has tags and no way to write their signs; quotation marks look like them."""
    return line.replace("<", "‹").replace(">", "›").replace("{", "(").replace("}", ")")  # noqa: RUF001
