"""What the network is told of each frame: the phones around it, where it lies, and the guide's own frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from voicewright.plugins.builtin.alignment import SILENCE
from voicewright.plugins.builtin.analysis import GUIDE_SIZE
from voicewright.plugins.builtin.pitch import HOP_S

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from voicewright.plugins.builtin.alignment import Segment
    from voicewright.plugins.builtin.espeak import Phone, Rendering

    Floats = NDArray[np.float32]

NEIGHBOURS: Final = (-2, -1, 0, 1, 2)
CENTRE: Final = NEIGHBOURS.index(0)
POSITION: Final = 0
"""Column of `Context.places`: how much of the phone has passed, 0..1."""
SILENT: Final = 7
"""Column of `Context.places`: 1 in silence."""
PLACES: Final = 16
UNKNOWN: Final = 0
"""The id of phones that are like no other: they share the embedding of silence."""
_FAR = 12
_LIKENESS = np.ones(GUIDE_SIZE, np.float32)
"""What counts in the likeness of two phones: spectrum and voicing, the level a little, the pitch not."""
_LIKENESS[0] = 0.2
_LIKENESS[-2] = 0.0
_LOG_CENTRE = 2.5
"""Brings log durations in seconds near zero."""


class PhoneSet:
    """The phones that a voice knows, in the order in which training met them; silence is 0.

    Args:
        names: of the phones.
        guides: (phones, GUIDE_SIZE) the guide's mean frame of each phone, NaN where training heard none. By
            these a phone that is not in the set, of another language for example, finds the one most like it.
    """

    def __init__(self, names: Iterable[str] = (), guides: Floats | None = None) -> None:
        self._ids = {SILENCE: 0}
        for name in names:
            self._ids.setdefault(name, len(self._ids))
        self.guides = guides

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def names(self) -> tuple[str, ...]:
        """In the order of their ids."""
        return tuple(self._ids)

    def id_of(self, name: str) -> int:
        """UNKNOWN where it is not in the set."""
        return self._ids.get(name, UNKNOWN)

    def id_like(self, frame: Floats) -> int:
        """The phone whose mean frame is nearest to a mean frame of the guide, (GUIDE_SIZE,)."""
        if self.guides is None:
            return UNKNOWN
        difference = (self.guides - frame) * _LIKENESS
        distance = (difference**2).sum(1)
        distance[0] = np.inf  # nothing that is said is like silence
        distance[~np.isfinite(distance)] = np.inf
        nearest = int(distance.argmin())
        return nearest if np.isfinite(distance[nearest]) else UNKNOWN

    def heard_in(self, contexts: Sequence[Context]) -> PhoneSet:
        """The same set with the mean frames of the guide in these contexts."""
        size = contexts[0].guide.shape[1]
        total, count = np.zeros((len(self), size)), np.zeros((len(self), 1))
        for context in contexts:
            centre = context.phones[:, CENTRE]
            np.add.at(total, centre, context.guide)
            np.add.at(count, centre, 1)
        mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
        return PhoneSet(self.names, mean.astype(np.float32))


@dataclass(frozen=True, slots=True)
class Context:
    """The network's inputs for one utterance, one row to a 5 ms frame."""

    phones: NDArray[np.int64]
    """(frames, 5) ids of the phones two before to two after."""
    places: Floats
    """(frames, PLACES)"""
    guide: Floats
    """(frames, GUIDE_SIZE), not scaled."""

    def __len__(self) -> int:
        return len(self.phones)

    def cut(self, frames: int) -> Context:
        """The first so many frames."""
        return Context(self.phones[:frames], self.places[:frames], self.guide[:frames])


def describe(segments: Sequence[Segment], rendering: Rendering, guide: Floats, phones: PhoneSet) -> Context:
    """Lay out the inputs for an utterance whose timing is known.

    Args:
        segments: the timing, covering all frames in order.
        rendering: the guide's rendering that the segments refer to.
        guide: (frames of the rendering, GUIDE_SIZE) its analysis.
        phones: the phones that have an id.
    """
    kept = [s for s in segments if s.frames > 0]
    lengths = np.array([s.frames for s in kept])
    owner = np.repeat(np.arange(len(kept)), lengths)
    offset = np.arange(len(owner)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    position = ((offset + 0.5) / lengths[owner]).astype(np.float32)
    frames = _guide_frames(kept, owner, position, rendering.sounds, guide)
    ids = _ids(kept, owner, frames, phones)
    padded = np.pad(ids, 2, constant_values=phones.id_of(SILENCE))
    around = np.stack([padded[2 + shift : 2 + shift + len(ids)] for shift in NEIGHBOURS], axis=1)
    still = _places_of_segments(kept, rendering.sounds)
    moving = np.stack([position, 1 - position, 2 * np.minimum(position, 1 - position)], axis=1)
    places = np.concatenate(
        [moving, still[owner, :3], (np.arange(len(owner)) / len(owner))[:, None], still[owner, 3:]], axis=1
    )
    return Context(
        around[owner],
        places.astype(np.float32),
        frames,
    )


def _ids(
    segments: Sequence[Segment], owner: NDArray[np.int64], frames: Floats, phones: PhoneSet
) -> NDArray[np.int64]:
    """(segments,) the id of each, for unknown ones that of the phone that is most like them here."""
    known = {s.name: phones.id_of(s.name) for s in segments}
    names = np.array([s.name for s in segments])
    for name, number in known.items():
        if number == UNKNOWN and name != SILENCE:
            known[name] = phones.id_like(frames[(names == name)[owner]].mean(0))
    return np.array([known[name] for name in names], np.int64)


def _places_of_segments(segments: Sequence[Segment], sounds: Sequence[Phone]) -> Floats:
    """(segments, PLACES - 4) of what is the same for all frames of a segment."""
    rows = []
    words = [s.word for s in segments]
    stress = [sounds[s.sound].stress if s.sound >= 0 else 0 for s in segments]
    silent = [s.sound < 0 for s in segments]
    last_word = sounds[-1].word if sounds else -1
    for index, segment in enumerate(segments):
        before = words[index - 1] if index else None
        after = words[index + 1] if index + 1 < len(words) else None
        rows.append(
            (
                np.log(segment.frames * HOP_S) + _LOG_CENTRE,
                segment.word != before,
                segment.word != after,
                silent[index],
                stress[index] == 2,  # noqa: PLR2004 - primary
                stress[index] == 1,
                _until_silence(silent[index + 1 :]) * 2 / _FAR,
                _until_silence(silent[:index][::-1]) * 2 / _FAR,
                0.0 if silent[index] else _log_duration(sounds[segment.sound]),
                index + 1 < len(stress) and stress[index + 1] == 2,  # noqa: PLR2004 - primary
                index > 0 and stress[index - 1] == 2,  # noqa: PLR2004 - primary
                not silent[index] and segment.word == last_word,
            )
        )
    return np.array(rows, np.float32)


def _until_silence(silent: Sequence[bool]) -> int:
    """How many segments of speech come first, at most `_FAR`."""
    for count, quiet in enumerate(silent[:_FAR]):
        if quiet:
            return count
    return min(len(silent), _FAR)


def _log_duration(phone: Phone) -> float:
    return float(np.log(max(HOP_S, phone.end_s - phone.start_s)) + _LOG_CENTRE)


def _guide_frames(
    segments: Sequence[Segment],
    owner: NDArray[np.int64],
    position: Floats,
    sounds: Sequence[Phone],
    guide: Floats,
) -> Floats:
    """The guide's frame at the same share of the same phone; its quietest frame in silences."""
    quiet = guide[np.argmin(guide[:, 0])].copy()
    quiet[-2:] = 0.0
    start = np.array([sounds[s.sound].start_s if s.sound >= 0 else 0.0 for s in segments])
    length = np.array(
        [sounds[s.sound].end_s - sounds[s.sound].start_s if s.sound >= 0 else 0.0 for s in segments]
    )
    frame = np.round((start[owner] + position * length[owner]) / HOP_S).astype(np.int64)
    rows: Floats = guide[np.clip(frame, 0, len(guide) - 1)]
    rows[np.array([s.sound < 0 for s in segments])[owner]] = quiet
    return rows
