"""The built-in engine behind the engine port: training a voice, and speaking with it."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from voicewright.engines.errors import LanguageUnsupported, TextUnspeakable
from voicewright.engines.port import AudioChunk
from voicewright.plugins.builtin import training
from voicewright.plugins.builtin.analysis import SAMPLE_RATE_HZ
from voicewright.plugins.builtin.artefact import load_voice
from voicewright.plugins.builtin.languages import LANGUAGES
from voicewright.plugins.builtin.options import BuiltinOptions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from voicewright.engines.port import RunContext, SynthesisRequest, TrainingOutcome, TrainingRequest
    from voicewright.plugins.builtin.voice import Voice

VOICES_KEPT: Final = 4
_LONGEST_PIECE = 220
"""Characters spoken at once: longer sentences are cut at the clause, or the first audio would be late."""
_SENTENCE_END = re.compile(r"(?<=[.!?…。！？])[\"'”’)\]]*\s+")
_CLAUSE_END = re.compile(r"(?<=[,;:，；：、])\s*")
_GAP_S = 0.12


class BuiltinEngine:
    """Trains and speaks; see the port for what is asked of it."""

    def __init__(self) -> None:
        self._voices: OrderedDict[Path, Voice] = OrderedDict()
        torch.set_flush_denormal(True)

    def train(self, request: TrainingRequest, context: RunContext) -> TrainingOutcome:
        """Train a voice from scratch."""
        return training.train(request, BuiltinOptions.model_validate(request.options), context)

    def load(self, voice_dir: Path) -> None:
        """Load a voice, and speak a word that nobody hears, so that everything is warm."""
        for _ in self._voice(voice_dir).speak("a", self._voice(voice_dir).language, 1.0, 0):
            pass

    def synthesize(self, request: SynthesisRequest, context: RunContext) -> Iterator[AudioChunk]:
        """Speak sentence by sentence, each in pieces as they are made."""
        voice = self._voice(request.voice_dir)
        language = request.language or voice.language
        if language not in LANGUAGES:
            raise LanguageUnsupported(
                f"The built-in engine does not speak {language!r}; it speaks {', '.join(LANGUAGES)}."
            )
        spoke = False
        for number, sentence in enumerate(sentences(request.text)):
            pieces = voice.speak(sentence, language, request.speed, request.seed + number)
            first = next(pieces, None)
            context.check_cancelled()
            if first is None:
                continue
            if spoke:
                yield _chunk(np.zeros(int(_GAP_S / request.speed * SAMPLE_RATE_HZ), np.float32))
            spoke = True
            yield _chunk(first)
            for piece in pieces:
                context.check_cancelled()
                yield _chunk(piece)
        if not spoke:
            raise TextUnspeakable("There is nothing in the text that can be said; give it some words.")

    def _voice(self, voice_dir: Path) -> Voice:
        if voice_dir in self._voices:
            self._voices.move_to_end(voice_dir)
            return self._voices[voice_dir]
        voice = load_voice(voice_dir)
        self._voices[voice_dir] = voice
        while len(self._voices) > VOICES_KEPT:
            self._voices.popitem(last=False)
        return voice


def sentences(text: str) -> list[str]:
    """Cut a text at the ends of sentences, and sentences that are too long at clauses or words."""
    pieces: list[str] = []
    for sentence in _SENTENCE_END.split(text.strip()):
        pieces += _shortened(sentence)
    return [p for p in pieces if p.strip()]


def _shortened(sentence: str) -> list[str]:
    if len(sentence) <= _LONGEST_PIECE:
        return [sentence]
    pieces = [""]
    parts = [c for c in _CLAUSE_END.split(sentence) if c]
    if len(parts) == 1:
        parts = re.findall(r"\S{1,80}\s*", sentence)
    for part in parts:
        if pieces[-1] and len(pieces[-1]) + len(part) > _LONGEST_PIECE:
            pieces.append("")
        pieces[-1] += part if part.endswith(" ") else part + " "
    return [p for piece in pieces for p in (_shortened(piece.strip()) if len(parts) > 1 else [piece])]


def _chunk(wave: np.ndarray[tuple[int], np.dtype[np.float32]]) -> AudioChunk:
    pcm = np.clip(np.round(wave * 32767.0), -32768, 32767).astype("<i2")
    return AudioChunk(pcm.tobytes(), SAMPLE_RATE_HZ)
