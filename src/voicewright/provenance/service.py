"""Marks what is spoken, remembers it, and tells of a file that comes back what is known.

How the pipeline of speech uses it:

    claim = Claim(synthesis_id=..., user_id=..., model_id=..., model_version=..., owner_id=..., engine=...)
    fingerprinter, tally = provenance.fingerprinter(rate_hz), Tally()
    for block in provenance.marker.mark(blocks, rate_hz, tally):  # float32 (n,), as many samples as came in
        fingerprinter.feed(block)
        ...                                                       # to the encoder
    headers = provenance.header(claim.synthesis_id, tally.watermark)  # from the first block on
    with database.session() as session:
        provenance.remember(session, claim, fingerprinter)
    provenance.sign(path, "mp3", claim)                           # a finished file; others stay as they are
"""

from __future__ import annotations

import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, Self

from sqlalchemy import select

from voicewright.errors import AppError
from voicewright.home.layout import Home
from voicewright.provenance import identifying
from voicewright.provenance.certificates import Certificates
from voicewright.provenance.fingerprints import Fingerprinter, fingerprint
from voicewright.provenance.joining import Heard, longest_of_each
from voicewright.provenance.listener import WatermarkListener
from voicewright.provenance.manifests import MEDIA_TYPES, read_manifest, sign_file
from voicewright.provenance.marker import Marker
from voicewright.provenance.matching import Sought
from voicewright.provenance.sounds import RATE_HZ, take_apart
from voicewright.provenance.verification import as_seen_by, conclude
from voicewright.storage.user_keys import PLATFORM_ID
from voicewright.voices.models import VoiceModel

if TYPE_CHECKING:
    import uuid
    from collections.abc import Collection, Mapping

    import numpy as np
    from numpy.typing import NDArray
    from sqlalchemy.orm import Session

    from voicewright.accounts.caller import Caller
    from voicewright.db.server import Database
    from voicewright.provenance.claims import Claim, Told
    from voicewright.provenance.sounds import Sound
    from voicewright.provenance.verification import SpeechMatch, Verification
    from voicewright.settings import Settings
    from voicewright.storage.user_keys import KeyRing

_LOG = logging.getLogger(__name__)

SYNTHESIS_HEADER: Final = "Voicewright-Synthesis"
PROVENANCE_HEADER: Final = "Voicewright-Provenance"

_STRETCH_S: Final = 30.0
_MOST_STRETCHES: Final = 40
"""Of a file in which speeches are looked for: 20 minutes, spread evenly where it has more."""
_SLOWED_STRETCHES: Final = 2
"""So many are looked for at other speeds where nothing was found."""
_SPEEDS: Final = (1.02, 0.98, 1.04, 0.96, 1.06, 0.94, 1.08, 0.92, 1.1, 0.9)


class ProvenanceService:
    """The marks of one installation, seen from one process; safe for threads. Close it at the end."""

    def __init__(self, settings: Settings, database: Database, keys: KeyRing) -> None:
        self._settings = settings
        self._database = database
        self.marker = Marker.of(settings)
        self.certificates = Certificates(database, lambda: keys.cipher(PLATFORM_ID))
        self._listener = WatermarkListener()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes that mark and listen."""
        self.marker.close()
        self._listener.close()

    @staticmethod
    def header(
        synthesis_id: uuid.UUID | None, watermark: str | None, *, signed: bool = False
    ) -> Mapping[str, str]:
        """The headers of an answer with speech.

        Args:
            synthesis_id: leads to its entry in the history; None: it has none.
            watermark: what was marked of it (`tally.Marked`); None: that is not known.
            signed: whether what is sent is a file that was signed.
        """
        told = f"ai-generated; watermark={watermark or 'unknown'}; c2pa={'yes' if signed else 'no'}"
        headers = {PROVENANCE_HEADER: told}
        return headers if synthesis_id is None else {SYNTHESIS_HEADER: str(synthesis_id), **headers}

    def signs(self, format: str) -> bool:  # noqa: A002 - the word of `write_audio`
        """Whether files of a format have a place for a manifest."""
        return format in MEDIA_TYPES

    def sign(self, path: Path, format: str, claim: Told) -> bool:  # noqa: A002 - the word of `write_audio`
        """Put a signed manifest into a finished file; False: the format has no place for one.

        The file is replaced at once, when all of it is written.

        Raises:
            ManifestNotWritten: it could not be done; the file is as it was.
        """
        return self.signs(format) and sign_file(path, format, claim, self.certificates.credentials())

    def sign_if_possible(self, path: Path, format: str, claim: Told) -> bool:  # noqa: A002 - as above
        """The same; what goes wrong is logged, as the watermark is in it all the same. Answers whether."""
        try:
            return self.sign(path, format, claim)
        except AppError as error:
            _LOG.warning("%s has no manifest: %s", claim.title, error.message)
            return False

    def fingerprinter(self, rate_hz: int) -> Fingerprinter:
        """What makes the fingerprint of a speech, block by block."""
        return Fingerprinter(rate_hz)

    def remember(self, session: Session, claim: Claim, fingerprinter: Fingerprinter) -> bool:
        """Enter the fingerprint of a whole file; False: it is too short to be told from others."""
        return identifying.remember(session, claim, fingerprinter)

    def forget_parts(self, session: Session, synthesis_id: uuid.UUID) -> None:
        """Delete the fingerprints of the parts of a speech, as its whole is remembered."""
        identifying.forget_parts(session, synthesis_id)

    def verify(self, caller: Caller | None, path: Path) -> Verification:
        """Tell what is known about a file.

        Args:
            caller: who asks; None: whoever has this machine, who may know all.
            path: a file of any audio format.

        Raises:
            AudioError: it is no audio, empty, or damaged.
            AudioTooLong: it has more sound than is looked at.
            StorageFull: there is no room to decode it.
        """
        work = Home.open(self._settings.home).work_dir
        with TemporaryDirectory(prefix="verify-", dir=work) as folder:
            sound = take_apart(path, Path(folder) / "samples", self._settings.max_verify_s)
            manifest = read_manifest(path, sound.container, self.certificates.anchors_pem())
            watermark = self._listener.listen(sound)
            matches = self._find(caller, sound)
        return conclude(round(sound.duration_s, 2), manifest, watermark, matches)

    def _find(self, caller: Caller | None, sound: Sound) -> list[SpeechMatch]:
        """The speeches that are in a sound: each once, where it is longest."""
        heard: list[Heard] = []
        tried = 0
        for number, (start_s, samples) in enumerate(sound.stretches(_STRETCH_S, _MOST_STRETCHES)):
            found, speed = self._identify(Sought(fingerprint(samples, RATE_HZ))), 1.0
            if not found and not heard and tried < _SLOWED_STRETCHES:
                tried += 1
                found, speed = self._at_other_speeds(samples)
            end_s = start_s + len(samples) / RATE_HZ
            heard += [Heard(one, speed, number, start_s, end_s) for one in found]
        longest = longest_of_each(heard, sound.duration_s)
        names = self._names([found.speech.model_id for found, _ in longest])
        matches = [as_seen_by(caller, found, speed, names=names) for found, speed in longest]
        return sorted(matches, key=lambda match: (-(match.end_s - match.start_s), match.start_s))

    def _names(self, model_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
        """What voices are called; those that are gone have no name."""
        with self._database.session() as session:
            named = select(VoiceModel.id, VoiceModel.name).where(VoiceModel.id.in_(model_ids))
            return {row.id: row.name for row in session.execute(named)}

    def _identify(self, sought: Sought, *, with_doubts: bool = True) -> list[identifying.Found]:
        with self._database.session() as session:
            return identifying.identify(session, sought, with_doubts=with_doubts)

    def _at_other_speeds(self, samples: NDArray[np.float32]) -> tuple[list[identifying.Found], float]:
        for speed in _SPEEDS:
            # heard at another rate than it has, a sound is faster or slower
            sought = Sought(fingerprint(samples, round(RATE_HZ / speed)))
            if found := self._identify(sought, with_doubts=False):
                return found, speed
        return [], 1.0
