"""Engines that break the port, each in one way."""

from __future__ import annotations

import json
import shutil
import uuid
from pathlib import Path
from typing import ClassVar

from voicewright.engines.errors import ArtefactInvalid, ProviderVoiceGone, StockVoiceNotFound
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


class Keeper(ToneEngine):
    """Keeps what speaks in a cellar, and in the artefact its number there."""

    def __init__(self, setup):
        super().__init__()
        self._cellar = Path(setup.values["CELLAR"])

    def train(self, request, context):
        outcome = super().train(request, context)
        number = uuid.uuid4().hex
        shutil.copy(request.artefact_dir / "voice.json", self._cellar / number)
        (request.artefact_dir / "place").write_text(number)
        return outcome

    def load(self, voice_dir):
        super().load(voice_dir)
        if voice_dir.is_dir() and len((voice_dir / "place").read_text()) < 32:
            raise ArtefactInvalid("The number is cut off.")

    def synthesize(self, request, context):
        if request.voice_dir.is_dir() and not self._kept(request.voice_dir).exists():
            raise ProviderVoiceGone("The cellar has no such voice.")
        return super().synthesize(request, context)

    def forget(self, voice_dir, context):
        self._kept(voice_dir).unlink(missing_ok=True)

    def _kept(self, voice_dir):
        return self._cellar / (voice_dir / "place").read_text()
