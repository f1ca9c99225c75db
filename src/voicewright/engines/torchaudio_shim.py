"""Imports torchaudio as it can be beside any build of torch, for engines whose libraries want it.

Its compiled part is linked against CUDA, and its import fails beside a torch for the CPU. Where it does, it
is imported without that part; what speech needs of it (resampling, filter banks) is written in Python.
"""

from __future__ import annotations

import sys
import types
from typing import Any, Final

_EXTENSION: Final = "torchaudio._extension"


def import_torchaudio() -> Any:
    """The module, without its compiled part where that can't be loaded."""
    try:
        import torchaudio  # noqa: PLC0415 - may fail
    except (OSError, ImportError, RuntimeError):
        for name in [name for name in sys.modules if name.split(".")[0] == "torchaudio"]:
            del sys.modules[name]
        stand_in: Any = types.ModuleType(_EXTENSION)
        stand_in._IS_TORCHAUDIO_EXT_AVAILABLE = stand_in._IS_ALIGN_AVAILABLE = False  # noqa: SLF001
        stand_in.fail_if_no_align = lambda function: function
        sys.modules[_EXTENSION] = stand_in
        import torchaudio  # noqa: PLC0415 - with its compiled part left out
    return torchaudio
