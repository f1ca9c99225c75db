from __future__ import annotations

import io
import struct
import wave

import av
import numpy as np
import pytest
import soundfile

from voicewright.audio.codecs import MEDIA_TYPES
from voicewright.audio.decode import read_mono
from voicewright.audio.encode import write_audio
from voicewright.audio.streaming import EncodedStream

RATE_HZ = 22_050
BLOCK = RATE_HZ // 10
FORMATS = sorted(MEDIA_TYPES)


def decoded(data, format_, rate_hz):
    """What a player hears, at the rate that the bytes say; PCM says none."""
    if format_ == "pcm":
        return np.frombuffer(data, "<i2") / 32768, rate_hz
    with av.open(io.BytesIO(data)) as container:
        frames = list(container.decode(audio=0))
    samples = np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]).astype(np.float64)
    whole = frames[0].format.name.startswith("s16")
    return samples / (32768 if whole else 1), frames[0].sample_rate


@pytest.mark.parametrize("target_hz", [None, 24_000])
@pytest.mark.parametrize("format_", FORMATS)
def test_what_was_encoded_is_heard(sine, format_, target_hz):
    tone = sine(440, 2, RATE_HZ)
    stream = EncodedStream(np.array_split(tone, 21), RATE_HZ, format_, target_rate_hz=target_hz)
    pieces = list(stream)
    assert all(pieces)
    heard, rate_hz = decoded(b"".join(pieces), format_, stream.sample_rate_hz)
    # Opus decodes to 48 kHz whatever came in
    assert rate_hz == (48_000 if format_ in {"opus", "webm"} else target_hz or RATE_HZ)
    assert len(heard) / rate_hz == pytest.approx(2, abs=0.11)
    middle = heard[rate_hz // 2 : rate_hz * 3 // 2]
    # LAME makes all a little quieter, so that nothing passes full scale
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.06)
    strongest = np.argmax(np.abs(np.fft.rfft(middle))) * rate_hz / len(middle)
    assert strongest == pytest.approx(440, abs=2)


@pytest.mark.parametrize("rate_hz", [16_000, 24_000, 48_000])
@pytest.mark.parametrize("format_", FORMATS)
def test_nothing_clicks_where_a_sound_begins_and_ends(sine, tmp_path, format_, rate_hz):
    """A hum that is faded in and out as pieces of speech are: as loud and as long as it was."""
    ramp = np.linspace(0, 1, rate_hz * 3 // 1000, dtype=np.float32)
    hum = sine(180, 1.3, rate_hz)
    hum[: len(ramp)] *= ramp
    hum[-len(ramp) :] *= ramp[::-1]
    blocks = np.array_split(hum, 7)
    file = tmp_path / f"hum.{format_}"
    write_audio(file, blocks, rate_hz, format_)
    for data in (b"".join(EncodedStream(blocks, rate_hz, format_)), file.read_bytes()):
        heard, heard_hz = decoded(data, format_, rate_hz)
        loud = np.flatnonzero(np.abs(heard) > 0.05)
        assert (loud[-1] - loud[0]) / heard_hz == pytest.approx(1.3, abs=0.006)
        assert np.abs(heard).max() < 0.5 * 1.06
        steps = np.abs(np.diff(heard, prepend=0, append=0))
        assert steps.max() < 1.3 * 0.5 * 2 * np.pi * 180 / heard_hz


@pytest.mark.parametrize("format_", FORMATS)
def test_bytes_leave_while_the_sound_is_made(sine, format_):
    made = 0

    def blocks():
        nonlocal made
        for block in np.array_split(sine(440, 2, RATE_HZ), 20):
            made += 1
            yield block

    heard_after = {}
    total = 0
    for piece in EncodedStream(blocks(), RATE_HZ, format_):
        total += len(piece)
        heard_after[made] = total
    assert min(heard_after) <= 2
    assert len(heard_after) >= 15, "it comes as it is made"
    slowest = max(b - a for a, b in zip(sorted(heard_after), sorted(heard_after)[1:], strict=False))
    assert slowest <= 2, "never more than 0.2 s are held back"


def test_a_wav_without_an_end_is_as_others_send_it(sine):
    data = b"".join(EncodedStream([sine(440, 0.5, RATE_HZ)], RATE_HZ, "wav", target_rate_hz=24_000))
    assert struct.unpack("<4sI4s", data[:12]) == (b"RIFF", 0xFFFFFFFF, b"WAVE")
    assert data[36:44] == b"data\xff\xff\xff\xff"
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24_000, 1, 2)
        assert len(file.readframes(1 << 20)) == 2 * 12_000


def test_a_file_and_a_stream_hold_the_same(tmp_path, sine):
    tone = sine(440, 1, RATE_HZ)
    write_audio(tmp_path / "x.pcm", [tone], RATE_HZ, "pcm")
    assert (tmp_path / "x.pcm").read_bytes() == b"".join(EncodedStream([tone], RATE_HZ, "pcm"))


@pytest.mark.parametrize("format_", FORMATS)
def test_a_stream_that_was_kept_is_a_whole_file(tmp_path, sine, format_):
    stream = EncodedStream(np.array_split(sine(440, 1, RATE_HZ), 7), RATE_HZ, format_)
    path = tmp_path / "x.bin"
    path.write_bytes(b"".join(stream))
    stream.complete(path)
    if format_ in {"wav", "flac"}:
        info = soundfile.info(path)
        assert (info.frames, info.samplerate, info.subtype) == (RATE_HZ, RATE_HZ, "PCM_16")
        assert np.abs(soundfile.read(path)[0] - sine(440, 1, RATE_HZ)).max() < 1e-4
    elif format_ != "pcm":
        assert len(read_mono(path, RATE_HZ)) == pytest.approx(RATE_HZ, abs=3000)


@pytest.mark.parametrize("format_", FORMATS)
def test_what_the_speech_ends_with_comes_out(sine, format_):
    def broken():
        yield sine(440, 0.3, RATE_HZ)
        raise RuntimeError("the engine died")

    with pytest.raises(RuntimeError, match="the engine died"):
        list(EncodedStream(broken(), RATE_HZ, format_))


@pytest.mark.parametrize("format_", FORMATS)
def test_who_stops_listening_closes_the_sound(sine, format_):
    closed = []

    def blocks():
        try:
            while True:
                yield sine(440, 0.3, RATE_HZ)
        finally:
            closed.append(True)

    source = blocks()
    pieces = iter(EncodedStream(source, RATE_HZ, format_))
    next(pieces)
    pieces.close()
    source.close()
    assert closed == [True]
