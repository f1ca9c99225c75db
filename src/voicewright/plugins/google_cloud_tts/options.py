"""The options of a voice at Google: there are none."""

from __future__ import annotations

from voicewright.engines.port import EngineOptions


class GoogleCloudTTSOptions(EngineOptions):
    """A voice is as it sounds in the sample."""
