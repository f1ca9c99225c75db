"""Kokoro behind the engine port: voices of its own, mixtures of them, and speaking with them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from voicewright.audio.stretching import Stretcher
from voicewright.engines.errors import ArtefactInvalid, TextUnspeakable, WeightsMissing
from voicewright.engines.languages import language_unsupported
from voicewright.engines.loaded import LoadedVoices
from voicewright.engines.port import AudioChunk
from voicewright.engines.sealed import read_sealed, write_sealed
from voicewright.plugins.kokoro.inference import SAMPLE_RATE_HZ, Model
from voicewright.plugins.kokoro.languages import LANGUAGES
from voicewright.plugins.kokoro.phones import Reader
from voicewright.plugins.kokoro.plugin import ENGINE, MODEL, VOICES
from voicewright.plugins.kokoro.styles import (
    StyleFile,
    describe,
    describe_mixture,
    is_style,
    mix,
    parse_mixture,
)
from voicewright.text.sentences import SENTENCE_ENDS, split_sentences

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from voicewright.engines.port import EngineSetup, RunContext, StockVoice, SynthesisRequest

FORMAT_VERSION: Final = 1
VOICES_KEPT: Final = 32
"""Half a megabyte each."""
_LONGEST_PIECE: Final = 220
"""Characters that are spoken at once: the first sound of longer ones would be late."""
_SENTENCE_PAUSE_S, _BREATH_S = 0.25, 0.08


class _Voice(NamedTuple):
    style: NDArray[np.float32]
    language: str


class KokoroEngine:
    """Speaks with voices of its own; see the port for what is asked of it."""

    def __init__(self, setup: EngineSetup) -> None:
        if setup.weights_dir is None:
            raise _missing(f"{MODEL} and {VOICES}")
        self._paths = setup.weights_dir / MODEL, setup.weights_dir / VOICES
        absent = [path.name for path in self._paths if not path.is_file()]
        if absent:
            raise _missing(" and ".join(absent))
        self._voices = LoadedVoices(_load, VOICES_KEPT)
        self._loaded: Model | None = None
        self._reader = cache(Reader)

    def stock_voices(self, context: RunContext) -> tuple[StockVoice, ...]:
        """Those of the voices file whose languages can be read here."""
        context.check_cancelled()
        return tuple(describe(name) for name in StyleFile(self._paths[1]).names)

    def write_stock_voice(self, voice: str, artefact_dir: Path, context: RunContext) -> StockVoice:
        """Write a voice, or a mixture (`af_heart:0.7+am_adam:0.3`), which from then on stands for itself."""
        file, mixture = StyleFile(self._paths[1]), parse_mixture(voice)
        style = mix([(file.style(name), share) for name, share in mixture])
        context.check_cancelled()
        described = describe_mixture(mixture)
        about = {"voice": described.id, "title": described.title, "language": described.languages[0]}
        write_sealed(artefact_dir, save({"style": style}), about, engine=ENGINE.id, version=FORMAT_VERSION)
        return described

    def load(self, voice_dir: Path) -> None:
        """Load a voice, unless it is loaded as it is now, and the model."""
        self._voices.get(voice_dir)
        self._model()

    def synthesize(self, request: SynthesisRequest, context: RunContext) -> Iterator[AudioChunk]:
        """Speak sentence by sentence, and long ones in pieces."""
        voice = self._voices.get(request.voice_dir)
        language = request.language or voice.language
        if language not in LANGUAGES:
            raise language_unsupported(ENGINE, language)
        model = self._model()
        speed = model.speed(request.speed)
        stretcher = Stretcher(SAMPLE_RATE_HZ, request.speed / speed)
        pause_s = 0.0
        said = False
        for piece in split_sentences(request.text, longest=_LONGEST_PIECE):
            context.check_cancelled()
            phones = model.known(self._reader(language).read(piece.text))
            if not any(letter.isalpha() for letter in phones):
                continue
            wave = model.speak(phones, voice.style, speed, context.check_cancelled)
            silence = np.zeros(round(pause_s / speed * SAMPLE_RATE_HZ), np.float32)
            yield from _chunks(stretcher.feed(np.concatenate((silence, wave))))
            pause_s = _SENTENCE_PAUSE_S if piece.text.endswith(SENTENCE_ENDS) else _BREATH_S
            said = True
        if not said:
            raise TextUnspeakable("There is nothing in the text that can be said; give it some words.")
        yield from _chunks(stretcher.flush())

    def _model(self) -> Model:
        """The model, loaded when it is needed first: to list the voices, nobody needs it."""
        if self._loaded is None:
            self._loaded = Model(*self._paths)
        return self._loaded


def _load(voice_dir: Path) -> _Voice:
    about, numbers = read_sealed(voice_dir, engine=ENGINE.id, version=FORMAT_VERSION)
    try:
        voice = _Voice(np.asarray(load(numbers)["style"], np.float32), str(about["language"]))
    except (SafetensorError, KeyError, ValueError) as error:
        raise ArtefactInvalid(f"{voice_dir} is incomplete ({error}); make the voice again.") from error
    if not is_style(voice.style):
        raise ArtefactInvalid(f"{voice_dir} has a style of the shape {voice.style.shape}; make it again.")
    return voice


def _chunks(wave: NDArray[np.float32]) -> Iterator[AudioChunk]:
    if len(wave):
        pcm = np.clip(np.round(wave * 32767.0), -32768, 32767).astype("<i2")
        yield AudioChunk(pcm.tobytes(), SAMPLE_RATE_HZ)


def _missing(names: str) -> WeightsMissing:
    return WeightsMissing(
        f"Kokoro lacks its weights: {names}. Get them with: voicewright engines install kokoro"
    )
