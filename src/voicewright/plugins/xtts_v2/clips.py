"""The clips that XTTS-v2 can learn from: 0.5-11.6 s each, with a text; longer ones are cut at a pause.

The library drops what it can't use without a word. Here everything that is left out is counted and named.
"""

from __future__ import annotations

import wave
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from voicewright.engines.errors import EngineError
from voicewright.plugins.xtts_v2.cutting import cut_at_pauses
from voicewright.plugins.xtts_v2.texts import is_sayable, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from voicewright.engines.port import RunContext, TrainingClip

RATE_HZ: Final = 22_050
SHORTEST_S: Final = 0.5
LONGEST_SAMPLES: Final = 255_995
"""11.6 s: what the library takes at most."""
LONGEST_S: Final = LONGEST_SAMPLES / RATE_HZ
_MOST_NAMED: Final = 8


@dataclass(frozen=True, slots=True)
class Utterance:
    """What is learnt from: a sound and its text."""

    path: Path
    text: str
    duration_s: float
    source: str
    """The name of the clip that it comes from."""


@dataclass(slots=True)
class LeftOut:
    """What could not be used, by the reason, for `TrainingOutcome.notes`."""

    names: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, reason: str, name: str) -> None:
        """Note a clip; `reason` goes on where "was left out:" ends."""
        self.names[reason].append(name)

    def notes(self) -> tuple[str, ...]:
        """One sentence for each reason, with the count and the names."""
        return tuple(
            f"{_count(names)} left out: {reason} ({_listed(names)})." for reason, names in self.names.items()
        )


def prepare(
    clips: Sequence[TrainingClip],
    folder: Path,
    fault_of: Callable[[str], str],
    left_out: LeftOut,
    context: RunContext,
) -> list[Utterance]:
    """Choose, cut and write what can be learnt from.

    Args:
        clips: as the platform gives them.
        folder: where what was cut is written.
        fault_of: says why the model can't take a text; empty: it can.
        left_out: is told what was not used.
        context: asked whether to stop.

    Raises:
        EngineError: a file can't be read.
    """
    usable: list[Utterance] = []
    for number, clip in enumerate(clips):
        context.check_cancelled()
        name, text = clip.path.name, plain(clip.text or "")
        samples = read_clip(clip.path)
        if clip.weight <= 0:
            left_out.add("nobody trusts them", name)
        elif not is_sayable(text):
            left_out.add("there is nothing in their text", name)
        elif len(samples) < SHORTEST_S * RATE_HZ:
            left_out.add(f"they are shorter than {SHORTEST_S:g} s", name)
        elif len(samples) > LONGEST_SAMPLES:
            parts = cut_at_pauses(samples, text, RATE_HZ, longest=LONGEST_SAMPLES)
            if not parts:
                left_out.add(
                    f"they are longer than {LONGEST_S:.1f} s, and no pause in them is where their text has a "
                    "comma or a full stop",
                    name,
                )
            for part, (sound, words) in enumerate(parts):
                path = folder / f"{number:05d}-{part}.wav"
                _write(path, sound)
                usable.append(Utterance(path, words, len(sound) / RATE_HZ, name))
        else:
            usable.append(Utterance(clip.path, text, len(samples) / RATE_HZ, name))
    return [each for each in usable if _is_readable(each, fault_of, left_out)]


def hold_out(
    utterances: Sequence[Utterance], share: float, seed: int
) -> tuple[list[Utterance], list[Utterance]]:
    """Share utterances out: those that are learnt from, and those that only judge."""
    count = min(round(share * len(utterances)), len(utterances) - 1)
    if share > 0 and len(utterances) > 1:
        count = max(count, 1)
    drawn = set(np.random.default_rng(seed).permutation(len(utterances))[:count].tolist())
    learnt = [each for number, each in enumerate(utterances) if number not in drawn]
    return learnt, [each for number, each in enumerate(utterances) if number in drawn]


def read_clip(path: Path) -> NDArray[np.float32]:
    """Read a clip as engines get it.

    Raises:
        EngineError: it is none.
    """
    try:
        with wave.open(str(path), "rb") as file:
            form = (file.getframerate(), file.getnchannels(), file.getsampwidth())
            frames = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise EngineError(f"{path.name} can't be read ({error}); leave it out.") from error
    if form != (RATE_HZ, 1, 2):
        raise EngineError(
            f"{path.name} has {form[0]} Hz, {form[1]} channels and {8 * form[2]} bits instead of "
            f"{RATE_HZ} Hz, one channel and 16 bits; leave it out."
        )
    return np.frombuffer(frames, "<i2").astype(np.float32) / 32768.0


def _is_readable(utterance: Utterance, fault_of: Callable[[str], str], left_out: LeftOut) -> bool:
    fault = fault_of(utterance.text)
    if fault:
        left_out.add(fault, utterance.source)
    return not fault


def _write(path: Path, samples: NDArray[np.float32]) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(np.clip(np.round(samples * 32768.0), -32768, 32767).astype("<i2").tobytes())


def _count(names: Sequence[str]) -> str:
    return "1 clip was" if len(names) == 1 else f"{len(names)} clips were"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
