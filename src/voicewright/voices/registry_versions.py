"""The versions of a voice as people use them over HTTP: list them, go back to one, compare two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicewright.storage.errors import BlobNotFound
from voicewright.storage.trees import StoredTree
from voicewright.voices.acts import note_change, note_reading
from voicewright.voices.artefacts import hold_files
from voicewright.voices.errors import VoiceFilesGone, VoicesUnrelated
from voicewright.voices.sharing.access import find_model, find_own
from voicewright.voices.versions import (
    FileDiff,
    VersionDiff,
    VersionSummary,
    of_lineage,
    roll_back,
    same_person,
    summaries_of,
)

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from voicewright.accounts.caller import Caller
    from voicewright.db.server import Database
    from voicewright.storage.vault import Vault
    from voicewright.voices.limits import ModelLimits
    from voicewright.voices.models import VoiceModel


class VersionService:
    """The versions of the voices of all owners; who may what, and errors, as in `RegistryService`.

    Args:
        database: open.
        vault: has the files.
        limits: how often voices are changed.
    """

    def __init__(self, database: Database, vault: Vault, limits: ModelLimits) -> None:
        self._database = database
        self._vault = vault
        self._limits = limits

    def list_versions(
        self, caller: Caller, model_id: UUID, *, limit: int, offset: int
    ) -> tuple[list[VoiceModel], int]:
        """A page of the versions of a voice, the newest first, and how many there are."""
        with self._database.session() as session:
            voice = find_model(session, caller, model_id, need="own")
            found, total = of_lineage(session, voice, limit=limit, offset=offset)
            note_reading(session, caller, "list", voice.owner_id, voice.id, found=len(found))
            return found, total

    def of_same_person(self, caller: Caller, model_id: UUID) -> list[VoiceModel]:
        """The owner's other voices of the person whose voice this is; none where nobody said who it is."""
        with self._database.session() as session:
            voice = find_model(session, caller, model_id, need="own")
            return same_person(session, voice)

    def summaries(self, owner_id: UUID, lineages: Collection[UUID]) -> dict[UUID, VersionSummary]:
        """How many versions some voices of an owner have, and which of them is active; nobody is asked."""
        with self._database.session() as session:
            return summaries_of(session, owner_id, lineages)

    def rollback(self, caller: Caller, model_id: UUID, *, user_id: UUID | None = None) -> VoiceModel:
        """Make an older version of a voice the current one again, see `versions.roll_back`.

        Raises:
            VoiceIsCurrent: it is the newest version.
            RateLimited: too many changes in this hour.
        """
        self._limits.update(caller)
        with self._database.session() as session:
            hold_files(session)
            voice = find_own(session, caller, model_id, user_id=user_id)
            new, before = roll_back(session, voice)
            note_change(session, caller, "rollback", new, before, of=str(voice.id), version=new.version)
            return new

    def compare(self, caller: Caller, model_id: UUID, other_id: UUID) -> VersionDiff:
        """What differs between two versions of a voice.

        Raises:
            VoicesUnrelated: they are not of one voice.
            VoiceFilesGone: the store lacks the files of one of them.
        """
        with self._database.session() as session:
            this = find_model(session, caller, model_id, need="own")
            other = find_model(session, caller, other_id, need="own")
            if this.lineage_id != other.lineage_id:
                raise VoicesUnrelated(
                    f"{this.label}, and {other.label}, are no versions of one voice. "
                    "POST /voice-models/compare compares any."
                )
            blobs = self._vault.of(this.owner_id)
            try:
                files = [StoredTree(blobs, voice.artefact_digest).files() for voice in (this, other)]
            except BlobNotFound as error:
                raise VoiceFilesGone("The files of one of these versions are missing.") from error
            diff = VersionDiff.of(this, other, FileDiff.of(*files))
            note_reading(session, caller, "compare", this.owner_id, this.id, other=str(other.id))
            return diff
