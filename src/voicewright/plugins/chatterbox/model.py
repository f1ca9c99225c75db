"""One of Chatterbox's models in memory: listens to a speaker, and speaks as one."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch.nn.modules.module import register_module_forward_pre_hook

from voicewright.engines.errors import EngineError, WeightsDamaged
from voicewright.plugins.chatterbox.library import (
    CLASSES,
    LLAMA_ALIGNED_HEADS,
    SOUNDS_KNOWN,
    Conditionals,
    T3Cond,
)
from voicewright.plugins.chatterbox.weights import FILES, require_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from voicewright.plugins.chatterbox.artefact import Voice
    from voicewright.plugins.chatterbox.options import ModelName

MOST_SOUNDS: Final = 1000
"""The library ends a piece there, at 40 s."""
_TRIES: Final = 3
_LISTENER: Final = "AlignmentStreamAnalyzer"
_NO_GUIDANCE: Final = 1e-6
"""At exactly 0 the English model of the library fails."""


class Spoken(NamedTuple):
    """What came of a piece of text."""

    wave: NDArray[np.float32]
    cut: bool
    """It was not finished when the library ended it."""


class Model:
    """A model and its device.

    Args:
        weights_dir: of all models.
        name: of this one.

    Raises:
        WeightsMissing: it has no files here.
        WeightsDamaged: one of them can't be read.
    """

    def __init__(self, weights_dir: Path, name: ModelName) -> None:
        folder = require_weights(weights_dir, name)
        self.name = name
        self.device = _best_device()
        try:
            self._library: Any = CLASSES[name].from_local(folder, self.device)
        except Exception as error:
            damaged = _find_damaged(folder, name)
            if damaged:
                raise WeightsDamaged(
                    f"Chatterbox can't read {damaged} of its model {name} ({_short(error)}). Get it again "
                    "with: voicewright engines install chatterbox"
                ) from error
            raise
        self._sounds = 0
        self._make_heard = self._library.s3gen.inference
        self._library.s3gen.inference = self._count_and_make_heard

    def listen(self, reference: Path, check: Callable[[], None]) -> dict[str, torch.Tensor]:
        """What there is to know about a speaker.

        Args:
            reference: a WAV file of at least 6 s.
            check: called all the time; what it raises ends the work.
        """
        with _watched(check), torch.inference_mode():
            self._library.prepare_conditionals(str(reference))
        heard, self._library.conds = self._library.conds, None
        likeness = {
            "t3.speaker_emb": heard.t3.speaker_emb,
            "t3.cond_prompt_speech_tokens": heard.t3.cond_prompt_speech_tokens,
            **{f"gen.{name}": each for name, each in heard.gen.items() if torch.is_tensor(each)},
        }
        return {name: each.detach().cpu().clone() for name, each in likeness.items()}

    def speak(
        self, text: str, language: str, voice: Voice, *, seed: int, check: Callable[[], None]
    ) -> Spoken:
        """Speak a piece of text; the same seed says it in the same way.

        Args:
            text: a sentence.
            language: one that the model speaks.
            voice: made with this model.
            seed: of the random numbers.
            check: called all the time; what it raises ends the work.

        Raises:
            EngineError: the model had nothing to say, several times.
        """
        manner: dict[str, Any] = voice.options.manner()
        if self.name == "multilingual":
            manner["language_id"] = language
        elif manner.get("cfg_weight") == 0.0:
            manner["cfg_weight"] = _NO_GUIDANCE
        for attempt in range(_TRIES):
            self._library.conds = self._conditionals(voice)
            torch.manual_seed(seed + attempt * 1_000_003)
            try:
                with _watched(check), torch.inference_mode():
                    said = self._library.generate(text, **manner)
            except _NothingSaidError:
                continue
            finally:
                self._library.conds = None
                self._unhook()
            return Spoken(np.asarray(said.squeeze(0), np.float32), cut=self._sounds >= MOST_SOUNDS)
        raise EngineError(f"Chatterbox found nothing to say for {text!r}. Put it differently.")

    def _conditionals(self, voice: Voice) -> Any:
        """Fresh ones: the library changes those that it works with."""
        likeness = {name: each.to(self.device) for name, each in voice.likeness.items()}
        gen: dict[str, Any] = {
            name.removeprefix("gen."): each.clone()
            for name, each in likeness.items()
            if name.startswith("gen.")
        }
        known = T3Cond(
            speaker_emb=likeness["t3.speaker_emb"],
            cond_prompt_speech_tokens=likeness["t3.cond_prompt_speech_tokens"],
            emotion_adv=voice.options.manner().get("exaggeration", 0.5) * torch.ones(1, 1, 1),
        )
        return Conditionals(known.to(device=self.device), {**gen, "prompt_feat_len": None})

    def _count_and_make_heard(self, *, speech_tokens: torch.Tensor, **rest: Any) -> Any:
        self._sounds = speech_tokens.numel()
        known = speech_tokens[speech_tokens < SOUNDS_KNOWN]  # as the library does for two of its models
        if not known.numel():
            raise _NothingSaidError
        return self._make_heard(speech_tokens=known, **rest)

    def _unhook(self) -> None:
        """The library leaves a hook on three layers for each sentence, and would get slower with each."""
        if self.name != "multilingual":
            return
        for layer, _ in LLAMA_ALIGNED_HEADS:
            hooks = self._library.t3.tfmr.layers[layer].self_attn._forward_hooks  # noqa: SLF001
            for key in [key for key, hook in hooks.items() if _LISTENER in hook.__qualname__]:
                del hooks[key]


class _NothingSaidError(Exception):
    """The model ended before it began."""


@contextmanager
def _watched(check: Callable[[], None]) -> Iterator[None]:
    """Call `check` before each layer of each network: the library itself can't be asked to stop."""
    hook = register_module_forward_pre_hook(lambda _module, _inputs: check())
    try:
        yield
    finally:
        hook.remove()


def _best_device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _find_damaged(folder: Path, name: ModelName) -> str:
    """The first file of a model that can't be read."""
    for file in FILES[name]:
        path = folder / file
        try:
            if file.endswith(".safetensors"):
                with safe_open(path, "pt") as opened:
                    opened.keys()
            elif file.endswith(".pt"):
                torch.load(path, map_location="cpu", weights_only=True)
            elif file.endswith(".json"):
                json.loads(path.read_text("utf-8"))
        except (SafetensorError, RuntimeError, OSError, ValueError, EOFError, KeyError):
            return file
        except Exception as error:  # the unpickler's own, whose module we don't import
            if type(error).__name__ == "UnpicklingError":
                return file
            raise
    return ""


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
