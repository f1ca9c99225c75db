"""Makes a file of spoken chunks: joined, encoded once, signed."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

from voicewright.audio.encode import write_audio
from voicewright.speech.keeping import scratch
from voicewright.speech.long.claims import claim_of
from voicewright.speech.long.joining import from_flac, joined, lay_out
from voicewright.storage.faults import clear_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from sqlalchemy.orm import Session

    from voicewright.audio.codecs import AudioFormat
    from voicewright.provenance.claims import Claim
    from voicewright.provenance.fingerprints import Fingerprinter
    from voicewright.provenance.service import ProvenanceService
    from voicewright.speech.long.models import LongChunk, LongPart
    from voicewright.speech.long.runs import LongRun
    from voicewright.storage.blobs import BlobStore


@dataclass(frozen=True, slots=True)
class Made:
    """A finished file; it goes with the block that made it."""

    path: Path
    digest: str
    audio_s: float
    signed: bool
    remember: Callable[[Session], object]
    """Enters its fingerprint, in a transaction of the caller's."""


@dataclass(frozen=True, slots=True)
class FileMaker:
    """Makes the files of one attempt.

    Attributes:
        run: asked before each chunk whether it goes on.
        blobs: have the sound of the chunks.
        work_dir: where the file is written.
        provenance: signs a file; None: nobody does.
    """

    run: LongRun
    blobs: BlobStore
    work_dir: Path
    provenance: ProvenanceService | None

    @contextmanager
    def made(self, part: LongPart, chunks: Sequence[LongChunk], *, whole: bool = False) -> Iterator[Made]:
        """The file of some chunks, all of which are spoken.

        Args:
            part: has the voice and the speed.
            chunks: in their order.
            whole: it is the joined file of all parts.

        Raises:
            LongSpeechLost: the run was stopped.
            AudioDiskFull, AudioNotWritten, BlobCorrupt, BlobNotFound: there is no file.
        """
        speech = self.run.speech
        format_ = cast("AudioFormat", speech.output_format)
        rate_hz = chunks[0].sample_rate_hz or 0
        sound = joined(lay_out(chunks, part.speed), self._fetch, rate_hz, before_chunk=self.run.require)
        with scratch(self.work_dir) as folder:
            path = folder / f"speech.{format_}"
            remember: Callable[[Session], object]
            if self.provenance is None:
                audio_s, remember = write_audio(path, sound, rate_hz, format_, durable=False), _nothing
                signed = False
            else:
                claim = claim_of(speech, part, whole=whole)
                prints = self.provenance.fingerprinter(rate_hz)
                audio_s = write_audio(path, _fed(sound, prints.feed), rate_hz, format_, durable=False)
                signed = self.provenance.sign_if_possible(path, format_, claim)
                remember = partial(_remember, self.provenance, claim, prints)
            with clear_errors("read what was joined", str(folder)), path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            yield Made(path, digest, audio_s, signed, remember)

    def _fetch(self, chunk: LongChunk) -> NDArray[np.float32]:
        return from_flac(self.blobs.read(chunk.digest or ""))


def _remember(provenance: ProvenanceService, claim: Claim, prints: Fingerprinter, session: Session) -> None:
    """A paragraph leaves before the whole is there, and is in it then."""
    if not claim.part:
        provenance.forget_parts(session, claim.synthesis_id)
    provenance.remember(session, claim, prints)


def _fed(
    blocks: Iterable[NDArray[np.float32]], feed: Callable[[NDArray[np.float32]], object]
) -> Iterator[NDArray[np.float32]]:
    for block in blocks:
        feed(block)
        yield block


def _nothing(_session: Session) -> None:
    """There is nothing to remember."""
