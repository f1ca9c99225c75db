"""One request, several engines: a training with each of them, of the same samples.

What several engines are told has to fit all of them. Their own options are given by engine then:

    {"providers": ["builtin", "xtts-v2"],
     "options": {"qualityThreshold": 0.6, "engine": {"builtin": {"seed": 1}, "xtts-v2": {"epochs": 5}}}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voicewright.engines.errors import OptionsInvalid
from voicewright.errors import FieldFault
from voicewright.training.errors import TrainingRequestInvalid, VoiceSampleNotFound
from voicewright.training.options import close_name
from voicewright.training.schemas import TrainingRequestBody
from voicewright.voices.finding import of_job

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from voicewright.training.models import TrainingJob
    from voicewright.training.schemas import AgainBody


def request_of_each(body: TrainingRequestBody) -> list[TrainingRequestBody]:
    """The request for each of the engines that it names, in its order.

    Raises:
        OptionsInvalid: options of an engine are given for none of them, or are no object.
    """
    if body.providers is None:
        return [body]
    own = body.options.engine
    _check_own(own, body.providers)
    return [
        body.model_copy(
            update={
                "provider": provider,
                "providers": None,
                "options": body.options.model_copy(update={"engine": own.get(provider, {})}),
            }
        )
        for provider in body.providers
    ]


def only_request_of(body: TrainingRequestBody) -> TrainingRequestBody:
    """The request for the one engine that it names.

    Raises:
        TrainingRequestInvalid: it names several.
    """
    requests = request_of_each(body)
    if len(requests) > 1:
        message = "An estimate is one engine's: ask for each of them by itself, as provider."
        raise TrainingRequestInvalid(message, fields=[FieldFault("providers", message)])
    return requests[0]


def request_again(session: Session, job: TrainingJob, body: AgainBody) -> TrainingRequestBody:
    """What trains what a job trains with another engine: the same samples, for the next version of its voice.

    The voice may have been renamed since; its other versions are called so now.

    Raises:
        VoiceSampleNotFound: the job names none.
    """
    voice = of_job(session, job.id)
    if not job.sample_ids:
        raise VoiceSampleNotFound(f"The training job {job.id} has no samples that could be trained again.")
    request = TrainingRequestBody.model_validate(
        {
            "voiceSampleIds": job.sample_ids[:1],
            "provider": body.provider,
            "method": body.method,
            "name": job.name if voice is None or voice.deleted_at is not None else voice.name,
            "language": job.language,
            "priority": job.priority,
            "options": body.options,
        }
    )
    # a dataset may have had more samples than a request may name
    return request.model_copy(update={"voice_sample_ids": job.sample_ids})


def _check_own(own: dict[str, Any], providers: list[str]) -> None:
    faults = [
        FieldFault(
            f"options.engine.{name}",
            f"there is no {name!r} among the providers{close_name(name, providers)}"
            if name not in providers
            else "is the object of an engine's own options",
        )
        for name, given in own.items()
        if name not in providers or not isinstance(given, dict)
    ]
    if faults:
        told = "; ".join(f"{fault.field}: {fault.message}" for fault in faults)
        raise OptionsInvalid(
            f"With several providers options.engine has the options of each under its id: {told}.",
            fields=faults,
        )
