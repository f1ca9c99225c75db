"""What lies at a provider goes there when it goes here, with a real engine whose provider is a folder."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tempfile
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from voicewright.accounts.caller import Caller, Role
from voicewright.accounts.models import User
from voicewright.accounts.policies import scopes_of
from voicewright.accounts.service import AccountService
from voicewright.assembly.erasures import make_erasures
from voicewright.bootstrap import LocalApplication
from voicewright.cli.app import run
from voicewright.engines.client import EngineClient
from voicewright.engines.installed import Engines
from voicewright.engines.port import PROVIDER_VOICE, EngineInfo, EngineSetup
from voicewright.engines.testing_provider import CELLAR_ENGINE
from voicewright.privacy.service import ConsentService
from voicewright.training.clone import CloneTools, clone_voice
from voicewright.training.data_of_voice import data_of_voice
from voicewright.training.forgetting import Forgetting, Forgotten
from voicewright.training.making import VoiceRequest
from voicewright.training.models import TrainingJob
from voicewright.training.runs import Run
from voicewright.training.workflow import WorkTools, run_job
from voicewright.voices.bodies import NewVoiceModelBody
from voicewright.voices.copies.archive_form import MANIFEST
from voicewright.voices.copies.service import Copies
from voicewright.voices.errors import ProviderArtefactRefused
from voicewright.voices.limits import ModelLimits
from voicewright.voices.provided.models import ProviderVoice
from voicewright.voices.registry import RegistryService
from voicewright.voices.schemas import LOCAL_USER_ID, NewVoice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from voicewright.db.server import Database
    from voicewright.settings import Settings
    from voicewright.storage.vault import Vault
    from voicewright.voices.models import VoiceModel
    from voicewright.voices.service import VoiceService

FREE = replace(CELLAR_ENGINE, provider=replace(CELLAR_ENGINE.provider, consent=False))
"""It asks for no consent; tests/integration/training/test_consenting.py has what does."""


@pytest.fixture
def cellar(tmp_path: Path) -> Path:
    folder = tmp_path / "cellar"
    folder.mkdir()
    return folder


@pytest.fixture
def engine(cellar: Path) -> Iterator[EngineClient]:
    with EngineClient(FREE, setup=EngineSetup(values={"CELLAR": str(cellar)})) as client:
        yield client


@pytest.fixture
def engines(cellar: Path) -> Engines:
    def find(_: str) -> EngineInfo:
        return FREE

    return Engines(None, {"CELLAR": str(cellar)}, find, lambda: (FREE,))


@pytest.fixture
def forgetting(database: Database, voices: VoiceService, engines: Engines, tmp_path: Path) -> Forgetting:
    return Forgetting(database, voices.provided, engines, tmp_path / "forgetting")


@pytest.fixture
def attempt(work_tools: WorkTools, database: Database) -> Callable[[TrainingJob], float | None]:
    """One attempt at a job, whose speaker agrees to the upload; the seconds until the next one."""

    def attempt(job: TrainingJob) -> float | None:
        scope = ("voice-cloning", "provider-upload")
        work_tools.consents.assert_consent(job.owner_id, "Ann", asserted_by=job.owner_id, scope=scope)
        with database.session() as session:
            ticket = session.get_one(TrainingJob, job.id).ticket
        assert ticket is not None
        run = Run.begin(database, job.id, ticket, node="here")
        assert run is not None
        with run:
            return run_job(run, work_tools)

    return attempt


def noted(database: Database) -> list[ProviderVoice]:
    with database.session() as session:
        return session.query(ProviderVoice).order_by(ProviderVoice.noted_at).all()


def test_a_voice_is_deleted_there_when_nothing_here_needs_it(  # noqa: PLR0917 - fixtures
    make_job: Callable[..., TrainingJob],
    attempt: Callable[[TrainingJob], float | None],
    work_tools: WorkTools,
    forgetting: Forgetting,
    database: Database,
    cellar: Path,
    tmp_path: Path,
) -> None:
    job = make_job(provider="cellar")
    assert attempt(job) is None
    voices = work_tools.voices.of(job.owner_id)
    voice = voices.get("Ann")
    (row,) = noted(database)
    assert (row.engine, row.training_job_id, row.artefact_digest) == ("cellar", job.id, voice.artefact_digest)
    (kept,) = cellar.iterdir()
    assert kept.name.encode() not in row.sealed
    assert forgetting.run() == Forgotten(done=0, waiting=0)

    voices.delete(voice.id)  # it rests, and can be brought back
    assert forgetting.run() == Forgotten(done=0, waiting=0)
    assert kept.is_dir()
    with database.session() as session:
        session.get_one(type(voice), voice.id).purge_at = datetime.now(UTC)

    closed = tmp_path / "closed"
    cellar.rename(closed)
    assert forgetting.run() == Forgotten(done=0, waiting=1)
    (row,) = work_tools.voices.provided.waiting()
    assert (row.tries, row.last_error) == (1, "The cellar is closed. Try again later.")
    closed.rename(cellar)
    assert forgetting.run() == Forgotten(done=0, waiting=1)  # not so soon
    make_due(database)
    assert forgetting.run() == Forgotten(done=1, waiting=0)
    assert not any(cellar.iterdir())
    assert noted(database) == []
    assert not list((tmp_path / "forgetting").glob("[!.]*"))


def make_due(database: Database) -> None:
    with database.session() as session:
        session.execute(update(ProviderVoice).values(next_try_at=datetime.now(UTC)))


def test_another_row_of_the_same_files_keeps_it_there(
    tools: CloneTools, recordings: Path, forgetting: Forgetting, cellar: Path
) -> None:
    made = clone_voice(VoiceRequest(recordings, "Ann", "en-us", {}), tools).voice
    second = clone_voice(VoiceRequest(recordings, "Ann", "en-us", {"seed": 7}), tools).voice
    copy = tools.voices.rollback("Ann", 1)  # a third version, of the files of the first
    assert (copy.version, copy.artefact_digest) == (3, made.artefact_digest)
    assert len(list(cellar.iterdir())) == 2

    tools.voices.delete("Ann", 1, purge=True)
    assert forgetting.run() == Forgotten(done=0, waiting=0)
    tools.voices.delete("Ann", 2, purge=True)
    assert forgetting.run() == Forgotten(done=1, waiting=0)
    assert [row.artefact_digest for row in noted(tools.voices._database)] == [made.artefact_digest]
    assert second.artefact_digest != made.artefact_digest
    tools.voices.delete("Ann", 3, purge=True)
    assert forgetting.run() == Forgotten(done=1, waiting=0)
    assert not any(cellar.iterdir())


def test_files_from_elsewhere_claim_no_voice(  # noqa: PLR0917 - fixtures
    tools: CloneTools,
    recordings: Path,
    forgetting: Forgetting,
    database: Database,
    cellar: Path,
    tmp_path: Path,
) -> None:
    """Somebody who knows its number and deletes what they sent deletes nobody else's voice."""
    made = clone_voice(VoiceRequest(recordings, "Ann", "en-us", {}), tools).voice
    forged = tmp_path / "forged"
    shutil.copytree(tools.voices.materialise(made), forged)
    (forged / "more.txt").write_text("another tree", encoding="utf-8")
    other = clone_voice(VoiceRequest(recordings, "Bob", "en-us", {}), tools).voice
    sent = tools.voices.register(_new_voice(forged))
    assert sent.artefact_digest not in {made.artefact_digest, other.artefact_digest}

    tools.voices.delete("Mallory", purge=True)
    assert forgetting.run() == Forgotten(done=0, waiting=0)
    assert len(list(cellar.iterdir())) == 2
    assert {row.artefact_digest for row in noted(database)} == {made.artefact_digest, other.artefact_digest}


@pytest.fixture
def own_copies(settings: Settings, database: Database, voices: VoiceService) -> Copies:
    return Copies.open(
        settings,
        database,
        voices,
        consents=ConsentService(database, settings.environment),
        rate_limits=AccountService(settings, database).rate_limits,
        training_data=data_of_voice,
        engines=lambda _: FREE,
    )


def test_files_from_elsewhere_are_taken_where_they_name_a_voice_made_here(  # noqa: PLR0917 - fixtures
    tools: CloneTools,
    recordings: Path,
    forgetting: Forgetting,
    own_copies: Copies,
    owner: Caller,
    tmp_path: Path,
) -> None:
    """An export comes back; whoever makes one up speaks with nobody's voice."""
    voice = clone_voice(VoiceRequest(recordings, "Ann", "en-us", {}), tools).voice
    exported = b"".join(own_copies.exports.export(owner, voice.id).pieces())

    def take(content: bytes) -> VoiceModel:
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        (folder / "content").mkdir()
        (folder / "archive").write_bytes(content)
        return own_copies.imports.take(owner, folder / "archive", folder / "content")

    for named in (None, b"f" * 32):
        with pytest.raises(ProviderArtefactRefused, match="at The cellar"):
            take(_forged(exported, named))
    assert len(tools.voices.list_voices()) == 1
    assert take(exported).artefact_digest == voice.artefact_digest
    for _ in range(2):
        tools.voices.delete("Ann", purge=True)
    assert forgetting.run() == Forgotten(done=1, waiting=0)
    with pytest.raises(ProviderArtefactRefused, match="still keeps"):
        take(exported)
    assert tools.voices.list_voices() == []


def _forged(exported: bytes, named: bytes | None) -> bytes:
    """The same archive with another name of the voice at the provider, or without one."""
    archive = zipfile.ZipFile(io.BytesIO(exported))
    entries = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(entries.pop(MANIFEST))
    (path,) = (name for name in entries if name.endswith(PROVIDER_VOICE))
    del entries[path]
    manifest["files"] = [file for file in manifest["files"] if file["path"] != path]
    if named is not None:
        entries[path] = named
        digest = hashlib.sha256(named).hexdigest()
        manifest["files"].append({"path": path, "sizeBytes": len(named), "sha256": digest})
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for name, content in {MANIFEST: json.dumps(manifest).encode(), **entries}.items():
            made.writestr(name, content)
    return packed.getvalue()


def test_an_upload_is_a_voice_where_it_names_one_made_here(  # noqa: PLR0917 - fixtures
    tools: CloneTools,
    recordings: Path,
    settings: Settings,
    database: Database,
    owner: Caller,
    tmp_path: Path,
) -> None:
    voice = clone_voice(VoiceRequest(recordings, "Ann", "en-us", {}), tools).voice
    consents = ConsentService(database, settings.environment)
    limits = ModelLimits(AccountService(settings, database).rate_limits, settings)
    registry = RegistryService(database, settings, tools.voices, consents, limits, engines=lambda _: FREE)

    def register(named: bytes | None) -> VoiceModel:
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        (folder / "content").mkdir()
        with zipfile.ZipFile(folder / "archive", "w") as archive:
            for file in tools.voices.materialise(voice).iterdir():
                content = named if file.name == PROVIDER_VOICE else file.read_bytes()
                if content is not None:
                    archive.writestr(file.name, content)
        upload, _ = registry.take_artefact(owner, folder / "archive", folder / "content", user_id=None)
        path = registry.paths.path(owner.user_id, upload.id)
        return registry.create(owner, NewVoiceModelBody(provider="cellar", modelPath=path))

    for named in (None, b"f" * 32, bytes(1 << 20)):
        with pytest.raises(ProviderArtefactRefused):
            register(named)
    own = (tools.voices.materialise(voice) / PROVIDER_VOICE).read_bytes()
    assert register(own).artefact_digest == voice.artefact_digest


@pytest.fixture
def owner() -> Caller:
    return Caller(LOCAL_USER_ID, Role.USER, scopes_of(Role.USER))


def _new_voice(folder: Path) -> NewVoice:
    return NewVoice(
        name="Mallory",
        engine="cellar",
        engine_version="1",
        language="en-us",
        sample_rate_hz=22_050,
        artefact_dir=folder,
        speech_s=1.0,
        train_s=1.0,
    )


@pytest.mark.parametrize("end", ["cancelled", "failed long ago", "consent taken back", "account deleted"])
def test_what_a_training_left_there_goes_with_it(  # noqa: PLR0917 - fixtures
    end: str,
    make_job: Callable[..., TrainingJob],
    attempt: Callable[[TrainingJob], float | None],
    work_tools: WorkTools,
    forgetting: Forgetting,
    settings: Settings,
    database: Database,
    sample_vault: Vault,
    cellar: Path,
) -> None:
    job = make_job(provider="cellar", options={"training_fault": "no_gpu"})
    assert attempt(job) == 5.0
    assert len(list(cellar.iterdir())) == 1
    assert forgetting.run() == Forgotten(done=0, waiting=0)  # it is tried again
    assert attempt(job) == 25.0
    assert len(list(cellar.iterdir())) == 1  # and nothing is made twice

    with database.session() as session:
        held = session.get_one(TrainingJob, job.id)
        held.status, held.completed_at = "failed", datetime.now(UTC)
        held.ticket = None
    assert forgetting.run() == Forgotten(done=0, waiting=0)  # somebody may retry it by hand
    with database.session() as session:
        held = session.get_one(TrainingJob, job.id)
        match end:
            case "cancelled":
                held.status = "cancelled"
            case "consent taken back":
                held.error_code = "CONSENT_REQUIRED"
            case "failed long ago":
                held.completed_at = datetime.now(UTC) - timedelta(days=8)
    if end == "account deleted":
        now = datetime.now(UTC)
        with database.session() as session:
            session.add(
                User(id=job.owner_id, name="Ann", role="user", created_at=now, tokens_void_before=now)
            )
        accounts = AccountService(settings, database)
        make_erasures(settings, database, accounts, work_tools.voices, sample_vault).erase(
            job.owner_id, requested_by=None
        )
    assert forgetting.run() == Forgotten(done=1, waiting=0)
    assert not any(cellar.iterdir())


def test_without_the_key_it_waits_and_says_so(
    tools: CloneTools, recordings: Path, forgetting: Forgetting, engines: Engines, database: Database
) -> None:
    clone_voice(VoiceRequest(recordings, "Ann", "en-us", {}), tools)
    tools.voices.delete("Ann", purge=True)
    keyless = Forgetting(database, tools.voices.provided, replace(engines, values={}), forgetting._work_dir)
    assert keyless.run() == Forgotten(done=0, waiting=1)
    (row,) = tools.voices.provided.waiting()
    assert row.tries == 0
    assert row.last_error is not None
    assert "CELLAR" in row.last_error
    # another worker, which has the key, need not wait
    assert forgetting.run() == Forgotten(done=1, waiting=0)


def test_a_voice_that_is_kept_for_listening_stays_there(
    make_job: Callable[..., TrainingJob],
    attempt: Callable[[TrainingJob], float | None],
    work_tools: WorkTools,
    forgetting: Forgetting,
    cellar: Path,
) -> None:
    job = make_job(provider="cellar", quality_threshold=1.0)
    assert attempt(job) is None
    artefact = work_tools.voices.kept_of_job(job.id, "artefact")
    assert artefact.read(PROVIDER_VOICE) is not None
    with work_tools.database.session() as session:
        session.get_one(TrainingJob, job.id).completed_at = datetime.now(UTC) - timedelta(days=8)
    assert forgetting.run() == Forgotten(done=0, waiting=0)
    work_tools.voices.drop_kept(job.id)
    assert forgetting.run() == Forgotten(done=1, waiting=0)
    assert not any(cellar.iterdir())


def test_the_command_line_deletes_there_too_and_the_doctor_says_what_waits(  # noqa: PLR0917 - fixtures
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    settings: Settings,
    tools: CloneTools,
    recordings: Path,
    engines: Engines,
    cellar: Path,
) -> None:
    monkeypatch.setenv("VOICEWRIGHT_HOME", str(settings.home))
    assert settings.database_url is not None
    monkeypatch.setenv("DATABASE_URL", settings.database_url.get_secret_value())
    monkeypatch.setattr(LocalApplication, "engines", engines)
    for name in ("Ann", "Bob"):
        clone_voice(VoiceRequest(recordings, name, "en-us", {}), tools)

    assert run(LocalApplication(), ["voices", "delete", "Ann", "--purge", "--yes"]) == 0
    assert len(list(cellar.iterdir())) == 1
    cellar.rename(cellar.with_name("closed"))
    capsys.readouterr()
    assert run(LocalApplication(), ["voices", "delete", "Bob", "--purge", "--yes"]) == 0
    assert "1 deleted voice is still at its provider" in capsys.readouterr().err
    run(LocalApplication(), ["doctor"])
    told = capsys.readouterr().out
    assert "at cellar" in told
    assert "1 waiting to be deleted there" in told
    assert "The cellar is closed" in told
