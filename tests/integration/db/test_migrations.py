"""Migrations: the models and the steps agree, and the steps happen once."""

from __future__ import annotations

import subprocess
import sys
import zipfile

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from voicewright.accounts.models import User
from voicewright.audit.models import AuditEvent
from voicewright.db.base import Base
from voicewright.db.errors import DatabaseTooNew
from voicewright.db.migrate import alembic_config, current_revision
from voicewright.db.migrations import HEAD
from voicewright.db.server import Database
from voicewright.erasure.models import Erasure
from voicewright.listening.models import ListeningTest
from voicewright.monitoring.models import Alert, ErasedVoices
from voicewright.notifications.models import OutgoingMail
from voicewright.onboarding.models import OnboardingJob
from voicewright.privacy.models import Consent
from voicewright.provenance.models import ProvenanceKey, SpeechFingerprint
from voicewright.recordings.models import Dataset, Sample, SampleClip
from voicewright.speech.long.models import LongChunk, LongPart, LongSpeech
from voicewright.speech.models import CachedPiece, SpeechPreferences, Synthesis
from voicewright.training.models import TrainingJob
from voicewright.voices.cleanup.models import CleanupNotice, CleanupRun
from voicewright.voices.figures.models import VoiceRating, VoiceUse
from voicewright.voices.models import VoiceModel
from voicewright.voices.provided.models import ProviderVoice
from voicewright.voices.schemas import NewVoice
from voicewright.voices.service import VoiceService
from voicewright.voices.sharing.models import VoiceShare

OPEN = """
import sys
from voicewright.db.server import Database
print("ready", flush=True)
sys.stdin.readline()
Database.connect(sys.argv[1]).close()
print("alembic" in sys.modules)
"""


@pytest.fixture
def engine(database):
    return database.engine


def differences(connection):
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    return compare_metadata(context, Base.metadata)


def test_the_steps_make_exactly_the_tables_of_the_models(engine):
    models = {
        Synthesis,
        SpeechPreferences,
        CachedPiece,
        VoiceModel,
        TrainingJob,
        Dataset,
        Sample,
        SampleClip,
        Consent,
        User,
        VoiceShare,
        CleanupNotice,
        CleanupRun,
        VoiceUse,
        VoiceRating,
    }
    models |= {ProvenanceKey, SpeechFingerprint, LongSpeech, LongPart, LongChunk}
    models |= {ProviderVoice}
    models |= {AuditEvent, Alert, ErasedVoices, OutgoingMail, Erasure, OnboardingJob, ListeningTest}
    assert {model.__tablename__ for model in models} <= set(Base.metadata.tables)
    with engine.connect() as connection:
        assert differences(connection) == []
        assert checks_of(connection) == {
            c.name for t in Base.metadata.tables.values() for c in t.constraints if is_check(c)
        }


def is_check(constraint):
    return constraint.__visit_name__ in {
        "check_constraint",
        "column_check_constraint",
        "table_or_column_check_constraint",
    }


def checks_of(connection):
    """Alembic does not compare check constraints."""
    query = "SELECT conname FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
    return set(connection.scalars(text(query)))


def test_the_head_that_is_kept_in_the_code_is_the_last_step(engine):
    with engine.connect() as connection:
        script = ScriptDirectory.from_config(alembic_config(connection))
        assert script.get_heads() == [HEAD]
        assert current_revision(connection) == HEAD


def test_every_step_can_be_undone_and_done_again(engine):
    with engine.begin() as connection:
        command.downgrade(alembic_config(connection), "base")
        assert current_revision(connection) is None
        assert differences(connection) != []
        command.upgrade(alembic_config(connection), "head")
        assert differences(connection) == []


def test_voices_of_an_earlier_release_are_kept(engine, database, settings, tmp_path):
    (tmp_path / "voice.json").write_text("{}")
    new = NewVoice(
        name="Ann",
        engine="tone",
        engine_version="1",
        language="en",
        artefact_dir=tmp_path,
        speech_s=1.0,
        train_s=1.0,
    )
    voice = VoiceService.open(settings, database).register(new)
    with engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0001")
        command.upgrade(alembic_config(connection), "head")
    found = VoiceService.open(settings, database).get("Ann")
    assert (found.id, found.artefact_digest, found.spoken_digest) == (voice.id, voice.artefact_digest, None)


def test_programs_that_start_at_once_on_an_empty_database_migrate_it_once(empty_database_url, start_python):
    programs = [start_python(OPEN, empty_database_url) for _ in range(3)]
    for program in programs:
        assert program.stdout.readline() == "ready\n"
    for program in programs:
        program.stdin.write("go\n")
        program.stdin.flush()
    for program in programs:
        _, errors = program.communicate(timeout=60)
        assert program.returncode == 0, errors
    with Database.connect(empty_database_url) as database, database.engine.connect() as connection:
        assert connection.scalars(text("SELECT version_num FROM alembic_version")).all() == [HEAD]


def test_an_up_to_date_database_opens_without_alembic(database_url, start_python):
    out, errors = start_python(OPEN, database_url).communicate("go\n", timeout=60)
    assert out == "ready\nFalse\n", errors


def test_a_database_of_a_newer_release_is_refused_and_left_alone(database_url):
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseTooNew, match="9999"):
        Database.connect(database_url)
    with engine.connect() as connection:
        assert current_revision(connection) == "9999"
    engine.dispose()


@pytest.mark.slow
def test_the_steps_are_in_the_wheel(repository, tmp_path):
    source = tmp_path / "source"
    names = ["pyproject.toml", "src", "README.md", "LICENSE"]
    source.mkdir()
    subprocess.run(
        ["cp", "-r", *(repository / name for name in names if (repository / name).exists()), source],
        check=True,
    )
    command_line = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", tmp_path]
    done = subprocess.run([*command_line, source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    folder = repository / "src" / "voicewright" / "db" / "migrations"
    for path in (folder / "env.py", folder / "script.py.mako", *(folder / "versions").glob("*.py")):
        assert path.relative_to(repository / "src").as_posix() in inside
