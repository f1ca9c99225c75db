"""From a request to rows: which voice speaks each part, in which language, cut into which chunks."""

from __future__ import annotations

import contextlib
import hashlib
import uuid
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicewright.engines.errors import EngineNotFound, EnginePluginBroken, OptionsInvalid
from voicewright.engines.languages import language_unsupported, match_language
from voicewright.errors import AppError, FieldFault
from voicewright.speech.choice import Fallback, choose_voice, find_stand_ins, rule_of
from voicewright.speech.long.chunks import Pauses, cut, written
from voicewright.speech.long.errors import BatchUnspeakable, TooManyParts, long_text_too_long
from voicewright.speech.long.models import LongChunk, LongPart, LongSpeech, spoken_by
from voicewright.speech.order import SpeechOrder
from voicewright.speech.stream import check_pitches
from voicewright.text.errors import TextTooLong
from voicewright.text.reading import read_script

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.orm import Session

    from voicewright.engines.port import EngineInfo
    from voicewright.settings import Settings
    from voicewright.speech.long.bodies import BatchBody, BatchItem, LongTextBody
    from voicewright.speech.long.chunks import Chunk
    from voicewright.text.script import Script
    from voicewright.voices.models import VoiceModel


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be entered."""

    speech: LongSpeech
    parts: Sequence[LongPart]
    chunks: Sequence[LongChunk]


@dataclass(frozen=True, slots=True)
class _SpokenBy:
    """Who speaks a part, and in which of its engine's languages."""

    voice: VoiceModel
    info: EngineInfo
    language: str
    fallback: Fallback | None = None
    """Where another one was asked for."""


@dataclass(frozen=True, slots=True)
class Drafting:
    """Makes rows of requests of one user, in one unit of work.

    Attributes:
        session: to find the voices in.
        user_id: who speaks.
        settings: how much is taken.
        engines: finds an engine by its id.
    """

    session: Session
    user_id: uuid.UUID
    settings: Settings
    engines: Callable[[str], EngineInfo]

    def of_text(self, body: LongTextBody) -> Draft:
        """The rows of a text.

        Raises:
            TextTooLong, TooManyParts: it is too much.
            AppError: as `_read`.
        """
        if len(body.text) > self.settings.long_characters:
            raise long_text_too_long(len(body.text), self.settings.long_characters)
        who, script = self._read(body, body)
        speech = self._speech("text", body, [body.text], paragraphs=body.paragraphs, ssml=body.ssml)
        chunks = cut(script, _pauses(body), by_paragraph=body.paragraphs)
        numbers = sorted({chunk.part for chunk in chunks})
        if len(numbers) > self.settings.long_parts:
            raise TooManyParts(
                f"The text has {len(numbers):,} paragraphs, and at most {self.settings.long_parts:,} are "
                "made into files. Leave `paragraphs` out, or split the text."
            )
        parts = [_part(speech, number, "", body.speed, who) for number in numbers]
        return Draft(speech, parts, [_row(speech, n, chunk) for n, chunk in enumerate(chunks, start=1)])

    def of_batch(self, body: BatchBody) -> Draft:
        """The rows of a batch; an item that can't be spoken is one that has failed already.

        Raises:
            TextTooLong, TooManyParts: it is too much.
            BatchUnspeakable: none of them can be spoken.
        """
        if len(body.items) > self.settings.batch_items:
            raise TooManyParts(
                f"The batch has {len(body.items):,} items, and at most {self.settings.batch_items:,} are "
                "taken at once. Send several batches."
            )
        characters, most = sum(len(item.text) for item in body.items), self.settings.long_characters
        if characters > most:
            raise TextTooLong(
                f"The items have {characters:,} characters together, and at most {most:,} are taken at once "
                "(VOICEWRIGHT_LONG_CHARACTERS). Send several batches."
            )
        speech = self._speech("batch", body, [item.text for item in body.items])
        parts: list[LongPart] = []
        chunks: list[LongChunk] = []
        for number, item in enumerate(body.items, start=1):
            try:
                who, script = self._read(item, body)
            except AppError as error:
                part = _part(speech, number, item.name or "", item.speed)
                part.state, part.error_code, part.error = "failed", error.code, error.message
                parts.append(part)
                continue
            parts.append(_part(speech, number, item.name or "", item.speed, who))
            for chunk in cut(script, _pauses(body), by_paragraph=False):
                row = _row(speech, len(chunks) + 1, chunk)
                row.part = number
                chunks.append(row)
        if not chunks:
            raise _unspeakable(parts)
        return Draft(speech, parts, chunks)

    def _read(
        self, item: BatchItem | LongTextBody, manner: BatchBody | LongTextBody
    ) -> tuple[_SpokenBy, Script]:
        """Who speaks a text, in which language, and what.

        Raises:
            VoiceNotFound, VoiceNameAmbiguous, NotAllowed, NoActiveVoice: there is no voice to speak with.
            EngineNotFound, LanguageUnsupported, OptionsInvalid: its engine can't speak it so.
            TextEmpty, SsmlInvalid, SsmlUnsupported: there is nothing that can be said.
        """
        wanted = SpeechOrder(text="", voice=item.named_voice, version=item.version)
        voice = choose_voice(self.session, self.user_id, wanted)
        who = self._who_speaks(voice, item.language or voice.language, may_fall_back=manner.fallback)
        able = who.info.capabilities
        if manner.pitch and not able.shifts_pitch:
            raise OptionsInvalid(
                f"The engine {who.info.title} speaks at the pitch of the voice only. Leave the pitch at 0."
            )
        script = read_script(
            item.text,
            language=who.language,
            markup="ssml" if item.ssml else "text",
            normalise=manner.normalise,
        )
        check_pitches(script, shifts_pitch=able.shifts_pitch)
        return who, script

    def _who_speaks(self, voice: VoiceModel, language: str, *, may_fall_back: bool) -> _SpokenBy:
        """The voice, or one of the same person whose engine speaks the language where its own does not."""
        info = self.engines(voice.engine)
        spoken = match_language(language, info.capabilities.languages)
        if spoken is not None:
            return _SpokenBy(voice, info, spoken)
        refusal = language_unsupported(info, language)
        for other in find_stand_ins(self.session, self.user_id, voice) if may_fall_back else ():
            with contextlib.suppress(EngineNotFound, EnginePluginBroken):
                info = self.engines(other.engine)
                spoken = match_language(language, info.capabilities.languages)
                if spoken is not None:
                    return _SpokenBy(other, info, spoken, Fallback(voice, refusal.message, refusal.code))
        raise refusal

    def _speech(
        self,
        kind: str,
        body: BatchBody | LongTextBody,
        texts: Sequence[str],
        *,
        paragraphs: bool = False,
        ssml: bool = False,
    ) -> LongSpeech:
        return LongSpeech(
            id=uuid.uuid4(),
            owner_id=self.user_id,
            kind=kind,
            title=body.title.strip(),
            text_digest=hashlib.sha256("\0".join(texts).encode()).hexdigest(),
            markup="ssml" if ssml else "text",
            characters=sum(map(len, texts)),
            parameters={
                "pitch_semitones": body.pitch,
                "seed": body.seed,
                "normalise": body.normalise,
                "check": body.check,
                "cache": body.cache,
                "fallback": body.fallback,
                "choose": rule_of(self.session, self.user_id, _order_of(body)),
                "pauses": body.pauses.model_dump(),
            },
            output_format=body.output_format,
            paragraphs=paragraphs,
        )


def _order_of(body: BatchBody | LongTextBody) -> SpeechOrder:
    return SpeechOrder(text="", fallback=body.fallback, choose=body.choose)


def _unspeakable(parts: Sequence[LongPart]) -> BatchUnspeakable:
    reasons = Counter(part.error_code for part in parts)
    codes = ", ".join(f"{code} ({count})" for code, count in reasons.most_common())
    return BatchUnspeakable(
        f"None of the {len(parts)} items can be spoken: {codes}. The first: {parts[0].error}",
        fields=[
            FieldFault(f"items[{part.number - 1}]", f"{part.error_code}: {part.error}") for part in parts
        ],
    )


def _pauses(body: BatchBody | LongTextBody) -> Pauses:
    return Pauses(body.pauses.sentence_s, body.pauses.paragraph_s)


def _part(
    speech: LongSpeech,
    number: int,
    name: str,
    speed: float,
    who: _SpokenBy | None = None,
) -> LongPart:
    part = LongPart(speech_id=speech.id, number=number, name=name, speed=speed, language=None)
    if who is None:
        return part
    for column, value in spoken_by(who.voice).items():
        setattr(part, column, value)
    part.language = who.language
    if who.fallback is not None:
        part.wanted_model_id, part.fallback_reason = who.fallback.wanted.id, who.fallback.reason
    return part


def _row(speech: LongSpeech, number: int, chunk: Chunk) -> LongChunk:
    return LongChunk(
        speech_id=speech.id,
        number=number,
        part=chunk.part,
        pieces=written(chunk.pieces),
        characters=chunk.characters,
        pause_before_s=chunk.pause_before_s,
        pause_after_s=chunk.pause_after_s,
        ends_paragraph=chunk.ends_paragraph,
    )
