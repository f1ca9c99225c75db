"""What is recorded: who did what to which voice, and what came of it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Act:
    """One reading or writing of a voice model, or the attempt.

    Attributes:
        action: `voice_model.read`, `voice_model.activate`, `voice_model.share`, ...
        owner_id: whose voice it is; the chain of the record.
        actor_id: the account that acts; None: the platform itself.
        model_id: the voice; None where the act is about all of an owner's.
        api_key_id: the key that was used, if any.
        result: what came of it.
        code: of the error, where it was refused or failed.
        details: what else is worth knowing; no secrets, no speech.
    """

    action: str
    owner_id: uuid.UUID
    actor_id: uuid.UUID | None
    model_id: uuid.UUID | None = None
    api_key_id: uuid.UUID | None = None
    result: Literal["done", "refused", "failed"] = "done"
    code: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
