"""The sealed form of stored files: compressed where that pays, then encrypted with the key of their owner.

The encryption is Tink's streaming AEAD (AES-256-GCM-HKDF in segments of 1 MiB): nothing of a file that was
changed, cut off or put in another's place comes out, and memory stays bounded however large the file is. The
first byte inside says how the rest is kept: 0 as it is, 1 compressed by zstd.
"""

from __future__ import annotations

import io
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, cast

import tink
import zstandard
from tink import secret_key_access, streaming_aead

from voicewright.byte_sink import ByteSink
from voicewright.storage.errors import SealBroken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CHUNK_BYTES: Final = 1 << 20
_RAW: Final = b"\0"
_ZSTD: Final = b"\1"
_LEVEL: Final = 3
_PAYS_BELOW: Final = 0.95
"""Of its size: what the beginning of a file must shrink to, or it is kept as it is."""

streaming_aead.register()


class Cipher:
    """Seals and opens files with one key; safe for threads.

    Args:
        secret: the key, from `new_secret`.
    """

    def __init__(self, secret: bytes) -> None:
        handle = tink.proto_keyset_format.parse(secret, secret_key_access.TOKEN)
        self._aead = handle.primitive(streaming_aead.StreamingAead)

    @staticmethod
    def new_secret() -> bytes:
        """A new key, as bytes that nobody else may see."""
        template = streaming_aead.streaming_aead_key_templates.AES256_GCM_HKDF_1MB
        handle = tink.new_keyset_handle(template)
        return bytes(tink.proto_keyset_format.serialize(handle, secret_key_access.TOKEN))

    def seal(self, chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
        """The sealed form of some content.

        Args:
            chunks: the content.
            name: what it can only be opened as.
        """
        target = ByteSink()
        stream = self._aead.new_encrypting_stream(target, name.encode())
        for chunk in _packed(iter(chunks)):
            stream.write(chunk)
            yield from target.take()
        stream.close()
        yield from target.take()

    def open(self, chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
        """The content again.

        Raises:
            SealBroken: it was sealed with another key or as something else, or it was changed. What came
                before that is genuine, and may be all there is.
        """
        source = _Source(iter(chunks))
        buffered = io.BufferedReader(cast("io.RawIOBase", source), _CHUNK_BYTES)
        opened = self._aead.new_decrypting_stream(buffered, name.encode())
        return _unpacked(_plain(opened, source, name))


def _packed(chunks: Iterator[bytes]) -> Iterator[bytes]:
    first = next(chunks, b"")
    packer = zstandard.ZstdCompressor(level=_LEVEL)
    if len(packer.compress(first)) > len(first) * _PAYS_BELOW:
        yield _RAW + first
        yield from chunks
        return
    yield _ZSTD
    packing = packer.compressobj()
    for chunk in chain((first,), chunks):
        yield packing.compress(chunk)
    yield packing.flush()


def _unpacked(chunks: Iterator[bytes]) -> Iterator[bytes]:
    form = b""
    for first in chunks:
        form = first[:1]
        rest = chain((first[1:],), chunks)
        break
    else:
        raise SealBroken("A stored file is empty where it should be sealed. Restore it from a backup.")
    if form == _RAW:
        yield from rest
    elif form == _ZSTD:
        unpacking = zstandard.ZstdDecompressor().decompressobj()
        for chunk in rest:
            yield unpacking.decompress(chunk)
    else:
        raise SealBroken(f"A stored file is kept in the form {form!r}, which a later release may know.")


def _plain(opened: io.RawIOBase, source: _Source, name: str) -> Iterator[bytes]:
    while True:
        try:
            chunk = opened.read(_CHUNK_BYTES)
        except Exception as error:
            if source.failure is not None:  # it was not the seal
                raise source.failure from None
            if not isinstance(error, (tink.TinkError, OSError, ValueError)):
                raise
            raise SealBroken(
                f"The stored file {name} can't be opened: it was changed, cut off or sealed with another key."
                " Restore it, and the key of its owner, from a backup."
            ) from error
        if not chunk:
            return
        yield bytes(chunk)


class _Source(io.RawIOBase):
    """Chunks as a file to read from.

    Attributes:
        failure: what the chunks ended with, should it not be their end; the library above hides it.
    """

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.failure: Exception | None = None
        self._chunks = chunks
        self._left = memoryview(b"")

    def readable(self) -> bool:
        """As a file that is read from."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Some of what is left of a chunk, or of the next one."""
        while not self._left:
            try:
                chunk = next(self._chunks, None)
            except Exception as error:
                self.failure = error
                raise
            if chunk is None:
                return 0
            self._left = memoryview(chunk)
        taken = min(len(buffer), len(self._left))
        buffer[:taken] = self._left[:taken]
        self._left = self._left[taken:]
        return taken
