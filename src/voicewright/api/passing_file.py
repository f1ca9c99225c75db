"""A file that is there for one answer, whole or the part that is asked for."""

from __future__ import annotations

import os
import re
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from anyio import to_thread
from fastapi.responses import FileResponse
from starlette.datastructures import Headers

from voicewright.audio.codecs import MEDIA_TYPES, AudioFormat

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from starlette.types import Receive, Scope, Send

_BYTES: Final = re.compile(r"bytes=(\d*)-(\d*)")


class LentFile(FileResponse):
    """Sends a file and lets its folder go.

    A `Range` that names one part is answered with it. One that makes no sense, or names several, is answered
    with the whole, so that every refusal has the same form.

    Args:
        path: of the file.
        media_type: what it is.
        filename: what it is called.
        headers: say more about it.
        folder: closed when it is sent, or the client has gone.
        download: to be saved, and not to be played.
    """

    chunk_size = 256 << 10

    def __init__(
        self,
        path: Path,
        media_type: str,
        filename: str,
        *,
        headers: Mapping[str, str],
        folder: ExitStack,
        download: bool = False,
    ) -> None:
        super().__init__(
            path,
            media_type=media_type,
            filename=filename,
            content_disposition_type="attachment" if download else "inline",
            headers={"Cache-Control": "private, no-store", **headers},
        )
        self._folder = folder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        size_bytes = (await to_thread.run_sync(os.stat, self.path)).st_size
        if not _is_part(Headers(scope=scope).get("range", ""), size_bytes):
            others = [(name, value) for name, value in scope["headers"] if name != b"range"]
            scope = {**scope, "headers": others}
        try:
            await super().__call__(scope, receive, send)
        finally:
            await to_thread.run_sync(self._folder.close)


class PassingFile(LentFile):
    """A sound in one of the formats that are written here.

    Args:
        path: of the file.
        format_: of the sound.
        name: what it is called, without extension.
        headers: say what the sound is.
        folder: closed when it is sent, or the client has gone.
        download: to be saved, and not to be played.
    """

    def __init__(
        self,
        path: Path,
        format_: AudioFormat,
        name: str,
        *,
        headers: Mapping[str, str],
        folder: ExitStack,
        download: bool = False,
    ) -> None:
        media_type, filename = MEDIA_TYPES[format_], f"{name}.{format_}"
        super().__init__(path, media_type, filename, headers=headers, folder=folder, download=download)


def _is_part(wanted: str, size_bytes: int) -> bool:
    """Whether a `Range` names one part that a file of this size has."""
    found = _BYTES.fullmatch(wanted.replace(" ", ""))
    if found is None or found.group(0) == "bytes=-":
        return False
    first, last = found.groups()
    if not first:
        return int(last) > 0 and size_bytes > 0
    return int(first) < size_bytes and (not last or int(first) <= int(last))
