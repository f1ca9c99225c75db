"""The form of an exported voice: what is in the archive, and whether what came is what was exported.

manifest.json       comes first: what the voice is, and path, size and SHA-256 of every other file
model/              what an engine speaks with
references/         recordings to judge the voice by
spoken/             what it spoke to be judged by
evaluation.json     how it was judged
analytics.json      what it was used for
training/           the recordings that it was trained on, with metadata.csv, as an upload takes them
consent.json        the consents that it rests on
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from voicewright.storage.errors import TreeInvalid
from voicewright.storage.trees import files_in
from voicewright.voices.copies.errors import VoiceArchiveInvalid

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path
    from typing import Self

FORMAT: Final = "voicewright-export/1"
MANIFEST: Final = "manifest.json"
EVALUATION: Final = "evaluation.json"
ANALYTICS: Final = "analytics.json"
CONSENT: Final = "consent.json"
MODEL_DIR: Final = "model/"
REFERENCES_DIR: Final = "references/"
SPOKEN_DIR: Final = "spoken/"
TRAINING_DIR: Final = "training/"
MOST_FILES: Final = 20_000
_JSON_MAX_BYTES: Final = 4 << 20
"""Of the manifest, with as many files as there may be, and of the evaluation, whose own limit is lower."""
_FLAT_DIRS: Final = (REFERENCES_DIR, SPOKEN_DIR)
_MOST_NAMED: Final = 5

Form = TypeVar("Form", bound=BaseModel)


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("holds a NUL character")
    return text


Text = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_storable)]
Notes = Annotated[str, StringConstraints(max_length=4000), AfterValidator(_storable)]
Score = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, lt=1e9)]
Count = Annotated[int, Field(ge=0, lt=1 << 62)]


class _Part(BaseModel):
    """The base: camelCase, nothing unknown, no NaN, no number that comes as a text."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        alias_generator=to_camel,
        validate_by_name=True,
    )


class ArchivedFile(_Part):
    """One file of the archive."""

    path: Annotated[str, StringConstraints(min_length=1, max_length=4096)]
    size_bytes: Count
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class ArchivedVoice(_Part):
    """What is known of the voice; its ids are those of the installation that it comes from."""

    id: UUID
    name: Text
    version: Annotated[int, Field(ge=1)]
    lineage_id: UUID
    parent_id: UUID | None
    training_job_id: UUID | None
    dataset_hash: Text | None
    provider: Text
    engine_version: Text
    code_version: Text | None
    language: Text
    sample_rate: Annotated[int, Field(ge=1000, le=384_000)] | None
    quality_score: Score | None
    speech_seconds: Seconds
    training_seconds: Seconds
    options: dict[str, Any]
    metadata: dict[str, Any]
    notes: Notes | None
    created_at: datetime


class Manifest(_Part):
    """The first file of the archive."""

    format: Literal["voicewright-export/1"] = FORMAT
    exported_at: datetime
    exported_by: Text
    """The release of Voicewright."""
    voice: ArchivedVoice
    speakers: Annotated[list[Text], Field(max_length=100)]
    """Whose voice it is, as consents name them; none where nobody knows."""
    missing_recordings: list[Text]
    """Ids of samples that it was trained on, and that are no longer there."""
    files: Annotated[list[ArchivedFile], Field(max_length=MOST_FILES)]

    def to_json(self) -> bytes:
        """As it is written."""
        return self.model_dump_json(by_alias=True, indent=1).encode()


class ArchivedSentence(BaseModel):
    """A sentence that was judged; `quality.evaluation` has the rest of it."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)

    text: str
    audio: Annotated[str, StringConstraints(max_length=200)]
    duration_s: Seconds


class ArchivedEvaluation(BaseModel):
    """`quality.evaluation.Evaluation.to_json()`, or what a later release adds to it."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)

    similarity: Score | None
    naturalness: Score | None
    clarity: Score | None
    consistency: Score | None
    overall: Score
    raw: dict[str, float | None]
    reasons: list[str]
    sentences: list[ArchivedSentence]
    language: str
    recogniser: str | None


class _Head(BaseModel):
    format: str


class OpenedArchive:
    """An unpacked archive in which every file is what the manifest says, and no other file is.

    Attributes:
        manifest: what it says of itself.
        evaluation: how the voice was judged.
        folder: where the files are.
    """

    def __init__(self, manifest: Manifest, evaluation: dict[str, Any] | None, folder: Path) -> None:
        self.manifest = manifest
        self.evaluation = evaluation
        self.folder = folder

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Check everything in a folder that strangers filled.

        Raises:
            VoiceArchiveInvalid: names what is wrong.
        """
        try:
            present = files_in(folder)
        except TreeInvalid as error:
            raise VoiceArchiveInvalid(error.message) from error
        manifest = _read_manifest(present)
        _require_same(manifest, present)
        evaluation = None
        if EVALUATION in present:
            evaluation = _parsed(present, EVALUATION, ArchivedEvaluation).model_dump()
        return cls(manifest, evaluation, folder)

    @property
    def model_dir(self) -> Path:
        """The files of the engine."""
        return self.folder / MODEL_DIR

    def files_of(self, folder: str) -> list[Path]:
        """The files directly in a folder of the archive, by name."""
        named = sorted(file.path for file in self.manifest.files if file.path.startswith(folder))
        return [self.folder / path for path in named]


def _read_manifest(present: Mapping[str, Path]) -> Manifest:
    if MANIFEST not in present:
        raise VoiceArchiveInvalid(
            f"The archive has no {MANIFEST}: it is no exported voice. Send what "
            "GET /voice-models/{modelId}/export answered, as it is."
        )
    found = _parsed(present, MANIFEST, _Head).format
    if found != FORMAT:
        raise VoiceArchiveInvalid(
            f"The archive has the form {found[:60]!r}, and this release knows {FORMAT}. Import it where a "
            "later release runs."
        )
    return _parsed(present, MANIFEST, Manifest)


def _require_same(manifest: Manifest, present: Mapping[str, Path]) -> None:
    """Compare names first, which costs nothing, then sizes, then contents."""
    listed = {file.path: file for file in manifest.files}
    if len(listed) != len(manifest.files) or MANIFEST in listed:
        raise VoiceArchiveInvalid(f"The {MANIFEST} lists a file twice, or itself. Export the voice again.")
    there = present.keys() - {MANIFEST}
    for names, what in ((there - listed.keys(), "does not list"), (listed.keys() - there, "lists in vain")):
        if names:
            raise VoiceArchiveInvalid(
                f"The archive is not as it was exported: its {MANIFEST} {what} {_named(names)}. Export the "
                "voice again, and send the archive as it is."
            )
    _require_layout(listed.keys())
    for file in manifest.files:
        if present[file.path].stat().st_size != file.size_bytes:
            raise _changed(file)
    for file in manifest.files:
        with present[file.path].open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != file.sha256:
                raise _changed(file)


def _require_layout(paths: Collection[str]) -> None:
    folders = (MODEL_DIR, REFERENCES_DIR, SPOKEN_DIR, TRAINING_DIR)
    known = {EVALUATION, ANALYTICS, CONSENT}
    odd = {path for path in paths if path not in known and not path.startswith(folders)}
    odd |= {path for path in paths if path.startswith(_FLAT_DIRS) and path.count("/") > 1}
    if odd:
        raise VoiceArchiveInvalid(f"An exported voice has no {_named(odd)}. Export it again.")
    if not any(path.startswith(MODEL_DIR) for path in paths):
        raise VoiceArchiveInvalid(f"The archive has no {MODEL_DIR}: there is nothing to speak with in it.")


def _parsed(present: Mapping[str, Path], name: str, form: type[Form]) -> Form:
    path = present[name]
    if path.stat().st_size > _JSON_MAX_BYTES:
        raise VoiceArchiveInvalid(f"The {name} of the archive has more than {_JSON_MAX_BYTES >> 20} MiB.")
    try:
        return form.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))[:100]
        raise VoiceArchiveInvalid(
            f"The {name} of the archive can't be used. {f'{where}: ' if where else ''}{first['msg']}."
        ) from None


def _changed(file: ArchivedFile) -> VoiceArchiveInvalid:
    return VoiceArchiveInvalid(
        f"{file.path!r} in the archive is not what was exported: its size or its SHA-256 is another one. "
        "Export the voice again."
    )


def _named(paths: set[str]) -> str:
    shown = ", ".join(repr(path[:100]) for path in sorted(paths)[:_MOST_NAMED])
    return f"{shown} and {len(paths) - _MOST_NAMED} more" if len(paths) > _MOST_NAMED else shown
