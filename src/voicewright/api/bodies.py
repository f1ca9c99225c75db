"""The base of request bodies, and the reading of a body by a route that takes more than one content type."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from voicewright.api.validation import (
    TOO_DEEP,
    MalformedJson,
    UnsupportedMediaType,
    check_storable,
    is_json,
    refused_input,
)

if TYPE_CHECKING:
    from starlette.requests import Request

FORM = "application/x-www-form-urlencoded"


class RequestBody(BaseModel):
    """What a client sends: unknown fields are refused, not ignored, and so are NaN and infinity.

    Text that PostgreSQL can't keep never reaches a model, see `validation`.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


Body = TypeVar("Body", bound=RequestBody)


def is_form(request: Request) -> bool:
    """Whether a plain HTML form sent the body."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM


async def read_body(request: Request, model: type[Body]) -> Body:
    """The body of a request that is either JSON or a plain HTML form, checked.

    Raises:
        UnsupportedMediaType: it is neither.
        MalformedJson: it is no JSON.
        ValidationFailed: names the fields that are wrong.
    """
    content: Any
    sent = request.headers.get("content-type", "")
    if is_form(request):
        # a field that was left empty counts as one that was left out
        content = {name: value for name, value in (await request.form()).items() if value}
    elif is_json(sent):
        try:
            content = await request.json()
        except json.JSONDecodeError as error:
            raise MalformedJson(f"The body is not JSON: {error.msg}, at character {error.pos}.") from error
        except RecursionError as error:
            raise MalformedJson(TOO_DEEP) from error
        except ValueError as error:
            raise MalformedJson("The body is not JSON that can be read.") from error
    else:
        raise UnsupportedMediaType(f"The body is {sent!r}. Send it as application/json or {FORM}.")
    check_storable(content)
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise refused_input(request, prefixed(error)) from error


def prefixed(error: ValidationError) -> list[dict[str, Any]]:
    """The faults of a body as the framework would list them."""
    faults = error.errors(include_url=False, include_input=False)
    return [{**fault, "loc": ("body", *fault["loc"])} for fault in faults]


def described_body(model: type[RequestBody], *content_types: str) -> dict[str, Any]:
    """What the OpenAPI document says of a body that `read_body` reads, for a route's `openapi_extra`."""
    schema = model.model_json_schema()
    content = {content_type: {"schema": schema} for content_type in content_types}
    return {"requestBody": {"required": True, "content": content}}
