"""The manifest of a backup: a header that everybody may read, and the rest sealed with the owner's key.

The digest of the header is part of what the seal is bound to, so that nothing of the manifest can be changed
without being noticed. The header carries the owner's key, sealed with the master key: whoever has that key
and the backup can restore it, wherever the database is.
"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from voicewright.storage.errors import SealBroken
from voicewright.storage.master_keys import SealedSecret
from voicewright.voices.copies.errors import BackupDamaged

if TYPE_CHECKING:
    from voicewright.storage.sealing import Cipher

FORMAT: Final = "voicewright-backup/1"
MANIFEST_MAX_BYTES: Final = 256 << 20

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class _Saved(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, from_attributes=True, alias_generator=to_camel, validate_by_name=True
    )


class SavedRating(_Saved):
    """What somebody thinks of a voice."""

    user_id: UUID
    stars: int
    at: datetime


class SavedModel(_Saved):
    """The row of a voice, but for its owner, who is in the header."""

    id: UUID
    name: str
    name_key: str
    version: int
    lineage_id: UUID
    parent_id: UUID | None
    engine: str
    engine_version: str
    code_version: str | None
    language: str
    sample_rate_hz: int | None
    artefact_digest: Digest
    artefact_bytes: int
    references_digest: Digest | None
    spoken_digest: Digest | None
    stored_bytes: int
    speech_s: float
    train_s: float
    evaluation: dict[str, Any] | None
    quality_score: float | None
    options: dict[str, Any]
    dataset_hash: str | None
    speaker_key: str | None = None
    training_job_id: UUID | None
    notes: str | None
    details: dict[str, Any]
    status: str
    revision: int
    is_active: bool
    created_at: datetime

    @property
    def trees(self) -> list[str]:
        """The digests of its files' lists."""
        digests = (self.artefact_digest, self.references_digest, self.spoken_digest)
        return [digest for digest in digests if digest is not None]


class SavedVoice(_Saved):
    """A voice with what its listeners think of it; what it was used for is not kept."""

    model: SavedModel
    speakers: list[str]
    """Whose voice it is, where that is known."""
    ratings: list[SavedRating]


class BackupContent(_Saved):
    """What is sealed: the voices, and the names of all files that they need."""

    voices: list[SavedVoice]
    blobs: list[Digest]


class BackupHeader(_Saved):
    """What is told of a backup without any key."""

    format: Literal["voicewright-backup/1"] = FORMAT
    user_id: UUID
    created_at: datetime
    models: int = Field(ge=0)
    files: int = Field(ge=0)
    bytes: int = Field(ge=0)
    master_key_id: str
    owner_key: str
    """Of the owner, sealed with the master key, in base64."""

    @property
    def sealed_key(self) -> SealedSecret:
        """The key, as the key ring takes it."""
        return SealedSecret(self.master_key_id, self.owner_key.encode())

    @property
    def seal_name(self) -> str:
        """What the content can only be opened as."""
        header = self.model_dump_json(by_alias=True).encode()
        return f"{self.user_id}/backup/{hashlib.sha256(header).hexdigest()}"


class BackupManifest(_Saved):
    """The whole manifest, as it lies in the store."""

    header: BackupHeader
    sealed: str
    """The content, in base64."""

    @classmethod
    def seal(cls, header: BackupHeader, content: BackupContent, cipher: Cipher) -> Self:
        """Make a manifest."""
        plain = content.model_dump_json(by_alias=True).encode()
        sealed = b"".join(cipher.seal([plain], header.seal_name))
        return cls(header=header, sealed=base64.b64encode(sealed).decode())

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Read what lies in the store.

        Raises:
            BackupDamaged: it is no manifest.
        """
        try:
            found = json.loads(data)["header"]["format"]
            if found != FORMAT:
                raise BackupDamaged(
                    f"The backup has the form {str(found)[:60]!r}, and this release knows {FORMAT}. Restore "
                    "it with a later release."
                )
            return cls.model_validate_json(data)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise _damaged() from error

    def open(self, cipher: Cipher) -> BackupContent:
        """What is sealed in it.

        Raises:
            BackupDamaged: it was changed, or sealed with another key.
        """
        try:
            sealed = base64.b64decode(self.sealed, validate=True)
            plain = b"".join(cipher.open([sealed], self.header.seal_name))
            return BackupContent.model_validate_json(plain)
        except (SealBroken, ValueError) as error:
            raise _damaged() from error

    def to_json(self) -> bytes:
        """As it is written."""
        return self.model_dump_json(by_alias=True, indent=1).encode()


def _damaged() -> BackupDamaged:
    return BackupDamaged(
        "The manifest of the backup was changed or cut off, so nothing of it can be trusted and nothing was "
        "restored. Take another backup."
    )
