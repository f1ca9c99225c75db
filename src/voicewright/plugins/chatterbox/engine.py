"""Chatterbox behind the engine port: cloning a voice in seconds, and speaking with it."""

from __future__ import annotations

import gc
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from voicewright.audio.stretching import Stretcher
from voicewright.engines.errors import LanguageUnsupported, TextUnspeakable, WeightsMissing
from voicewright.engines.loaded import LoadedVoices
from voicewright.engines.port import AudioChunk, TrainingOutcome
from voicewright.engines.reference import clip_s, write_reference
from voicewright.plugins.chatterbox.artefact import Voice, load_voice, save_voice
from voicewright.plugins.chatterbox.languages import SPOKEN
from voicewright.plugins.chatterbox.model import Model
from voicewright.plugins.chatterbox.options import ChatterboxOptions
from voicewright.plugins.chatterbox.plugin import ENGINE
from voicewright.text.sentences import SENTENCE_ENDS, split_sentences

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from voicewright.engines.port import EngineSetup, RunContext, SynthesisRequest, TrainingRequest
    from voicewright.plugins.chatterbox.options import ModelName

VOICES_KEPT: Final = 16
_RATE_HZ: Final = ENGINE.capabilities.sample_rate_hz
_MOST_REFERENCE_S: Final = 20.0
"""The models listen to 6, 10 or 15 s of it, and all of it tells the speaker's identity."""
_LONGEST_PIECE: Final = 250
"""Characters that are spoken at once: of longer ones the models lose the thread."""
_SENTENCE_PAUSE_S, _BREATH_S = 0.2, 0.05


class ChatterboxEngine:
    """Clones and speaks; see the port for what is asked of it."""

    def __init__(self, setup: EngineSetup) -> None:
        if setup.weights_dir is None:
            raise WeightsMissing(
                "Chatterbox has no weights. Get them with: voicewright engines install chatterbox"
            )
        self._weights_dir = setup.weights_dir
        self._voices = LoadedVoices(load_voice, VOICES_KEPT)
        self._loaded: Model | None = None

    def clone(self, request: TrainingRequest, context: RunContext) -> TrainingOutcome:
        """Make a voice of the best clips."""
        options = ChatterboxOptions.model_validate(dict(request.options))
        _require_language(options.model, request.language)
        began_s = time.monotonic()
        with TemporaryDirectory() as folder:
            reference = Path(folder) / "reference.wav"
            chosen = write_reference(
                request.clips,
                reference,
                most_s=_MOST_REFERENCE_S,
                least_s=ENGINE.capabilities.minimum_speech_s,
            )
            context.progress("loading the model", 0.0)
            model = self._model(options.model)
            context.check_cancelled()
            context.progress("listening to the speaker", 0.5)
            likeness = model.listen(reference, context.check_cancelled)
        heard_s = min(sum(map(clip_s, chosen)), _MOST_REFERENCE_S)
        voice = Voice(likeness, options, request.language)
        save_voice(voice, request.artefact_dir, {"reference_s": round(heard_s, 2), "clips": len(chosen)})
        context.progress("done", 1.0)
        left_out = len(request.clips) - len(chosen)
        return TrainingOutcome(
            speech_s=heard_s,
            train_s=time.monotonic() - began_s,
            epochs=0,
            stopped="finished",
            notes=(f"The best {heard_s:.0f} s were listened to; {left_out} further clips were not needed.",)
            if left_out
            else (),
        )

    def load(self, voice_dir: Path) -> None:
        """Load a voice, unless it is loaded as it is now, and its model."""
        self._model(self._voices.get(voice_dir).model)

    def synthesize(self, request: SynthesisRequest, context: RunContext) -> Iterator[AudioChunk]:
        """Speak sentence by sentence, and long ones in pieces."""
        voice = self._voices.get(request.voice_dir)
        language = request.language or voice.language
        _require_language(voice.model, language)
        pieces = split_sentences(request.text, longest=_LONGEST_PIECE)
        if not pieces:
            raise TextUnspeakable("There is nothing in the text that can be said; give it some words.")
        model = self._model(voice.model)
        stretcher = Stretcher(_RATE_HZ, request.speed)
        pause_s = 0.0
        for number, piece in enumerate(pieces):
            context.check_cancelled()
            said = model.speak(
                piece.text, language, voice, seed=request.seed + number, check=context.check_cancelled
            )
            if said.cut:
                context.log(
                    "Chatterbox did not come to an end, and was cut off after 40 s: in a piece of "
                    f"{len(piece.text)} characters"
                )
            silence = np.zeros(round(pause_s * _RATE_HZ), np.float32)
            yield from _chunks(stretcher.feed(np.concatenate((silence, said.wave))))
            pause_s = _SENTENCE_PAUSE_S if piece.text.endswith(SENTENCE_ENDS) else _BREATH_S
        yield from _chunks(stretcher.flush())

    def _model(self, name: ModelName) -> Model:
        """A model; one is kept, as each has gigabytes."""
        if self._loaded is None or self._loaded.name != name:
            self._loaded = None
            gc.collect()
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            self._loaded = Model(self._weights_dir, name)
        return self._loaded


def _require_language(model: ModelName, language: str) -> None:
    if language not in SPOKEN[model]:
        raise LanguageUnsupported(
            f"Chatterbox's model {model} speaks {', '.join(SPOKEN[model])}, and not {language}. Clone the "
            "voice with the model multilingual."
        )


def _chunks(wave: NDArray[np.float32]) -> Iterator[AudioChunk]:
    if len(wave):
        pcm = np.clip(np.round(wave * 32767.0), -32768, 32767).astype("<i2")
        yield AudioChunk(pcm.tobytes(), _RATE_HZ)
