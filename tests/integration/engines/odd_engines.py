"""Engines that break the port, each in one way."""

from __future__ import annotations

import json
from typing import ClassVar

from voicewright.engines.errors import StockVoiceNotFound
from voicewright.engines.port import AudioChunk, SpokenWord, StockVoice
from voicewright.engines.testing import ToneEngine


class Mute:
    """Trains and clones, but has nothing to speak with."""

    train = ToneEngine.train
    clone = ToneEngine.clone


class WrongRate(ToneEngine):
    def synthesize(self, request, context):
        yield AudioChunk(b"\0\0", 8000)


class HalfSample(ToneEngine):
    def synthesize(self, request, context):
        yield AudioChunk(b"\0\0\0", 22_050)


class Endless(ToneEngine):
    def synthesize(self, request, context):
        yield AudioChunk(b"\0\0", 22_050, (SpokenWord("for", 0.0, float("inf")),))


class Afterthoughts(ToneEngine):
    """Tells all words when all was said."""

    def synthesize(self, request, context):
        words = ()
        for chunk in super().synthesize(request, context):
            words += chunk.words
            yield AudioChunk(chunk.pcm, chunk.sample_rate_hz)
        yield AudioChunk(b"", 22_050, words)


class Untyped(ToneEngine):
    def synthesize(self, request, context):
        yield b"\0\0"

    def train(self, request, context):
        super().train(request, context)


class Linking(ToneEngine):
    def train(self, request, context):
        outcome = super().train(request, context)
        (request.artefact_dir / "weights").symlink_to("/etc/hostname")
        return outcome


class Stock:
    """Speaks with voices of its own, and learns nothing."""

    __init__ = ToneEngine.__init__
    load = ToneEngine.load
    synthesize = ToneEngine.synthesize
    pitches_hz: ClassVar = {"bass": 90.0, "tenor": 150.0}

    def stock_voices(self, context):
        return tuple(StockVoice(name, name.title(), ("en-us",)) for name in self.pitches_hz)

    def write_stock_voice(self, voice, artefact_dir, context):
        if voice not in self.pitches_hz:
            (artefact_dir / "half").write_text("done")
            raise StockVoiceNotFound(f"There is no voice {voice}. There are: bass, tenor.")
        content = {"format": 1, "pitch_hz": self.pitches_hz[voice], "speaking_fault": "none"}
        (artefact_dir / "voice.json").write_text(json.dumps(content), encoding="utf-8")
        return StockVoice(voice, voice.title(), ("en-us",))
