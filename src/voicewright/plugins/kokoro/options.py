"""The training options of Kokoro: none."""

from __future__ import annotations

from voicewright.engines.port import EngineOptions


class KokoroOptions(EngineOptions):
    """It learns no voices, so there is nothing to set."""
