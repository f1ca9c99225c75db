"""Speaks one chunk of a long text, again where that may help, and keeps what came of it."""

from __future__ import annotations

import hashlib
import math
import time
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import numpy as np

from voicewright.audio.loudness import integrated_loudness
from voicewright.db.errors import DatabaseUnavailable
from voicewright.engines.errors import Cancelled
from voicewright.errors import AppError, ErrorKind
from voicewright.speech.errors import SpeechOverloaded
from voicewright.speech.long.chunks import plain_text, read
from voicewright.speech.long.errors import LongSpeechLost, told
from voicewright.speech.long.files import storing
from voicewright.speech.long.joining import to_flac
from voicewright.speech.long.models import LongChunk
from voicewright.speech.order import SpeechOrder
from voicewright.text.script import Script

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voicewright.speech.long.models import LongPart
    from voicewright.speech.long.runs import LongRun
    from voicewright.speech.long.tools import LongTools
    from voicewright.speech.speaking import Speech
    from voicewright.storage.blobs import BlobStore

AGAIN_AFTER_S: Final = 1.0
"""Before a chunk is tried again; twice as long each further time."""
HOPELESS: Final = frozenset({ErrorKind.NOT_FOUND, ErrorKind.FORBIDDEN, ErrorKind.MISSING_DEPENDENCY})
"""Would be the same for every chunk of this voice."""
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

    def speak(self, part: LongPart, number: int) -> AppError | None:
        """Speak a chunk, and keep it; gives why it failed for good.

        Raises:
            LongSpeechLost, Cancelled: the run was stopped.
            DatabaseUnavailable: nothing can be kept now.
            AppError: it would be the same for every chunk: the voice is gone, the disk is full.
        """
        while True:
            chunk = self._chunk(number)
            began_s = time.monotonic()
            try:
                spoken = self._spoken(part, chunk)
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

    def _chunk(self, number: int) -> LongChunk:
        with self.tools.database.session() as session:
            found = session.get(LongChunk, (self.run.speech.id, number))
        if found is None:
            raise LongSpeechLost("It was deleted.")
        return found

    def _spoken(self, part: LongPart, chunk: LongChunk) -> _Spoken:
        pieces, speech = read(chunk.pieces), self.run.speech
        order = SpeechOrder(
            text=plain_text(pieces),
            voice=part.voice_model_id,
            language=part.language,
            speed=part.speed,
            pitch_semitones=speech.parameters["pitch_semitones"],
            # one that failed is tried with another throw of the dice
            seed=speech.parameters["seed"] + chunk.attempts,
            check="before" if speech.parameters["check"] else "off",
            fallback=False,
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
            row.cost_usd = Decimal(str(figures.cost_usd))
            row.cached_pieces, row.retried_pieces = figures.cached_pieces, figures.retried_pieces

    def _note_failure(self, chunk: LongChunk, error: AppError) -> bool:
        """Write it down; answers whether it is for good."""
        with self.run.writing() as (session, _):
            row = session.get_one(LongChunk, (chunk.speech_id, chunk.number), with_for_update=True)
            row.attempts += 1
            row.error_code, row.error = error.code, told(error)
            for_good = error.kind in LASTING or row.attempts >= self.tools.settings.long_chunk_attempts
            row.state = "failed" if for_good else "waiting"
        return for_good
