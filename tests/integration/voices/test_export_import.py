"""A voice goes from one installation to another as an archive, and is the same voice there."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
import tracemalloc
import uuid
import zipfile
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from voicewright.accounts.errors import NotAllowed, UserNotFound
from voicewright.audit.models import AuditEvent
from voicewright.engines.errors import LanguageUnsupported
from voicewright.engines.port import SynthesisRequest
from voicewright.engines.testing import ToneEngine
from voicewright.errors import AppError
from voicewright.privacy.errors import ConsentRequired
from voicewright.recordings.errors import ArchiveTooLarge, ArchiveUnreadable, ArchiveUnsafe
from voicewright.recordings.models import Sample
from voicewright.storage.errors import BlobCorrupt, BlobNotFound, StorageFull
from voicewright.storage.trees import read_tree
from voicewright.storage.vault import Vault
from voicewright.training.models import TrainingJob
from voicewright.voices.copies import importing
from voicewright.voices.copies.archive_form import MANIFEST
from voicewright.voices.copies.errors import VoiceArchiveInvalid
from voicewright.voices.errors import (
    VoiceDataInvalid,
    VoiceFilesGone,
    VoiceMetadataInvalid,
    VoiceNameInvalid,
    VoiceNotFound,
    VoiceProviderUnknown,
)
from voicewright.voices.models import VoiceModel
from voicewright.voices.schemas import LOCAL_USER_ID
from voicewright.voices.sharing.models import VoiceShare

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "One two three. Four."
FILES = [
    "model/model.safetensors", "model/parts/lexicon.txt", "model/voice.json",
    "references/0001.wav", "references/0002.wav", "spoken/sentence-00.flac",
    "evaluation.json", "analytics.json",
]  # fmt: skip


@dataclass
class Trip:
    """A voice goes from Ann's installation to Bob's."""

    here: Any
    ann: Any
    there: Any
    bob: Any
    folder: Path
    numbers: Any = field(default_factory=itertools.count)

    def register(self, new):
        return self.here.voices.of(self.ann.user_id).register(new)

    def export(self, voice, **options):
        """The archive of a voice of Ann's, in memory."""
        made = self.here.copies.exports.export(self.ann, voice.id, **options)
        return b"".join(made.pieces())

    def take(self, data, to=None, **options):
        """Import an archive for Bob."""
        folder = self.folder / f"import-{next(self.numbers)}"
        (folder / "content").mkdir(parents=True)
        archive = folder / "archive"
        archive.write_bytes(data)
        return (to or self.there).copies.imports.take(self.bob, archive, folder / "content", **options)

    def refuses(self, data, error, what):
        """The import of this ends with the error, and nothing of it is left: no row, no blob, no note."""
        try:
            self.take(data)
        except error:
            pass
        else:
            pytest.fail(what)
        self.require_nothing(self.there, what)

    def require_nothing(self, installation, what=""):
        vault = installation.voices.vault
        with installation.database.session() as session:
            assert session.scalar(select(func.count()).select_from(VoiceModel)) == 0, what
        assert [path for path in vault.notes_dir.rglob("*") if path.is_file()] == [], what
        assert list(vault.objects.paths("")) == [], what


@pytest.fixture
def trip(installation, make_installation, make_caller, tmp_path):
    return Trip(installation, make_caller(), make_installation(), make_caller(), tmp_path)


@pytest.fixture
def ann(trip):
    return trip.ann


def spoken_by(installation, voice):
    """What the engine makes of a text."""
    folder = installation.voices.of(voice.owner_id).materialise(voice)
    request = SynthesisRequest(voice_dir=folder, text=TEXT, language="en-us")
    quiet = SimpleNamespace(check_cancelled=lambda: None, log=lambda _: None)
    return b"".join(chunk.pcm for chunk in ToneEngine().synthesize(request, quiet))


@pytest.fixture
def trained(trip, whole_voice, enter_sample):
    """A voice of a training of three samples; one of them was deleted since, and one has no file."""

    def make():
        ann, installation = trip.ann, trip.here
        samples = [enter_sample(ann.user_id, speaker="Grandma", text=f"Number {n} | yes.") for n in range(3)]
        blobs = Vault.of_samples(installation.settings, installation.voices.vault.keys).of(ann.user_id)
        stored = blobs.put_bytes(b"RIFF the recording")
        with installation.database.session() as session:
            job = TrainingJob(
                owner_id=ann.user_id, name="Ann", provider="tone", language="en-us", options={},
                sample_ids=[str(sample.id) for sample in samples], engine_options={}, quality_threshold=0.0,
                max_training_ms=1, status="completed", priority=50, max_retries=0, estimated_cost=0,
                estimated_time_ms=1, forecast_time_ms=1,
            )  # fmt: skip
            session.add(job)
            session.delete(session.get_one(Sample, samples[2].id))
            kept = session.get_one(Sample, samples[0].id)
            kept.digest, kept.size_bytes = stored
        return trip.register(whole_voice(training_job_id=job.id)), samples

    return make


def test_an_archive_begins_with_a_manifest_of_all_that_is_in_it(trip, ann, trained):
    voice, samples = trained()
    trip.here.copies.imports._consents.assert_consent(ann.user_id, "Grandma", asserted_by=ann.user_id)
    archive = zipfile.ZipFile(io.BytesIO(trip.export(voice)))

    training = ["training/wavs/00001.wav", "training/metadata.csv"]
    assert archive.namelist() == [MANIFEST, *FILES, *training, "consent.json"]
    assert archive.testzip() is None
    manifest = json.loads(archive.read(MANIFEST))
    assert [file["path"] for file in manifest["files"]] == archive.namelist()[1:]
    for file in manifest["files"]:
        content = archive.read(file["path"])
        assert (file["sizeBytes"], file["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert manifest["format"] == "voicewright-export/1"
    assert manifest["speakers"] == ["Grandma"]
    assert manifest["missingRecordings"] == [str(samples[2].id), str(samples[1].id)]
    said = manifest["voice"]
    assert (said["id"], said["name"], said["version"], said["provider"]) == (str(voice.id), "Ann", 1, "tone")
    assert (said["qualityScore"], said["options"], said["notes"]) == (
        0.75,
        {"epochs": 4},
        "Trained at night.",
    )
    assert archive.read("training/wavs/00001.wav") == b"RIFF the recording"
    rows = list(csv.reader(io.StringIO(archive.read("training/metadata.csv").decode()), delimiter="|"))
    assert rows == [["00001", "Number 0 yes.", "Number 0 yes."]]
    assert json.loads(archive.read("evaluation.json")) == voice.evaluation
    assert json.loads(archive.read("analytics.json"))["modelId"] == str(voice.id)
    (consent,) = json.loads(archive.read("consent.json"))["consents"]
    assert (consent["speaker"], consent["source"]) == ("Grandma", "assertion")
    with trip.here.database.session() as session:
        act = session.scalars(select(AuditEvent).where(AuditEvent.action == "voice_model.export")).one()
        assert (act.actor_id, act.owner_id, act.model_id) == (ann.user_id, ann.user_id, voice.id)

    without = zipfile.ZipFile(io.BytesIO(trip.export(voice, with_recordings=False)))
    assert without.namelist() == [MANIFEST, *FILES, "consent.json"]


def test_what_was_exported_is_the_same_voice_elsewhere(trip, trained):
    voice, _ = trained()
    assert trip.there.voices.vault.keys.master.ids != trip.here.voices.vault.keys.master.ids
    made = trip.take(trip.export(voice))

    for name in (
        "name", "engine", "engine_version", "language", "sample_rate_hz", "artefact_digest", "artefact_bytes",
        "references_digest", "spoken_digest", "stored_bytes", "speech_s", "train_s", "evaluation",
        "quality_score", "options", "dataset_hash", "notes", "details",
    ):  # fmt: skip
        assert getattr(made, name) == getattr(voice, name), name
    assert (made.owner_id, made.version, made.is_active) == (trip.bob.user_id, 1, True)
    assert (made.id == voice.id, made.training_job_id, made.parent_id) == (False, None, None)
    assert spoken_by(trip.there, made) == spoken_by(trip.here, voice)
    spoken, theirs = trip.here.voices.spoken(voice), trip.there.voices.spoken(made)
    assert theirs.read("sentence-00.flac") == spoken.read("sentence-00.flac")
    second = trip.take(trip.export(voice))
    assert (second.version, second.lineage_id, second.is_active) == (2, made.lineage_id, False)
    assert trip.take(trip.export(voice), name="Grandma").label == "Grandma, version 1"
    with trip.there.database.session() as session:
        acts = session.scalars(select(AuditEvent).where(AuditEvent.action == "voice_model.import")).all()
        assert [act.actor_id for act in acts] == [trip.bob.user_id] * 3
        assert acts[0].details["exported_id"] == str(voice.id)


def packed(entries, method=zipfile.ZIP_STORED):
    """A zip of `{name: content}`, or of pairs where a name comes twice."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in entries.items() if isinstance(entries, dict) else entries:
            archive.writestr(name, content)
    return file.getvalue()


def unpacked(data):
    archive = zipfile.ZipFile(io.BytesIO(data))
    return {name: archive.read(name) for name in archive.namelist()}


def relisted(entries):
    """The same with a manifest that lists what there is."""
    manifest = json.loads(entries[MANIFEST])
    manifest["files"] = [
        {"path": path, "sizeBytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for path, content in entries.items()
        if path != MANIFEST
    ]
    return {**entries, MANIFEST: json.dumps(manifest).encode()}


def test_an_imported_voice_takes_over_from_no_active_one(trip, whole_voice):
    entries = unpacked(trip.export(trip.register(whole_voice())))
    manifest = json.loads(entries[MANIFEST])
    manifest["voice"]["qualityScore"] = 0.95
    splendid = packed({**entries, MANIFEST: json.dumps(manifest).encode()})
    first, second = trip.take(splendid), trip.take(splendid)
    assert (first.is_active, second.is_active) == (True, False)
    voices = trip.there.voices.of(trip.bob.user_id)
    assert voices.get_active().id == first.id
    voices.delete("Ann", 1)
    voices.delete("Ann", 2)
    assert trip.take(splendid).is_active


def test_whatever_was_changed_on_the_way_is_refused_and_nothing_is_left(trip, whole_voice):
    entries = unpacked(trip.export(trip.register(whole_voice())))
    manifest = json.loads(entries[MANIFEST])

    def with_manifest(**changes):
        return {**entries, MANIFEST: json.dumps({**manifest, **changes}).encode()}

    def with_voice(**changes):
        return with_manifest(voice={**manifest["voice"], **changes})

    def with_evaluation(**changes):
        judged = {**json.loads(entries["evaluation.json"]), **changes}
        return relisted({**entries, "evaluation.json": json.dumps(judged).encode()})

    def without(name):
        return {path: content for path, content in entries.items() if path != name}

    huge = entries[MANIFEST] + b" " * (4 << 20)
    deep = b"[" * 100_000 + b"]" * 100_000
    deep_details = {"a": None}
    for _ in range(20):
        deep_details = {"a": deep_details}
    speechless = {path: content for path, content in entries.items() if "model/" not in path}
    weights = entries["model/model.safetensors"]
    first, *rest = manifest["files"]
    wrong = {
        "no archive": (b"RIFF no archive at all" * 100, ArchiveUnreadable),
        "empty": (b"", ArchiveUnreadable),
        "another archive": (packed({"a.txt": b"a"}), VoiceArchiveInvalid),
        "no manifest": (packed(without(MANIFEST)), VoiceArchiveInvalid),
        "no model": (packed(relisted(speechless)), VoiceArchiveInvalid),
        "a file is missing": (packed(without("references/0001.wav")), VoiceArchiveInvalid),
        "a file is too much": (packed({**entries, "model/run.sh": b"rm"}), VoiceArchiveInvalid),
        "another folder": (packed(relisted({**entries, "bin/run.sh": b"rm"})), VoiceArchiveInvalid),
        "a folder in a folder": (packed(relisted({**entries, "spoken/a/b": b"x"})), VoiceArchiveInvalid),
        "another content": (
            packed({**entries, "model/model.safetensors": weights[:-1] + b"x"}), VoiceArchiveInvalid
        ),
        "another size": (packed({**entries, "model/voice.json": b"{}"}), VoiceArchiveInvalid),
        "another digest": (
            packed(with_manifest(files=[{**first, "sha256": "0" * 64}, *rest])), VoiceArchiveInvalid
        ),
        "no digest": (packed(with_manifest(files=[{**first, "sha256": "x"}, *rest])), VoiceArchiveInvalid),
        "a file twice": (packed(with_manifest(files=[first, *manifest["files"]])), VoiceArchiveInvalid),
        "a path outside in the manifest": (
            packed(with_manifest(files=[{**first, "path": "../../etc/passwd"}, *rest])), VoiceArchiveInvalid
        ),
        "a later form": (packed(with_manifest(format="voicewright-export/2")), VoiceArchiveInvalid),
        "no form": (packed(with_manifest(format=7)), VoiceArchiveInvalid),
        "more than is known": (packed(with_manifest(more=1)), VoiceArchiveInvalid),
        "no JSON": (packed({**entries, MANIFEST: b"{" + entries[MANIFEST]}), VoiceArchiveInvalid),
        "deep JSON": (packed({**entries, MANIFEST: deep}), VoiceArchiveInvalid),
        "deep JSON inside": (
            packed({**entries, MANIFEST: entries[MANIFEST].replace(b'"abc"', deep)}), VoiceArchiveInvalid
        ),
        "huge JSON": (packed({**entries, MANIFEST: huge}, zipfile.ZIP_DEFLATED), VoiceArchiveInvalid),
        "deep metadata": (packed(with_voice(metadata=deep_details)), VoiceMetadataInvalid),
        "huge metadata": (packed(with_voice(metadata={"a": "b" * 70_000})), VoiceMetadataInvalid),
        "NUL in the metadata": (packed(with_voice(metadata={"a": "\0"})), VoiceMetadataInvalid),
        "deep options": (packed(with_voice(options=deep_details)), VoiceDataInvalid),
        "huge options": (packed(with_voice(options={"a": "b" * 70_000})), VoiceDataInvalid),
        "a deep evaluation": (packed(with_evaluation(more=deep_details)), VoiceDataInvalid),
        "a huge evaluation": (packed(with_evaluation(more="b" * 270_000)), VoiceDataInvalid),
        "a vast evaluation": (packed(with_evaluation(more="b" * (4 << 20))), VoiceArchiveInvalid),
        "NUL in the options": (packed(with_voice(options={"a": "\0"})), VoiceDataInvalid),
        "NaN in the options": (packed(with_voice(options={"a": float("nan")})), AppError),
        "NUL in the engine's version": (packed(with_voice(engineVersion="1\0")), VoiceArchiveInvalid),
        "no name": (packed(with_voice(name=" ")), VoiceNameInvalid),
        "a quality of 1.01": (packed(with_voice(qualityScore=1.01)), VoiceArchiveInvalid),
        "a quality of -0.1": (packed(with_voice(qualityScore=-0.1)), VoiceArchiveInvalid),
        "a quality in words": (packed(with_voice(qualityScore="good")), VoiceArchiveInvalid),
        "an unknown provider": (packed(with_voice(provider="nobody")), VoiceProviderUnknown),
        "an unknown language": (packed(with_voice(language="tlh")), LanguageUnsupported),
        "a sample rate of 0": (packed(with_voice(sampleRate=0)), VoiceArchiveInvalid),
        "minus an hour of speech": (packed(with_voice(speechSeconds=-3600)), VoiceArchiveInvalid),
        "an evaluation of 2": (packed(with_evaluation(overall=2)), VoiceArchiveInvalid),
        "an evaluation without figures": (packed(with_evaluation(raw=None)), VoiceArchiveInvalid),
        "an evaluation of other sentences": (packed(with_evaluation(sentences=["a"])), VoiceArchiveInvalid),
        "an evaluation that is none": (
            packed(relisted({**entries, "evaluation.json": b"[]"})), VoiceArchiveInvalid
        ),
    }  # fmt: skip
    for what, (archive, error) in wrong.items():
        trip.refuses(archive, error, what)
    assert trip.take(packed(entries)).name == "Ann"


def test_hostile_archives_are_refused_and_nothing_is_left(trip, whole_voice, monkeypatch):
    monkeypatch.setattr(importing, "MOST_FILES", 50)
    data = trip.export(trip.register(whole_voice()))
    entries = unpacked(data)
    link, device = zipfile.ZipInfo("model/link"), zipfile.ZipInfo("model/null")
    link.external_attr, device.external_attr = 0o120777 << 16, 0o020666 << 16
    many = [*entries.items(), *((f"model/{number}", b"") for number in range(60))]
    hostile = {
        "a path outside": ([*entries.items(), ("../outside", b"x")], ArchiveUnsafe),
        "an absolute path": ([*entries.items(), ("/tmp/outside", b"x")], ArchiveUnsafe),  # noqa: S108
        "a path with a backslash": ([*entries.items(), ("model\\..\\x", b"x")], ArchiveUnsafe),
        "a link": ([*entries.items(), (link, b"/etc/passwd")], ArchiveUnsafe),
        "a device": ([*entries.items(), (device, b"")], ArchiveUnsafe),
        "a name in other letters": ([*entries.items(), ("MODEL/voice.json", b"x")], ArchiveUnsafe),
        "too many files": (many, ArchiveTooLarge),
        "a very deep folder": ([*entries.items(), ("model/" + "a/" * 40 + "b", b"x")], ArchiveUnsafe),
    }
    for what, (content, error) in hostile.items():
        trip.refuses(packed(content), error, what)
    assert not list(trip.folder.rglob("outside"))
    bomb = packed({**entries, "model/zeros": bytes(80 << 20)}, zipfile.ZIP_DEFLATED)
    trip.refuses(bomb, ArchiveTooLarge, "a bomb")
    for end in (100, len(data) // 3, len(data) - 30, len(data) - 1):
        trip.refuses(data[:end], ArchiveUnreadable, f"an archive that was cut off at {end}")


def test_without_consent_or_room_nothing_is_imported(trip, trained, make_installation):
    voice, _ = trained()
    data, bob = trip.export(voice), trip.bob
    strict = make_installation(environment="production")
    with pytest.raises(ConsentRequired, match="Grandma"):
        trip.take(data, strict)
    with pytest.raises(ConsentRequired, match="Aunt"):
        trip.take(data, strict, speaker="Aunt")
    trip.require_nothing(strict)
    strict.copies.imports._consents.assert_consent(bob.user_id, "grandma", asserted_by=bob.user_id)
    taken = trip.take(data, strict)
    assert (taken.name, taken.speaker_key) == ("Ann", "grandma")
    with pytest.raises(NotAllowed):
        trip.take(data, strict, user_id=trip.ann.user_id)
    with pytest.raises(StorageFull):
        trip.take(data, make_installation(home=strict.settings.home, min_free_disk_mb=1 << 40))


def test_nothing_is_imported_for_an_account_that_is_not_there(trip, whole_voice, make_caller):
    data = trip.export(trip.register(whole_voice()))
    trip.bob = make_caller(admin=True)
    with pytest.raises(UserNotFound):
        trip.take(data, user_id=uuid.uuid4())
    trip.require_nothing(trip.there)
    assert trip.take(data, user_id=LOCAL_USER_ID).owner_id == LOCAL_USER_ID


def test_only_owners_and_administrators_export(trip, whole_voice, make_caller):
    voice = trip.register(whole_voice())
    exports, bob, ann_id = trip.here.copies.exports, trip.bob, trip.ann.user_id
    with pytest.raises(VoiceNotFound):
        exports.export(bob, voice.id)
    with trip.here.database.session() as session:
        share = {"model_id": voice.id, "owner_id": ann_id, "target_user_id": bob.user_id}
        session.add(VoiceShare(**share, permission="use"))
    with pytest.raises(NotAllowed, match="Only its owner"):
        exports.export(bob, voice.id)
    with pytest.raises(NotAllowed):
        exports.export(bob, voice.id, user_id=ann_id)
    admin = make_caller(admin=True)
    assert exports.export(admin, voice.id, user_id=ann_id).title == voice.label
    with pytest.raises(VoiceNotFound):
        exports.export(admin, voice.id, user_id=bob.user_id)
    with pytest.raises(VoiceNotFound):
        exports.export(trip.ann, uuid.uuid4())


def test_an_export_whose_files_are_gone_or_damaged_is_no_archive(trip, ann, whole_voice):
    installation, voice = trip.here, trip.register(whole_voice())
    blobs = installation.voices.vault.of(ann.user_id)
    digests = {file.path: file.sha256 for file in read_tree(blobs, voice.artefact_digest)}
    path = installation.settings.home / "blobs" / blobs._path(digests["model.safetensors"])
    sealed = path.read_bytes()
    path.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    made, given = installation.copies.exports.export(ann, voice.id), bytearray()
    with pytest.raises(BlobCorrupt):
        given.extend(itertools.chain.from_iterable(made.pieces()))
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(given))
    path.unlink()
    with pytest.raises(BlobNotFound):
        list(made.pieces())
    blobs.delete(voice.artefact_digest)
    with pytest.raises(VoiceFilesGone):
        installation.copies.exports.export(ann, voice.id)


def test_an_archive_of_any_size_is_made_in_little_memory(trip, ann, new_voice):
    new = new_voice("Large")
    with (new.artefact_dir / "model.safetensors").open("wb") as file:
        for number in range(48):
            file.write(hashlib.shake_256(bytes([number])).digest(1 << 20))
    voice = trip.register(new)
    made = trip.here.copies.exports.export(ann, voice.id)
    tracemalloc.start()
    size_bytes = sum(map(len, made.pieces()))
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size_bytes > 48 << 20
    assert most_bytes < 12 << 20
