"""What somebody asks to have spoken."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from voicewright.text.script import Markup, Script

Source = Literal["voice", "openai", "wyoming", "long", "batch", "command", "listening"]
"""Through which door it came."""
Check = Literal["before", "after", "off"]
"""When what was spoken is listened to: before it leaves, which holds each piece back until it is known to be
right (for whoever takes the whole); beside, after it has left, which only reports (for whoever listens
already); or not at all."""
Choose = Literal["named", "best", "cost", "latency"]
"""Which of the voices that several engines made of one person speaks: the one that was asked for, the best
judged, the cheapest, or the one whose first sound comes soonest; see `speech.choosing`."""


@dataclass(frozen=True, slots=True)
class SpeechOrder:
    """One text, and how it is to be spoken; the same for all doors."""

    text: str
    markup: Markup = "text"
    voice: str | uuid.UUID | None = None
    """Name or id; None: the active voice of whoever asks."""
    version: int | None = None
    """Of a voice that is named; None: the newest."""
    language: str | None = None
    """BCP 47; None: the voice's own."""
    speed: float = 1.0
    """0.25 to 4."""
    pitch_semitones: float = 0.0
    """-12 to 12."""
    seed: int = 0
    normalise: bool = True
    """Numbers, dates, money, abbreviations and addresses are put into words before the engine gets them."""
    check: Check = "after"
    """Listen to what was spoken, where a recogniser knows the language."""
    cache: bool = True
    """Take what was spoken before, and keep what is spoken now."""
    fallback: bool = True
    """Another voice of the same person may speak where the engine of the first is down, or does not speak the
    language."""
    choose: Choose | None = None
    """By which rule one of the same person's voices is taken; None: as its user prefers, or the one that was
    asked for where no other one may speak."""
    store: bool = True
    """Keep its text and its file in the history, as far as its user wants them kept at all; False: the length
    and SHA-256 of the text, and no file."""
    counted: bool = True
    """It is a use of the voice; False: whoever orders it counts a whole of which it is a part."""
    source: Source = "voice"
    script: Script | None = None
    """What was read of the text before, and is spoken as it is; None: the text is to be read."""
    output_format: str | None = None
    """What it is sent as, for the history; None: as bare blocks."""
    request_id: str | None = None
    """Of the HTTP request, for the history."""
