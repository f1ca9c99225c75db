"""Marks what is spoken, remembers it, and tells of a file that comes back what is known.

How the pipeline of speech uses it:

    claim = Claim(synthesis_id=..., user_id=..., model_id=..., model_version=..., owner_id=..., engine=...)
    headers = provenance.header(claim)
    fingerprinter = provenance.fingerprinter(rate_hz)
    for block in provenance.marker.mark(blocks, rate_hz):      # float32 (n,), as many samples as came in
        fingerprinter.feed(block)
        ...                                                    # to the encoder
    with database.session() as session:
        provenance.remember(session, claim, fingerprinter)
    provenance.sign(path, "mp3", claim)                        # of a finished file; others stay as they are
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from voicewright.provenance.marker import Marker

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping
    from pathlib import Path

    from sqlalchemy.orm import Session

    from voicewright.accounts.caller import Caller
    from voicewright.db.server import Database
    from voicewright.provenance.claims import Claim
    from voicewright.provenance.fingerprints import Fingerprinter
    from voicewright.provenance.verification import Verification
    from voicewright.settings import Settings
    from voicewright.storage.user_keys import KeyRing


class ProvenanceService:
    """The marks of one installation, seen from one process; safe for threads. Close it at the end."""

    def __init__(self, settings: Settings, database: Database, keys: KeyRing) -> None:
        self._settings = settings
        self._database = database
        self._keys = keys
        self.marker = Marker.of(settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process that marks."""
        self.marker.close()

    def header(self, claim: Claim, *, signed: bool = False) -> Mapping[str, str]:
        """The headers of an answer with this speech.

        Args:
            claim: of the speech.
            signed: whether what is sent is a file that was signed.
        """
        raise NotImplementedError

    def sign(self, path: Path, format: str, claim: Claim) -> bool:  # noqa: A002 - the word of `write_audio`
        """Put a signed manifest into a finished file; False: the format has no place for one.

        The file is replaced at once, when all of it is written.

        Raises:
            ManifestNotWritten: it could not be done; the file is as it was.
        """
        raise NotImplementedError

    def fingerprinter(self, rate_hz: int) -> Fingerprinter:
        """What makes the fingerprint of a speech, block by block."""
        raise NotImplementedError

    def remember(self, session: Session, claim: Claim, fingerprinter: Fingerprinter) -> None:
        """Enter the fingerprint of a whole speech; one too short to be told from others is left out."""
        raise NotImplementedError

    def forget(self, session: Session, *synthesis_ids: uuid.UUID) -> int:
        """Delete the fingerprints of some speeches; answers how many there were."""
        raise NotImplementedError

    def verify(self, caller: Caller | None, path: Path) -> Verification:
        """Tell what is known about a file.

        Args:
            caller: who asks; None: whoever has this machine, who may know all.
            path: a file of any audio format.

        Raises:
            AudioError: it is no audio, empty, or damaged.
            AudioTooLong: it has more sound than is looked at.
        """
        raise NotImplementedError
