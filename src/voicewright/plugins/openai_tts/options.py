"""The options of a voice at OpenAI."""

from __future__ import annotations

from pydantic import Field

from voicewright.engines.port import EngineOptions

MODEL = "gpt-4o-mini-tts"


class OpenAITTSOptions(EngineOptions):
    """Both are kept with the voice."""

    model: str = Field(
        default=MODEL,
        min_length=1,
        max_length=100,
        description="OpenAI's model that speaks with the voice.",
    )
    instructions: str = Field(
        default="",
        max_length=4096,
        description="How it speaks, in words: mood, pace, accent. Models named tts-1 take none.",
    )
