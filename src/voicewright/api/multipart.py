"""Reads a multipart form piece by piece: files go to the disk as they come, fields are kept, limits hold.

Nothing of a file is ever held in memory but the piece that is being written, and its SHA-256 is known when it
is there. `api.uploads` feeds it the body of a request.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, ClassVar, Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from voicewright.api.validation import UnsupportedMediaType, check_storable, invalid_fields
from voicewright.errors import AppError, ErrorKind, FieldFault
from voicewright.recordings.names import clean_filename, safe_suffix
from voicewright.storage.faults import clear_errors
from voicewright.storage.space import require_space

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

_HEADERS: Final = 8
_HEADER_BYTES: Final = 4096
_PLAIN: Final = {b"", b"binary", b"7bit", b"8bit"}
_MIB: Final = 1 << 20


class MalformedForm(AppError):
    """The body is not the multipart form that its headers say it is, or ends in the middle."""

    code: ClassVar[str] = "MALFORMED_FORM"
    kind: ClassVar[ErrorKind] = ErrorKind.MALFORMED


class UploadTooLarge(AppError):
    """The upload has more bytes, files or fields than are taken at once; the message names the limit."""

    code: ClassVar[str] = "UPLOAD_TOO_LARGE"
    kind: ClassVar[ErrorKind] = ErrorKind.TOO_LARGE


@dataclass(frozen=True, slots=True)
class FormLimits:
    """What a form may have."""

    body_bytes: int
    file_bytes: int
    files: int
    field_bytes: int = 64 << 10
    """Of one field that is no file."""
    fields: int = 100
    """How many of those, besides one for each file."""
    all_fields_bytes: int = 8 << 20
    reserve_mb: int = 0
    """MiB of disk that must stay free (`Settings.min_free_disk_mb`)."""


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file of a form, on the disk."""

    path: Path
    filename: str
    digest: str
    """SHA-256."""
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Form:
    """What was sent, by the names of the parts."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, list[SentFile]] = field(default_factory=dict)

    def one(self, name: str) -> str | None:
        """The value of a field that comes once, if it came and is not empty.

        Raises:
            ValidationFailed: it came twice.
        """
        values = self.fields.get(name, [])
        if len(values) > 1:
            raise invalid_fields([FieldFault(name, f"Send {name} once; it came {len(values)} times.")])
        return (values[0].strip() or None) if values else None

    def require(self, name: str) -> str:
        """The value of a field that must be there.

        Raises:
            ValidationFailed: it is missing, empty, or came twice.
        """
        value = self.one(name)
        if value is None:
            raise invalid_fields([FieldFault(name, f"The form has no {name}. Add it.")])
        return value

    def require_file(self, name: str) -> SentFile:
        """The first file of a name, which must be there.

        Raises:
            ValidationFailed: it is missing.
        """
        files = self.files.get(name)
        if not files:
            raise invalid_fields([FieldFault(name, f"The form has no file {name}. Add it.")])
        return files[0]


class FormReader:
    """Reads one form; close it, whatever happened.

    Args:
        content_type: of the request.
        folder: where files go; nobody else writes there.
        limits: see `FormLimits`.
        files: names of the parts that are files.
        fields: names of the other parts.

    Raises:
        UnsupportedMediaType: this is no multipart form.
        MalformedForm: it has no usable boundary.
    """

    def __init__(
        self,
        content_type: str,
        folder: Path,
        limits: FormLimits,
        *,
        files: Collection[str],
        fields: Collection[str],
    ) -> None:
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data":
            sent = kind.decode("latin-1") or "no type"
            raise UnsupportedMediaType(f"The body is {sent!r}. Send it as multipart/form-data.")
        self._folder = folder
        self._limits = limits
        self._files = files
        self._fields = fields
        self._form = Form()
        self._body_bytes = 0
        self._field_bytes = 0
        self._parts = {True: 0, False: 0}
        self._header = [bytearray(), bytearray()]
        self._headers: dict[bytes, bytes] = {}
        self._part: _FilePart | _FieldPart | None = None
        self._ended = False
        try:
            self._parser = MultipartParser(
                options.get(b"boundary", b""),
                {
                    "on_part_begin": self._headers.clear,
                    "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
                    "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_part,
                    "on_part_data": self._on_data,
                    "on_part_end": self._on_part_end,
                    "on_end": self._on_end,
                },
                max_header_count=_HEADERS,
                max_header_size=_HEADER_BYTES,
            )
        except FormParserError as error:
            raise MalformedForm(f"The form can't be read: {error}.") from error
        if not options.get(b"boundary"):
            raise MalformedForm("The Content-Type of the form lacks its boundary. Let your client set it.")

    def require_space(self, size_bytes: int) -> None:
        """Ask whether so much more may be written.

        Raises:
            StorageFull: it would not leave the disk's reserve.
        """
        reserve_mb = self._limits.reserve_mb
        require_space(self._folder, needed_bytes=size_bytes, reserve_mb=reserve_mb, purpose="The upload")

    def feed(self, data: bytes) -> None:
        """Take the next piece of the body.

        Raises:
            MalformedForm, UploadTooLarge, ValidationFailed: it can't be used; read no further.
            StorageFull, StorageReadOnly, StorageUnavailable: a file can't be written, or it would not leave
                the disk's reserve.
        """
        self._body_bytes += len(data)
        if self._body_bytes > self._limits.body_bytes:
            raise body_too_large(self._limits)
        self.require_space(len(data))
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise MalformedForm(f"The form can't be read: {error}.") from error

    def finish(self) -> Form:
        """The whole form.

        Raises:
            MalformedForm: it ends in the middle.
            ValidationFailed: a field has text that no table can keep.
        """
        if not self._ended:
            raise MalformedForm("The form ends in the middle: its last boundary is missing. Send it again.")
        check_storable(self._form.fields)
        return self._form

    def close(self) -> None:
        """Close what is open; the files are the caller's to remove, with the folder."""
        if isinstance(self._part, _FilePart):
            self._part.file.close()

    def _on_header_end(self) -> None:
        name, value = self._header
        self._headers[bytes(name).lower()] = bytes(value)
        self._header = [bytearray(), bytearray()]

    def _on_part(self) -> None:
        disposition, options = parse_options_header(self._headers.get(b"content-disposition"))
        name = options.get(b"name", b"").decode(errors="replace")
        if disposition != b"form-data" or not name:
            raise MalformedForm("A part of the form lacks its name (Content-Disposition: form-data; name=…).")
        if self._headers.get(b"content-transfer-encoding", b"").strip().lower() not in _PLAIN:
            raise MalformedForm(
                f"The part {name!r} is encoded. Send it as it is, without a transfer encoding."
            )
        is_file = name in self._files
        if not is_file and name not in self._fields:
            known = ", ".join([*sorted(self._fields), *sorted(self._files)])
            raise invalid_fields([FieldFault(name[:100], f"This form has no such part. It has: {known}.")])
        self._parts[is_file] += 1
        if self._parts[True] > self._limits.files:
            raise UploadTooLarge(
                f"The upload has more than {self._limits.files:,} files. Send them in several uploads."
            )
        if self._parts[False] > self._limits.fields + self._limits.files:
            raise UploadTooLarge("The form has more fields than any upload needs.")
        self._part = self._new_file(name, options) if is_file else _FieldPart(name)

    def _new_file(self, name: str, options: dict[bytes, bytes]) -> _FilePart:
        filename = clean_filename(options.get(b"filename", b"").decode(errors="replace"))
        path = self._folder / f"{self._parts[True]:05d}{safe_suffix(filename)}"
        with clear_errors("keep the upload", str(self._folder)):
            return _FilePart(name, filename, path, path.open("xb", buffering=0))

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        piece = memoryview(data)[start:end]
        part = self._part
        if isinstance(part, _FilePart):
            part.size_bytes += len(piece)
            if part.size_bytes > self._limits.file_bytes:
                raise UploadTooLarge(
                    f"{part.filename} has more than {_megabytes(self._limits.file_bytes)}, which is the most"
                    " that a file may have here. Shorten it, or split it."
                )
            part.digest.update(piece)
            with clear_errors("keep the upload", str(self._folder)):
                while piece:
                    piece = piece[part.file.write(piece) :]
        elif part is not None:
            part.value += piece
            self._field_bytes += len(piece)
            if self._field_bytes > self._limits.all_fields_bytes:
                raise UploadTooLarge("The fields of the form are longer than those of any upload.")
            if len(part.value) > self._limits.field_bytes:
                raise UploadTooLarge(
                    f"The field {part.name} has more than {self._limits.field_bytes:,} bytes. Shorten it."
                )

    def _on_part_end(self) -> None:
        part, self._part = self._part, None
        if isinstance(part, _FilePart):
            with clear_errors("keep the upload", str(self._folder)):
                part.file.close()
            sent = SentFile(part.path, part.filename, part.digest.hexdigest(), part.size_bytes)
            self._form.files.setdefault(part.name, []).append(sent)
        elif part is not None:
            try:
                value = part.value.decode()
            except UnicodeDecodeError:
                message = f"The field {part.name} is not UTF-8 text. Send it as UTF-8."
                raise invalid_fields([FieldFault(part.name, message)]) from None
            self._form.fields.setdefault(part.name, []).append(value)

    def _on_end(self) -> None:
        self._ended = True


@dataclass(slots=True)
class _FilePart:
    """A file that is being written."""

    name: str
    filename: str
    path: Path
    file: IO[bytes]
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    size_bytes: int = 0


@dataclass(slots=True)
class _FieldPart:
    """A field that is being read."""

    name: str
    value: bytearray = field(default_factory=bytearray)


def body_too_large(limits: FormLimits) -> UploadTooLarge:
    """The error for a body over its limit."""
    return UploadTooLarge(
        f"An upload here has at most {_megabytes(limits.body_bytes)}. Send the files in several uploads."
    )


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / _MIB:g} MiB"
