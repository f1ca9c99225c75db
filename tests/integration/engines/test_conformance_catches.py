"""The conformance suite fails for engines that do not conform: each of them has one fault."""

from __future__ import annotations

import dataclasses
import inspect
from pathlib import Path

import pytest

from voicewright.engines.client import EngineClient
from voicewright.engines.conformance import EngineConformance
from voicewright.engines.port import EngineOptions, TrainingRequest
from voicewright.engines.testing import TONE_ENGINE, write_tone_clips
from voicewright.errors import AppError

HERE = str(Path(__file__).parent)


class Suite(EngineConformance):
    descriptor = "voicewright.engines.testing:TONE_ENGINE"
    patience_s = 20.0

    def __init__(self, info):
        self.engine_info = info

    def training_request(self, work_dir):
        clips = write_tone_clips(work_dir / "clips", count=1)
        return TrainingRequest(clips, "en-us", {"epochs": 2}, artefact_dir=work_dir / "artefact")

    def make_client(self):
        return EngineClient(self.engine_info, env={"PYTHONPATH": HERE}, cancel_grace_s=0.3)


def run(suite, check, tmp_path, **arguments):
    """Run one check with a client and a voice of the engine under test."""
    method = getattr(suite, check)
    wanted = inspect.signature(method).parameters
    with suite.make_client() as client:
        given = {"client": client, "tmp_path": tmp_path / "check", **arguments}
        given["tmp_path"].mkdir()
        if "voice" in wanted:
            given["voice"] = suite.make_voice(client, suite.training_request(tmp_path / "voice"))
        method(**{name: given[name] for name in wanted})


FAULTS = [
    ("GoesBack", "test_training_reports_growing_progress", "went back"),
    ("NoProgress", "test_training_reports_growing_progress", "no progress"),
    ("StopsForNoReason", "test_training_tells_what_it_did", "'tired'"),
    ("Pickles", "test_artefact_holds_no_pickles", "weights.bin"),
    ("Dices", "test_training_with_the_same_seed_makes_the_same_voice", "other files"),
    ("TakesAnything", "test_too_little_speech_is_refused_with_what_is_needed", "DID NOT RAISE"),
    ("Stubborn", "test_cancelled_training_stops_in_time_and_leaves_nothing", "had to be killed"),
    ("Silent", "test_speech_has_the_declared_format_and_is_not_silent", "is silent"),
    ("OnePiece", "test_speech_is_streamed_if_declared", "in one piece"),
    ("OneSpeed", "test_speed_changes_the_duration", "speeds"),
    ("OnePitch", "test_pitch_moves_the_voice_where_declared", "twelve semitones apart"),
    ("Wordless", "test_words_are_timed_where_declared", "the words of the text are not"),
    ("Babbler", "test_words_are_timed_where_declared", "not one after the other"),
    ("Imagines", "test_text_without_words_gives_a_clear_error_or_silence", "s of sound"),
    ("Chokes", "test_odd_text_is_spoken_or_refused", "RecursionError"),
    ("DeafWhileSpeaking", "test_synthesis_stops_when_nobody_listens", "killed|not answered"),
    ("Forgetful", "test_two_voices_are_kept_loaded", "holds no voice"),
    ("Stale", "test_voice_that_was_replaced_is_loaded_anew", "DID NOT RAISE"),
    ("Anchored", "test_voice_speaks_from_another_place_and_another_process", "holds no voice"),
    ("Gullible", "test_what_is_no_voice_is_refused", "DID NOT RAISE"),
    ("Gullible", "test_damaged_voice_is_refused", "DID NOT RAISE"),
]
TEXTS = {"Imagines": "...", "Chokes": "a" * 2000}


@pytest.mark.parametrize(("engine", "check", "message"), FAULTS, ids=[f"{e}-{c}" for e, c, _ in FAULTS])
def test_fault_is_caught(engine, check, message, tmp_path):
    suite = Suite(dataclasses.replace(TONE_ENGINE, factory=f"nonconforming_engines:{engine}"))
    with pytest.raises((pytest.fail.Exception, AppError), match=message):
        run(suite, check, tmp_path, text=TEXTS.get(engine, ""))


class BareOptions(EngineOptions):
    epochs: int = 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": "Tone Engine"}, "the id"),
        ({"licence": " "}, "licence is empty"),
        ({"factory": "voicewright"}, "module:Class"),
        ({"requires": ("torch",)}, "how to get them"),
        ({"options": BareOptions}, "epochs has no help"),
        ({"languages": ()}, "no language"),
        ({"languages": ("en_US",)}, "'en_US' is not"),
        ({"sample_rate_hz": 192_000}, "192000 Hz"),
        ({"ideal_speech_s": 0.5}, "mixed up"),
    ],
)
def test_careless_descriptor_is_caught(change, message):
    of_info = {name: value for name, value in change.items() if hasattr(TONE_ENGINE, name)}
    of_capabilities = {name: value for name, value in change.items() if name not in of_info}
    capabilities = dataclasses.replace(TONE_ENGINE.capabilities, **of_capabilities)
    suite = Suite(dataclasses.replace(TONE_ENGINE, capabilities=capabilities, **of_info))
    with pytest.raises(pytest.fail.Exception, match=message):
        suite.test_descriptor_is_complete_and_sane()


def test_heavy_descriptor_is_caught(tmp_path, monkeypatch):
    (tmp_path / "heavy_plugin.py").write_text(
        "import scipy\nfrom voicewright.engines.testing import TONE_ENGINE as ENGINE\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    suite = Suite(TONE_ENGINE)
    suite.descriptor = "heavy_plugin:ENGINE"
    with pytest.raises(pytest.fail.Exception, match="imports scipy"):
        suite.test_descriptor_imports_nothing_heavy()


def test_suite_without_a_way_to_train_says_so(tmp_path):
    with pytest.raises(NotImplementedError, match="how to train tone"):
        EngineConformance.training_request(Suite(TONE_ENGINE), tmp_path)


def test_refusal_that_names_no_amount_is_caught(tmp_path):
    """The tone engine names what it needs; here the descriptor says something else."""
    capabilities = dataclasses.replace(TONE_ENGINE.capabilities, minimum_speech_s=2.5)
    suite = Suite(dataclasses.replace(TONE_ENGINE, capabilities=capabilities))
    with pytest.raises(pytest.fail.Exception, match=r"2\.5 s are needed"):
        run(suite, "test_too_little_speech_is_refused_with_what_is_needed", tmp_path)
