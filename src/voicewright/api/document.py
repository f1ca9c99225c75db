"""Completes the OpenAPI document with what follows from the form of a route, so that no route forgets it.

A route with a body can answer 400, 413, 415 and 422, one with parameters 422, one that asks who calls 401 and
403, one that also checks an identity provider or the database 503, and a bug is a 500. What else a route
answers it declares itself, with `problems.refusals()`.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from voicewright.api.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

_METHODS: Final = frozenset({"get", "put", "post", "delete", "patch", "head", "options"})
_SCHEMA: Final = {"$ref": "#/components/schemas/Problem"}


def complete_document(app: FastAPI) -> None:
    """Have the application's document made in this way; replacing its method is how FastAPI has it."""
    plain = app.openapi

    def complete() -> dict[str, Any]:
        made = app.openapi_schema
        document = plain()
        if document is not made:
            _complete(document)
        return document

    app.openapi = complete  # type: ignore[method-assign]


def _complete(document: dict[str, Any]) -> None:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    own = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= own.pop("$defs")
    schemas["Problem"] = own
    for operation in _operations(document):
        responses = operation["responses"]
        for status in _follows(operation):
            described = {"description": HTTPStatus(status).phrase}
            answer = responses.setdefault(str(status), described)
            if status == HTTPStatus.UNPROCESSABLE_ENTITY or "content" not in answer:
                answer["content"] = {"application/json": {"schema": _SCHEMA}}
                answer["description"] = described["description"]
        operation["responses"] = dict(sorted(responses.items()))
    for name in ("HTTPValidationError", "ValidationError"):  # the framework's own form, which is never sent
        schemas.pop(name, None)


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document.get("paths", {}).values():
        for method, operation in path.items():
            if method in _METHODS:
                yield operation


def _follows(operation: dict[str, Any]) -> list[int]:
    statuses = {500, 503}
    if "requestBody" in operation:
        statuses |= {400, 413, 415, 422}
    if operation.get("parameters"):
        statuses |= {422}
    if operation.get("security"):
        statuses |= {401, 403}
    return sorted(statuses)
