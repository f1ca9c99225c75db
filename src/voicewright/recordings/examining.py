"""Examines one uploaded file: intake as for a folder, in words for people who know it by their own name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from voicewright.recordings.cutting import take_file
from voicewright.recordings.judging import judge_file
from voicewright.recordings.listing import SourceFile
from voicewright.recordings.report import RefusedFile, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from voicewright.recordings.policies import IntakeLimits
    from voicewright.recordings.report import Clip

_BEST_FIRST: Final = (Verdict.GOOD, Verdict.USABLE, Verdict.REJECTED)
_CLIP_ID: Final = "clip"


@dataclass(frozen=True, slots=True)
class Examined:
    """What a file turned out to be; its clips' working copies lie where they were wanted."""

    container: str
    sound_digest: str
    duration_s: float
    clips: tuple[Clip, ...]
    """At least one."""
    notes: tuple[str, ...]

    @property
    def verdict(self) -> Verdict:
        """That of the best clip."""
        return min((clip.verdict for clip in self.clips), key=_BEST_FIRST.index)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Of all clips, each once."""
        return tuple(dict.fromkeys(reason for clip in self.clips for reason in clip.reasons))

    @property
    def speech_s(self) -> float:
        """Seconds of speech that can be used."""
        return sum(clip.speech_s for clip in self.clips if clip.verdict is not Verdict.REJECTED)


def examine(
    path: Path,
    filename: str,
    transcript: str | None,
    work_dir: Path,
    limits: IntakeLimits,
    *,
    stopped: Callable[[], bool] = lambda: False,
) -> Examined | RefusedFile:
    """Take one file in and judge it, without the judges that need a process of their own.

    Args:
        path: where it lies.
        filename: what whoever sent it calls it; used in all words about it.
        transcript: what is said in it; without one it is also cut at long pauses.
        work_dir: an empty folder for the working copies.
        limits: see `IntakeLimits`.
        stopped: asked now and then.

    Raises:
        AudioDiskFull, AudioNotWritten: the working copies can't be written.
        IntakeCancelled: `stopped` said so.
    """
    source = SourceFile(path, filename, _CLIP_ID, path.stat().st_size)
    taken = take_file(
        source,
        work_dir,
        limits,
        keep_whole=transcript is not None,
        on_progress=lambda _fraction: None,
        stopped=stopped,
    )

    def told(words: str) -> str:
        """Without the place where it lies, which is nobody's business."""
        return words.replace(f"{path}: ", "").replace(str(path), filename)

    if taken.refused is not None:
        return replace(taken.refused, reason=told(taken.refused.reason))
    judged, cut = judge_file(taken, transcript)
    clips = tuple(replace(clip, reasons=tuple(map(told, clip.reasons))) for clip in judged)
    notes = tuple(map(told, [*taken.notes, *cut]))
    return Examined(taken.container, taken.fingerprint, taken.duration_s, clips, notes)
