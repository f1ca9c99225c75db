"""Whom an OpenAI client means by a voice: one of the caller's, or one of OpenAI's, which stands for another.

A voice that is made by `POST /v1/audio/voices` goes by the id of its training until that is over, and that id
stays good afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from voicewright.errors import AppError, ErrorKind, FieldFault
from voicewright.training.errors import TrainingJobNotFound
from voicewright.training.models import is_open
from voicewright.voices.names import as_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from uuid import UUID

    from voicewright.accounts.caller import Caller
    from voicewright.api.services import Services

STOCK: Final = frozenset(
    "alloy ash ballad cedar coral echo fable marin nova onyx sage shimmer verse".split()  # noqa: SIM905
)
"""The voices that OpenAI has."""
_ACTIVE: Final = "active"
_ANY: Final = "*"


class VoiceNotReady(AppError):
    """The voice is still being made; the message says how far that is."""

    code: ClassVar[str] = "VOICE_NOT_READY"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT
    default_retryable: ClassVar[bool] = True


def voices_meant(services: Services, caller: Caller, voice: str | None) -> Iterator[str | UUID | None]:
    """Who may be meant, the likeliest first; None is the active voice.

    Raises:
        VoiceNotReady: what is meant is still being made.
    """
    yield voice
    if voice in STOCK:
        yield stands_for(voice, services.settings.stock_voices or {})
    elif voice is not None and (job_id := as_id(voice)) is not None:
        made = made_by(services, caller, job_id)
        if made is not None:
            yield made


def stands_for(stock: str, chosen: Mapping[str, str]) -> str | None:
    """The voice that the operator chose for one of OpenAI's."""
    wanted = chosen.get(stock, chosen.get(_ANY, _ACTIVE))
    return None if wanted == _ACTIVE else wanted


def made_by(services: Services, caller: Caller, job_id: UUID) -> UUID | None:
    """The voice that a training of the caller has made; None where there is none.

    Raises:
        VoiceNotReady: it still goes on.
    """
    try:
        job = services.training.get(caller, job_id, user_id=caller.user_id).job
    except TrainingJobNotFound:
        return None
    if is_open(job.status):
        message = f"The voice is still being made: its training is {job.status}. Ask again in a while."
        raise VoiceNotReady(message, fields=[FieldFault("voice", message)])
    made = services.voices.of(caller.user_id).made_by(job_id)
    return None if made is None else made.id
