"""What requests about voice models say: camelCase, and every value is checked."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import InitErrorDetails, PydanticCustomError

Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Notes = Annotated[str, StringConstraints(max_length=4000)]
Score = Annotated[float, Strict(), Field(ge=0, le=1)]
SampleRate = Annotated[int, Strict(), Field(ge=1000, le=384_000)]

_ID = "6f1c9a52-8a3e-4b61-9f0e-2f9d6f1f7a11"


class Body(BaseModel):
    """The base: unknown fields are refused, not ignored, and so are NaN and infinity."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, alias_generator=to_camel
    )


class OwnerBody(Body):
    """The body of a request about a voice model; it may be left out."""

    user_id: UUID | None = Field(
        default=None, description="Your own id, if any. Administrators may name the owner's."
    )


class NewVoiceModelBody(OwnerBody):
    """A voice to register: that of a training, or that of files which the store has.

    What is left out is as the training or the other voice has it.
    """

    training_job_id: UUID | None = Field(
        default=None,
        description="A training whose voice is not registered: its quality was under the threshold, or the "
        "voice was deleted and its files are still there.",
    )
    model_path: Annotated[str, StringConstraints(min_length=1, max_length=1000)] | None = Field(
        default=None,
        description="Or files in the store: those of a voice of yours, or of `POST /voice-models/artefacts`.",
        examples=[f"store://local/{_ID}/{_ID}/"],
    )
    provider: Text | None = Field(
        default=None, description="Id of the engine that speaks with it.", examples=["builtin"]
    )
    sample_rate: SampleRate | None = Field(default=None, description="Of its sound, in Hz.", examples=[22050])
    quality_score: Score | None = Field(default=None, description="0..1.", examples=[0.85])
    metadata: dict[str, Any] = Field(
        default_factory=dict,
        description="What you want to keep with it: at most 64 KB of JSON, 16 levels deep.",
        examples=[{"trainingDuration": "15min"}],
    )
    name: Text | None = Field(
        default=None, description="The same name again makes the next version of a voice.", examples=["Ann"]
    )
    language: Text | None = Field(default=None, description="BCP 47 tag. Default of an upload: `en-us`.")
    notes: Notes | None = None
    speaker: Text | None = Field(
        default=None, description="Whose voice it is; their consent is demanded. Default: your own."
    )

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["modelPath"]}, {"required": ["trainingJobId"]}]}
    )

    @model_validator(mode="after")
    def _names_one_source(self) -> Self:
        if (self.training_job_id is None) == (self.model_path is None):
            told = PydanticCustomError("files_once", "Name the files: either modelPath or trainingJobId")
            fault = InitErrorDetails(type=told, loc=("modelPath",), input=self.model_path)
            raise ValidationError.from_exception_data(type(self).__name__, [fault])
        return self


class VoiceModelChangesBody(OwnerBody):
    """What is to change of a voice model; what is left out stays. Activating has routes of its own."""

    name: Text | None = Field(default=None, description="A new name, for all versions of the voice.")
    quality_score: Score | None = Field(
        default=None, description="0..1; until it is evaluated again.", examples=[0.9]
    )
    metadata: dict[str, Any] | None = Field(
        default=None,
        description="Merged into what there is (JSON merge patch, RFC 7396): null takes a name out.",
        examples=[{"updated": True}],
    )
    notes: Notes | None = Field(default=None, description="null takes them away.")


class StockVoiceBody(Body):
    """One of an engine's own voices, to be registered."""

    voice: Text = Field(
        description="Its id, as `GET /engines/{engineId}/voices` lists it.", examples=["af_heart"]
    )
    name: Text | None = Field(
        default=None, description="What it is called; as the engine calls it by default.", examples=["Heart"]
    )
    language: Text | None = Field(
        default=None, description="BCP 47 tag, one of the voice's; its first one by default."
    )
