"""What a client asks to have spoken: a text at once, or one that comes in parts."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from voicewright.errors import AppError, ErrorKind
from voicewright.text.errors import text_too_long
from voicewright.text.legible import storable
from voicewright.wyoming.sentences import SentenceFeed

if TYPE_CHECKING:
    from wyoming.event import Event

    from voicewright.text.script import Markup


class RequestUnreadable(AppError):
    """A client of the Wyoming server sent what is no request, or more than it may."""

    code: ClassVar[str] = "WYOMING_REQUEST_UNREADABLE"
    kind: ClassVar[ErrorKind] = ErrorKind.MALFORMED


@dataclass(frozen=True, slots=True)
class VoiceAsked:
    """Which voice is to speak; nothing at all: the usual one."""

    name: str | None = None
    language: str | None = None

    @classmethod
    def of(cls, event: Event) -> VoiceAsked:
        """As an event has it.

        Raises:
            RequestUnreadable: it is no voice.
        """
        voice = event.data.get("voice") or {}
        if not isinstance(voice, dict):
            raise RequestUnreadable("The voice has to be an object with a name or a language.")
        return cls(_text(voice, "name") or None, _text(voice, "language") or None)


@dataclass(slots=True)
class Utterance:
    """One text, of which more may come.

    Args:
        voice: who speaks.
        markup: of the text.
        streamed: whether its client gives it in parts.
        most_characters: how long it may be.
    """

    voice: VoiceAsked
    markup: Markup
    streamed: bool
    most_characters: int
    _parts: asyncio.Queue[str | None] = field(default_factory=asyncio.Queue)
    _feed: SentenceFeed = field(default_factory=SentenceFeed)
    _characters: int = 0
    _has_parts: bool = False

    @classmethod
    def of(cls, event: Event, *, streamed: bool, most_characters: int) -> Utterance:
        """What an event begins.

        Raises:
            RequestUnreadable, TextTooLong: with the reason.
        """
        markup: Markup = "ssml" if event.data.get("text_format") == "ssml" else "text"
        begun = cls(VoiceAsked.of(event), markup, streamed, most_characters)
        if not streamed:
            begun.add(event)
            begun.end()
        return begun

    def add(self, event: Event) -> None:
        """Take more of the text.

        Raises:
            RequestUnreadable, TextTooLong: with the reason.
        """
        text = _text(event.data, "text")
        self._characters += len(text)
        if self._characters > self.most_characters:
            raise text_too_long(self._characters, self.most_characters)
        # markup is only whole at its end
        if not self.streamed or self.markup == "ssml":
            self._feed.hold(text)
        elif ready := self._feed.add(text):
            self._has_parts = True
            self._parts.put_nowait(ready)

    def end(self) -> None:
        """No more comes. A text without any words is passed on as it is: it is refused where it is spoken."""
        rest = self._feed.rest()
        if rest or not self._has_parts:
            self._parts.put_nowait(rest)
        self._parts.put_nowait(None)

    async def next_part(self) -> str | None:
        """All that can be spoken now, as soon as there is something; None: that was all."""
        part = await self._parts.get()
        while part is not None and not self._parts.empty():
            more = self._parts.get_nowait()
            if more is None:
                self._parts.put_nowait(None)
                break
            part += more
        return part


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name, "")
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RequestUnreadable(f"{name} has to be a text.")
    return storable(value)
