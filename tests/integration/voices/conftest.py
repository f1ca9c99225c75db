"""A registry of the test's own, and small artefacts to put in."""

from __future__ import annotations

import itertools

import pytest

from voicewright.voices.schemas import NewVoice
from voicewright.voices.service import VoiceService


@pytest.fixture
def voices(settings, database):
    return VoiceService.open(settings, database)


@pytest.fixture
def new_voice(tmp_path):
    """Makes voices to register; each has files of its own unless told otherwise."""
    numbers = itertools.count()

    def make(name="My voice", *, content=None, **fields):
        folder = tmp_path / f"artefact-{next(numbers)}"
        folder.mkdir()
        (folder / "voice.json").write_text('{"format": 1}')
        (folder / "model.safetensors").write_bytes((content or folder.name).encode() * 1000)
        values = {
            "engine": "tone",
            "engine_version": "1",
            "language": "en-US",
            "speech_s": 20.0,
            "train_s": 1.5,
        }
        return NewVoice(name=name, artefact_dir=folder, **{**values, **fields})

    return make
