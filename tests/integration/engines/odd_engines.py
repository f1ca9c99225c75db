"""Engines that break the port, each in one way."""

from __future__ import annotations

from voicewright.engines.port import AudioChunk, SpokenWord
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
    """Speaks, and learns nothing."""

    __init__ = ToneEngine.__init__
    load = ToneEngine.load
    synthesize = ToneEngine.synthesize
