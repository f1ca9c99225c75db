from __future__ import annotations

import errno
import os
import struct

import av
import numpy as np
import pytest
import soundfile

from voicewright.audio.decode import iter_blocks, open_audio, read_mono
from voicewright.audio.errors import (
    AudioError,
    AudioFileMissing,
    AudioFileUnreadable,
    DamagedAudio,
    EmptyAudioFile,
    NotARegularFile,
    NotAudio,
)
from voicewright.audio.mono import MonoStream

SNDFILE_KINDS = [
    ("wav", "PCM_U8"),
    ("wav", "PCM_16"),
    ("wav", "PCM_24"),
    ("wav", "PCM_32"),
    ("wav", "FLOAT"),
    ("wav", "DOUBLE"),
    ("wav", "ULAW"),
    ("flac", "PCM_16"),
    ("flac", "PCM_24"),
    ("ogg", "VORBIS"),
    ("ogg", "OPUS"),
    ("mp3", "MPEG_LAYER_III"),
    ("aiff", "PCM_16"),
    ("au", "PCM_16"),
    ("caf", "PCM_16"),
    ("w64", "PCM_16"),
]
AV_KINDS = [
    ("m4a", "ipod", "aac"),
    ("aac", "adts", "aac"),
    ("webm", "webm", "libopus"),
    ("mka", "matroska", "aac"),
    ("alac.m4a", "ipod", "alac"),
]


def write_av(path, container, codec, samples, rate_hz):
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate_hz)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(
            (samples * 32767).astype(np.int16)[None], format="s16", layout="mono"
        )
        frame.sample_rate = rate_hz
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def level_at(samples, frequency_hz, rate_hz):
    """Amplitude of one frequency in the middle of a sound."""
    middle = samples[len(samples) // 4 : -len(samples) // 4]
    turn = np.exp(-2j * np.pi * frequency_hz * np.arange(len(middle)) / rate_hz)
    return 2 * abs((middle * turn).mean())


@pytest.mark.parametrize(("container", "subtype"), SNDFILE_KINDS)
def test_a_tone_survives_every_format_of_libsndfile(tmp_path, sine, container, subtype):
    rate = 48_000
    path = tmp_path / f"tone.{container}"
    soundfile.write(path, sine(440, 1, rate), rate, subtype, format=container.upper())
    found = read_mono(path, 22_050)
    assert abs(len(found) / 22_050 - 1) < 0.08
    assert level_at(found, 440, 22_050) == pytest.approx(0.5, rel=0.05)
    with open_audio(path) as reader:
        list(reader.blocks())
        assert reader.problem is None
        assert reader.info.lossy == (subtype in {"VORBIS", "OPUS", "MPEG_LAYER_III"})
        assert reader.info.coarse == (subtype in {"PCM_U8", "ULAW"})


@pytest.mark.parametrize(("extension", "container", "codec"), AV_KINDS)
def test_a_tone_survives_every_format_of_ffmpeg(tmp_path, sine, extension, container, codec):
    path = tmp_path / f"tone.{extension}"
    write_av(path, container, codec, sine(440, 1, 48_000), 48_000)
    found = read_mono(path, 22_050)
    assert abs(len(found) / 22_050 - 1) < 0.08
    assert level_at(found, 440, 22_050) == pytest.approx(0.5, rel=0.1)
    with open_audio(path) as reader:
        list(reader.blocks())
        assert reader.problem is None
        assert reader.info.lossy == (codec not in {"flac", "alac"})


@pytest.mark.parametrize("rate", [8_000, 11_025, 12_345, 44_100, 96_000, 192_000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_every_rate_and_number_of_channels_becomes_mono_22050(tmp_path, sine, rate, channels):
    path = tmp_path / "x.wav"
    soundfile.write(path, np.tile(sine(440, 0.5, rate)[:, None], channels), rate, "FLOAT")
    found = read_mono(path, 22_050)
    assert found.ndim == 1
    assert found.dtype == np.float32
    assert abs(len(found) - 11_025) <= 1
    assert level_at(found, 440, 22_050) == pytest.approx(0.5, rel=0.02)


def test_the_content_decides_and_not_the_name(tmp_path, sine):
    path = tmp_path / "really_mp3.wav"
    soundfile.write(path, sine(440, 1), 22_050, format="MP3")
    with open_audio(path) as reader:
        assert reader.info.container == "mp3"
    path = tmp_path / "really_mp4.mp3"
    write_av(path, "ipod", "aac", sine(440, 1), 22_050)
    with open_audio(path) as reader:
        assert reader.info.container == "mp4"


def test_raw_extension_does_not_make_a_wav_raw(tmp_path, sine):
    path = tmp_path / "x.raw"
    soundfile.write(path, sine(440, 1), 22_050, format="WAV")
    assert len(read_mono(path, 22_050)) == 22_050


def test_blocks_are_bounded(tmp_path, sine):
    path = tmp_path / "x.wav"
    soundfile.write(path, np.tile(sine(440, 5, 96_000)[:, None], 2), 96_000)
    sizes = [(block.size, rate) for block, rate in iter_blocks(path)]
    assert len(sizes) > 2
    assert all(size <= 262_144 and rate == 96_000 for size, rate in sizes)


def test_reading_stops_at_the_limit(tmp_path, sine):
    path = tmp_path / "x.wav"
    soundfile.write(path, sine(440, 3), 22_050)
    assert len(read_mono(path, 16_000, max_s=0.5)) == 8_000


def test_text_with_an_audio_name_is_refused_by_name(tmp_path):
    path = tmp_path / "song.wav"
    path.write_text("this is a shopping list\n" * 50)
    with pytest.raises(NotAudio, match=r"song\.wav"):
        open_audio(path)


def test_a_playlist_can_not_reach_other_files(tmp_path, sine):
    inner = tmp_path / "secret.wav"
    soundfile.write(inner, sine(440, 1), 22_050)
    for name, text in (
        ("x.mp3", f"ffconcat version 1.0\nfile '{inner}'\n"),
        ("y.mp3", f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{inner}\n#EXT-X-ENDLIST\n"),
    ):
        path = tmp_path / name
        path.write_text(text)
        with pytest.raises(NotAudio):
            open_audio(path)


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(AudioFileMissing, match=r"nothing\.wav"):
        open_audio(tmp_path / "nothing.wav")
    with pytest.raises(NotARegularFile, match="folder"):
        open_audio(tmp_path)
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(NotARegularFile, match="pipe"):
        open_audio(tmp_path / "pipe.wav")


def test_empty_files_are_refused(tmp_path):
    (tmp_path / "zero.wav").touch()
    with pytest.raises(EmptyAudioFile):
        open_audio(tmp_path / "zero.wav")
    soundfile.write(tmp_path / "header.wav", np.zeros(0, np.float32), 22_050)
    with pytest.raises(EmptyAudioFile), open_audio(tmp_path / "header.wav") as reader:
        list(reader.blocks())


@pytest.mark.parametrize("kind", ["wav", "flac", "mp3", "ogg"])
def test_a_file_that_is_cut_off_gives_what_is_there_and_says_so(tmp_path, noise, kind):
    path = tmp_path / f"x.{kind}"
    soundfile.write(path, noise(4), 22_050)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with open_audio(path) as reader:
        seconds = sum(len(block) for block in reader.blocks()) / reader.info.sample_rate_hz
        problem = reader.problem
    assert 1 < seconds < 3
    # Ogg says nowhere how long it should be.
    assert problem is not None or kind == "ogg"


def test_an_mp4_without_its_index_is_damaged(tmp_path, sine):
    path = tmp_path / "x.m4a"
    write_av(path, "ipod", "aac", sine(440, 2), 22_050)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(DamagedAudio, match=r"x\.m4a"):
        open_audio(path)


def test_an_absurd_header_is_damaged(tmp_path, sine):
    path = tmp_path / "x.wav"
    soundfile.write(path, sine(440, 0.1), 22_050)
    data = bytearray(path.read_bytes())
    data[24:28] = struct.pack("<I", 3)
    path.write_bytes(data)
    with pytest.raises(DamagedAudio, match="3 Hz"):
        open_audio(path)


def test_numbers_that_are_none_become_silence_and_are_counted(tmp_path, sine):
    samples = sine(440, 1)
    samples[100:110] = np.nan
    samples[200] = np.inf
    path = tmp_path / "x.wav"
    soundfile.write(path, samples, 22_050, "FLOAT")
    with open_audio(path) as reader:
        stream = MonoStream(reader, 22_050)
        found = np.concatenate(list(stream))
    assert np.isfinite(found).all()
    assert stream.invalid_samples == 11
    assert found[105] == 0


@pytest.mark.parametrize("kind", ["wav", "flac", "mp3", "ogg", "m4a", "webm"])
def test_damaged_bytes_never_raise_anything_but_audio_errors(tmp_path, noise, kind):
    whole = tmp_path / f"whole.{kind}"
    if kind in {"m4a", "webm"}:
        write_av(
            whole, *{"m4a": ("ipod", "aac"), "webm": ("webm", "libopus")}[kind], noise(1, 48_000), 48_000
        )
    else:
        soundfile.write(whole, noise(1), 22_050)
    data = whole.read_bytes()
    generator = np.random.default_rng(1)
    path = tmp_path / f"x.{kind}"
    for _ in range(25):
        broken = bytearray(data)
        for _ in range(int(generator.integers(1, 30))):
            broken[int(generator.integers(len(broken)))] = int(generator.integers(256))
        path.write_bytes(broken[: int(generator.integers(1, len(broken)))])
        try:
            read_mono(path, 16_000)
        except AudioError as error:
            assert str(path) in error.message  # noqa: PT017 - either way is right, a traceback is not


def test_a_file_that_may_not_be_read_is_refused_in_words(tmp_path, sine, monkeypatch):
    path = tmp_path / "x.wav"
    soundfile.write(path, sine(440, 0.1), 22_050)

    def forbidden(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", forbidden)
    with pytest.raises(AudioFileUnreadable, match="Permission denied"):
        open_audio(path)
