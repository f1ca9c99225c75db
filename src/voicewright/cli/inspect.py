"""`voicewright inspect`: what intake thinks of recordings, clip by clip, in words."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from voicewright.cli.application import Application, command
from voicewright.cli.progress import progress_bar

if TYPE_CHECKING:
    from voicewright.recordings.report import Clip, IntakeReport


@command
def inspect(
    *,
    ctx: typer.Context,
    recordings: Annotated[Path, typer.Argument(help="A folder of recordings, or one file.")],
    measures: Annotated[
        bool, typer.Option(help="Also ask who speaks and how natural it sounds (slower).")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")] = False,
) -> dict[str, Any]:
    """Say which recordings a voice can be made of, which not, and why."""
    from voicewright.recordings.intake import take_in
    from voicewright.training.progress import Stages

    application: Application = ctx.obj
    with (
        progress_bar() as on_progress,
        # what a kill leaves of it is swept with other unfinished work
        TemporaryDirectory(prefix="inspect-", dir=application.work_dir) as folder,
    ):
        stages = Stages({"listening": 1.0}, on_progress)
        report = take_in(
            recordings,
            Path(folder),
            measurer=application.measurer if measures else None,
            progress=lambda stage, done: stages.step("listening", done, stage),
        )
    if not as_json:
        _print(report)
    return _to_json(report)


def _to_json(report: IntakeReport) -> dict[str, Any]:
    answer = report.to_json()
    for clip in answer["clips"]:
        del clip["path"]  # of a working copy, which is gone
    return answer


def _print(report: IntakeReport) -> None:
    width = max((len(clip.id) for clip in report.clips), default=0)
    for clip in report.clips:
        print(f"{clip.verdict:<9} {clip.id:<{width}} {clip.duration_s:6.1f} s  {_words(clip)}".rstrip())
    for refused in report.refused:
        print(f"{'refused':<9} {refused.reason}")
    for note in report.notes:
        print(f"note      {note}")
    accepted = report.accepted
    good = sum(clip.verdict == "good" for clip in accepted)
    print(
        f"\n{len(accepted)} of {len(report.clips) + len(report.refused)} can be used, {good} of them good: "
        f"{report.speech_s:.0f} s of speech. {_transcripts(report)}"
    )


def _words(clip: Clip) -> str:
    """The reasons; for a clip without any, its figures."""
    if clip.reasons:
        return "; ".join(clip.reasons)
    measures = clip.measures
    words = (
        f"speech {measures.snr_db:.0f} dB above the background, up to {measures.bandwidth_hz / 1000:.1f} kHz"
    )
    if measures.dnsmos_ovrl is not None:
        words += f", DNSMOS {measures.dnsmos_ovrl:.1f}"
    return words


def _transcripts(report: IntakeReport) -> str:
    with_text = sum(bool(clip.text) for clip in report.accepted)
    if with_text == len(report.accepted):
        return "All have a transcript." if with_text else ""
    return f"{with_text} have a transcript; the words of the others would be recognised."
