"""An engine behind its client: voices, refusals, and every way in which an engine can go wrong."""

from __future__ import annotations

import dataclasses
import threading
from pathlib import Path

import pytest

from voicewright.engines.client import EngineClient
from voicewright.engines.errors import (
    Cancelled,
    EngineContractBroken,
    EngineError,
    EngineFailed,
    EngineNotInstalled,
    HostDied,
    HostHung,
    LanguageUnsupported,
    OptionsInvalid,
)
from voicewright.engines.host.events import LogLine, Metric
from voicewright.engines.port import SynthesisRequest, TrainingRequest
from voicewright.engines.testing import TONE_ENGINE, write_tone_clips
from voicewright.errors import ErrorKind

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    return write_tone_clips(tmp_path_factory.mktemp("clips"))


@pytest.fixture
def make_client():
    made = []

    def make(info=TONE_ENGINE, **settings):
        settings = {"cancel_grace_s": 30.0, **settings}  # a busy machine is not a deaf engine
        client = EngineClient(info, env={"PYTHONPATH": str(HERE)}, **settings)
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_client):
    return make_client()


@pytest.fixture
def request_with(clips, tmp_path):
    """A training request with the given options."""

    def make(**options):
        return TrainingRequest(clips, "en-us", options, artefact_dir=tmp_path / "artefact")

    return make


def speak(client, voice_dir, text="one two three", **settings):
    return b"".join(chunk.pcm for chunk in client.synthesize(SynthesisRequest(voice_dir, text, **settings)))


def test_training_leaves_a_voice_that_speaks(client, request_with):
    events = []
    outcome = client.train(request_with(epochs=2), events.append)
    assert (outcome.epochs, outcome.stopped, outcome.notes) == (2, "finished", ())
    assert outcome.speech_s == pytest.approx(3)
    assert [event.step for event in events if isinstance(event, Metric)] == [0, 1]
    assert len(speak(client, request_with().artefact_dir)) > 10_000
    assert client.usage().peak_rss_bytes > 0


def test_what_an_engine_says_while_it_speaks_is_logged_where_nobody_listens(client, request_with, caplog):
    request = request_with(speaking_fault="print")
    client.train(request)
    with caplog.at_level("INFO", logger="voicewright.engines.client"):
        speak(client, request.artefact_dir)
    assert caplog.messages == ["tone: fault: print"], "and not what it prints"


def test_cloning_leaves_a_voice_too(client, request_with):
    client.clone(request_with())
    client.load(request_with().artefact_dir)


def test_relative_paths_mean_the_callers_directory(client, clips, tmp_path, monkeypatch):
    client.start()
    monkeypatch.chdir(tmp_path)
    client.train(TrainingRequest(clips, "en-us", {}, artefact_dir=Path("voice")))
    assert speak(client, Path("voice"))


@pytest.mark.parametrize("written", ["en_US", "EN-us", "en", "de-AT"])
def test_language_may_be_written_in_many_ways(client, request_with, written):
    client.train(dataclasses.replace(request_with(), language=written))


def test_artefact_directory_in_use_is_the_callers_mistake(client, request_with):
    request = request_with()
    request.artefact_dir.mkdir()
    (request.artefact_dir / "precious").write_text("keep")
    with pytest.raises(ValueError, match="not empty"):
        client.train(request)
    assert (request.artefact_dir / "precious").read_text() == "keep"


class TestRefusals:
    def test_every_wrong_option_is_named(self, client, request_with):
        with pytest.raises(OptionsInvalid) as caught:
            client.train(request_with(epochs=0, epoch=3))
        message = caught.value.message
        assert "epochs: Input should be greater than or equal to 1 (is 0)" in message
        assert "there is no option 'epoch'" in message
        assert "Its options are: epochs, seed" in message
        assert caught.value.kind is ErrorKind.INVALID

    def test_unknown_language_names_the_known(self, client, request_with):
        with pytest.raises(LanguageUnsupported, match="Its languages are: en-us, de"):
            client.train(dataclasses.replace(request_with(), language="tlh"))

    @pytest.mark.parametrize("pitch", [-12.5, 13.0, float("nan")])
    def test_impossible_pitch_names_the_range(self, client, request_with, pitch):
        with pytest.raises(OptionsInvalid, match="has to be between -12 and 12"):
            speak(client, request_with().artefact_dir, pitch_semitones=pitch)

    def test_pitch_is_refused_where_the_engine_does_not_shift_it(self, make_client, request_with):
        capabilities = dataclasses.replace(TONE_ENGINE.capabilities, shifts_pitch=False)
        client = make_client(dataclasses.replace(TONE_ENGINE, capabilities=capabilities))
        request = request_with()
        client.train(request)
        assert speak(client, request.artefact_dir, pitch_semitones=0.0)
        with pytest.raises(OptionsInvalid, match="at the pitch of the voice only"):
            speak(client, request.artefact_dir, pitch_semitones=1.0)

    @pytest.mark.parametrize("speed", [0.0, 5.0, float("nan")])
    def test_impossible_speed_names_the_range(self, client, request_with, speed):
        with pytest.raises(OptionsInvalid, match=r"between 0\.25 and 4"):
            speak(client, request_with().artefact_dir, speed=speed)

    def test_engine_that_refuses_is_quoted(self, client, request_with):
        with pytest.raises(EngineError, match="as it was told to"):
            client.train(request_with(training_fault="refuse"))


class TestFaultsInTraining:
    @pytest.mark.parametrize(
        ("fault", "error", "message"),
        [
            ("fail", EngineFailed, "The engine Tone failed in `train` with RuntimeError: a string"),
            ("exit", EngineFailed, "SystemExit: 3"),
            ("no_artefact", EngineContractBroken, "it has left no file"),
            ("die", HostDied, "about to die"),
        ],
    )
    def test_fault_is_named_leaves_nothing_and_the_next_training_works(
        self, client, request_with, fault, error, message
    ):
        with pytest.raises(error, match=message):
            client.train(request_with(training_fault=fault))
        assert not any(request_with().artefact_dir.iterdir())
        client.train(request_with())

    def test_traceback_is_in_the_log_lines_only(self, client, request_with):
        events = []
        with pytest.raises(EngineFailed) as caught:
            client.train(request_with(training_fault="fail"), events.append)
        assert "Traceback" not in caught.value.message
        assert any("Traceback" in event.text for event in events if isinstance(event, LogLine))

    def test_frozen_engine_is_removed(self, make_client, request_with):
        client = make_client(hang_timeout_s=1.5)
        with pytest.raises(HostHung, match="The engine Tone"):
            client.train(request_with(training_fault="freeze"))
        client.train(request_with())

    @pytest.mark.parametrize("fault", ["endless", "deaf"])
    def test_cancelled_training_leaves_nothing(self, make_client, request_with, fault):
        client = make_client(cancel_grace_s=0.2 if fault == "deaf" else 30.0)
        client.start()
        first = client.pid
        cancel = threading.Event()

        def cancel_in_the_middle(event):
            if event == LogLine(f"fault: {fault}", "service"):
                cancel.set()

        with pytest.raises(Cancelled):
            client.train(request_with(training_fault=fault), cancel_in_the_middle, cancel)
        assert (client.pid == first) is (fault == "endless")
        assert not any(request_with().artefact_dir.iterdir())

    def test_engine_that_prints_disturbs_nobody(self, client, request_with):
        assert client.train(request_with(training_fault="print")).epochs == 4


class TestFaultsInSpeaking:
    @pytest.mark.parametrize(
        ("fault", "error"), [("refuse", EngineError), ("fail", EngineFailed), ("die", HostDied)]
    )
    def test_fault_comes_after_what_was_spoken_and_the_next_sentence_works(
        self, client, request_with, fault, error
    ):
        client.train(request_with(speaking_fault=fault))
        voice_dir = request_with().artefact_dir
        chunks = client.synthesize(SynthesisRequest(voice_dir, "one two three"))
        assert next(chunks).sample_rate_hz == 22_050
        with pytest.raises(error):
            next(chunks)
        assert speak(client, voice_dir, "one")

    def test_listener_who_leaves_frees_the_host(self, client, request_with):
        client.train(request_with(speaking_fault="endless"))
        voice_dir = request_with().artefact_dir
        first = client.pid
        chunks = client.synthesize(SynthesisRequest(voice_dir, "one two three"))
        next(chunks)
        chunks.close()
        assert speak(client, voice_dir, "one")
        assert client.pid == first


class TestWords:
    def test_come_with_the_chunks_that_say_them(self, client, request_with):
        request = request_with()
        client.train(request)
        chunks = list(
            client.synthesize(SynthesisRequest(request.artefact_dir, "One, two — three!", speed=2.0))
        )

        assert [[word.text for word in chunk.words] for chunk in chunks] == [["One,"], ["two"], ["three!"]]
        first, second, third = (word for chunk in chunks for word in chunk.words)
        assert (first.start_s, first.end_s) == (0.0, pytest.approx(3 * 0.06 / 2, abs=1e-4))
        assert second.start_s == pytest.approx(len(chunks[0].pcm) / 2 / 22_050)
        assert third.end_s < sum(len(chunk.pcm) for chunk in chunks) / 2 / 22_050

    def test_come_after_the_last_chunk_where_an_engine_tells_them_late(self, make_client, request_with):
        client = make_client(dataclasses.replace(TONE_ENGINE, factory="odd_engines:Afterthoughts"))
        request = request_with()
        client.train(request)
        *chunks, last = client.synthesize(SynthesisRequest(request.artefact_dir, "One two"))

        assert [chunk.words for chunk in chunks] == [(), ()]
        assert (last.pcm, [word.text for word in last.words]) == (b"", ["One", "two"])


class TestBrokenContracts:
    @pytest.mark.parametrize(
        ("capability", "message"),
        [
            ({"trains": False}, "declares trains=False, but has `train`"),
            ({"clones": False, "trains": False}, "declares clones=False, but has `clone`"),
        ],
    )
    def test_capabilities_that_lie_stop_the_engine_at_its_start(self, make_client, capability, message):
        info = dataclasses.replace(
            TONE_ENGINE, capabilities=dataclasses.replace(TONE_ENGINE.capabilities, **capability)
        )
        with pytest.raises(EngineContractBroken, match=message):
            make_client(info).start()

    @pytest.mark.parametrize(
        ("factory", "error", "message"),
        [
            ("odd_engines:Mute", EngineContractBroken, "every engine speaks, but `load` and `synthesize` is"),
            ("odd_engines:Nobody", EngineContractBroken, "no such class"),
            ("no_such_module:Engine", EngineNotInstalled, "Install it with: pip install it"),
        ],
    )
    def test_engine_that_can_not_be_made_is_named(self, make_client, factory, error, message):
        info = dataclasses.replace(TONE_ENGINE, factory=factory, install_hint="pip install it")
        with pytest.raises(error, match=message):
            make_client(info).start()

    @pytest.mark.parametrize(
        ("engine", "message"),
        [
            ("WrongRate", "speaks at 8000 Hz, but declares 22050 Hz"),
            ("HalfSample", "half a sample"),
            ("Endless", "words with their times"),
            ("Untyped", "a bytes instead of an AudioChunk"),
        ],
    )
    def test_audio_outside_the_contract_is_named(self, make_client, client, request_with, engine, message):
        client.train(request_with())
        odd = make_client(dataclasses.replace(TONE_ENGINE, factory=f"odd_engines:{engine}"))
        with pytest.raises(EngineContractBroken, match=message):
            speak(odd, request_with().artefact_dir)

    @pytest.mark.parametrize(
        ("engine", "message"), [("Untyped", "a NoneType"), ("Linking", "weights is a link")]
    )
    def test_training_outside_the_contract_is_named(self, make_client, request_with, engine, message):
        odd = make_client(dataclasses.replace(TONE_ENGINE, factory=f"odd_engines:{engine}"))
        with pytest.raises(EngineContractBroken, match=message):
            odd.train(request_with())
        assert not any(request_with().artefact_dir.iterdir())
