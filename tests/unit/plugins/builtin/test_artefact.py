from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from voicewright.engines.errors import ArtefactInvalid
from voicewright.plugins.builtin import artefact
from voicewright.plugins.builtin.artefact import DESCRIPTION, NUMBERS, load_voice, save_voice
from voicewright.plugins.builtin.tiling import BANK_FRAMES


def _said(voice):
    return np.concatenate(list(voice.speak("Hello there.", "en-us", 1.0, 0)))


def _reseal(voice_dir, description=None, tensors=None):
    """Change an artefact as somebody would who knows of the digests."""
    described = json.loads((voice_dir / DESCRIPTION).read_text("utf-8"))
    if tensors is not None:
        save_file(tensors, voice_dir / NUMBERS)
        described["sha256"] = artefact.hashlib.sha256((voice_dir / NUMBERS).read_bytes()).hexdigest()
    described |= description or {}
    described["description_sha256"] = artefact._digest(described)
    (voice_dir / DESCRIPTION).write_text(json.dumps(described), "utf-8")


def test_loaded_voice_speaks_like_the_saved_one(random_voice, voice_dir):
    loaded = load_voice(voice_dir)
    assert loaded.language == "en-us"
    assert loaded.phones.names == random_voice.phones.names
    np.testing.assert_array_equal(loaded.bank.real, random_voice.bank.real)
    np.testing.assert_allclose(_said(loaded), _said(random_voice), atol=1e-4)


def test_same_voice_makes_the_same_files(random_voice, voice_dir, tmp_path):
    again = tmp_path / "again"
    again.mkdir()
    save_voice(random_voice, again, {"speech_s": 12.0})
    for name in (NUMBERS, DESCRIPTION):
        assert (again / name).read_bytes() == (voice_dir / name).read_bytes()


def test_artefact_stays_under_ten_megabytes_however_much_was_said(make_random_voice, tmp_path):
    names = tuple(f"p{n}" for n in range(200))
    voice = make_random_voice(BANK_FRAMES, names)
    save_voice(voice, tmp_path, {})
    network_bytes = 2 * 2_000_000  # a real network has less than two million numbers of two bytes
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) + network_bytes < 10_000_000


@pytest.mark.parametrize("name", [NUMBERS, DESCRIPTION])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_file_that_ends_early_is_refused(voice_dir, name, share):
    content = (voice_dir / name).read_bytes()
    (voice_dir / name).write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ArtefactInvalid):
        load_voice(voice_dir)


@pytest.mark.parametrize("name", [NUMBERS, DESCRIPTION])
def test_any_flipped_bit_is_noticed(voice_dir, name):
    content = (voice_dir / name).read_bytes()
    meant = json.loads((voice_dir / DESCRIPTION).read_text("utf-8"))
    for place in np.linspace(0, len(content) - 1, 60).astype(int):
        damaged = bytearray(content)
        damaged[place] ^= 1 << (place % 8)
        (voice_dir / name).write_bytes(damaged)
        try:
            load_voice(voice_dir)
        except ArtefactInvalid:
            continue
        # white space may change; nothing that means anything may
        assert name == DESCRIPTION
        assert json.loads(damaged) == meant


@pytest.mark.parametrize("name", [NUMBERS, DESCRIPTION])
def test_missing_file_is_refused(voice_dir, name):
    (voice_dir / name).unlink()
    with pytest.raises(ArtefactInvalid, match="backup"):
        load_voice(voice_dir)


@pytest.mark.parametrize("content", ["[]", "null", "3", '"voice"', "", "{", "[" * 100_000, "{}", "\0"])
def test_description_that_is_none_is_refused(voice_dir, content):
    (voice_dir / DESCRIPTION).write_text(content, "utf-8")
    with pytest.raises(ArtefactInvalid):
        load_voice(voice_dir)


def test_binary_rubbish_is_refused(voice_dir):
    (voice_dir / DESCRIPTION).write_bytes(bytes(range(256)))
    with pytest.raises(ArtefactInvalid):
        load_voice(voice_dir)


def test_other_engines_voice_and_newer_version_are_told(voice_dir):
    _reseal(voice_dir, {"format_version": 99})
    with pytest.raises(ArtefactInvalid, match="99"):
        load_voice(voice_dir)
    _reseal(voice_dir, {"format": "somebody-elses"})
    with pytest.raises(ArtefactInvalid, match="not a voice"):
        load_voice(voice_dir)


@pytest.mark.parametrize(
    "change",
    [
        {"phones": None},
        {"phones": [[1], 2]},
        {"phones": ["a"]},
        {"channels": "many"},
        {"channels": -1},
        {"channels": 17},
        {"pause_frames": None},
    ],
)
def test_description_that_does_not_fit_the_numbers_is_refused(voice_dir, change):
    _reseal(voice_dir, change)
    with pytest.raises(ArtefactInvalid):
        load_voice(voice_dir)


@pytest.mark.parametrize("missing", ["language", "phones", "channels", "pause_frames"])
def test_description_without_a_key_is_refused(voice_dir, missing):
    described = json.loads((voice_dir / DESCRIPTION).read_text("utf-8"))
    del described[missing]
    described["description_sha256"] = artefact._digest(described)
    (voice_dir / DESCRIPTION).write_text(json.dumps(described), "utf-8")
    with pytest.raises(ArtefactInvalid):
        load_voice(voice_dir)


def test_numbers_of_any_other_shape_are_refused(voice_dir):
    tensors = load_file(voice_dir / NUMBERS)
    for name in tensors:
        changed = dict(tensors)
        changed[name] = torch.zeros((3, *tensors[name].shape), dtype=tensors[name].dtype)
        _reseal(voice_dir, tensors=changed)
        with pytest.raises(ArtefactInvalid):
            load_voice(voice_dir)
        del changed[name]
        _reseal(voice_dir, tensors=changed)
        with pytest.raises(ArtefactInvalid):
            load_voice(voice_dir)
