from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicewright.audio.codecs import to_pcm16
from voicewright.audio.decode import open_audio, read_mono
from voicewright.audio.encode import format_of, write_audio
from voicewright.audio.errors import AudioDiskFull, AudioFormatUnknown, AudioNotWritten
from voicewright.audio.mono import convert

FORMATS = {
    "wav": "wav",
    "flac": "flac",
    "mp3": "mp3",
    "opus": "ogg",
    "aac": "aac",
    "m4a": "mp4",
    "webm": "matroska",
}


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_can_be_read_back(tmp_path, sine, format_):
    path = tmp_path / "x.bin"
    tone = sine(440, 1)
    seconds = write_audio(path, np.array_split(tone, 7), 22_050, format_)
    assert seconds == 1.0
    with open_audio(path) as reader:
        assert reader.info.container == FORMATS[format_]
    found = read_mono(path, 22_050)
    assert abs(len(found) - 22_050) < 2_000
    assert np.abs(found[5_000:15_000]).max() == pytest.approx(0.5, abs=0.05)
    assert list(tmp_path.iterdir()) == [path]


def test_wav_is_exact_16_bit_mono(tmp_path, sine):
    path = tmp_path / "x.wav"
    tone = sine(440, 0.5)
    write_audio(path, [tone], 22_050, "wav", durable=False)
    info = soundfile.info(path)
    assert (info.samplerate, info.channels, info.subtype) == (22_050, 1, "PCM_16")
    assert (soundfile.read(path, dtype="int16")[0] == to_pcm16(tone)).all()


def test_what_passes_full_scale_is_limited_and_does_not_wrap():
    assert to_pcm16(np.array([2.0, -2.0, 0.0], np.float32)).tolist() == [32767, -32768, 0]


def test_nothing_is_left_of_a_failed_write(tmp_path, sine):
    path = tmp_path / "x.wav"
    write_audio(path, [sine(440, 0.1)], 22_050, "wav")
    before = path.read_bytes()

    def failing():
        yield sine(440, 0.1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_audio(path, failing(), 22_050, "wav")
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_said_in_words(tmp_path, sine, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("voicewright.audio.encode.os.fsync", full)
    with pytest.raises(AudioDiskFull, match="disk is full"):
        write_audio(tmp_path / "x.wav", [sine(440, 0.1)], 22_050, "wav")
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_said_in_words(tmp_path, sine):
    with pytest.raises(AudioNotWritten, match="no/x"):
        write_audio(tmp_path / "no" / "x.wav", [sine(440, 0.1)], 22_050, "wav")


def test_unknown_formats_are_refused(tmp_path):
    assert format_of(Path("a/B.OPUS")) == "opus"
    with pytest.raises(AudioFormatUnknown, match=r"\.xyz"):
        format_of(Path("a.xyz"))
    with pytest.raises(AudioFormatUnknown, match="offered"):
        write_audio(tmp_path / "x", [], 22_050, "xyz")


def test_conversion_is_what_ffmpeg_would_do(tmp_path, sine):
    soundfile.write(tmp_path / "in.flac", np.tile(sine(440, 1, 44_100)[:, None], 2), 44_100)
    convert(tmp_path / "in.flac", tmp_path / "out.wav")
    info = soundfile.info(tmp_path / "out.wav")
    assert (info.samplerate, info.channels, info.frames) == (22_050, 1, 22_050)
