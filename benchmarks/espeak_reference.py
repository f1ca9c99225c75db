"""Speaks with raw espeak-ng, the floor that every voice is compared with; one call at a time."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import TYPE_CHECKING, Any

import espeakng_loader
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE_HZ = 22_050
SYNCHRONOUS = 2
"""AUDIO_OUTPUT_SYNCHRONOUS: the callback has had all sound when `espeak_Synth` returns."""
UTF8 = 1
CHARACTERS = 1
WORDS_PER_MINUTE_PARAMETER = 1

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class _Espeak:
    """The library, its callback kept alive, and what it has said so far."""

    def __init__(self) -> None:
        self.blocks: list[NDArray[np.int16]] = []
        self.library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        rate_hz = self.library.espeak_Initialize(SYNCHRONOUS, 0, data, 0)
        if rate_hz != RATE_HZ:
            raise RuntimeError(f"espeak-ng speaks at {rate_hz} Hz instead of {RATE_HZ}.")
        self._callback = _Callback(self._take)
        self.library.espeak_SetSynthCallback(self._callback)

    def _take(self, samples: Any, count: int, _events: Any) -> int:
        if samples and count > 0:
            self.blocks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0


@cache
def _espeak() -> _Espeak:
    return _Espeak()


def speak(text: str, language: str = "en-us", words_per_minute: int = 160) -> NDArray[np.float32]:
    """Say a text with espeak-ng's own voice: mono float32 at 22,050 Hz."""
    espeak = _espeak()
    espeak.blocks.clear()
    if espeak.library.espeak_SetVoiceByName(language.encode()) != 0:
        raise ValueError(f"espeak-ng has no voice {language!r}.")
    espeak.library.espeak_SetParameter(WORDS_PER_MINUTE_PARAMETER, words_per_minute, 0)
    data = text.encode() + b"\0"
    espeak.library.espeak_Synth(data, ctypes.c_size_t(len(data)), 0, CHARACTERS, 0, UTF8, None, None)
    espeak.library.espeak_Synchronize()
    pcm = np.concatenate([np.zeros(0, np.int16), *espeak.blocks])
    return np.asarray(pcm / np.float32(32_768), dtype=np.float32)
