"""What a voice is made of, said in the store itself, in the layout that the specification has.

    {owner}/{voice}/voice.json           of a voice that there is
    deleted/{owner}/{voice}/voice.json   of one that is deleted and not yet purged

A voice's files are content-addressed, so that equal ones are stored once; this small sealed object names
them. Deleting a voice moves it, which is one step in every store, and leaves the files where other voices may
need them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from voicewright.storage.errors import ObjectNotFound

if TYPE_CHECKING:
    from voicewright.storage.blobs import BlobStore
    from voicewright.voices.models import VoiceModel

_FORMAT: Final = "voicewright-voice/1"


def live_path(voice: VoiceModel) -> str:
    """Where the description of a voice lies while there is the voice."""
    return f"{voice.owner_id}/{voice.id}/voice.json"


def deleted_path(voice: VoiceModel) -> str:
    """Where it lies when the voice is deleted."""
    return f"deleted/{voice.owner_id}/{voice.id}/voice.json"


def describe(blobs: BlobStore, voice: VoiceModel) -> None:
    """Write the description of a voice that is being entered, in place of any.

    Call it at the end of the unit of work: one that is taken back afterwards leaves a description that the
    next deletion of the owner's files removes, and that nothing reads.

    Raises:
        StorageFull, StorageReadOnly, StorageUnavailable: it can't be written.
    """
    said = {
        "format": _FORMAT,
        "id": str(voice.id),
        "owner": str(voice.owner_id),
        "engine": voice.engine,
        "engine_version": voice.engine_version,
        "language": voice.language,
        "artefact": voice.artefact_digest,
        "references": voice.references_digest,
        "spoken": voice.spoken_digest,
    }
    blobs.put_named(live_path(voice), json.dumps(said, sort_keys=True).encode())


def move(blobs: BlobStore, old: str, new: str) -> bool:
    """Move a description; answers whether it was there (a voice of an earlier release has none)."""
    try:
        blobs.objects.rename(old, new)
    except ObjectNotFound:
        return False
    return True
