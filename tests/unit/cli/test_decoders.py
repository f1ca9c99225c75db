"""What the MP3 decoder writes by itself, kept away from standard error."""

from __future__ import annotations

import os

import numpy as np
import pytest
import soundfile

from voicewright.audio.decode import read_mono
from voicewright.audio.errors import DamagedAudio
from voicewright.cli.decoders import quiet_decoders


def test_the_chatter_of_a_decoder_is_dropped_and_nothing_else(tmp_path, capfd):
    path = tmp_path / "cut.mp3"
    noise = 0.2 * np.random.default_rng(0).standard_normal(5 * 22050)
    soundfile.write(path, noise.astype(np.float32), 22050)
    whole = path.read_bytes()
    path.write_bytes(whole[:2000] + whole[5000:])
    read_mono(path, 16000)
    assert "Trying to resync" in capfd.readouterr().err  # or this is not needed any more
    with quiet_decoders():
        os.write(2, b"[src/libmpg123/layer3.c:INT123_do_layer3():1804] error: too large\nsomething else\n")
        read_mono(path, 16000)
    assert capfd.readouterr().err == "something else\n"
    os.write(2, b"later\n")
    assert capfd.readouterr().err == "later\n"
    with pytest.raises(DamagedAudio), quiet_decoders():
        raise DamagedAudio("what went wrong is told")
    os.write(2, b"also then\n")
    assert capfd.readouterr().err == "also then\n"
