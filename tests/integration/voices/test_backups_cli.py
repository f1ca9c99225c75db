"""`voicewright voices export`, `import`, `backup`, `backups` and `restore`."""

from __future__ import annotations

import json
import os
import shutil
import uuid
import zipfile
from contextlib import contextmanager

import pytest

from voicewright.bootstrap import LocalApplication
from voicewright.cli import voices_copies
from voicewright.cli.app import run
from voicewright.storage.user_keys import PLATFORM_ID
from voicewright.voices.schemas import LOCAL_USER_ID

ANN = "ann@example.com"


@pytest.fixture
def voicewright(monkeypatch, settings, capsys, tone_plugin):
    """Run a command in this process; gives its status and the JSON, or the words, that it answers with."""
    monkeypatch.setenv("VOICEWRIGHT_HOME", str(settings.home))
    monkeypatch.setenv("DATABASE_URL", settings.database_url.get_secret_value())
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tone_plugin), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.syspath_prepend(tone_plugin)

    def command(*arguments, as_json=True):
        capsys.readouterr()
        status = run(LocalApplication(), [*map(str, arguments), *(["--json"] if as_json else [])])
        out = capsys.readouterr().out
        return status, json.loads(out) if as_json else out

    return command


def test_a_voice_goes_into_a_file_and_out_of_it(voicewright, voices, whole_voice, tmp_path):
    voice, out = voices.register(whole_voice()), tmp_path / "ann.zip"
    out.write_bytes(b"what was there")
    status, told = voicewright("voices", "export", "Ann", "--out", out)
    assert (status, told["voice_id"], told["bytes"]) == (0, str(voice.id), out.stat().st_size)
    assert told["files"] == len(zipfile.ZipFile(out).namelist()) - 1
    _, words = voicewright("voices", "export", "Ann", "--out", out, "--no-recordings", as_json=False)
    assert words.startswith(f"'Ann', version 1: {out}, 0.0 MB.")
    assert [path.name for path in tmp_path.glob("*ann*")] == ["ann.zip"]
    voicewright("users", "add", ANN)
    status, taken = voicewright("voices", "import", out, "--owner", ANN, "--name", "Bob")
    assert (status, taken["name"], taken["version"], taken["active"]) == (0, "Bob", 1, True)
    _, words = voicewright("voices", "import", out, as_json=False)
    assert words == "'Ann', version 2, is registered.\n"
    assert voicewright("voices", "import", tmp_path / "none.zip")[1]["code"] == "VOICE_ARCHIVE_NOT_FOUND"
    out.write_bytes(out.read_bytes()[:-100])
    assert voicewright("voices", "import", out)[1]["code"] == "ARCHIVE_UNREADABLE"
    assert voicewright("voices", "export", "Ann", "--out", tmp_path / "a" / "b.zip")[0] != 0
    assert not list((voices.vault.notes_dir.parents[1] / "work").glob("import-*"))


@pytest.mark.slow
def test_voices_are_backed_up_listed_and_restored(voicewright, voices, whole_voice):
    assert voicewright("voices", "restore")[1]["code"] == "BACKUP_NOT_FOUND"
    assert voicewright("voices", "backups", as_json=False)[1].startswith("No backups yet.")
    voice = voices.register(whole_voice())
    status, made = voicewright("voices", "backup")
    assert (status, made["models"], made["left_out"]) == (0, 1, [])
    assert made["new_bytes"] == made["bytes"] > 0
    assert "voices: 1, new: 0.0 MB" in voicewright("voices", "backup", as_json=False)[1]
    listed = voicewright("voices", "backups")[1]["backups"]
    assert made["path"] in [each["path"] for each in listed]
    assert made["path"] in voicewright("voices", "backups", as_json=False)[1]

    voices.delete(voice.id, purge=True)
    status, done = voicewright("voices", "restore", made["path"], "--activate")
    assert (status, done["restored"], done["active"]) == (0, [str(voice.id)], str(voice.id))
    words = voicewright("voices", "restore", as_json=False)[1]
    assert words.startswith("Left as they are: 1 (--overwrite")
    words = voicewright("voices", "restore", "--overwrite", as_json=False)[1]
    assert words == "'Ann', version 1, is as it was.\n'Ann', version 1, is the active voice.\n"
    voices.delete(voice.id, purge=True)
    assert "'Ann', version 1, is there again." in voicewright("voices", "restore", as_json=False)[1]
    assert voicewright("voices", "restore", "/etc/passwd")[1]["code"] == "BACKUP_PATH_REFUSED"

    voices.vault.of(voice.owner_id).delete(voice.artefact_digest)
    assert (
        f"left out, as files of it are missing or damaged: {voice.id}"
        in (voicewright("voices", "backup", as_json=False)[1])
    )
    first, second = (each["path"] for each in listed)
    assert voicewright("voices", "backups", "--delete", first)[1] == {"deleted": first}
    words = voicewright("voices", "backups", "--delete", second, as_json=False)[1]
    assert words == f"{second} is deleted.\n"


def test_after_a_total_loss_the_store_and_the_master_key_bring_a_user_back(  # noqa: PLR0917 - fixtures
    voicewright, voices, whole_voice, settings, monkeypatch, another_database_url
):
    user_id = voicewright("users", "add", ANN)[1]["user"]["id"]
    voice = voices.of(uuid.UUID(user_id)).register(whole_voice())
    made = voicewright("voices", "backup", "--owner", ANN)[1]["path"]
    for path in settings.home.iterdir():
        if path.name not in {"blobs", "keys"}:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in (settings.home / "blobs").iterdir():
        if path.name != "backups":
            shutil.rmtree(path)
    monkeypatch.setenv("DATABASE_URL", another_database_url)
    (folder,) = (path.name for path in (settings.home / "blobs" / "backups").iterdir())
    assert folder == user_id

    status, added = voicewright("users", "add", ANN, "--id", folder)
    assert (status, added["user"]["id"]) == (0, user_id)
    status, done = voicewright("voices", "restore", "--owner", ANN, "--activate")
    assert (status, done["path"]) == (0, made)
    assert (done["restored"], done["active"]) == ([str(voice.id)], str(voice.id))
    assert voicewright("voices", "backup", "--owner", ANN)[1]["left_out"] == []
    _, words = voicewright("users", "delete", ANN, "--yes", as_json=False)
    assert words.startswith(f"Deleted {ANN} with 0.0 MB of recordings and voices (voices: 1, ")
    assert "backups: 2)." in words


def test_the_id_of_another_account_or_a_deleted_one_is_refused(voicewright):
    ann = voicewright("users", "add", ANN)[1]["user"]["id"]
    reserved = ("00000000-0000-0000-0000-000000000000", str(LOCAL_USER_ID), str(PLATFORM_ID))
    for taken in (ann, *reserved):
        assert voicewright("users", "add", "bob@example.com", "--id", taken)[1]["code"] == "USER_ID_TAKEN"
    assert voicewright("users", "add", ANN, "--id", str(uuid.uuid4()))[1]["code"] == "EMAIL_TAKEN"
    voicewright("users", "delete", ANN, "--yes")
    assert voicewright("users", "add", ANN, "--id", ann)[1]["code"] == "USER_ID_TAKEN"


def test_copies_tell_how_far_they_are(voicewright, voices, whole_voice, tmp_path, monkeypatch):
    seen = {}

    @contextmanager
    def drawn():
        yield lambda progress: seen.setdefault(progress.stage, []).append(progress.fraction)

    monkeypatch.setattr(voices_copies, "progress_bar", drawn)
    voices.register(whole_voice())
    out = tmp_path / "ann.zip"
    voicewright("voices", "backup")
    voicewright("voices", "restore", "--overwrite")
    voicewright("voices", "export", "Ann", "--out", out)
    voicewright("voices", "import", out)
    assert list(seen) == ["backing up", "restoring", "exporting", "importing"]
    for stage in ("backing up", "restoring", "exporting"):
        assert seen[stage] == sorted(seen[stage])
        assert len(seen[stage]) > 1
        assert seen[stage][-1] > 0.8
