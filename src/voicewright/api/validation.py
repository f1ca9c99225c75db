"""Says what is wrong with the input of a request: which field, named as the client wrote it, and why.

It also refuses what every table would refuse: PostgreSQL keeps no NUL character and no half of a surrogate
pair. `require_storable_text` is a dependency of the whole application (`create_app`), so no model and no
route has to think of it: it looks at paths, queries, headers, and at every JSON body and form that was read
before the route runs. A route that reads its body itself calls `check_storable` with what it read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from fastapi import params
from starlette.datastructures import FormData
from starlette.requests import HTTPConnection, Request

from voicewright.errors import AppError, ErrorKind, FieldFault
from voicewright.text.legible import UNSTORABLE

if TYPE_CHECKING:
    from fastapi._compat import ModelField

_MAY_BE_UNSTORABLE: Final = re.compile(rb"\\u(0000|[dD][89a-fA-F])|\x00|\xed[\xa0-\xbf]")
"""In the bytes of a JSON text; whole pairs match as well, so this only says where to look closer."""
_MESSAGE: Final = "Leave out the NUL character and halves of surrogate pairs; they can't be kept."
TOO_DEEP: Final = "The body is not JSON that can be read: it is nested too deeply."
_BRANCH: Final = re.compile(r"constrained-\w+|function-.+|[A-Z]\w+")
"""What Pydantic calls the members of a union: they are in the places of faults, and in no body."""
_SHOWN_FIELDS: Final = 20
_JSON: Final = re.compile(r"application/(json|[\w.+-]+\+json)", re.IGNORECASE)


class ValidationFailed(AppError):
    """Fields of the request are missing, unknown or out of range; each is named."""

    code: ClassVar[str] = "VALIDATION_FAILED"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class MalformedJson(AppError):
    """The body is not JSON, or nested too deeply; the message says where it breaks."""

    code: ClassVar[str] = "MALFORMED_JSON"
    kind: ClassVar[ErrorKind] = ErrorKind.MALFORMED


class UnsupportedMediaType(AppError):
    """The body has another content type than what is asked for."""

    code: ClassVar[str] = "UNSUPPORTED_MEDIA_TYPE"
    kind: ClassVar[ErrorKind] = ErrorKind.UNSUPPORTED_TYPE


def refused_input(connection: HTTPConnection, faults: Sequence[Any]) -> AppError:
    """The error that says what the framework found wrong with a request.

    Args:
        connection: the request.
        faults: as Pydantic lists them.
    """
    for fault in faults:
        if fault["type"] == "json_invalid":
            where, why = fault["loc"][-1], fault.get("ctx", {}).get("error", "it can't be read")
            return MalformedJson(f"The body is not JSON: {why}, at character {where}.")
    wanted = _wanted_type(connection)
    if wanted is not None and _has_body(connection) and any(fault["loc"][0] == "body" for fault in faults):
        sent = connection.headers.get("content-type", "")
        if not _fits(sent, wanted):
            return UnsupportedMediaType(f"The content type {sent!r} is not taken here. Send {wanted}.")
    named = [FieldFault(field_name(fault["loc"]), _words(fault)) for fault in faults[:_SHOWN_FIELDS]]
    return invalid_fields(named)


def invalid_fields(faults: Iterable[FieldFault]) -> ValidationFailed:
    """The error that names these fields."""
    named = list(faults)
    first = named[0]
    more = f" ({len(named) - 1} more)" if len(named) > 1 else ""
    where = f"{first.field}: " if first.field else ""
    return ValidationFailed(f"The request can't be used. {where}{first.message}{more}", fields=named)


def is_json(content_type: str) -> bool:
    """Whether a content type is JSON, or a kind of it."""
    return _JSON.fullmatch(content_type.partition(";")[0].strip()) is not None


def field_name(loc: Sequence[int | str]) -> str:
    """`("body", "clips", 3, "text")` as the client wrote it: `clips[3].text`."""
    name = ""
    for part in loc[1:] or loc:
        if name and isinstance(part, str) and _BRANCH.fullmatch(part):
            continue
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else str(part)
    return name


async def require_storable_text(connection: HTTPConnection) -> None:
    """Refuse text that no table can keep; see above.

    Raises:
        ValidationFailed: names the field.
    """
    check_storable(connection.path_params)
    check_storable(dict(connection.query_params.multi_items()))
    check_storable(dict(connection.headers))
    if not isinstance(connection, Request):
        return
    form = getattr(connection, "_form", None)
    if isinstance(form, FormData):
        check_storable({name: value for name, value in form.multi_items() if isinstance(value, str)})
    body = getattr(connection, "_body", b"")  # there if the framework has read it; a stream is left alone
    if body and _MAY_BE_UNSTORABLE.search(body) and is_json(connection.headers.get("content-type", "")):
        check_storable(await connection.json())


def check_storable(content: object) -> None:
    """Refuse text that no table can keep, wherever in a structure it is.

    Raises:
        ValidationFailed: names the first field that has some.
        MalformedJson: it is nested too deeply to look.
    """
    try:
        loc = next(_unstorable(content, ()), None)
    except RecursionError:
        raise MalformedJson(TOO_DEEP) from None
    if loc is not None:
        raise invalid_fields([FieldFault(field_name(("", *loc)), _MESSAGE)])


def _unstorable(content: object, loc: tuple[int | str, ...]) -> Iterator[tuple[int | str, ...]]:
    if isinstance(content, str):
        if UNSTORABLE.search(content):
            yield loc
    elif isinstance(content, Mapping):
        for name, value in content.items():
            yield from _unstorable(name, (*loc, str(name)))
            yield from _unstorable(value, (*loc, str(name)))
    elif isinstance(content, list | tuple):
        for number, value in enumerate(content):
            yield from _unstorable(value, (*loc, number))


def _words(fault: Any) -> str:
    message: str = fault["msg"]
    if fault["type"] == "too_short" and fault.get("ctx", {}).get("field_type") == "Value":
        # of a secret text, Pydantic says what it says of a list
        return f"Should have at least {fault['ctx']['min_length']} characters"
    return message.removeprefix("Value error, ")


def _has_body(connection: HTTPConnection) -> bool:
    headers = connection.headers
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _wanted_type(connection: HTTPConnection) -> str | None:
    body: ModelField | None = getattr(connection.scope.get("route"), "body_field", None)
    if body is None:
        return None
    if isinstance(body.field_info, params.File):
        return "multipart/form-data"
    if isinstance(body.field_info, params.Form):
        return "application/x-www-form-urlencoded"
    return "application/json"


def _fits(sent: str, wanted: str) -> bool:
    if wanted == "application/json":
        return is_json(sent)
    return sent.partition(";")[0].strip().lower() in {"multipart/form-data", wanted}
