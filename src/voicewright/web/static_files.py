"""Style sheets, scripts, fonts and pictures of the panel, as they lie in `static/`: there is no build step.

All of them are served below one path that has a digest of all of them in it, so that a browser keeps them for
ever and still never mixes two versions, although modules import each other by plain relative paths.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response

from voicewright.web.errors import PageNotFound

router = APIRouter(prefix="/panel", include_in_schema=False)

FOLDER: Final = Path(__file__).with_name("static")
_TYPES: Final = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_COMPRESSED: Final = frozenset({".js", ".css", ".svg", ".json", ".webmanifest"})
_FOREVER: Final = "public, max-age=31536000, immutable"
_DIGEST_CHARACTERS: Final = 16


@cache
def digest() -> str:
    """What tells this version of the files from every other one."""
    found = hashlib.sha256()
    for name, file in sorted(static_files().items()):
        found.update(f"{name}\0".encode())
        found.update(hashlib.sha256(file.content).digest())
    return found.hexdigest()[:_DIGEST_CHARACTERS]


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One of them, as it is sent."""

    content: bytes
    packed: bytes | None
    """The same compressed, where that pays."""
    media_type: str


@cache
def static_files() -> Mapping[str, StaticFile]:
    """All of them by their names, read once: whatever else is asked for takes no memory."""
    paths = (path for path in FOLDER.rglob("*") if path.is_file())
    return {path.relative_to(FOLDER).as_posix(): _read(path) for path in paths}


@router.get("/static/{version}/{name:path}")
def static_file(request: Request, version: str, name: str) -> Response:
    """A file; one that is asked for under the digest of another version is there, but not kept."""
    found = static_files().get(name)
    if found is None:
        raise PageNotFound("There is no such file.")
    headers = {"Cache-Control": _FOREVER if version == digest() else "no-cache", "Vary": "Accept-Encoding"}
    if found.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(found.packed, media_type=found.media_type, headers=headers)
    return Response(found.content, media_type=found.media_type, headers=headers)


def _read(path: Path) -> StaticFile:
    content = path.read_bytes()
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    packed = gzip.compress(content, mtime=0) if path.suffix in _COMPRESSED else None
    return StaticFile(content, packed, kind)
