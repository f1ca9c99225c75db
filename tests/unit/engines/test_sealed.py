from __future__ import annotations

import json

import pytest

from voicewright.engines.errors import ArtefactInvalid
from voicewright.engines.sealed import NUMBERS, read_sealed, write_sealed
from voicewright.engines.voice_note import VOICE


@pytest.fixture
def voice(tmp_path):
    write_sealed(tmp_path, b"numbers", {"language": "en-us", "about": "né"}, engine="mine", version=2)
    return tmp_path


def test_a_voice_is_read_as_it_was_written(voice):
    description, numbers = read_sealed(voice, engine="mine", version=2)
    assert numbers == b"numbers"
    assert description["language"] == "en-us"
    assert description["about"] == "né"


@pytest.mark.parametrize(
    ("engine", "version", "said"),
    [("yours", 2, "not a voice of the engine yours"), ("mine", 3, "format version 2.*reads 3")],
)
def test_another_engine_and_another_version_are_told(voice, engine, version, said):
    with pytest.raises(ArtefactInvalid, match=said):
        read_sealed(voice, engine=engine, version=version)


@pytest.mark.parametrize("name", [NUMBERS, VOICE])
def test_a_missing_a_cut_and_a_changed_file_are_told(voice, name):
    whole = (voice / name).read_bytes()
    for content in (whole[: len(whole) // 2], whole.replace(b"e", b"a", 1), None):
        if content is None:
            (voice / name).unlink()
        else:
            (voice / name).write_bytes(content)
        with pytest.raises(ArtefactInvalid):
            read_sealed(voice, engine="mine", version=2)


@pytest.mark.parametrize("content", ["[]", "null", "3", "[" * 100_000])
def test_json_of_another_form_is_told(voice, content):
    (voice / VOICE).write_text(content)
    with pytest.raises(ArtefactInvalid):
        read_sealed(voice, engine="mine", version=2)


def test_a_changed_description_is_told_though_its_numbers_are_whole(voice):
    description = json.loads((voice / VOICE).read_text("utf-8"))
    (voice / VOICE).write_text(json.dumps({**description, "language": "de"}))
    with pytest.raises(ArtefactInvalid, match=r"voice\.json is damaged"):
        read_sealed(voice, engine="mine", version=2)
