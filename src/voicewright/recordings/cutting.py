"""Takes one file in: a single streaming pass from bytes to measured working copies, in bounded memory."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from voicewright.audio.activity import SpeechTracker, tracking_gain
from voicewright.audio.clipping import ClippingMeter
from voicewright.audio.encode import write_audio
from voicewright.audio.errors import AudioDiskFull, AudioError, AudioNotWritten
from voicewright.audio.loudness import integrated_loudness, normalising_gain
from voicewright.audio.measurements import bandwidth_hz, signal_to_noise_db
from voicewright.audio.mono import WORKING_RATE_HZ, MonoStream
from voicewright.audio.reader import open_audio
from voicewright.audio.segmentation import Segmenter, SegmentLimits
from voicewright.audio.sniff import name_disagrees
from voicewright.recordings.errors import IntakeCancelled
from voicewright.recordings.listing import CUT_MARK
from voicewright.recordings.report import ClipMeasures, RefusedFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from voicewright.audio.reader import AudioReader
    from voicewright.audio.segmentation import Segment
    from voicewright.recordings.listing import SourceFile
    from voicewright.recordings.policies import IntakeLimits

_LOG = logging.getLogger(__name__)

_SILENCE_PEAK: Final = 3e-4
"""-70 dB: no microphone is that quiet while somebody speaks."""
_FADE_S: Final = 0.005
_ROUNDED: Final = 32768.0


@dataclass(frozen=True, slots=True)
class Draft:
    """A clip before it is judged."""

    id: str
    source: Path
    start_s: float
    end_s: float
    path: Path
    duration_s: float
    speech_s: float
    measures: ClipMeasures


@dataclass(slots=True)
class TakenFile:
    """What one file gave."""

    source: SourceFile
    drafts: list[Draft] = field(default_factory=list)
    refused: RefusedFile | None = None
    notes: list[str] = field(default_factory=list)
    problem: str | None = None
    """What was wrong with the file although something could be read."""
    invalid_share: float = 0.0
    fingerprint: str = ""
    """Of the decoded sound: two files with the same are the same recording."""
    container: str = ""
    """What the content turned out to be, see `audio.formats.AudioInfo`; empty: could not be opened."""
    duration_s: float = 0.0
    """Of the sound that was read."""

    @property
    def was_cut(self) -> bool:
        """Whether the file became several clips, so that nobody knows which words are in which."""
        return len(self.drafts) > 1


def take_file(
    source: SourceFile,
    work_dir: Path,
    limits: IntakeLimits,
    *,
    keep_whole: bool,
    on_progress: Callable[[float], None],
    stopped: Callable[[], bool],
) -> TakenFile:
    """Decode, cut, level, write and measure one file; what is wrong with it becomes a refusal without clips.

    Args:
        source: the file and the id that its clips are named after.
        work_dir: where the working copies go.
        limits: see `IntakeLimits`.
        keep_whole: the file has a transcript, so it is cut only where it must be.
        on_progress: called with 0..1 as the file is read.
        stopped: asked between blocks.

    Raises:
        AudioDiskFull, AudioNotWritten: nothing can be written, which is not the file's fault.
        IntakeCancelled: `stopped` said so.
    """
    taken = TakenFile(source)
    try:
        with open_audio(source.path) as reader:
            _Cutter(taken, work_dir, limits, keep_whole=keep_whole).run(reader, on_progress, stopped)
    except (AudioDiskFull, AudioNotWritten, IntakeCancelled):
        raise
    except Exception as error:  # noqa: BLE001 - one odd file must not cost the others
        taken.refused = _refusal(source.path, error)
        for draft in taken.drafts:
            draft.path.unlink(missing_ok=True)
        taken.drafts.clear()
    on_progress(1.0)
    return taken


def _refusal(path: Path, error: Exception) -> RefusedFile:
    if isinstance(error, AudioError):
        return RefusedFile(path, error.code, error.message)
    if isinstance(error, OSError):
        reason = f"{path}: can't be read ({error.strerror or error}). Check the disk it lies on."
        return RefusedFile(path, "AUDIO_FILE_UNREADABLE", reason)
    # What decoders and resamplers throw at odd sound is not written down anywhere.
    _LOG.error("%s could not be taken in", path, exc_info=error)
    reason = (
        f"{path}: could not be taken in ({type(error).__name__}: {error}); the log has the details."
        " Export it again as WAV or FLAC with 16 or 24 bits."
    )
    return RefusedFile(path, "FILE_FAILED", reason)


class _Cutter:
    """The pass over one file."""

    def __init__(self, taken: TakenFile, work_dir: Path, limits: IntakeLimits, *, keep_whole: bool) -> None:
        self._taken = taken
        self._work_dir = work_dir
        self._limits = limits
        self._segmenter = Segmenter(
            SegmentLimits(
                max_s=limits.max_clip_s,
                min_s=limits.min_clip_s,
                split_pause_s=None if keep_whole else limits.split_pause_s,
            )
        )
        self._held = np.zeros(0, np.float32)
        self._held_from = 0
        self._peak = 0.0

    def run(
        self, reader: AudioReader, on_progress: Callable[[float], None], stopped: Callable[[], bool]
    ) -> None:
        taken = self._taken
        taken.container = reader.info.container
        clipping = ClippingMeter(reader.info)
        stream = MonoStream(reader, WORKING_RATE_HZ, clipping)
        digest = hashlib.blake2b(digest_size=16)
        tracker: SpeechTracker | None = None
        expected_s = reader.info.duration_s or 0.0
        length, most = 0, round(self._limits.max_file_s * WORKING_RATE_HZ)
        for whole_block in stream:
            block = whole_block[: most - length]
            if stopped():
                raise IntakeCancelled(f"Intake was stopped while it read {taken.source.path}.")
            if tracker is None:
                tracker = SpeechTracker(
                    WORKING_RATE_HZ, tracking_gain(stream.mix.peak if stream.mix else 0.0)
                )
            length += len(block)
            self._peak = max(self._peak, float(np.abs(block).max(initial=0.0)))
            digest.update(np.rint(block * np.float32(_ROUNDED)).astype(np.int32).tobytes())
            self._held = np.concatenate((self._held, block))
            self._finish(self._segmenter.feed(tracker.feed(block)), clipping)
            on_progress(min(1.0, stream.read_s / expected_s) if expected_s else 0.5)
            if len(block) < len(whole_block):
                hours = self._limits.max_file_s / 3600
                taken.notes.append(f"{taken.source.relative}: only the first {hours:g} hours are used.")
                break
        if tracker is not None:
            self._finish(self._segmenter.feed(tracker.finish()), clipping)
        self._finish(self._segmenter.finish(), clipping)
        taken.fingerprint = digest.hexdigest()
        taken.duration_s = length / WORKING_RATE_HZ
        taken.problem = reader.problem
        samples = stream.read_s * reader.info.sample_rate_hz * reader.info.channels
        taken.invalid_share = stream.invalid_samples / samples if samples else 0.0
        self._tell(reader, stream)
        if not taken.drafts:
            taken.refused = self._nothing_found(taken.duration_s)

    def _finish(self, segments: list[Segment], clipping: ClippingMeter) -> None:
        for segment in segments:
            first = round(segment.start_s * WORKING_RATE_HZ) - self._held_from
            last = round(segment.end_s * WORKING_RATE_HZ) - self._held_from
            samples = self._held[max(0, first) : last]
            if len(samples) / WORKING_RATE_HZ < self._limits.min_clip_s:
                continue
            self._taken.drafts.append(self._draft(segment, samples, clipping))
        # Only now, for all segments of a block lie in what is held.
        keep = round(self._segmenter.needed_from_s * WORKING_RATE_HZ)
        gone = min(len(self._held), max(0, keep - self._held_from))
        self._held = self._held[gone:].copy()
        self._held_from += gone

    def _draft(self, segment: Segment, samples: NDArray[np.float32], clipping: ClippingMeter) -> Draft:
        samples = samples - samples.mean(dtype=np.float64).astype(np.float32)
        loudness = integrated_loudness(samples, WORKING_RATE_HZ)
        measures = ClipMeasures(
            snr_db=signal_to_noise_db(segment.track, segment.mask) or 0.0,
            clipping_ratio=clipping.ratio(segment.start_s, segment.end_s),
            loudness_lufs=loudness,
            bandwidth_hz=bandwidth_hz(samples, WORKING_RATE_HZ),
        )
        samples *= np.float32(normalising_gain(samples, WORKING_RATE_HZ, loudness))
        _fade(samples)
        clip_id, path = self._name()
        write_audio(path, [samples], WORKING_RATE_HZ, "wav", durable=False)
        duration_s = len(samples) / WORKING_RATE_HZ
        return Draft(
            id=clip_id,
            source=self._taken.source.path,
            start_s=segment.start_s,
            end_s=segment.start_s + duration_s,
            path=path,
            duration_s=duration_s,
            speech_s=min(segment.speech_s, duration_s),
            measures=measures,
        )

    def _name(self) -> tuple[str, Path]:
        """Name the next clip; the first one gets its number when it turns out not to be the only one."""
        drafts = self._taken.drafts
        if not drafts:
            return self._named(self._taken.source.clip_id)
        if len(drafts) == 1:
            clip_id, path = self._named(self._numbered(1))
            drafts[0].path.replace(path)
            drafts[0] = replace(drafts[0], id=clip_id, path=path)
        return self._named(self._numbered(len(drafts) + 1))

    def _numbered(self, number: int) -> str:
        return f"{self._taken.source.clip_id}{CUT_MARK}{number:04d}"

    def _named(self, clip_id: str) -> tuple[str, Path]:
        return clip_id, self._work_dir / f"{clip_id}.wav"

    def _tell(self, reader: AudioReader, stream: MonoStream) -> None:
        source, notes = self._taken.source, self._taken.notes
        if name_disagrees(source.path, reader.info.container):
            notes.append(f"{source.relative} is really {reader.info.container} audio; it was read as that.")
        if stream.mix is not None and stream.mix.note:
            notes.append(f"{source.relative}: {stream.mix.note}.")
        if stream.invalid_samples:
            notes.append(
                f"{source.relative}: {stream.invalid_samples:,} samples are not numbers; they became silence."
            )
        if self._segmenter.skipped_s > 0 and self._taken.drafts:
            notes.append(
                f"{source.relative}: {self._segmenter.skipped_s:.1f} s of speech in fragments shorter than"
                f" {self._limits.min_clip_s:g} s were left out."
            )

    def _nothing_found(self, duration_s: float) -> RefusedFile:
        path = self._taken.source.path
        if duration_s < self._limits.min_clip_s:
            return RefusedFile(
                path,
                "TOO_SHORT",
                f"{path}: only {duration_s:.2f} s long; at least {self._limits.min_clip_s:g} s are needed.",
            )
        if self._peak < _SILENCE_PEAK:
            return RefusedFile(
                path, "SILENT", f"{path}: there is only silence. Check the microphone and record it again."
            )
        return RefusedFile(
            path,
            "NO_SPEECH",
            f"{path}: nobody speaks in these {duration_s:.1f} s. Remove or replace the file.",
        )


def _fade(samples: NDArray[np.float32]) -> None:
    """Take the click off both ends, in place."""
    length = min(round(_FADE_S * WORKING_RATE_HZ), len(samples) // 2)
    if length:
        ramp = np.linspace(0.0, 1.0, length, dtype=np.float32)
        samples[:length] *= ramp
        samples[-length:] *= ramp[::-1]
