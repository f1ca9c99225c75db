"""Speaks one chunk of a long text, again where that may help, and keeps what came of it."""

from __future__ import annotations

import hashlib
import math
import time
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import numpy as np
from sqlalchemy import select, update

from voicewright.audio.loudness import integrated_loudness
from voicewright.db.errors import DatabaseUnavailable
from voicewright.engines.errors import Cancelled
from voicewright.errors import AppError, ErrorKind
from voicewright.speech.errors import SpeechOverloaded
from voicewright.speech.long.chunks import plain_text, read
from voicewright.speech.long.errors import LongSpeechLost, told
from voicewright.speech.long.files import storing
from voicewright.speech.long.joining import to_flac
from voicewright.speech.long.models import LongChunk, LongPart, spoken_by
from voicewright.speech.order import SpeechOrder
from voicewright.text.script import Script

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sqlalchemy.orm import Session

    from voicewright.speech.choice import Fallback
    from voicewright.speech.long.runs import LongRun
    from voicewright.speech.long.tools import LongTools
    from voicewright.speech.speaking import Speech
    from voicewright.storage.blobs import BlobStore
    from voicewright.voices.models import VoiceModel

AGAIN_AFTER_S: Final = 1.0
"""Before a chunk is tried again; twice as long each further time."""
HOPELESS: Final = frozenset({ErrorKind.NOT_FOUND, ErrorKind.FORBIDDEN, ErrorKind.MISSING_DEPENDENCY})
"""Would be the same for every chunk of this voice."""
OTHERWISE: Final = 1000
"""Added to the seed of a chunk that somebody wants otherwise: more than it has attempts."""
_SEEDS: Final = 2**31
LASTING: Final = HOPELESS | {ErrorKind.INVALID, ErrorKind.TOO_LARGE, ErrorKind.OVER_BUDGET}
"""Would be the same for this chunk the next time."""


@dataclass(frozen=True, slots=True)
class _Spoken:
    """What came of one chunk."""

    sound: NDArray[np.float32]
    speech: Speech


@dataclass(frozen=True, slots=True)
class ChunkSpeaker:
    """Speaks the chunks of one attempt.

    Attributes:
        run: asked at every block whether it goes on.
        tools: what the work is done with.
        blobs: get the sound.
    """

    run: LongRun
    tools: LongTools
    blobs: BlobStore

    def speak(self, number: int) -> AppError | None:
        """Speak a chunk, and keep it; gives why it failed for good.

        Where nothing of the file that it belongs to is spoken yet, another voice of the same person may take
        the place of one whose engine is down, and speaks all of it then.

        Raises:
            LongSpeechLost, Cancelled: the run was stopped.
            DatabaseUnavailable: nothing can be kept now.
            AppError: it would be the same for every chunk: the voice is gone, the disk is full.
        """
        while True:
            chunk, part, is_first = self._chunk(number)
            began_s = time.monotonic()
            try:
                spoken = self._spoken(part, chunk, may_fall_back=is_first)
                self._keep(chunk, spoken, took_s=time.monotonic() - began_s)
            except (Cancelled, LongSpeechLost, DatabaseUnavailable):
                raise
            except SpeechOverloaded as error:
                # who listens comes first; that counts as no attempt
                self.run.cancel.wait(error.retry_after_s)
            except AppError as error:
                self.run.require()  # what goes wrong while it is stopped is nobody's fault
                if error.kind in HOPELESS or error.kind is ErrorKind.NO_SPACE:
                    raise
                if self._note_failure(chunk, error):
                    return error
                self.run.cancel.wait(AGAIN_AFTER_S * 2**chunk.attempts)
            else:
                return None
            self.run.require()

    def _chunk(self, number: int) -> tuple[LongChunk, LongPart, bool]:
        """A chunk, its part as it is now, and whether nothing of the same file is spoken."""
        speech_id = self.run.speech.id
        with self.tools.database.session() as session:
            chunk = session.get(LongChunk, (speech_id, number))
            if chunk is None:
                raise LongSpeechLost("It was deleted.")
            spoken = (LongChunk.speech_id == speech_id) & (LongChunk.state == "spoken")
            if self.run.speech.kind == "batch":
                spoken &= LongChunk.part == chunk.part
            is_first = session.scalar(select(LongChunk.number).where(spoken).limit(1)) is None
            return chunk, session.get_one(LongPart, (speech_id, chunk.part)), is_first

    def _spoken(self, part: LongPart, chunk: LongChunk, *, may_fall_back: bool) -> _Spoken:
        pieces, speech = read(chunk.pieces), self.run.speech
        wanted = speech.parameters
        order = SpeechOrder(
            text=plain_text(pieces),
            voice=part.voice_model_id,
            language=part.language,
            speed=part.speed,
            pitch_semitones=wanted["pitch_semitones"],
            # one that failed is tried with another throw of the dice
            seed=(wanted["seed"] + chunk.attempts + OTHERWISE * chunk.takes) % _SEEDS,
            check="before" if wanted["check"] else "off",
            cache=wanted.get("cache", True),
            # a chapter in two voices would be worse than a pause
            fallback=may_fall_back and wanted.get("fallback", False),
            choose=wanted.get("choose", "named") if may_fall_back else "named",
            counted=False,
            source="batch" if speech.kind == "batch" else "long",
            script=Script(pieces),
        )
        blocks = []
        with self.tools.speeches.begin(speech.owner_id, order, cancel=self.run.cancel) as begun:
            for block in begun:
                self.run.require()
                blocks.append(block)
        return _Spoken(np.concatenate(blocks), begun)

    def _keep(self, chunk: LongChunk, spoken: _Spoken, *, took_s: float) -> None:
        sound, speech = spoken.sound, spoken.speech
        rate_hz, figures = speech.sample_rate_hz, speech.figures
        data = to_flac(sound, rate_hz)
        digest = hashlib.sha256(data).hexdigest()
        loudness = integrated_loudness(sound, rate_hz)
        with storing(self.tools.database, self.blobs, [digest]) as session:
            self.run.locked(session)
            stored = self.blobs.put_bytes(data)
            row = session.get_one(LongChunk, (chunk.speech_id, chunk.number), with_for_update=True)
            row.state, row.attempts = "spoken", row.attempts + 1
            row.error_code = row.error = None
            row.digest, row.bytes = stored.digest, stored.size_bytes
            row.sample_rate_hz, row.audio_s = rate_hz, len(sound) / rate_hz
            row.watermark = figures.watermark
            row.loudness_lufs = loudness if math.isfinite(loudness) else None
            row.words = [[word.text, word.start_s, word.end_s] for word in speech.words]
            row.words_estimated = speech.words_estimated
            row.checks = [asdict(check) for check in figures.checks]
            row.took_s, row.synthesis_s = took_s, figures.synthesis_s
            row.first_audio_ms = None if figures.first_audio_s is None else figures.first_audio_s * 1000
            row.cost_usd = Decimal(str(figures.cost_usd))
            row.cached_pieces, row.retried_pieces = figures.cached_pieces, figures.retried_pieces
            row.counted = False
            if speech.fallback is not None:
                self._hand_over(session, row, speech.voice, speech.fallback, speech.language)

    def _hand_over(
        self, session: Session, chunk: LongChunk, voice: VoiceModel, fallback: Fallback, language: str
    ) -> None:
        """Have the voice that spoke a first chunk speak the rest of its file."""
        rest = LongPart.speech_id == chunk.speech_id
        if self.run.speech.kind == "batch":
            rest &= LongPart.number == chunk.part
        values = {
            **spoken_by(voice),
            "language": language,
            "wanted_model_id": fallback.wanted.id,
            "fallback_reason": fallback.reason,
        }
        session.execute(update(LongPart).where(rest).values(values))

    def _note_failure(self, chunk: LongChunk, error: AppError) -> bool:
        """Write it down; answers whether it is for good."""
        with self.run.writing() as (session, _):
            row = session.get_one(LongChunk, (chunk.speech_id, chunk.number), with_for_update=True)
            row.attempts += 1
            row.error_code, row.error = error.code, told(error)
            for_good = error.kind in LASTING or row.attempts >= self.tools.settings.long_chunk_attempts
            row.state = "failed" if for_good else "waiting"
        return for_good
