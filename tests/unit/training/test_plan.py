from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from voicewright.engines.errors import TooLittleSpeech
from voicewright.engines.testing import TONE_ENGINE
from voicewright.quality.figures import Recognition
from voicewright.recordings.report import Clip, ClipMeasures, IntakeReport, RefusedFile, Verdict
from voicewright.training.errors import NoUsableSpeech, TranscriptsNeeded
from voicewright.training.plan import PHONES_WEIGHT, RECOGNISED_WEIGHT, USABLE_WEIGHT, TrainingPlan, make_plan

if TYPE_CHECKING:
    from voicewright.engines.port import EngineInfo

MEASURES = ClipMeasures(snr_db=40, clipping_ratio=0, loudness_lufs=-23, bandwidth_hz=11025)


class Ears:
    """Recognises English, always the same words; forgets one clip."""

    def supports_recognition(self, language: str) -> bool:
        return language.startswith("en")

    def recognise(
        self,
        paths: Sequence[Path],
        language: str,
        *,
        progress: Callable[[float], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> list[Recognition]:
        return [
            Recognition("") if path.stem == "mumbled" else Recognition("some words", confidence=0.5)
            for path in paths
        ]

    def supports_phones(self) -> bool:
        return True

    def recognise_phones(
        self,
        paths: Sequence[Path],
        *,
        progress: Callable[[float], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> list[tuple[str, ...]]:
        return [() if path.stem == "mumbled" else ("h", "aɪ") for path in paths]


def clip(
    folder: Path, name: str, *, speech_s: float = 5.0, text: str | None = "Words.", **more: object
) -> Clip:
    path = folder / f"{name}.wav"
    path.write_bytes(name.encode())
    values = {"verdict": Verdict.GOOD, "reasons": ()} | more
    return Clip(
        id=name,
        source=folder / f"{name}.mp3",
        start_s=0,
        end_s=speech_s,
        path=path,
        duration_s=speech_s,
        speech_s=speech_s,
        text=text,
        measures=MEASURES,
        **values,  # type: ignore[arg-type]
    )


def report(folder: Path, clips: Sequence[Clip], refused: Sequence[RefusedFile] = ()) -> IntakeReport:
    return IntakeReport(
        source=folder,
        clips=tuple(clips),
        refused=tuple(refused),
        speaker_outliers=(),
        notes=(),
        transcript_kind="none",
    )


def plan_of(intake: IntakeReport, engine: EngineInfo = TONE_ENGINE, language: str = "en-us") -> TrainingPlan:
    return make_plan(intake, engine, language, Ears(), needed_s=engine.capabilities.minimum_speech_s)  # type: ignore[arg-type]


def needing(engine: EngineInfo = TONE_ENGINE, **capabilities: object) -> EngineInfo:
    return dataclasses.replace(
        engine,
        capabilities=dataclasses.replace(engine.capabilities, **capabilities),  # type: ignore[arg-type]
    )


def test_trains_on_what_is_not_held_out(tmp_path: Path) -> None:
    plan = plan_of(report(tmp_path, [clip(tmp_path, f"c{number}") for number in range(20)]))

    trained = {one.path for one in plan.training}
    assert len(plan.references) == 2
    assert not trained & set(plan.references)
    assert plan.training_speech_s + plan.reference_speech_s == pytest.approx(100)
    assert plan.notes == ()


def test_flawed_clips_and_recognised_words_count_less(tmp_path: Path) -> None:
    clips = [
        clip(tmp_path, "good"),
        clip(tmp_path, "usable", verdict=Verdict.USABLE, reasons=("background noise",)),
        clip(tmp_path, "untold", text=None),
        clip(tmp_path, "mumbled", text=None),
        *(clip(tmp_path, f"more{number}") for number in range(6)),
    ]

    plan = plan_of(report(tmp_path, clips))

    weights = {one.path.stem: (one.text, one.weight) for one in plan.training}
    expected = {
        "good": ("Words.", 1.0),
        "usable": ("Words.", USABLE_WEIGHT),
        "untold": ("some words", RECOGNISED_WEIGHT * 0.5),
        "mumbled": (None, 1.0),
    }
    assert {name: weights[name] for name in expected if name in weights}.items() <= expected.items()
    assert plan.recognised <= 1


def test_clips_without_words_are_told(tmp_path: Path) -> None:
    plan = plan_of(report(tmp_path, [clip(tmp_path, f"c{number}", text=None) for number in range(8)]))

    assert plan.recognised == len(plan.training)
    assert "recognised" in plan.notes[0]


def test_where_nothing_recognises_the_language_it_is_said(tmp_path: Path) -> None:
    intake = report(tmp_path, [clip(tmp_path, f"c{number}", text=None) for number in range(8)])

    assert "nothing on this machine recognises" in plan_of(intake, language="de").notes[0]
    with pytest.raises(TranscriptsNeeded, match=r"metadata\.csv"):
        plan_of(intake, needing(needs_transcripts=True), "de")


def test_sounds_stand_in_for_the_words_of_a_language_that_nothing_recognises(tmp_path: Path) -> None:
    clips = [clip(tmp_path, f"c{number}", text="Wörter." if number < 2 else None) for number in range(10)]
    engine = needing(needs_transcripts=True, learns_from_phones=True)

    plan = plan_of(report(tmp_path, [*clips, clip(tmp_path, "mumbled", text=None)]), engine, "de")

    told = {(one.text, one.phones, one.weight) for one in plan.training}
    assert told == {("Wörter.", (), 1.0), (None, ("h", "aɪ"), PHONES_WEIGHT)}
    assert "learnt from sounds alone" in plan.notes[0]
    words = {(one.text, one.phones) for one in plan_of(report(tmp_path, clips), engine, "en-us").training}
    assert words == {("Wörter.", ()), ("some words", ())}


def test_an_engine_that_needs_words_gets_only_clips_that_have_them(tmp_path: Path) -> None:
    clips = [clip(tmp_path, f"c{number}", text="Words." if number % 2 else None) for number in range(12)]

    plan = plan_of(report(tmp_path, clips), needing(needs_transcripts=True), "de")

    assert plan.training
    assert all(one.text for one in plan.training)
    assert "nobody knows their words" in plan.notes[-1]


def test_too_little_speech_names_both_amounts(tmp_path: Path) -> None:
    with pytest.raises(TooLittleSpeech, match=r"5 s of usable speech.*at least 20 s"):
        plan_of(report(tmp_path, [clip(tmp_path, "only")]), needing(minimum_speech_s=20.0))


def test_just_enough_speech_is_all_trained_on(tmp_path: Path) -> None:
    plan = plan_of(
        report(tmp_path, [clip(tmp_path, "a", speech_s=11), clip(tmp_path, "b", speech_s=10)]),
        needing(minimum_speech_s=20.0),
    )

    assert plan.references == ()
    assert "nothing was left to judge" in plan.notes[0]


def test_nothing_usable_says_what_was_found(tmp_path: Path) -> None:
    clips = [clip(tmp_path, "hum", verdict=Verdict.REJECTED, reasons=("only a hum",))]
    refused = [RefusedFile(tmp_path / "x.wav", "NOT_AUDIO", "x.wav: is a text.")]

    with pytest.raises(NoUsableSpeech, match=r"1 x only a hum; x\.wav: is a text\."):
        plan_of(report(tmp_path, clips, refused))


def test_the_fingerprint_tells_runs_apart_by_all_that_matters(tmp_path: Path) -> None:
    intake = report(tmp_path, [clip(tmp_path, f"c{number}") for number in range(5)])
    plan = plan_of(intake)
    same = plan.fingerprint(TONE_ENGINE, "en-us", {"epochs": 4})

    assert plan_of(intake).fingerprint(TONE_ENGINE, "en-us", {"epochs": 4}) == same
    assert plan.fingerprint(TONE_ENGINE, "en-us", {"epochs": 5}) != same
    assert plan.fingerprint(TONE_ENGINE, "de", {"epochs": 4}) != same
    plan.training[0].path.write_bytes(b"other sound")
    assert plan.fingerprint(TONE_ENGINE, "en-us", {"epochs": 4}) != same
