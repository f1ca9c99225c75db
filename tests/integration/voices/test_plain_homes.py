"""A data directory of format 1, whose files lay open: they are sealed, and nothing is lost on the way."""

from __future__ import annotations

import hashlib
import json
import os
import uuid

import pytest
from sqlalchemy import update

from voicewright.bootstrap import LocalApplication
from voicewright.home.errors import HomeOfAnotherDatabase
from voicewright.home.layout import FORMAT, Home
from voicewright.recordings.models import Sample
from voicewright.storage.errors import BlobNotFound, StorageFull
from voicewright.storage.user_keys import PLATFORM_ID, KeyRing
from voicewright.storage.vault import Vault, forget_objects
from voicewright.voices import plain_homes
from voicewright.voices.models import VoiceModel
from voicewright.voices.plain_homes import seal_plain_home
from voicewright.voices.service import VoiceService

ANN, BOB = uuid.uuid4(), uuid.uuid4()
NOISE = os.urandom(3000)


def put_open(store, content):
    digest = hashlib.sha256(content).hexdigest()
    path = store / "sha256" / digest[:2] / digest[2:]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return digest


@pytest.fixture
def plain_home(settings, database, new_voice, enter_sample):
    """Voices of two people with equal files, a recording, garbage, and something that nobody knows."""
    service = VoiceService.open(settings, database)
    for owner in (ANN, BOB):
        service.of(owner).register(new_voice("Voice", content="the same"))
    home = Home.open(settings.home)
    for owner in (ANN, BOB):  # what is stored sealed now lay open then
        blobs = service.vault.of(owner)
        for digest in list(blobs.digests()):
            put_open(home.blobs_dir, blobs.read(digest))
        forget_objects(service.vault.objects, owner)
    digest = put_open(home.samples_dir, b"RIFF" + NOISE)
    enter_sample(ANN)
    with database.session() as session:
        session.execute(update(Sample).values(digest=digest))
    garbage = put_open(home.blobs_dir, b"garbage")
    (home.blobs_dir / "pending").mkdir()
    (home.blobs_dir / "pending" / "note").write_text(garbage)
    put_open(home.blobs_dir, b"nobody knows")
    (home.voice_cache_dir / "entry").mkdir()
    (home.root / "FORMAT").write_text(json.dumps({"format": 1, "created_by": "0.1.0"}))
    return home


@pytest.fixture
def vaults(settings, database):
    keys = KeyRing.open(settings, database)
    return Vault.of_voices(settings, keys), Vault.of_samples(settings, keys)


def require_sealed(home, settings, database, vaults):
    assert home.is_current()
    voices, samples = vaults
    service = VoiceService.open(settings, database)
    for owner in (ANN, BOB):
        folder = service.of(owner).materialise(service.of(owner).get("Voice"))
        assert (folder / "model.safetensors").read_bytes() == b"the same" * 1000
    (recording,) = samples.of(ANN).digests()
    assert samples.of(ANN).read(recording) == b"RIFF" + NOISE
    (unknown,) = voices.of(PLATFORM_ID).digests()
    assert voices.of(PLATFORM_ID).read(unknown) == b"nobody knows"
    with pytest.raises(BlobNotFound):
        voices.of(PLATFORM_ID).read(hashlib.sha256(b"garbage").hexdigest())
    stores = (home.blobs_dir, home.samples_dir)
    files = [path for store in stores for path in store.rglob("*") if path.is_file()]
    contents = [path.read_bytes() for path in files]
    for secret in (b"the same" * 4, NOISE[:32], b"nobody knows"):
        assert not any(secret in content for content in contents)
    assert not any((store / "sha256").exists() or (store / "pending").exists() for store in stores)


def test_a_directory_of_an_earlier_release_is_sealed_when_it_is_opened(
    plain_home, settings, database, vaults, monkeypatch
):
    monkeypatch.setenv("DATABASE_URL", settings.database_url.get_secret_value())
    monkeypatch.setenv("VOICEWRIGHT_HOME", str(settings.home))
    assert not Home.open(settings.home).is_current()
    application = LocalApplication()
    assert application.database is application.database
    application.close()
    require_sealed(plain_home, settings, database, vaults)
    assert json.loads((plain_home.root / "FORMAT").read_text())["format"] == FORMAT
    seal_plain_home(settings, database)  # there is nothing to do any more
    assert list(plain_home.voice_cache_dir.glob("*/voice.json"))


@pytest.mark.parametrize("point", range(13))
def test_it_goes_on_wherever_it_was_cut_off(plain_home, settings, database, vaults, monkeypatch, point):  # noqa: PLR0917
    steps = []

    def cut_off(real):
        def step(*arguments, **options):
            steps.append(real)
            if len(steps) == point + 1:
                raise StorageFull("no room")
            return real(*arguments, **options)

        return step

    monkeypatch.setattr(plain_homes._Sealing, "_seal_one", cut_off(plain_homes._Sealing._seal_one))
    monkeypatch.setattr(plain_homes.shutil, "rmtree", cut_off(plain_homes.shutil.rmtree))
    monkeypatch.setattr(Home, "mark_current", cut_off(Home.mark_current))
    with pytest.raises(StorageFull):
        seal_plain_home(settings, database)
    assert not plain_home.is_current()
    monkeypatch.undo()
    seal_plain_home(settings, database)
    require_sealed(plain_home, settings, database, vaults)


def test_the_files_of_another_database_are_left_alone(plain_home, settings, database):
    with database.session() as session:
        session.query(VoiceModel).delete()
        session.query(Sample).delete()
    before = sorted(path for path in plain_home.root.rglob("sha256/*/*"))
    with pytest.raises(HomeOfAnotherDatabase, match="DATABASE_URL"):
        seal_plain_home(settings, database)
    assert sorted(path for path in plain_home.root.rglob("sha256/*/*")) == before
    assert not plain_home.is_current()


def test_what_was_missing_or_damaged_before_stops_nothing(plain_home, settings, database, vaults, caplog):
    missing = hashlib.sha256(b'{"format": 1}').hexdigest()
    (plain_home.blobs_dir / "sha256" / missing[:2] / missing[2:]).unlink()
    (recording,) = plain_home.samples_dir.glob("sha256/*/*")
    recording.write_bytes(b"damaged")
    seal_plain_home(settings, database)
    assert "missing before" in caplog.text
    assert "damaged before" in caplog.text
    assert plain_home.is_current()
    assert [vaults[1].of(ANN).read(digest) for digest in vaults[1].of(ANN).digests()] == [b"damaged"]
