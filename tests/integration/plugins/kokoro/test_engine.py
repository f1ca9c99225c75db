"""What Kokoro does beyond what every engine must: its voices, mixtures, stopping, and weights gone wrong."""

from __future__ import annotations

import os
import shutil
import threading
import time

import numpy as np
import pytest
from tests.integration.plugins.kokoro.conftest import STYLES, write_voices

from voicewright.engines.client import EngineClient
from voicewright.engines.errors import (
    Cancelled,
    LanguageUnsupported,
    OptionsInvalid,
    StockVoiceNotFound,
    TextUnspeakable,
    WeightsDamaged,
    WeightsMissing,
)
from voicewright.engines.host.context import HostContext
from voicewright.engines.host.frames import FrameWriter
from voicewright.engines.port import EngineSetup, SynthesisRequest
from voicewright.plugins.kokoro.engine import KokoroEngine
from voicewright.plugins.kokoro.plugin import ENGINE, MODEL, VOICES

SENTENCE = "The boat went slowly past the old stone bridge."
RATE_HZ = ENGINE.capabilities.sample_rate_hz


@pytest.fixture(scope="module")
def client(weights_dir):
    with EngineClient(ENGINE, setup=EngineSetup(weights_dir)) as client:
        yield client


@pytest.fixture(scope="module")
def heart(client, tmp_path_factory):
    folder = tmp_path_factory.mktemp("heart")
    client.write_stock_voice("af_heart", folder)
    return folder


@pytest.fixture
def context():
    nowhere = os.open(os.devnull, os.O_WRONLY)
    yield HostContext(1, FrameWriter(nowhere))
    os.close(nowhere)


def _say(client, voice_dir, text=SENTENCE, **manner):
    chunks = client.synthesize(SynthesisRequest(voice_dir, text, **manner))
    return np.frombuffer(b"".join(chunk.pcm for chunk in chunks), "<i2").astype(np.float32) / 32768


def _pitch_hz(wave):
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    return float(np.argmax(spectrum)) * RATE_HZ / len(wave)


def test_it_lists_the_voices_whose_languages_it_reads(client):
    voices = {voice.id: voice for voice in client.stock_voices()}
    assert set(voices) == set(STYLES) - {"jf_alpha"}
    assert voices["bf_emma"].title == "Emma (British English, woman)"
    assert voices["ef_dora"].languages == ("es",)


def test_a_mixture_lies_between_its_voices_and_stands_for_itself(client, heart, tmp_path):
    written = client.write_stock_voice("af_heart:3 + am_adam:1", tmp_path)
    assert written.id == "af_heart:0.75+am_adam:0.25"
    assert written.title == "Mixture of Heart 75% and Adam 25%"
    assert _pitch_hz(_say(client, heart)) == pytest.approx(220, rel=0.02)
    assert _pitch_hz(_say(client, tmp_path)) == pytest.approx(0.75 * 220 + 0.25 * 110, rel=0.02)


@pytest.mark.parametrize(
    ("wanted", "error", "said"),
    [
        ("af_hart", StockVoiceNotFound, "Did you mean af_heart"),
        ("adam", StockVoiceNotFound, "am_adam"),
        ("jf_alpha", StockVoiceNotFound, "Japanese, which can't be read"),
        ("", StockVoiceNotFound, "has no voice ''"),
        ("af_heart+nobody", StockVoiceNotFound, "'nobody'"),
        ("af_heart:0+am_adam", OptionsInvalid, "share of 'af_heart' is '0'"),
        ("af_heart:nan", OptionsInvalid, "positive number"),
        ("af_heart:much", OptionsInvalid, "'much'"),
        ("af_heart+af_heart", OptionsInvalid, "twice"),
        ("+".join(f"v{number}" for number in range(9)), OptionsInvalid, "at most 8"),
    ],
)
def test_a_voice_that_is_not_there_is_refused_with_advice(client, tmp_path, wanted, error, said):
    with pytest.raises(error, match=said):
        client.write_stock_voice(wanted, tmp_path)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("speed", [0.25, 0.4, 0.5, 1.5, 2.0, 3.0, 4.0])
def test_the_speed_is_kept_beyond_what_the_model_knows(client, heart, speed):
    usual, other = _say(client, heart), _say(client, heart, speed=speed)
    assert len(other) == pytest.approx(len(usual) / speed, rel=0.05)
    assert _pitch_hz(other) == pytest.approx(220, rel=0.02)


def test_a_long_sentence_comes_in_pieces_and_a_pause_between_sentences(client, heart):
    long = " and ".join(["the boat went slowly past the bridge"] * 30)
    assert len(list(client.synthesize(SynthesisRequest(heart, long)))) > 3
    one, two = _say(client, heart, "The boat."), _say(client, heart, "The boat. The boat.")
    assert len(two) - 2 * len(one) == pytest.approx(0.25 * RATE_HZ, abs=0.02 * RATE_HZ)


def test_every_language_that_it_declares_is_read(client, heart):
    texts = {
        "en-us": SENTENCE,
        "en-gb": SENTENCE,
        "es": "El barco pasó despacio.",
        "fr": "Le bateau passa lentement.",
        "hi": "नाव धीरे से गुज़री।",
        "it": "La barca passò lentamente.",
        "pt-br": "O barco passou devagar.",
    }
    assert set(texts) == set(ENGINE.capabilities.languages)
    for language, text in texts.items():
        assert len(_say(client, heart, text, language=language)) > RATE_HZ / 2
    with pytest.raises(LanguageUnsupported, match="en-us, en-gb, es"):
        _say(client, heart, "これはテストです", language="ja")
    with pytest.raises(TextUnspeakable):
        _say(client, heart, "… —")


def test_work_is_broken_off_within_a_sentence(slow_weights_dir, tmp_path):
    """The model would compute for ten seconds: the process survives only because that is stopped."""
    with EngineClient(ENGINE, setup=EngineSetup(slow_weights_dir), cancel_grace_s=20.0) as client:
        client.write_stock_voice("af_heart", tmp_path)
        client.load(tmp_path)
        host, cancel = client.pid, threading.Event()
        threading.Timer(0.5, cancel.set).start()
        began_s = time.monotonic()
        with pytest.raises(Cancelled):
            next(client.synthesize(SynthesisRequest(tmp_path, SENTENCE), cancel=cancel))
        print(f"stopped after {time.monotonic() - began_s - 0.5:.2f} s")
        assert client.pid == host


def test_a_voice_speaks_on_after_the_voices_file_changed(weights_dir, tmp_path, context):
    weights, voice = tmp_path / "weights", tmp_path / "voice"
    shutil.copytree(weights_dir, weights)
    voice.mkdir()
    KokoroEngine(EngineSetup(weights)).write_stock_voice("af_heart", voice, context)
    write_voices(weights / VOICES, {"am_other": 90.0})
    with EngineClient(ENGINE, setup=EngineSetup(weights)) as client:
        assert [each.id for each in client.stock_voices()] == ["am_other"]
        assert _pitch_hz(_say(client, voice)) == pytest.approx(220, rel=0.02)


@pytest.mark.parametrize("name", [MODEL, VOICES])
def test_missing_and_damaged_weights_are_told_by_name(weights_dir, tmp_path, heart, context, name):
    weights = tmp_path / "weights"
    shutil.copytree(weights_dir, weights)
    whole = (weights / name).read_bytes()
    for content in (whole[: len(whole) // 2], b"<html>not found</html>", b""):
        (weights / name).write_bytes(content)
        engine = KokoroEngine(EngineSetup(weights))
        with pytest.raises(WeightsDamaged, match=rf"{name}.*voicewright engines install kokoro"):
            engine.stock_voices(context) if name == VOICES else engine.load(heart)
    (weights / name).unlink()
    with (
        EngineClient(ENGINE, setup=EngineSetup(weights)) as client,
        pytest.raises(WeightsMissing, match=rf"{name}.*voicewright engines install kokoro"),
    ):
        client.start()


def test_a_voices_file_of_pickles_is_not_unpacked(weights_dir, tmp_path, context):
    weights = tmp_path / "weights"
    shutil.copytree(weights_dir, weights)
    with (weights / VOICES).open("wb") as file:
        np.savez(file, af_heart=np.array([object()], object))
    with pytest.raises(WeightsDamaged, match="allow_pickle=False"):
        KokoroEngine(EngineSetup(weights)).write_stock_voice("af_heart", tmp_path / "voice", context)
