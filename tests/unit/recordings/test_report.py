from __future__ import annotations

import json
from pathlib import Path

from voicewright.recordings.report import Clip, ClipMeasures, IntakeReport, RefusedFile, Verdict


def clip(name, verdict):
    measures = ClipMeasures(30.0, 0.0, float("-inf"), 11_025.0, float("nan"))
    return Clip(name, Path("a.wav"), 0, 2, Path("w.wav"), 2, 1.5, "Text", verdict, (), measures)


def report():
    return IntakeReport(
        source=Path("in"),
        clips=(clip("a", Verdict.GOOD), clip("b", Verdict.REJECTED), clip("c", Verdict.USABLE)),
        refused=(RefusedFile(Path("x.wav"), "NOT_AUDIO", "x.wav: no"),),
        speaker_outliers=("b",),
        notes=("A note.",),
        transcript_kind="ljspeech",
    )


def test_rejected_clips_do_not_count():
    assert [found.id for found in report().accepted] == ["a", "c"]
    assert report().speech_s == 3.0


def test_the_report_is_strict_json():
    found = json.loads(json.dumps(report().to_json(), allow_nan=False))
    assert found["speech_seconds"] == 3.0
    assert found["clips"][0]["verdict"] == "good"
    assert found["clips"][0]["measures"]["loudness_lufs"] is None
    assert found["refused"] == [{"path": "x.wav", "code": "NOT_AUDIO", "reason": "x.wav: no"}]
