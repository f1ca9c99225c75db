"""A file that is there for one answer."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from anyio import to_thread
from fastapi.responses import FileResponse

from voicewright.audio.codecs import MEDIA_TYPES, AudioFormat

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import Receive, Scope, Send


class PassingFile(FileResponse):
    """Sends a sound and lets its folder go; `Range` is understood.

    Args:
        path: of the file.
        format_: of the sound.
        name: what it is called, without extension.
        folder: closed when it is sent, or the client has gone.
        download: to be saved, and not to be played.
    """

    chunk_size = 256 << 10

    def __init__(
        self, path: Path, format_: AudioFormat, name: str, *, folder: ExitStack, download: bool = False
    ) -> None:
        super().__init__(
            path,
            media_type=MEDIA_TYPES[format_],
            filename=f"{name}.{format_}",
            content_disposition_type="attachment" if download else "inline",
            headers={"Cache-Control": "private, no-store"},
        )
        self._folder = folder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await to_thread.run_sync(self._folder.close)
