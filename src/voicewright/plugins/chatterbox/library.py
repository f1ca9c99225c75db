"""The package `chatterbox`, imported as it can be here, and kept from asking the network.

The tokenizer of the multilingual model would fetch two files when it is made, which only Chinese needs; here
they lie with the weights.
"""

from __future__ import annotations

import json
import warnings
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from voicewright.engines.torchaudio_shim import import_torchaudio
from voicewright.plugins.chatterbox.weights import CANGJIE, SEGMENTER

if TYPE_CHECKING:
    from collections.abc import Iterable

_SEGMENTER_FILES = ("features.msgpack", "weights.npz")
"""Without the first one the segmenter would look for a pickle."""


import_torchaudio()
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of what is about to change in packages that are pinned here
    from chatterbox import mtl_tts, tts, tts_turbo
    from chatterbox.models.s3gen import flow_matching
    from chatterbox.models.s3tokenizer import SPEECH_VOCAB_SIZE as SOUNDS_KNOWN
    from chatterbox.models.t3 import t3 as t3_module
    from chatterbox.models.t3.inference.alignment_stream_analyzer import LLAMA_ALIGNED_HEADS
    from chatterbox.models.t3.modules.cond_enc import T3Cond
    from chatterbox.models.tokenizers import tokenizer as tokenizer_module

CLASSES: dict[str, Any] = {
    "multilingual": mtl_tts.ChatterboxMultilingualTTS,
    "english": tts.ChatterboxTTS,
    "turbo": tts_turbo.ChatterboxTurboTTS,
}
"""By the model."""
Conditionals: Any = tts.Conditionals


def _quietly(steps: Iterable[Any], **_: Any) -> Iterable[Any]:
    """In place of a progress bar, which would be a hundred lines of a log."""
    return steps


t3_module.tqdm = flow_matching.tqdm = _quietly
_as_loud = tts_turbo.ChatterboxTurboTTS.norm_loudness


def _as_loud_and_as_short(*told: Any, **further: Any) -> Any:
    """The library asks for numpy 1, where a 64-bit gain left 32-bit samples as they were."""
    return _as_loud(*told, **further).astype(np.float32)


tts_turbo.ChatterboxTurboTTS.norm_loudness = _as_loud_and_as_short


class _LocalCangjie(tokenizer_module.ChineseCangjieConverter):  # type: ignore[misc]
    """Spells Chinese with the files that lie with the weights."""

    def _load_cangjie_mapping(self, model_dir: Any = None) -> None:
        self._folder = Path(model_dir)
        for entry in json.loads((self._folder / CANGJIE).read_text("utf-8")):
            word, code = entry.split("\t")[:2]
            self.word2cj[word] = code
            self.cj2word.setdefault(code, []).append(word)

    def _init_segmenter(self) -> None:
        self.segmenter: Any = None  # later: only Chinese needs it

    def __call__(self, text: str) -> str:
        if self.segmenter is None:
            self.segmenter = _load_segmenter(self._folder / SEGMENTER)
        spelt: str = super().__call__(text)
        return spelt


def _load_segmenter(archive: Path) -> Any:
    from spacy_pkuseg import pkuseg  # noqa: PLC0415 - only Chinese needs it

    with TemporaryDirectory() as folder, zipfile.ZipFile(archive) as packed:
        for name in _SEGMENTER_FILES:
            packed.extract(name, folder)
        return pkuseg(folder)


tokenizer_module.ChineseCangjieConverter = _LocalCangjie

__all__ = ["CLASSES", "LLAMA_ALIGNED_HEADS", "SOUNDS_KNOWN", "Conditionals", "T3Cond"]
