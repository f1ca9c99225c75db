"""Chatterbox with small random networks: the suite that every engine must pass, and what it does beyond it.

One file, so that its environment is made once. The suite runs on the published weights as well, where
`VOICEWRIGHT_TEST_WEIGHTS` names a folder with a folder `chatterbox` of them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from safetensors.numpy import load_file
from tests.integration.plugins.chatterbox.conftest import STARVED

from voicewright.engines.client import EngineClient
from voicewright.engines.conformance import EngineConformance
from voicewright.engines.errors import (
    Cancelled,
    EngineOutOfMemory,
    LanguageUnsupported,
    OptionsInvalid,
    TooLittleSpeech,
    WeightsDamaged,
    WeightsMissing,
)
from voicewright.engines.host.events import LogLine
from voicewright.engines.port import EngineSetup, SynthesisRequest, TrainingRequest
from voicewright.plugins.chatterbox.plugin import ENGINE
from voicewright.plugins.chatterbox.weights import FILES

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicewright.engines.port import TrainingClip

pytestmark = [pytest.mark.slow, pytest.mark.environment, pytest.mark.xdist_group("chatterbox")]
SENTENCE = "The boat went slowly past the old stone bridge."


class _ChatterboxConformance(EngineConformance):
    engine_info = ENGINE
    descriptor = "voicewright.plugins.chatterbox.plugin:ENGINE"
    cancel_grace_s = 20.0  # a busy machine must not fail it; how soon it stops is tested below

    clips: tuple[TrainingClip, ...]
    make: Callable[[], EngineClient]

    def make_client(self) -> EngineClient:
        return type(self).make()

    def training_request(self, work_dir: Path) -> TrainingRequest:
        artefact_dir = work_dir / "artefact"
        artefact_dir.mkdir(parents=True)
        return TrainingRequest(self.clips, "en", {}, artefact_dir=artefact_dir)


class TestSmallChatterbox(_ChatterboxConformance):
    long_text = "The boat went slowly past the bridge. " * 4

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def _with_small_networks(cls, clips, make_client, weights) -> None:
        cls.clips = clips
        cls.make = staticmethod(lambda: make_client(weights))


@pytest.mark.weights
class TestPublishedChatterbox(_ChatterboxConformance):
    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def _with_published_networks(cls, clips, request) -> None:
        given = os.environ.get("VOICEWRIGHT_TEST_WEIGHTS")
        if not given or not (Path(given) / ENGINE.id / "multilingual" / "s3gen.pt").is_file():
            pytest.skip("VOICEWRIGHT_TEST_WEIGHTS names no folder with chatterbox/multilingual/s3gen.pt")
        setup = EngineSetup(Path(given) / ENGINE.id)
        python = request.getfixturevalue("python")
        cls.clips = clips
        cls.make = staticmethod(
            lambda: EngineClient(ENGINE, setup=setup, python=python, start_timeout_s=600, cancel_grace_s=20)
        )


@pytest.fixture(scope="module")
def client(make_client, weights):
    with make_client(weights, cancel_grace_s=1.0) as client:
        yield client


def _clone(client, clips, folder, language="en", **options):
    folder.mkdir(parents=True)
    client.clone(TrainingRequest(clips, language, options, artefact_dir=folder))
    return folder


def _say(client, voice_dir, text=SENTENCE, on_event=None, **manner):
    chunks = client.synthesize(SynthesisRequest(voice_dir, text, **manner), on_event)
    return np.frombuffer(b"".join(chunk.pcm for chunk in chunks), "<i2")


@pytest.fixture(scope="module")
def voice(client, clips, tmp_path_factory):
    return _clone(client, clips, tmp_path_factory.mktemp("voice") / "it", exaggeration=0.7)


def test_a_voice_is_what_the_model_is_told_of_the_speaker(voice):
    description = json.loads((voice / "voice.json").read_text("utf-8"))
    assert description["options"]["model"] == "multilingual"
    assert description["options"]["exaggeration"] == 0.7
    numbers = load_file(voice / "voice.safetensors")
    assert numbers["t3.speaker_emb"].shape == (1, 256)
    assert numbers["gen.prompt_token"].dtype == np.int64
    assert numbers["gen.prompt_feat"].shape[2] == 80


def test_the_same_seed_says_it_in_the_same_way_and_another_in_another(client, voice):
    one, same, other = (_say(client, voice, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_languages_with_a_script_of_their_own_are_read_without_the_network(client, voice):
    texts = {"zh": "你好, 你好.", "ja": "日本語です", "ko": "안녕하세요", "de": "Grüß Gott"}
    for language, text in texts.items():
        assert len(_say(client, voice, text, language=language)) > 2000


def test_progress_bars_are_no_lines_of_the_log(client, voice):
    heard: list[str] = []

    def hear(event):
        if isinstance(event, LogLine):
            heard.append(event.text)

    _say(client, voice, on_event=hear)
    assert not any("it/s" in line for line in heard)


@pytest.mark.parametrize("model", ["english", "turbo"])
def test_the_other_models_clone_and_speak_english_only(client, clips, tmp_path, model):
    voice = _clone(client, clips, tmp_path / "voice", model=model, temperature=0.7)
    wave = _say(client, voice)
    assert len(wave) > 0.3 * 24_000
    assert np.abs(wave.astype(int)).max() > 330
    with pytest.raises(LanguageUnsupported, match=f"model {model} speaks en, and not de.*multilingual"):
        _say(client, voice, language="de")
    with pytest.raises(LanguageUnsupported, match=f"model {model}"):
        _clone(client, clips, tmp_path / "german", "de", model=model)


def test_no_guidance_at_all_works_with_each_model(client, clips, tmp_path):
    for model in ("multilingual", "english"):
        voice = _clone(client, clips, tmp_path / model, model=model, cfg_weight=0.0)
        assert len(_say(client, voice)) > 0.3 * 24_000


def test_options_that_a_model_does_not_have_are_refused(client, clips, tmp_path):
    with pytest.raises(OptionsInvalid, match="turbo has no exaggeration and no min_p"):
        _clone(client, clips, tmp_path / "voice", model="turbo", exaggeration=0.6, min_p=0.1)
    with pytest.raises(OptionsInvalid, match="'multilingual', 'english' or 'turbo'"):
        _clone(client, clips, tmp_path / "other", model="best")


def test_speaking_and_cloning_stop_within_a_second(client, clips, voice, tmp_path):
    """A host that takes longer than its grace is killed; this one goes on."""
    client.load(voice)
    host = client.pid
    for work in (
        lambda cancel: list(client.synthesize(SynthesisRequest(voice, SENTENCE * 30), cancel=cancel)),
        lambda cancel: client.clone(TrainingRequest(clips, "en", {}, tmp_path), cancel=cancel),
    ):
        cancel = threading.Event()
        threading.Timer(0.3, cancel.set).start()
        with pytest.raises(Cancelled):
            work(cancel)
        assert client.pid == host


def test_weights_and_memory_that_are_not_there_are_told(make_client, clips, weights, tmp_path):
    here = tmp_path / "weights" / "multilingual"
    shutil.copytree(weights / "multilingual", here)
    (here / "ve.pt").unlink()
    with make_client(tmp_path / "weights") as client:
        with pytest.raises(WeightsMissing, match=r"ve\.pt.*voicewright engines install chatterbox"):
            _clone(client, clips, tmp_path / "one")
        with pytest.raises(TooLittleSpeech, match="but 6 s are needed"):  # before gigabytes are loaded
            _clone(client, clips[:1], tmp_path / "short")
        with pytest.raises(WeightsMissing, match=r"t3_turbo_v1.*chatterbox-turbo/resolve.*weights/turbo"):
            _clone(client, clips, tmp_path / "two", model="turbo")
        shutil.copyfile(weights / "multilingual" / "ve.pt", here / "ve.pt")
        for name in FILES["multilingual"][:4]:
            content = (here / name).read_bytes()
            (here / name).write_bytes(content[: len(content) // 2])
            with pytest.raises(WeightsDamaged, match=rf"can't read {name}"):
                _clone(client, clips, tmp_path / name)
            (here / name).write_bytes(content)
        (tmp_path / "starved").mkdir()
        with pytest.raises(EngineOutOfMemory):
            client.clone(TrainingRequest(clips, "en", {}, tmp_path / "starved", name=STARVED))
        assert not any((tmp_path / "starved").iterdir())


@pytest.mark.gpu
@pytest.mark.weights
def test_a_gpu_is_used_where_there_is_one(python, clips, tmp_path):
    """The suite runs on it by itself; this says how fast it is."""
    given = os.environ.get("VOICEWRIGHT_TEST_WEIGHTS")
    if not given:
        pytest.skip("VOICEWRIGHT_TEST_WEIGHTS names no folder of weights")
    ask = [python, "-c", "import torch; print(torch.cuda.is_available())"]
    if "True" not in subprocess.run(ask, capture_output=True, text=True, check=False).stdout:
        pytest.skip("there is no GPU that the engine's torch can use")
    setup = EngineSetup(Path(given) / ENGINE.id)
    with EngineClient(ENGINE, setup=setup, python=python, start_timeout_s=600) as client:
        voice = _clone(client, clips, tmp_path / "voice")
        _say(client, voice)
        began_s = time.monotonic()
        wave = _say(client, voice)
        print(f"{len(wave) / 24_000 / (time.monotonic() - began_s):.2f} x real time")
