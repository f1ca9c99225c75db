"""Engines that the conformance suite has to catch, each with one fault."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from functools import cache
from pathlib import Path
from types import SimpleNamespace

from voicewright.engines.loaded import LoadedVoices
from voicewright.engines.port import AudioChunk, TrainingOutcome
from voicewright.engines.testing import ToneEngine, read_voice


class GoesBack(ToneEngine):
    def train(self, request, context):
        context.progress("ahead", 0.9)
        return super().train(request, context)


class NoProgress(ToneEngine):
    def train(self, request, context):
        context.progress = lambda *_: None
        return super().train(request, context)


class StopsForNoReason(ToneEngine):
    def train(self, request, context):
        return dataclasses.replace(super().train(request, context), stopped="tired")


class Pickles(ToneEngine):
    def train(self, request, context):
        outcome = super().train(request, context)
        (request.artefact_dir / "weights.bin").write_bytes(b"\x80\x04N.")
        return outcome


class Dices(ToneEngine):
    def train(self, request, context):
        outcome = super().train(request, context)
        (request.artefact_dir / "noise").write_bytes(os.urandom(8))
        return outcome


class TakesAnything(ToneEngine):
    def train(self, request, context):
        (request.artefact_dir / "voice.json").write_text("{}")
        return TrainingOutcome(1.0, 1.0, 1, "finished")


class Stubborn(ToneEngine):
    def train(self, request, context):
        context.progress("working", 0.1)
        while True:
            time.sleep(0.01)


class Silent(ToneEngine):
    def synthesize(self, request, context):
        for chunk in super().synthesize(request, context):
            yield AudioChunk(bytes(len(chunk.pcm)), chunk.sample_rate_hz)


class OnePiece(ToneEngine):
    def synthesize(self, request, context):
        yield AudioChunk(b"".join(chunk.pcm for chunk in super().synthesize(request, context)), 22_050)


class OneSpeed(ToneEngine):
    def synthesize(self, request, context):
        return super().synthesize(dataclasses.replace(request, speed=1.0), context)


class OnePitch(ToneEngine):
    def synthesize(self, request, context):
        return super().synthesize(dataclasses.replace(request, pitch_semitones=0.0), context)


class Wordless(ToneEngine):
    def synthesize(self, request, context):
        for chunk in super().synthesize(request, context):
            yield dataclasses.replace(chunk, words=())


class Babbler(ToneEngine):
    def synthesize(self, request, context):
        for chunk in super().synthesize(request, context):
            yield dataclasses.replace(chunk, words=(dataclasses.replace(chunk.words[0], start_s=0.0),))


class Imagines(ToneEngine):
    def synthesize(self, request, context):
        text = (
            request.text if any(map(str.isalnum, request.text)) else "words that nobody has ever written " * 3
        )
        return super().synthesize(dataclasses.replace(request, text=text), context)


class Chokes(ToneEngine):
    def synthesize(self, request, context):
        if len(request.text) > 500:
            raise RecursionError("too long")
        return super().synthesize(request, context)


class DeafWhileSpeaking(ToneEngine):
    def synthesize(self, request, context):
        yield next(iter(super().synthesize(request, context)))
        while True:
            time.sleep(0.01)


class Forgetful(ToneEngine):
    def __init__(self):
        self._voices = LoadedVoices(read_voice, keep=1)


class Stale(ToneEngine):
    """It knows voices by their folders, whatever has been written there since."""

    def __init__(self):
        self._voices = SimpleNamespace(get=cache(read_voice))


class Anchored(ToneEngine):
    """Its artefact says where the voice lies, instead of being the voice."""

    def train(self, request, context):
        outcome = super().train(request, context)
        voice = request.artefact_dir / "voice.json"
        content = json.loads(voice.read_text())
        voice.write_text(json.dumps({**content, "home": str(request.artefact_dir)}))
        return outcome

    def __init__(self):
        self._voices = LoadedVoices(read_from_home, keep=4)


def read_from_home(voice_dir):
    return read_voice(Path(json.loads((voice_dir / "voice.json").read_text())["home"]))


class Gullible(ToneEngine):
    def __init__(self):
        self._voices = LoadedVoices(lambda _: {"pitch_hz": 100.0, "speaking_fault": "none"}, keep=4)
