"""The model path of a voice: where its files are, as clients are told and may say it.

    store://local/{userId}/{modelId}/

It names a voice, or an upload, of one user in the configured store. It is no path of a file system: nothing
is opened by it, and only the very form that is written here is understood.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from uuid import UUID

from voicewright.errors import FieldFault
from voicewright.voices.errors import ModelPathRefused

if TYPE_CHECKING:
    from typing import Self

    from voicewright.settings import Settings
    from voicewright.voices.models import VoiceModel

LOCAL_STORE: Final = "store://local"
"""The store in the data directory."""
_UUID: Final = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@dataclass(frozen=True, slots=True)
class ModelPaths:
    """The paths in one store.

    Attributes:
        store: its address, without a slash at the end.
    """

    store: str = LOCAL_STORE
    _form: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        form = re.compile(rf"{re.escape(self.store)}/({_UUID})/({_UUID})/?", re.ASCII)
        object.__setattr__(self, "_form", form)

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Those of the store that the settings name."""
        return cls(settings.store_url or LOCAL_STORE)

    def of(self, voice: VoiceModel) -> str:
        """The path of a voice."""
        return self.path(voice.owner_id, voice.id)

    def path(self, owner_id: UUID, model_id: UUID) -> str:
        """The path of a voice, or of an upload."""
        return f"{self.store}/{owner_id}/{model_id}/"

    def parse(self, path: str, owner_id: UUID) -> UUID:
        """The id of the voice or upload that an owner's path names.

        Raises:
            ModelPathRefused: it is no path in this store, or one of somebody else.
        """
        found = self._form.fullmatch(path)
        if found is None or UUID(found[1]) != owner_id:
            raise self.refusal(path, owner_id)
        return UUID(found[2])

    def refusal(self, path: str, owner_id: UUID) -> ModelPathRefused:
        """The answer to a path that leads nowhere the owner may go; which of the reasons is not told."""
        message = (
            f"{path[:200]!r} is no voice and no upload of this user here. A modelPath has the form "
            f"{self.store}/{owner_id}/{{modelId}}/, as a voice shows it, or POST /voice-models/artefacts."
        )
        return ModelPathRefused(message, fields=[FieldFault("modelPath", message)])
