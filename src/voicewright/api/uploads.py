"""The way of an upload: its body goes to a folder of its own, is read as a form, and becomes recordings."""

from __future__ import annotations

import asyncio
import threading
from contextlib import ExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

import anyio.to_thread
from anyio import CapacityLimiter
from anyio.lowlevel import RunVar
from starlette.requests import ClientDisconnect

from voicewright.api.multipart import FormLimits, FormReader, body_too_large
from voicewright.errors import AppError, ErrorKind, FieldFault
from voicewright.recordings.errors import SampleRefused
from voicewright.storage.faults import clear_errors
from voicewright.storage.space import require_space

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Sequence
    from pathlib import Path

    from starlette.requests import Request

    from voicewright.api.multipart import Form
    from voicewright.api.services import Services
    from voicewright.recordings.samples import SampleService, Taken

Result = TypeVar("Result")

_MIB: Final = 1 << 20
_BATCH_BYTES: Final = 512 << 10
_IDLE_S: Final = 60.0
"""Whoever sends nothing for so long has gone."""
_AT_ONCE: Final = 32
"""Uploads that threads work on; they must not take the threads of other requests."""
_LIMITER: Final[RunVar[CapacityLimiter]] = RunVar("voicewright_uploads")


class UploadInterrupted(AppError):
    """The client stopped sending before the end of the upload; nothing of it was kept."""

    code: ClassVar[str] = "UPLOAD_INTERRUPTED"
    kind: ClassVar[ErrorKind] = ErrorKind.MALFORMED


@asynccontextmanager
async def upload_folder(samples: SampleService) -> AsyncIterator[Path]:
    """An empty folder for what a request brings; made and removed in a thread, however much is in it.

    Raises:
        StorageFull, StorageReadOnly: it can't be made.
    """
    with ExitStack() as opened:
        try:
            yield await in_upload_thread(opened.enter_context, samples.upload_folder())
        finally:
            await in_upload_thread(opened.close)


async def receive_form(
    request: Request,
    folder: Path,
    limits: FormLimits,
    *,
    files: Collection[str],
    fields: Collection[str] = (),
) -> Form:
    """Read the form of a request; arguments and errors as `multipart.FormReader`.

    Args:
        request: nobody has read its body.
        folder: where files go.
        limits: see `FormLimits`.
        files: names of the parts that are files.
        fields: names of the other parts.

    Raises:
        UploadInterrupted: the client went away, or sends nothing any more.
        StorageFull: there is no room for it; before it is read, where its length is known.
    """
    length = request.headers.get("content-length", "")
    announced_bytes = int(length) if length.isdecimal() else 0
    if announced_bytes > limits.body_bytes:
        raise body_too_large(limits)
    content_type = request.headers.get("content-type", "")
    reader = FormReader(content_type, folder, limits, files=files, fields=fields)
    try:
        await in_upload_thread(reader.require_space, announced_bytes)
        async for batch in _batches(request):
            await in_upload_thread(reader.feed, batch)
        return reader.finish()
    finally:
        reader.close()


async def receive_file(request: Request, target: Path, *, limit_bytes: int, reserve_mb: int) -> None:
    """Write the body of a request to a file, as it comes; an empty body is an empty file.

    Args:
        request: nobody has read its body.
        target: a new file.
        limit_bytes: the most that it may have.
        reserve_mb: MiB of disk that must stay free.

    Raises:
        UploadTooLarge: before it is read, where its length is known.
        UploadInterrupted: the client went away, or sends nothing any more.
        StorageFull, StorageReadOnly, StorageUnavailable: it can't be written.
    """
    length = request.headers.get("content-length", "")
    announced_bytes = int(length) if length.isdecimal() else 0
    limits = FormLimits(limit_bytes, limit_bytes, files=1)
    if announced_bytes > limit_bytes:
        raise body_too_large(limits)

    def append(batch: bytes, needed_bytes: int) -> None:
        folder = target.parent
        require_space(folder, needed_bytes=needed_bytes, reserve_mb=reserve_mb, purpose="The upload")
        with clear_errors("write the upload", str(folder)), target.open("ab") as file:
            file.write(batch)

    await in_upload_thread(append, b"", announced_bytes)
    size_bytes = 0
    async for batch in _batches(request):
        size_bytes += len(batch)
        if size_bytes > limit_bytes:
            raise body_too_large(limits)
        await in_upload_thread(append, batch, len(batch))


@asynccontextmanager
async def received_archive(request: Request, services: Services) -> AsyncIterator[tuple[Path, Path]]:
    """The body of a request as a file, and an empty folder for what is in it; both go with the block.

    Raises:
        UploadTooLarge, UploadInterrupted: as `receive_file`.
        StorageFull, StorageReadOnly, StorageUnavailable: it can't be written.
    """
    settings = services.settings
    async with upload_folder(services.samples) as folder:
        archive, content = folder / "archive", folder / "content"
        limit_bytes = settings.max_upload_mb * _MIB
        await receive_file(request, archive, limit_bytes=limit_bytes, reserve_mb=settings.min_free_disk_mb)
        await in_upload_thread(content.mkdir)
        yield archive, content


async def in_upload_thread(
    work: Callable[..., Result], *arguments: Any, stop: threading.Event | None = None
) -> Result:
    """Do something in a thread of the uploads' own, and wait for its end whatever becomes of the request.

    Args:
        work: what is done.
        *arguments: what it is called with.
        stop: set when the request is given up, as the server ends; the work should end soon then.
    """
    try:
        limiter = _LIMITER.get()
    except LookupError:
        limiter = CapacityLimiter(_AT_ONCE)
        _LIMITER.set(limiter)
    working = asyncio.ensure_future(anyio.to_thread.run_sync(work, *arguments, limiter=limiter))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        if stop is not None:
            stop.set()
        with suppress(AppError):
            await working  # it uses the folder that goes with the request
        raise


def require_some(taken: Sequence[Taken]) -> None:
    """Refuse an upload of which nothing could be used.

    Raises:
        SampleRefused: names each file and what is wrong with it.
    """
    if any(one.sample for one in taken):
        return
    faults = [
        FieldFault("audio" if len(taken) == 1 else f"audio[{number}]", _words(one))
        for number, one in enumerate(taken)
    ]
    told = faults[0].message if len(faults) == 1 else f"None of the {len(faults)} files can be used."
    raise SampleRefused(told, fields=faults)


def form_document(properties: dict[str, dict[str, Any]], required: Sequence[str]) -> dict[str, Any]:
    """What the OpenAPI document says of a form that `receive_form` reads, for a route's `openapi_extra`."""
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def _words(taken: Taken) -> str:
    assert taken.refused is not None  # noqa: S101 - the caller looked
    return f"{taken.filename}: {taken.refused.reason} ({taken.refused.code})"


async def _batches(request: Request) -> AsyncIterator[bytes]:
    """The body in pieces that are worth a thread's time.

    Raises:
        UploadInterrupted: the client went away, or sends nothing any more.
    """
    held = bytearray()
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(_IDLE_S):
                piece = await anext(stream, None)
        except ClientDisconnect:
            raise UploadInterrupted("The upload was broken off. Send it again.") from None
        except TimeoutError:
            raise UploadInterrupted(
                f"Nothing came for {_IDLE_S:.0f} s, so the upload was given up."
            ) from None
        if piece is None:
            break
        held += piece
        if len(held) >= _BATCH_BYTES:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)
