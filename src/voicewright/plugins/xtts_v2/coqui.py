"""The library, imported as it can be here.

Three things stand in its way. torchaudio can't be imported as it is beside every build of torch. It reads
files by FFmpeg's libraries, which are on few machines; our clips are WAV files, and soundfile reads these.
And importing the library's trainer sets torch to one thread.
"""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, Any

import soundfile
import torch

from voicewright.engines.torchaudio_shim import import_torchaudio

if TYPE_CHECKING:
    from pathlib import Path


def _load(uri: str | Path, *_: object, **__: object) -> tuple[torch.Tensor, int]:
    samples, rate_hz = soundfile.read(str(uri), dtype="float32", always_2d=True)
    return torch.from_numpy(samples.T.copy()), int(rate_hz)


def _save(uri: str | Path, src: torch.Tensor, sample_rate: int, *_: object, **__: object) -> None:
    soundfile.write(str(uri), src.detach().cpu().numpy().T, sample_rate)


@contextlib.contextmanager
def _threads_kept() -> Any:
    threads = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(threads)


torchaudio = import_torchaudio()
torchaudio.load, torchaudio.save = _load, _save
with _threads_kept():
    from trainer import Trainer, TrainerArgs
    from trainer.logging import DummyLogger
    from TTS.tts.configs.xtts_config import XttsArgs, XttsAudioConfig, XttsConfig
    from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer
    from TTS.tts.layers.xtts.trainer.gpt_trainer import GPTArgs, GPTTrainer, GPTTrainerConfig
    from TTS.tts.models import xtts as xtts_module

for _talkative in ("trainer", "TTS"):
    logging.getLogger(_talkative).setLevel(logging.WARNING)
Xtts = xtts_module.Xtts
safe_globals = xtts_module._legacy_safe_globals  # noqa: SLF001 - the classes in the published weights

__all__ = [
    "DummyLogger",
    "GPTArgs",
    "GPTTrainer",
    "GPTTrainerConfig",
    "Trainer",
    "TrainerArgs",
    "VoiceBpeTokenizer",
    "Xtts",
    "XttsArgs",
    "XttsAudioConfig",
    "XttsConfig",
    "safe_globals",
]
