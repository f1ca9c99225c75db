"""The use case: take a folder of recordings in, file by file in parallel, and judge what came out."""

from __future__ import annotations

import os
import queue
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event
from typing import TYPE_CHECKING, Final

import numpy as np

from voicewright.audio.errors import AudioNotWritten
from voicewright.recordings.cutting import take_file
from voicewright.recordings.judging import SAME_SPEAKER, Likeness, judge_file
from voicewright.recordings.listing import list_recordings
from voicewright.recordings.measuring import ClipMeasuring, ClipScoring
from voicewright.recordings.planning import plan_intake
from voicewright.recordings.policies import IntakeLimits
from voicewright.recordings.report import IntakeReport, RefusedFile, Verdict
from voicewright.recordings.speakers import check_speakers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from voicewright.recordings.cutting import Draft, TakenFile
    from voicewright.recordings.listing import SourceFile
    from voicewright.recordings.measuring import Measurer
    from voicewright.recordings.planning import Plan
    from voicewright.recordings.report import Clip
    from voicewright.recordings.speakers import SpeakerCheck

_MOST_WORKERS: Final = 8
_TICK_S: Final = 0.1
_READ_SHARE: Final = 0.6
_SPEAKER_SHARE: Final = 0.85


def take_in(
    source: Path,
    work_dir: Path,
    *,
    measurer: Measurer | None,
    limits: IntakeLimits | None = None,
    progress: Callable[[str, float], None] = lambda _stage, _fraction: None,
) -> IntakeReport:
    """Take in a folder of recordings, or one file.

    Working copies (22,050 Hz, mono, 16 bits, levelled to -23 LUFS) of all clips that are not rejected lie in
    `work_dir` afterwards, as `<clip id>.wav`. A file that can't be used never stops the others.

    Args:
        source: the folder; subfolders are entered, hidden ones and links out of it are not.
        work_dir: made where it is missing; may lie inside `source`.
        measurer: gives speaker likeness and DNSMOS; None: these measures are None.
        limits: None: the defaults.
        progress: called from this thread with a stage and 0..1 of the whole; what it raises stops the intake
            within a block of audio.

    Raises:
        RecordingsNotFound, NoRecordings: there is nothing to look at.
        AudioDiskFull, AudioNotWritten: the working copies can't be written.
    """
    limits = limits or IntakeLimits()
    _make(work_dir)
    listing = list_recordings(source, leave_out=work_dir, max_files=limits.max_files)
    plan = plan_intake(listing, single=not source.is_dir())
    measuring = ClipMeasuring(measurer) if measurer is not None else None
    try:
        taken = _read_all(plan, work_dir, limits, measuring, progress)
        refused = [*listing.refused, *plan.refused, *_drop_duplicates(taken)]
        drafts = [draft for file in taken for draft in file.drafts]
        notes = [*listing.notes, *plan.notes, *(note for file in taken for note in file.notes)]
        speakers = _check_speakers(drafts, measuring, progress, notes)
    finally:
        if measuring is not None:
            measuring.stop()
    scores = _score(
        drafts, measurer if measuring and not measuring.failure else None, limits, progress, notes
    )
    clips = _judge_all(taken, plan, speakers, scores, notes)
    for clip in clips:
        if clip.verdict is Verdict.REJECTED:
            clip.path.unlink(missing_ok=True)
    progress("Recordings judged", 1.0)
    return IntakeReport(
        source=source,
        clips=tuple(clips),
        refused=tuple(sorted(refused, key=lambda refusal: str(refusal.path))),
        speaker_outliers=tuple(clip.id for clip in clips if speakers.get(clip.id, SAME_SPEAKER).outlier),
        notes=tuple(notes),
        transcript_kind=plan.transcripts.kind,
    )


def _make(work_dir: Path) -> None:
    try:
        work_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AudioNotWritten(
            f"{work_dir}: the folder for working copies can't be made ({error.strerror or error})."
        ) from error


def _read_all(
    plan: Plan,
    work_dir: Path,
    limits: IntakeLimits,
    measuring: ClipMeasuring | None,
    progress: Callable[[str, float], None],
) -> list[TakenFile]:
    """Decode, cut and write all files, several at once; the work is in C and lets go of the interpreter."""
    total = sum(max(1, file.size_bytes) for file in plan.files)
    read: dict[Path, float] = defaultdict(float)
    finished: queue.SimpleQueue[Future[TakenFile]] = queue.SimpleQueue()
    stop = Event()

    def work(file: SourceFile) -> TakenFile:
        def on_progress(fraction: float) -> None:
            read[file.path] = fraction * max(1, file.size_bytes)

        taken = take_file(
            file,
            work_dir,
            limits,
            keep_whole=file.path in plan.texts,
            on_progress=on_progress,
            stopped=stop.is_set,
        )
        if measuring is not None:
            for draft in taken.drafts:
                measuring.add(draft.path)
        return taken

    results: list[TakenFile] = []
    workers = limits.workers or min(_MOST_WORKERS, os.cpu_count() or 1)
    pool = ThreadPoolExecutor(workers, thread_name_prefix="intake")
    try:
        # The longest first, so that no core is left alone with a long file at the end.
        for file in sorted(plan.files, key=lambda file: -file.size_bytes):
            pool.submit(work, file).add_done_callback(finished.put)
        while len(results) < len(plan.files):
            with suppress(queue.Empty):
                results.append(finished.get(timeout=_TICK_S).result())
            progress("Reading recordings", _READ_SHARE * sum(list(read.values())) / max(1, total))
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)
        if measuring is not None:
            measuring.close_input()
    order = {file.path: place for place, file in enumerate(plan.files)}
    return sorted(results, key=lambda taken: order[taken.source.path])


def _drop_duplicates(taken: Sequence[TakenFile]) -> list[RefusedFile]:
    """Refuse files whose sound is that of an earlier one, and collect the other refusals on the way."""
    refused = []
    seen: dict[str, str] = {}
    for file in taken:
        if file.drafts:
            first = seen.setdefault(file.fingerprint, file.source.relative)
            if first != file.source.relative:
                for draft in file.drafts:
                    draft.path.unlink(missing_ok=True)
                file.drafts.clear()
                reason = f"{file.source.path}: is the same recording as {first}; one of them is enough."
                file.refused = RefusedFile(file.source.path, "DUPLICATE", reason)
        if file.refused is not None:
            refused.append(file.refused)
    return refused


def _check_speakers(
    drafts: Sequence[Draft],
    measuring: ClipMeasuring | None,
    progress: Callable[[str, float], None],
    notes: list[str],
) -> dict[str, Likeness]:
    if measuring is None or not drafts:
        return {}
    while not measuring.wait(_TICK_S):
        share = measuring.done / len(drafts)
        progress("Comparing voices", _READ_SHARE + (_SPEAKER_SHARE - _READ_SHARE) * min(1.0, share))
    if measuring.failure is not None:
        notes.append(f"Whether all clips are of one speaker could not be checked: {measuring.failure}")
        return {}
    known = [
        draft
        for draft in drafts
        if draft.path in measuring.embeddings and np.isfinite(measuring.embeddings[draft.path]).all()
    ]
    if not known:
        return {}
    check: SpeakerCheck = check_speakers(
        np.stack([measuring.embeddings[draft.path] for draft in known]),
        np.array([draft.speech_s for draft in known]),
    )
    if check.note is not None:
        notes.append(check.note)
    return {
        draft.id: Likeness(float(check.cosine[i]), bool(check.outlier[i]), bool(check.doubtful[i]))
        for i, draft in enumerate(known)
    }


def _score(
    drafts: Sequence[Draft],
    measurer: Measurer | None,
    limits: IntakeLimits,
    progress: Callable[[str, float], None],
    notes: list[str],
) -> dict[str, tuple[float, float]]:
    """DNSMOS (overall, signal) of an even sample of the clips, by clip id."""
    if measurer is None or not drafts or limits.dnsmos_clips < 1:
        return {}
    places = np.unique(
        np.linspace(0, len(drafts) - 1, min(len(drafts), limits.dnsmos_clips)).round().astype(int)
    )
    sample = [drafts[place] for place in places]
    progress("Judging sound quality", _SPEAKER_SHARE)
    scoring = ClipScoring(measurer, [draft.path for draft in sample])
    try:
        while not scoring.wait(_TICK_S):
            progress("Judging sound quality", _SPEAKER_SHARE)
    finally:
        scoring.stop()
    if scoring.failure is not None:
        notes.append(f"Sound quality (DNSMOS) could not be measured: {scoring.failure}")
        return {}
    if len(sample) < len(drafts):
        notes.append(f"Sound quality (DNSMOS) was measured on {len(sample)} of {len(drafts)} clips.")
    return {
        draft.id: (float(score.ovrl), float(score.sig))
        for draft in sample
        if (score := scoring.scores.get(draft.path)) is not None
        and np.isfinite((score.ovrl, score.sig)).all()
    }


def _judge_all(
    taken: Sequence[TakenFile],
    plan: Plan,
    speakers: dict[str, Likeness],
    scores: dict[str, tuple[float, float]],
    notes: list[str],
) -> list[Clip]:
    clips: list[Clip] = []
    for file in taken:
        judged, found = judge_file(file, plan.texts.get(file.source.path), likeness=speakers, scores=scores)
        clips.extend(judged)
        notes.extend(found)
    return clips
