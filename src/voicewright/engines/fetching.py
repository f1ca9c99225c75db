"""Fetches one large file: goes on where it was cut off, and tries again where that may help.

What has come lies beside the file as `NAME.part`, with the server's tag for it in `NAME.part.tag`: the next
attempt asks for the rest of the very same file (`Range`, `If-Range`). A server that knows no ranges, or has
another file by now, begins again.
"""

from __future__ import annotations

import contextlib
import email.utils
import http.client
import re
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from voicewright import __version__
from voicewright.engines.errors import DownloadFailed
from voicewright.storage.faults import clear_errors

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import Message
    from pathlib import Path

_BLOCK_BYTES: Final = 1 << 20
_TEMPORARY: Final = frozenset({408, 425, 429})
_SERVER_FAULT: Final = 500
_PARTIAL: Final = 206
_NO_SUCH_RANGE: Final = 416
_LONGEST_PAUSE_S: Final = 60.0
_SHA256: Final = re.compile(r'(?:W/)?"?([0-9a-f]{64})"?')


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to try.

    Attributes:
        tries: in a row that brought nothing.
        pause_s: before the second one; twice as long before each further one.
        silent_s: how long a server may send nothing.
    """

    tries: int = 6
    pause_s: float = 1.0
    silent_s: float = 30.0


def fetch(
    url: str,
    part: Path,
    *,
    on_bytes: Callable[[int, int | None], None],
    make_room: Callable[[int], None],
    on_trouble: Callable[[str], None] = lambda _why: None,
    patience: Patience = Patience(),
) -> str:
    """Fetch a file into `part`, going on with what is there of it.

    Args:
        url: `https://…` or `http://…`; redirects are followed.
        part: where to; its folder exists. Stays where this fails, for the next time.
        on_bytes: told how much is there, and how much there will be, where that is known.
        make_room: called with the bytes that are still to come; may refuse.
        on_trouble: told why it is tried again.
        patience: how long to try.

    Returns:
        The SHA-256 that the server gives for the file (`X-Linked-ETag`), in hex; empty: it gives none.

    Raises:
        DownloadFailed: it can't be had; the message says why, and whether trying again may help.
        StorageFull, StorageReadOnly, StorageUnavailable: it can't be written.
    """
    if not url.startswith(("https://", "http://")):
        raise DownloadFailed(f"{url} can't be fetched: it is no address of the web.")
    attempt = _Attempt(url, part, on_bytes, make_room, patience.silent_s)
    fruitless = 0
    while True:
        before = _size_of(part)
        try:
            return attempt.run()
        except _TryAgain as fault:
            fruitless = 1 if _size_of(part) > before else fruitless + 1
            if fruitless >= patience.tries:
                raise DownloadFailed(
                    f"{url} can't be fetched: {fault.why}. {_told(part)} the same command goes on with it. "
                    "Files that you have from elsewhere are taken by --weights DIR.",
                    retryable=True,
                ) from fault
            pause_s = max(patience.pause_s * 2 ** (fruitless - 1), fault.after_s)
            on_trouble(fault.why)
            time.sleep(min(_LONGEST_PAUSE_S, pause_s))


def discard(part: Path) -> None:
    """Forget what came of a file."""
    part.unlink(missing_ok=True)
    _tag_of(part).unlink(missing_ok=True)


class _TryAgain(Exception):
    def __init__(self, why: str, after_s: float = 0.0) -> None:
        super().__init__(why)
        self.why = why
        self.after_s = after_s


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, and keeps what the first server says of the file that the last one sends."""

    def __init__(self) -> None:
        self.linked = ""

    def redirect_request(  # noqa: PLR0917 - the library's own form
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        self.linked = headers.get("X-Linked-ETag") or self.linked
        if not newurl.startswith(("https://", "http://")):
            raise urllib.error.URLError(f"it leads to {newurl}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What is the same for all attempts at one file."""

    url: str
    part: Path
    on_bytes: Callable[[int, int | None], None]
    make_room: Callable[[int], None]
    silent_s: float

    def run(self) -> str:
        """Fetch the rest of it.

        Raises:
            _TryAgain: it broke off, or can't be had now.
            DownloadFailed: it can't be had at all.
        """
        redirects = _Redirects()
        answer = self._open(redirects)
        if answer is None:
            return _digest_in(redirects.linked)
        with answer:
            start = self._start_of(answer)
            length = answer.headers.get("Content-Length")
            total = start + int(length) if length and length.isdigit() else None
            if total is not None:
                self.make_room(total - start)
            self._take(answer, start, total)
        return _digest_in(redirects.linked or answer.headers.get("X-Linked-ETag", ""))

    def _open(self, redirects: _Redirects) -> http.client.HTTPResponse | None:
        """The rest of the file; None: there is none, all of it is here."""
        headers = {"User-Agent": f"voicewright/{__version__}", "Accept-Encoding": "identity"}
        there, tag = _size_of(self.part), _read(_tag_of(self.part))
        if there and tag:
            headers |= {"Range": f"bytes={there}-", "If-Range": tag}
        request = urllib.request.Request(self.url, headers=headers)  # noqa: S310 - checked by `fetch`
        try:
            opened: http.client.HTTPResponse = urllib.request.build_opener(redirects).open(
                request, timeout=self.silent_s
            )
        except urllib.error.HTTPError as refused:
            with refused:
                if refused.code == _NO_SUCH_RANGE and _ends_at(refused.headers, there):
                    return None
                raise self._refusal(refused) from refused
        except (OSError, http.client.HTTPException) as error:
            raise _TryAgain(_reason_of(error)) from error
        return opened

    def _refusal(self, refused: urllib.error.HTTPError) -> Exception:
        if refused.code == _NO_SUCH_RANGE:
            discard(self.part)
            return _TryAgain("the server has less of it than is here")
        told = f"the server answers {refused.code} {refused.reason}".rstrip()
        if refused.code in _TEMPORARY or refused.code >= _SERVER_FAULT:
            return _TryAgain(told, _after_s(refused.headers.get("Retry-After", "")))
        return DownloadFailed(
            f"{self.url} can't be fetched: {told}. Fetch it in another way and name its folder with "
            "--weights."
        )

    def _start_of(self, answer: http.client.HTTPResponse) -> int:
        """Where what comes belongs; what is there is dropped, unless it is the beginning of this."""
        there = _size_of(self.part)
        told = answer.headers.get("Content-Range", "")
        if answer.status == _PARTIAL and told.startswith(f"bytes {there}-"):
            return there
        if answer.status == _PARTIAL:
            discard(self.part)
            raise _TryAgain(f"the server sends something else than it was asked for ({told})")
        tag = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
        with clear_errors("keep what is fetched", str(self.part.parent)):
            self.part.write_bytes(b"")  # first, so that the new tag never stands beside old bytes
            _tag_of(self.part).write_text("" if tag.startswith("W/") else tag, encoding="latin-1")
        return 0

    def _take(self, answer: http.client.HTTPResponse, start: int, total: int | None) -> None:
        there = start
        place = str(self.part.parent)
        with clear_errors("keep what is fetched", place), self.part.open("ab") as file:
            self.on_bytes(there, total)
            while block := _read_block(answer):
                file.write(block)
                there += len(block)
                self.on_bytes(there, total)
        if total is not None and there < total:
            raise _TryAgain(f"it broke off after {there} of {total} bytes")


def _read_block(answer: http.client.HTTPResponse) -> bytes:
    try:
        return answer.read1(_BLOCK_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise _TryAgain(_reason_of(error)) from error


def _reason_of(error: Exception) -> str:
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return "the server sends nothing"
    told = cause.strerror if isinstance(cause, OSError) else None
    words = told or str(cause) or type(cause).__name__
    return words[0].lower() + words[1:]


def _digest_in(tag: str) -> str:
    found = _SHA256.fullmatch(tag)
    return found[1] if found else ""


def _ends_at(headers: Message, size_bytes: int) -> bool:
    return headers.get("Content-Range", "") == f"bytes */{size_bytes}"


def _after_s(told: str) -> float:
    """What `Retry-After` asks for: seconds, or a moment."""
    if told.isdigit():
        return float(told)
    with contextlib.suppress(ValueError):
        return max(0.0, (email.utils.parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds())
    return 0.0


def _told(part: Path) -> str:
    size = _size_of(part)
    return f"{size / 1e6:.0f} MB of it are kept:" if size else "Check the network;"


def _tag_of(part: Path) -> Path:
    return part.with_name(f"{part.name}.tag")


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="latin-1").strip()
    except FileNotFoundError:
        return ""
