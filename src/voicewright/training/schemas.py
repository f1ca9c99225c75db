"""What a request for a training says; names are camelCase outside, and every value is checked."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, LiteralString, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    Strict,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from voicewright.training.methods import Method  # noqa: TC001 - Pydantic looks at it
from voicewright.training.options import close_name

DEFAULT_PRIORITY: Final = 50
DEFAULT_LANGUAGE: Final = "en-us"
MOST_PROVIDERS: Final = 8
"""That one request may name."""
LONGEST_TRAINING_MS: Final = 7 * 24 * 3600 * 1000
_MOST_IDS: Final = 10_000
_DEEPEST: Final = 8


class RequestModel(BaseModel):
    """The base of a request's body: unknown names are refused with the one that was meant."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, alias_generator=to_camel)

    @model_validator(mode="wrap")
    @classmethod
    def _name_what_was_meant(cls, data: Any, check: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return check(data)
        except ValidationError as error:
            known = [field.alias or name for name, field in cls.model_fields.items()]
            faults = [_explained(fault, known) for fault in error.errors(include_url=False)]
            raise ValidationError.from_exception_data(cls.__name__, faults) from None


def _explained(fault: ErrorDetails, known: list[str]) -> InitErrorDetails:
    message = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden" and len(fault["loc"]) == 1:
        message = f"There is no field of this name{close_name(str(fault['loc'][0]), known)}"
    return InitErrorDetails(
        type=PydanticCustomError(fault["type"], message), loc=fault["loc"], input=fault["input"]
    )


def _shallow(value: dict[str, Any]) -> dict[str, Any]:
    level: list[Any] = [value]
    for _ in range(_DEEPEST):
        level = [inner for each in level for inner in _inside(each)]
    if level:
        raise ValueError(f"is nested more than {_DEEPEST} deep")
    return value


def _inside(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _within_reason(value: AwareDatetime) -> AwareDatetime:
    if not 1970 <= value.year <= 9000:  # noqa: PLR2004 - what every clock and table can hold
        raise ValueError("is no moment of our time")
    return value


def _each_once(named: list[str]) -> list[str]:
    if len(set(named)) < len(named):
        raise ValueError("names an engine twice")
    return named


def _fault(field: str, message: LiteralString) -> InitErrorDetails:
    return InitErrorDetails(type=PydanticCustomError("once", message), loc=(field,), input=None)


Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict()]
Moment = Annotated[AwareDatetime, AfterValidator(_within_reason)]


class TrainingOptions(RequestModel):
    """How to train. What an engine can't honour is refused; what is not given is the engine's own choice.

    `qualityThreshold` and `maxTrainingTimeMs` are the platform's; the others go to the engine, which has
    defaults of its own where its method needs them (see the table in docs/training.md), and otherwise those
    named here.
    """

    epochs: Annotated[Whole, Field(ge=1, le=1000)] | None = Field(
        default=None, description="How often all samples are learnt from. Default: the engine's, else 100."
    )
    batch_size: Annotated[Whole, Field(ge=1, le=64)] | None = Field(
        default=None, description="Clips that are learnt from at once. Default: the engine's, else 16."
    )
    learning_rate: Annotated[Number, Field(gt=0, le=1)] | None = Field(
        default=None, description="The size of a step. Default: the engine's, else 0.001."
    )
    validation_split: Annotated[Number, Field(ge=0, lt=1)] | None = Field(
        default=None,
        description="Share of the samples that only judge the others. Default: the engine's, else 0.2.",
    )
    early_stopping_patience: Annotated[Whole, Field(ge=1, le=1000)] | None = Field(
        default=None,
        description="Stop after so many epochs that made nothing better. Default: the engine's, else 10.",
    )
    quality_threshold: Annotated[Number, Field(ge=0, le=1)] | None = Field(
        default=None,
        description="Overall quality under which the training fails. Default: MIN_QUALITY_SCORE, 0.7.",
    )
    max_training_time_ms: Annotated[Whole, Field(ge=1000, le=LONGEST_TRAINING_MS)] | None = Field(
        default=None,
        description="How long the training may run. Default: TRAINING_TIMEOUT_MS, two hours.",
    )
    model_architecture: Text | None = Field(default=None, description="Variant of the engine's model.")
    augmentation_enabled: Annotated[bool, Strict()] | None = Field(
        default=None, description="Learn from altered copies of the samples as well."
    )
    custom_loss_function: Text | None = Field(default=None, description="What the training minimises.")
    regularization_strength: Annotated[Number, Field(ge=0, le=1)] | None = Field(
        default=None, description="L2 regularisation."
    )
    dropout_rate: Annotated[Number, Field(ge=0, lt=1)] | None = Field(
        default=None, description="Share of the network that is left out of each step."
    )
    optimizer_type: Text | None = Field(default=None, description="Adam, SGD and the like.")
    engine: Annotated[dict[str, Any], AfterValidator(_shallow)] = Field(
        default_factory=dict,
        description="The engine's own options, by its own names, such as `seed`.",
        examples=[{"seed": 1}],
    )


class TrainingRequestBody(RequestModel):
    """What to train, of what, and when. The samples are named one by one or by their dataset."""

    user_id: UUID | None = Field(
        default=None, description="Whose voice it will be: your own id. Administrators may name another's."
    )
    voice_sample_ids: Annotated[list[Text], Field(min_length=1, max_length=_MOST_IDS)] | None = Field(
        default=None, description="Ids of uploaded samples of one speaker."
    )
    dataset_id: UUID | None = Field(default=None, description="Instead of samples: all of a dataset.")
    dataset_name: Text | None = Field(default=None, description="The same, by its name.")
    provider: Text | None = Field(
        default=None, description="Id of the engine that trains.", examples=["builtin"]
    )
    providers: (
        Annotated[list[Text], AfterValidator(_each_once), Field(min_length=1, max_length=MOST_PROVIDERS)]
        | None
    ) = Field(
        default=None,
        description="Instead: several engines, each with a job of its own of the same samples. `options` "
        "then has to fit all of them, and `options.engine` has the own options of each under its id.",
        examples=[None],
    )
    method: Method = Field(
        default="auto",
        description="`clone`: from a short sample, in seconds; `train`: on all there is; `auto`: trained "
        "where the engine trains and there is speech enough for it, otherwise cloned.",
    )
    name: Text | None = Field(
        default=None, description="What the voice will be called. Default: as the dataset, or by the time."
    )
    language: Text | None = Field(
        default=None, description="BCP 47 tag of what is spoken. Default: the dataset's, else `en-us`."
    )
    priority: Annotated[Whole, Field(ge=0, le=100)] = Field(
        default=DEFAULT_PRIORITY, description="Higher starts first; among equals, who came first."
    )
    start_after: Moment | None = Field(
        default=None, description="Not before this moment, with a time zone. One that is past means at once."
    )
    schedule: Literal["off-peak"] | None = Field(
        default=None, description="`off-peak`: only start within VOICEWRIGHT_OFF_PEAK."
    )
    options: TrainingOptions = Field(default_factory=TrainingOptions)

    @model_validator(mode="after")
    def _names_samples_and_engines_once(self) -> Self:
        faults = []
        samples = (self.voice_sample_ids, self.dataset_id, self.dataset_name)
        if sum(each is not None for each in samples) != 1:
            faults.append(
                _fault("voiceSampleIds", "Name the samples: voiceSampleIds, or datasetId, or datasetName")
            )
        if (self.provider is None) == (self.providers is None):
            faults.append(_fault("provider", "Name the engine: provider, or several as providers"))
        if faults:
            raise ValidationError.from_exception_data(type(self).__name__, faults)
        return self


class UserIdBody(RequestModel):
    """The body of a request about a job; it may be left out."""

    user_id: UUID | None = Field(
        default=None,
        description="Your own id, if any.",
        examples=["6f1c9a52-8a3e-4b61-9f0e-2f9d6f1f7a11"],
    )


class AgainBody(UserIdBody):
    """With which engine what a job trains is to be trained as well."""

    provider: Text = Field(description="Id of the engine.", examples=["builtin"])
    method: Method = Field(default="auto", description="As for `POST /training/start`.")
    options: TrainingOptions = Field(
        default_factory=TrainingOptions,
        description="As for `POST /training/start`; those of the job are not taken over.",
    )
