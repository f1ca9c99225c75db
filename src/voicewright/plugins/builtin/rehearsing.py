"""Lets a network that is still learning speak a sentence, so that one hears how the voice comes on.

It is a sketch of the voice that this network would make: with less of the recordings beside it, and without
the finishing filter, both of which take longer than the few epochs between two of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from voicewright.engines.rehearsing import rehearsal_epochs, write_rehearsal
from voicewright.plugins.builtin.analysis import SAMPLE_RATE_HZ
from voicewright.plugins.builtin.espeak import Guide

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicewright.engines.port import Rehearsal, RunContext
    from voicewright.plugins.builtin.network import AcousticNetwork
    from voicewright.plugins.builtin.voice import Voice

BANK_FRAMES: Final = 4_000
"""Twenty seconds."""
_PEAK: Final = 0.7
_SILENT: Final = 1e-6


class VoiceOf(Protocol):
    """Makes the voice of a network."""

    def __call__(self, network: AcousticNetwork, tick: Callable[[float], None], bank_frames: int) -> Voice:
        """Make it, with so many frames of the recordings; `tick` may raise to stop."""


def rehearsing(
    rehearsal: Rehearsal | None, epochs: int, voice_of: VoiceOf, context: RunContext
) -> Callable[[AcousticNetwork, int], None]:
    """What is to be told of each epoch: it has the voice speak after a few of them.

    Args:
        rehearsal: what to say; None: nothing.
        epochs: of the whole training.
        voice_of: makes the voice of a network.
        context: is handed what was said.
    """
    chosen = frozenset() if rehearsal is None else rehearsal_epochs(epochs)

    def listen(network: AcousticNetwork, epoch: int) -> None:
        if rehearsal is None or epoch not in chosen:
            return
        voice = voice_of(network, lambda _done: context.check_cancelled(), BANK_FRAMES)
        rendering = Guide.shared().render(rehearsal.text, voice.language)
        if not rendering.sounds:
            return
        pieces = []
        for piece in voice.waves(rendering, voice.durations.predict(rendering, 1.0), seed=0):
            context.check_cancelled()
            pieces.append(piece)
        wave = np.concatenate(pieces)
        wave = wave * (_PEAK / max(float(np.abs(wave).max()), _SILENT))
        pcm = np.round(wave * 32767.0).astype("<i2").tobytes()
        path = write_rehearsal(rehearsal.folder, epoch, pcm, SAMPLE_RATE_HZ)
        context.spoke(path, rehearsal.text, step=epoch)

    return listen
