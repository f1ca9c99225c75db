"""`/v1/models`, and `/v1/audio/models` for Open WebUI: the names that clients give to what speaks.

A voice brings its engine with it, so a model chooses nothing here: all names mean the same.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from voicewright.accounts.caller import Caller, Scope
from voicewright.api.caller import calling
from voicewright.api.problems import refusals
from voicewright.errors import AppError, ErrorKind, FieldFault

router = APIRouter(tags=["openai"])

OWN_MODEL: Final = "voicewright"
_OPENAI: Final = "openai"
_OWNERS: Final = {
    OWN_MODEL: OWN_MODEL,
    "tts-1": _OPENAI,
    "tts-1-hd": _OPENAI,
    "gpt-4o-mini-tts": _OPENAI,
    "gpt-4o-mini-tts-2025-03-20": _OPENAI,
    "gpt-4o-mini-tts-2025-12-15": _OPENAI,
}
_CREATED: Final = 1_735_689_600

Speaker = Annotated[Caller, Depends(calling(Scope.SPEECH))]


class ModelNotFound(AppError):
    """An OpenAI client named a model that is none of those that `GET /v1/models` lists."""

    code: ClassVar[str] = "MODEL_NOT_FOUND"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class OpenAIModel(BaseModel):
    """A model."""

    model_config = ConfigDict(title="OpenAIModel")

    id: str = Field(examples=["tts-1"])
    object: Literal["model"] = "model"
    created: int = Field(default=_CREATED, description="A fixed moment.")
    owned_by: str = Field(description="Whose name it is.", examples=[_OPENAI])


class OpenAIModelsView(BaseModel):
    """All models, twice: OpenAI's clients read `data`, Open WebUI reads `models`."""

    object: Literal["list"] = "list"
    data: list[OpenAIModel]
    models: list[OpenAIModel]


@router.get("/v1/models", summary="List models")
@router.get("/v1/audio/models", summary="List models, for Open WebUI")
@router.get("/audio/models", summary="List models, without the /v1")
def models(_caller: Speaker) -> OpenAIModelsView:
    """The names that `model` may have in a request to speak; they all mean the same."""
    found = [OpenAIModel(id=name, owned_by=owner) for name, owner in _OWNERS.items()]
    return OpenAIModelsView(data=found, models=found)


@router.get("/v1/models/{model}", summary="Show a model", responses=refusals(404))
def model(model: Annotated[str, Path(examples=["tts-1"], max_length=200)], _caller: Speaker) -> OpenAIModel:
    """One of the names."""
    return OpenAIModel(id=model, owned_by=_OWNERS[require_model(model)])


def require_model(name: str) -> str:
    """A name of a model that there is.

    Raises:
        ModelNotFound: it is none.
    """
    if name not in _OWNERS:
        message = f"The model {name!r} does not exist. There are: {', '.join(_OWNERS)}."
        raise ModelNotFound(message, fields=[FieldFault("model", message)])
    return name
