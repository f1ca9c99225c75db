"""When a voice in training speaks, and what becomes of what it says on the way to whoever listens."""

from __future__ import annotations

import wave
from pathlib import Path

from voicewright.engines.host.events import Spoken, from_wire
from voicewright.engines.messages import read_training_request, write_training_request
from voicewright.engines.port import Rehearsal, TrainingRequest
from voicewright.engines.rehearsing import rehearsal_epochs, write_rehearsal


def test_each_pause_is_twice_as_long_as_the_one_before():
    assert sorted(rehearsal_epochs(40)) == [2, 5, 10, 20, 40]
    assert sorted(rehearsal_epochs(1000)) == [62, 125, 250, 500, 1000]
    assert sorted(rehearsal_epochs(3)) == [1, 3]
    assert sorted(rehearsal_epochs(1)) == [1]


def test_what_was_said_is_a_wave_file(tmp_path):
    path = write_rehearsal(tmp_path, 5, b"\x01\x00" * 22_050, 22_050)
    with wave.open(str(path), "rb") as file:
        assert (file.getframerate(), file.getnframes(), file.getsampwidth()) == (22_050, 22_050, 2)


def test_the_wish_and_what_was_said_cross_to_the_other_process(tmp_path):
    request = TrainingRequest((), "en-us", {}, tmp_path, rehearsal=Rehearsal("A boat.", tmp_path))
    assert read_training_request(write_training_request(request)) == request
    frame = {"event": "spoken", "path": "/a/5.wav", "text": "A boat.", "step": 5}
    assert from_wire(frame) == Spoken(Path("/a/5.wav"), "A boat.", 5)
