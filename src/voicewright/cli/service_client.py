"""Calls a running service over HTTP, for the commands that try one from outside."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from voicewright.accounts.errors import NotAllowed, NotAuthenticated
from voicewright.errors import AppError, ErrorKind

_TIMEOUT_S: Final = 60.0
_OVERLOADED: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.INSUFFICIENT_STORAGE})


class ServiceUnreachable(AppError):
    """The service does not answer, or says that it can't do this now."""

    code: ClassVar[str] = "SERVICE_UNREACHABLE"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE
    default_retryable: ClassVar[bool] = True


class ServiceRefused(AppError):
    """The service refused what it was asked; the message is its own."""

    code: ClassVar[str] = "SERVICE_REFUSED"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


@dataclass(frozen=True, slots=True, repr=False)
class ServiceClient:
    """A service, and who calls it.

    Attributes:
        url: where it is reached.
        credential: an API key or a token.
    """

    url: str
    credential: str = ""

    def with_credential(self, credential: str) -> ServiceClient:
        """The same service, called by somebody else."""
        return replace(self, credential=credential)

    def get(self, path: str) -> Any:
        """The JSON of an answer; errors as `send`."""
        return json.loads(self.send("GET", path))

    def post(self, path: str, body: Any) -> Any:
        """The same, of what JSON is answered with."""
        return json.loads(self.send("POST", path, json.dumps(body).encode(), "application/json"))

    def post_form(
        self, path: str, fields: Mapping[str, str], files: Mapping[str, Path], *, timeout_s: float
    ) -> Any:
        """The same, of a form with files."""
        body, content_type = _form(fields, files)
        return json.loads(self.send("POST", path, body, content_type, timeout_s=timeout_s))

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        content_type: str | None = None,
        *,
        timeout_s: float = _TIMEOUT_S,
    ) -> bytes:
        """The body of a good answer.

        Raises:
            ServiceUnreachable: there is none, or it is overloaded.
            NotAuthenticated, NotAllowed, ServiceRefused: it says no.
        """
        headers = {"Authorization": f"Bearer {self.credential}"} if self.credential else {}
        if content_type is not None:
            headers["Content-Type"] = content_type
        where = _checked(self.url) + path
        try:
            request = Request(where, data=body, headers=headers, method=method)  # noqa: S310 - checked above
            with urlopen(request, timeout=timeout_s) as answer:  # noqa: S310 - the same
                content: bytes = answer.read()
                return content
        except HTTPError as error:
            with error:
                raise _refusal(error.code, error.read()) from error
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise ServiceUnreachable(
                f"{self.url} does not answer ({reason}). Is `voicewright serve` running there?"
            ) from error


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ServiceRefused(f"{url!r} is no address of a service. Write one as http://127.0.0.1:3005.")
    return url.rstrip("/")


def _refusal(status: int, body: bytes) -> AppError:
    try:
        told = json.loads(body)
        message, code = str(told["error"]), str(told["code"])
    except (ValueError, KeyError, TypeError):
        message, code = "no Voicewright answers there, or something stands before it", f"HTTP {status}"
    message = f"The service says: {message} ({code})"
    if status == HTTPStatus.UNAUTHORIZED:
        return NotAuthenticated(message)
    if status == HTTPStatus.FORBIDDEN:
        return NotAllowed(message)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _OVERLOADED:
        return ServiceUnreachable(message)
    return ServiceRefused(message)


def _form(fields: Mapping[str, str], files: Mapping[str, Path]) -> tuple[bytes, str]:
    """The body of a form, and its content type."""
    edge, parts = uuid.uuid4().hex, []
    for name, value in fields.items():
        head = f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        parts += [head.encode(), value.encode(), b"\r\n"]
    for name, path in files.items():
        shown = path.name.replace('"', "%22").replace("\r", "").replace("\n", "")
        head = f'--{edge}\r\nContent-Disposition: form-data; name="{name}"; filename="{shown}"\r\n\r\n'
        parts += [head.encode(), path.read_bytes(), b"\r\n"]
    return b"".join([*parts, f"--{edge}--\r\n".encode()]), f"multipart/form-data; boundary={edge}"
