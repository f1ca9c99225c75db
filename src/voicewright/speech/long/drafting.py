"""From a request to rows: which voice speaks each part, in which language, cut into which chunks."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicewright.engines.errors import OptionsInvalid
from voicewright.engines.languages import language_unsupported, match_language
from voicewright.errors import AppError, FieldFault
from voicewright.speech.choice import choose_voice
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
        voice, language, script = self._read(body, body)
        speech = self._speech("text", body, [body.text], paragraphs=body.paragraphs, ssml=body.ssml)
        chunks = cut(script, _pauses(body), by_paragraph=body.paragraphs)
        numbers = sorted({chunk.part for chunk in chunks})
        if len(numbers) > self.settings.long_parts:
            raise TooManyParts(
                f"The text has {len(numbers):,} paragraphs, and at most {self.settings.long_parts:,} are "
                "made into files. Leave `paragraphs` out, or split the text."
            )
        parts = [_part(speech, number, "", body.speed, voice, language) for number in numbers]
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
                voice, language, script = self._read(item, body)
            except AppError as error:
                part = _part(speech, number, item.name or "", item.speed)
                part.state, part.error_code, part.error = "failed", error.code, error.message
                parts.append(part)
                continue
            parts.append(_part(speech, number, item.name or "", item.speed, voice, language))
            for chunk in cut(script, _pauses(body), by_paragraph=False):
                row = _row(speech, len(chunks) + 1, chunk)
                row.part = number
                chunks.append(row)
        if not chunks:
            raise _unspeakable(parts)
        return Draft(speech, parts, chunks)

    def _read(
        self, item: BatchItem | LongTextBody, manner: BatchBody | LongTextBody
    ) -> tuple[VoiceModel, str, Script]:
        """Who speaks a text, in which language, and what.

        Raises:
            VoiceNotFound, VoiceNameAmbiguous, NotAllowed, NoActiveVoice: there is no voice to speak with.
            EngineNotFound, LanguageUnsupported, OptionsInvalid: its engine can't speak it so.
            TextEmpty, SsmlInvalid, SsmlUnsupported: there is nothing that can be said.
        """
        wanted = SpeechOrder(text="", voice=item.named_voice, version=item.version)
        voice = choose_voice(self.session, self.user_id, wanted)
        info = self.engines(voice.engine)
        language = match_language(item.language or voice.language, info.capabilities.languages)
        if language is None:
            raise language_unsupported(info, item.language or voice.language)
        if manner.pitch and not info.capabilities.shifts_pitch:
            raise OptionsInvalid(
                f"The engine {info.title} speaks at the pitch of the voice only. Leave the pitch at 0."
            )
        script = read_script(
            item.text,
            language=language,
            markup="ssml" if item.ssml else "text",
            normalise=manner.normalise,
        )
        check_pitches(script, shifts_pitch=info.capabilities.shifts_pitch)
        return voice, language, script

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
                "pauses": body.pauses.model_dump(),
            },
            output_format=body.output_format,
            paragraphs=paragraphs,
        )


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


def _part(  # noqa: PLR0917 - a row
    speech: LongSpeech,
    number: int,
    name: str,
    speed: float,
    voice: VoiceModel | None = None,
    language: str | None = None,
) -> LongPart:
    voiced = {} if voice is None else spoken_by(voice)
    return LongPart(speech_id=speech.id, number=number, name=name, speed=speed, language=language, **voiced)


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
