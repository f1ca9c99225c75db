"""Several processes and threads that change the registry at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from voicewright.voices import artefacts, files
from voicewright.voices.errors import VoiceNotFound
from voicewright.voices.schemas import LOCAL_USER_ID

REGISTER = """
import sys
from pathlib import Path
from voicewright.db.server import Database
from voicewright.settings import Settings
from voicewright.voices.service import NewVoice, VoiceService
settings = Settings(home=sys.argv[1], database_url=sys.argv[2])
with Database.open(settings) as database:
    voices = VoiceService.open(settings, database)
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(5):
        print(voices.register(NewVoice(name="My voice", engine="tone", engine_version="1", language="en",
              artefact_dir=Path(sys.argv[3]), speech_s=1, train_s=1, evaluation={"overall": 0.9})).version)
"""


@pytest.mark.slow
def test_processes_that_register_one_name_at_once_get_versions_without_gaps(
    voices, new_voice, settings, start_python
):
    artefact = new_voice().artefact_dir
    url = settings.database_url.get_secret_value()
    programs = [start_python(REGISTER, settings.home, url, artefact) for _ in range(3)]
    for program in programs:
        assert program.stdout.readline() == "ready\n"
    for program in programs:
        program.stdin.write("go\n")
        program.stdin.flush()
    versions = []
    for program in programs:
        out, errors = program.communicate(timeout=60)
        assert errors == ""
        versions += [int(line) for line in out.split()]
    assert sorted(versions) == list(range(1, 16))
    listed = voices.list_voices()
    assert [voice.version for voice in listed] == list(range(15, 0, -1))
    assert len({voice.lineage_id for voice in listed}) == 1
    assert sum(voice.is_active for voice in listed) == 1


def test_a_voice_registered_while_its_twin_is_deleted_keeps_its_files(voices, new_voice):
    """Equal files are stored once: the deletion must see that somebody is about to need them."""
    for round_number in range(10):
        twin = voices.register(new_voice(f"twin {round_number}", content="same"))
        fresh = new_voice(f"fresh {round_number}", content="same")
        with ThreadPoolExecutor(2) as pool:
            deleted = pool.submit(voices.delete, twin.id)
            registered = pool.submit(voices.register, fresh)
            deleted.result()
        voice = registered.result()
        voices._cache.forget(voices.vault.of(LOCAL_USER_ID), voice.artefact_digest)
        assert voices.materialise(voice).is_dir()
        voices.delete(voice.id, purge=True)


def test_a_deletion_does_not_wait_long_for_a_writer_and_is_completed_later(
    voices, new_voice, monkeypatch, tmp_path
):
    monkeypatch.setattr(files, "_COLLECT_WAIT_S", 0.1)
    blobs = voices.vault.of(LOCAL_USER_ID)
    (tmp_path / "clip.wav").write_bytes(b"sound")
    old = voices.register(new_voice("Old", references=[tmp_path / "clip.wav"]))
    unpacked = voices.materialise(old)
    writing, go_on = threading.Event(), threading.Event()
    put_tree = artefacts.put_tree

    def slow_put(*arguments):
        writing.set()
        assert go_on.wait(30)
        return put_tree(*arguments)

    monkeypatch.setattr(artefacts, "put_tree", slow_put)
    with ThreadPoolExecutor(1) as pool:
        registered = pool.submit(voices.register, new_voice("New"))
        assert writing.wait(30)
        voices.delete("Old", purge=True)
        with pytest.raises(VoiceNotFound):
            voices.get("Old")
        assert len(list(blobs.digests())) == 5
        go_on.set()
        registered.result()
    monkeypatch.undo()
    voices.delete("New", purge=True)
    assert list(blobs.digests()) == []
    assert not unpacked.exists()


def test_threads_that_activate_at_once_leave_one_active_voice(voices, new_voice):
    names = [voices.register(new_voice(f"Voice {number}")).name for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(voices.activate, names * 3))
    assert sum(voice.is_active for voice in voices.list_voices()) == 1


def test_threads_that_unpack_one_voice_at_once_share_one_copy(voices, new_voice):
    voice = voices.register(new_voice())
    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(lambda _: voices.materialise(voice), range(12)))) == 1
