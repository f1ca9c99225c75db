"""XTTS-v2 behind the engine port: cloning, training, and speaking as it is made."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from voicewright.audio.stretching import Stretcher
from voicewright.engines.errors import ArtefactInvalid, TextUnspeakable
from voicewright.engines.languages import language_unsupported
from voicewright.engines.loaded import LoadedVoices
from voicewright.engines.port import AudioChunk, TrainingOutcome
from voicewright.engines.reference import choose_clips, clip_s
from voicewright.plugins.xtts_v2 import training
from voicewright.plugins.xtts_v2.artefact import load_voice, save_voice
from voicewright.plugins.xtts_v2.clips import SHORTEST_S
from voicewright.plugins.xtts_v2.languages import LANGUAGES
from voicewright.plugins.xtts_v2.network import FASTEST, SAMPLE_RATE_HZ, SLOWEST, Likeness, Network
from voicewright.plugins.xtts_v2.options import XttsOptions
from voicewright.plugins.xtts_v2.plugin import ENGINE
from voicewright.plugins.xtts_v2.weights import CONFIG, VOCABULARY, Weights, read_config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from voicewright.engines.port import EngineSetup, RunContext, SynthesisRequest, TrainingRequest
    from voicewright.plugins.xtts_v2.weights import State

VOICES_KEPT: Final = 2
"""A trained voice has a network of its own: 1.9 GB. A cloned one is read in milliseconds."""
_GAP_S: Final = 0.15


class Speaker:
    """A voice in memory."""

    def __init__(self, language: str, likeness: Likeness, network: Network) -> None:
        self.language = language
        self.likeness = likeness
        self.network = network


class XttsEngine:
    """Clones, trains and speaks; see the port for what is asked of it.

    Args:
        setup: with the folder of the weights.
    """

    def __init__(self, setup: EngineSetup) -> None:
        self._weights = Weights(setup.weights_dir)
        self._published: Network | None = None
        self._voices = LoadedVoices(self._load, VOICES_KEPT)

    def train(self, request: TrainingRequest, context: RunContext) -> TrainingOutcome:
        """Train the published network further on one speaker."""
        options = XttsOptions.model_validate(dict(request.options))
        # a GPU has no room for both, and what is loaded now is not asked for in the meantime
        self._published, self._voices = None, LoadedVoices(self._load, VOICES_KEPT)
        torch.cuda.empty_cache()
        return training.train(request, options, self._weights, context)

    def clone(self, request: TrainingRequest, context: RunContext) -> TrainingOutcome:
        """Tell the published network about a speaker; takes seconds.

        Raises:
            TooLittleSpeech: names what there is and what is needed.
        """
        started_s = time.monotonic()
        needed_s = ENGINE.capabilities.minimum_clone_s or ENGINE.capabilities.minimum_speech_s
        usable = [clip for clip in request.clips if clip_s(clip) >= SHORTEST_S]
        training.check_amount(usable, needed_s)
        chosen = choose_clips(usable, most_s=training.REFERENCE_S)
        context.progress("loading", 0.0)
        network = self._network()
        context.progress("listening", 0.5)
        likeness = network.likeness([clip.path for clip in chosen], context)
        context.progress("saving", 0.9)
        save_voice(
            request.artefact_dir,
            likeness,
            language=request.language,
            weights=self._weights.identity(),
            about={"clips": len(chosen)},
        )
        context.progress("done", 1.0)
        heard_s = sum(map(clip_s, chosen))
        rest = len(request.clips) - len(chosen)
        note = (
            f"It is cloned from the best {len(chosen)} clips ({heard_s:.0f} s); {rest} others were left out."
        )
        return TrainingOutcome(
            speech_s=heard_s,
            train_s=time.monotonic() - started_s,
            epochs=0,
            stopped="finished",
            notes=(note,) if rest else (),
        )

    def load(self, voice_dir: Path) -> None:
        """Load a voice, unless it is loaded as it is now."""
        self._voices.get(voice_dir)

    def synthesize(self, request: SynthesisRequest, context: RunContext) -> Iterator[AudioChunk]:
        """Speak piece by piece, each as it is made."""
        voice = self._voices.get(request.voice_dir)
        language = request.language or voice.language
        if language not in LANGUAGES:
            raise language_unsupported(ENGINE, language)
        parts = voice.network.readable(request.text, language, context)
        if not parts:
            raise TextUnspeakable(
                "There is nothing in the text that XTTS-v2 can say in this language; give it some words, or "
                "name another language."
            )
        itself = min(max(request.speed, SLOWEST), FASTEST)
        for number, part in enumerate(parts):
            if number:
                yield _chunk(np.zeros(round(_GAP_S / request.speed * SAMPLE_RATE_HZ), np.float32))
            said = voice.network.speak(
                part, language, voice.likeness, speed=itself, seed=request.seed + number, context=context
            )
            stretched = Stretcher(SAMPLE_RATE_HZ, request.speed / itself).stream(said)
            yield from map(_chunk, stretched)

    def _network(self) -> Network:
        if self._published is None:
            self._published = Network.published(self._weights)
        return self._published

    def _load(self, voice_dir: Path) -> Speaker:
        voice = load_voice(voice_dir)
        if voice.network is not None:
            return Speaker(voice.language, voice.likeness, _own_network(voice_dir, voice.network))
        if voice.weights != self._weights.identity():
            raise ArtefactInvalid(
                f"{voice_dir} was cloned with other weights of XTTS-v2 than those that are installed, and "
                "speaks through those only. Clone it again, or install the others."
            )
        return Speaker(voice.language, voice.likeness, self._network())


def _own_network(voice_dir: Path, state: State) -> Network:
    def fill(model: torch.nn.Module) -> None:
        try:
            model.load_state_dict(state, strict=True)
        except (RuntimeError, TypeError, AttributeError) as error:
            why = " ".join(str(error).split())[:300]
            raise ArtefactInvalid(f"{voice_dir} is incomplete ({why}); train the voice again.") from error

    return Network(read_config(voice_dir / CONFIG), voice_dir / VOCABULARY, fill)


def _chunk(wave: NDArray[np.float32]) -> AudioChunk:
    pcm = np.clip(np.round(wave * 32767.0), -32768, 32767).astype("<i2")
    return AudioChunk(pcm.tobytes(), SAMPLE_RATE_HZ)
