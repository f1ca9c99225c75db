"""The built-in engine behind the engine port: training a voice, and speaking with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from voicewright.engines.errors import TextUnspeakable
from voicewright.engines.languages import language_unsupported
from voicewright.engines.loaded import LoadedVoices
from voicewright.engines.port import AudioChunk, SpokenWord
from voicewright.plugins.builtin import training
from voicewright.plugins.builtin.analysis import SAMPLE_RATE_HZ
from voicewright.plugins.builtin.artefact import load_voice
from voicewright.plugins.builtin.languages import LANGUAGES
from voicewright.plugins.builtin.options import BuiltinOptions
from voicewright.plugins.builtin.plugin import ENGINE
from voicewright.plugins.builtin.sentences import sentences
from voicewright.plugins.builtin.takes import Take

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
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
        take, said = Take(request.seed), 0
        for number, sentence in enumerate(sentences(request.text)):
            utterance = voice.say(
                sentence, language, request.speed, request.seed + number, request.pitch_semitones, take=take
            )
            context.check_cancelled()
            if utterance is None:
                continue
            if said:
                gap = np.zeros(round(_GAP_S / request.speed * SAMPLE_RATE_HZ), np.float32)
                said += len(gap)
                yield _chunk(gap)
            words = _later(utterance.words, said / SAMPLE_RATE_HZ)
            for piece in utterance.pieces:
                context.check_cancelled()
                said += len(piece)
                yield _chunk(piece, words)
                words = ()
        if not said:
            raise TextUnspeakable("There is nothing in the text that can be said; give it some words.")


def _load_warm(voice_dir: Path) -> Voice:
    """Load a voice, and speak a word that nobody hears, so that everything is warm."""
    voice = load_voice(voice_dir)
    for _ in voice.speak("a", voice.language, 1.0, 0):
        pass
    return voice


def _chunk(wave: NDArray[np.float32], words: tuple[SpokenWord, ...] = ()) -> AudioChunk:
    pcm = np.clip(np.round(wave * 32767.0), -32768, 32767).astype("<i2")
    return AudioChunk(pcm.tobytes(), SAMPLE_RATE_HZ, words)


def _later(words: Iterable[SpokenWord], by_s: float) -> tuple[SpokenWord, ...]:
    return tuple(SpokenWord(word.text, word.start_s + by_s, word.end_s + by_s) for word in words)
