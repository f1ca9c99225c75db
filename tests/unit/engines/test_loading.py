from __future__ import annotations

import dataclasses

import pytest

from voicewright.engines.loading import find_faults, load_engine
from voicewright.engines.port import EngineSetup, Provider
from voicewright.engines.testing import TONE_ENGINE, ToneEngine


def declaring(**capabilities):
    return dataclasses.replace(
        TONE_ENGINE, capabilities=dataclasses.replace(TONE_ENGINE.capabilities, **capabilities)
    )


class SpeaksOnly:
    load = ToneEngine.load
    synthesize = ToneEngine.synthesize


class TakesTooMuch(ToneEngine):
    def train(self, request, context, device):
        raise NotImplementedError


class HasAnAttribute(SpeaksOnly):
    train = "not a method"


def test_engine_that_is_what_it_declares_has_no_faults():
    assert find_faults(ToneEngine(), TONE_ENGINE) == ()
    assert isinstance(load_engine(TONE_ENGINE, EngineSetup()), ToneEngine)


def test_engine_may_speak_with_voices_of_its_own():
    assert find_faults(SpeaksOnly(), declaring(trains=False, clones=False)) == ()


@pytest.mark.parametrize(
    ("engine", "info", "faults"),
    [
        (
            SpeaksOnly(),
            TONE_ENGINE,
            (
                "it declares clones=True, but `clone` is missing",
                "it declares trains=True, but `train` is missing",
            ),
        ),
        (ToneEngine(), declaring(trains=False), ("it declares trains=False, but has `train`",)),
        (
            ToneEngine(),
            declaring(has_stock_voices=True),
            ("it declares has_stock_voices=True, but `stock_voices` and `write_stock_voice` is missing",),
        ),
        (
            ToneEngine(),
            dataclasses.replace(TONE_ENGINE, provider=Provider("Acme", needs=(), keeps_voices=True)),
            ("it declares keeps_voices=True, but `forget` is missing",),
        ),
        (TakesTooMuch(), TONE_ENGINE, ("`train` does not take 2 positional arguments",)),
        (
            HasAnAttribute(),
            declaring(clones=False),
            ("`train` does not take 2 positional arguments",),
        ),
    ],
)
def test_differences_are_named(engine, info, faults):
    assert find_faults(engine, info) == faults
