"""The clips that a voice learns from, each with the guide's rendering of what is said in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, overload

import soundfile

from voicewright.engines.errors import EngineError, TooLittleSpeech
from voicewright.plugins.builtin.analysis import SAMPLE_RATE_HZ
from voicewright.plugins.builtin.espeak import Guide
from voicewright.plugins.builtin.plugin import ENGINE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from voicewright.engines.port import TrainingClip, TrainingRequest
    from voicewright.plugins.builtin.espeak import Rendering

    Floats = NDArray[np.float32]

MINIMUM_SPEECH_S: Final = ENGINE.capabilities.minimum_speech_s


@dataclass(frozen=True, slots=True)
class Utterance:
    """One clip on its way through the stages; its samples are read when needed, as half an hour is large."""

    path: Path
    duration_s: float
    rendering: Rendering
    weight: float

    def wave(self) -> Floats:
        """(samples,) at 22,050 Hz."""
        wave: Floats = soundfile.read(str(self.path), dtype="float32")[0]
        return wave


class Pairs(Sequence[tuple["Floats", "Rendering"]]):
    """The recordings with their renderings, each read when it is asked for."""

    def __init__(self, utterances: Sequence[Utterance]) -> None:
        self._utterances = utterances

    def __len__(self) -> int:
        return len(self._utterances)

    @overload
    def __getitem__(self, index: int) -> tuple[Floats, Rendering]: ...
    @overload
    def __getitem__(self, index: slice) -> Pairs: ...
    def __getitem__(self, index: int | slice) -> tuple[Floats, Rendering] | Pairs:
        if isinstance(index, slice):
            return Pairs(self._utterances[index])
        return self._utterances[index].wave(), self._utterances[index].rendering


def read(request: TrainingRequest, tick: Callable[[float], None], notes: list[str]) -> list[Utterance]:
    """Read what the clips hold and have the guide speak it.

    Args:
        request: with the clips.
        tick: called with the share of the clips done; may raise to stop.
        notes: clips that were left out are told here.

    Raises:
        TooLittleSpeech: there is less than the engine needs.
        EngineError: a clip can't be read, or nobody knows what is said in any of them.
    """
    durations_s = {clip.path: _duration_s(clip.path) for clip in request.clips}
    total_s = sum(durations_s.values())
    if total_s < MINIMUM_SPEECH_S:
        raise TooLittleSpeech(
            f"There are {total_s:.1f} s of speech, and the built-in engine needs at least "
            f"{MINIMUM_SPEECH_S:g} s; add recordings."
        )
    spoken = [c for c in request.clips if _is_told(c) and c.weight > 0]
    if not spoken:
        raise EngineError(
            "None of the clips has a text or phones, and the built-in engine learns from what is said. Add a "
            "metadata.csv or a .txt beside each clip."
        )
    if len(spoken) < len(request.clips):
        notes.append(f"{len(request.clips) - len(spoken)} clips without a text were left out.")
    guide = Guide.shared()
    utterances = []
    for number, clip in enumerate(spoken):
        if clip.text and clip.text.strip():
            rendering = guide.render(clip.text, request.language)
        else:
            rendering = guide.render_phones(clip.phones)
        if rendering.sounds:
            utterances.append(Utterance(clip.path, durations_s[clip.path], rendering, clip.weight))
        else:
            notes.append(f"{clip.path.name}: nothing in its text can be said; left out.")
        tick((number + 1) / len(spoken))
    return utterances


def _is_told(clip: TrainingClip) -> bool:
    """Whether anybody knows what is said in it, in words or at least in sounds."""
    return bool((clip.text and clip.text.strip()) or clip.phones)


def _duration_s(path: Path) -> float:
    try:
        info = soundfile.info(str(path))
    except soundfile.LibsndfileError as error:
        raise EngineError(f"{path} can't be read ({error}); take it in again.") from error
    if info.samplerate != SAMPLE_RATE_HZ or info.channels != 1:
        raise EngineError(f"{path.name} is not {SAMPLE_RATE_HZ} Hz mono; take it in first.")
    return float(info.duration)
