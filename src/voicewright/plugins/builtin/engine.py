"""The built-in engine behind the engine port: training a voice, and speaking with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from voicewright.engines.errors import TextUnspeakable
from voicewright.engines.languages import language_unsupported
from voicewright.engines.loaded import LoadedVoices
from voicewright.engines.port import AudioChunk
from voicewright.plugins.builtin import training
from voicewright.plugins.builtin.analysis import SAMPLE_RATE_HZ
from voicewright.plugins.builtin.artefact import load_voice
from voicewright.plugins.builtin.languages import LANGUAGES
from voicewright.plugins.builtin.options import BuiltinOptions
from voicewright.plugins.builtin.plugin import ENGINE
from voicewright.plugins.builtin.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from voicewright.engines.port import RunContext, SynthesisRequest, TrainingOutcome, TrainingRequest
    from voicewright.plugins.builtin.voice import Voice

VOICES_KEPT: Final = 4
_GAP_S = 0.12


class BuiltinEngine:
    """Trains and speaks; see the port for what is asked of it."""

    def __init__(self) -> None:
        self._voices = LoadedVoices(_load_warm, VOICES_KEPT)
        torch.set_flush_denormal(True)
        # what is computed at once is small here: several threads would mostly wait for each other
        torch.set_num_threads(1)
        threadpool_limits(1, user_api="blas")

    def train(self, request: TrainingRequest, context: RunContext) -> TrainingOutcome:
        """Train a voice from scratch."""
        return training.train(request, BuiltinOptions.model_validate(dict(request.options)), context)

    def load(self, voice_dir: Path) -> None:
        """Load a voice, unless it is loaded as it is now."""
        self._voices.get(voice_dir)

    def synthesize(self, request: SynthesisRequest, context: RunContext) -> Iterator[AudioChunk]:
        """Speak sentence by sentence, each in pieces as they are made."""
        voice = self._voices.get(request.voice_dir)
        language = request.language or voice.language
        if language not in LANGUAGES:
            raise language_unsupported(ENGINE, language)
        spoke = False
        for number, sentence in enumerate(sentences(request.text)):
            pieces = voice.speak(sentence, language, request.speed, request.seed + number)
            first = next(pieces, None)
            context.check_cancelled()
            if first is None:
                continue
            if spoke:
                yield _chunk(np.zeros(round(_GAP_S / request.speed * SAMPLE_RATE_HZ), np.float32))
            spoke = True
            yield _chunk(first)
            for piece in pieces:
                context.check_cancelled()
                yield _chunk(piece)
        if not spoke:
            raise TextUnspeakable("There is nothing in the text that can be said; give it some words.")


def _load_warm(voice_dir: Path) -> Voice:
    """Load a voice, and speak a word that nobody hears, so that everything is warm."""
    voice = load_voice(voice_dir)
    for _ in voice.speak("a", voice.language, 1.0, 0):
        pass
    return voice


def _chunk(wave: NDArray[np.float32]) -> AudioChunk:
    pcm = np.clip(np.round(wave * 32767.0), -32768, 32767).astype("<i2")
    return AudioChunk(pcm.tobytes(), SAMPLE_RATE_HZ)
