"""Whose processes stay, and whose go, where engines share a machine."""

from __future__ import annotations

import contextlib
import dataclasses
import uuid
from pathlib import Path

import pytest

from voicewright.engines.client import EngineClient
from voicewright.engines.errors import HostTimedOut
from voicewright.engines.port import Provider, SynthesisRequest
from voicewright.engines.testing import TONE_ENGINE
from voicewright.speech.pool import EnginePool, PooledEngine

FIRST, SECOND, THIRD = (dataclasses.replace(TONE_ENGINE, id=name) for name in ("first", "second", "third"))
NOBODY = uuid.UUID(int=0)


def test_the_engine_that_spoke_longest_ago_makes_room_and_one_that_speaks_never() -> None:
    pool = EnginePool(most=1)
    try:
        with pool.lease(FIRST, user_id=NOBODY, voice_dir=Path("voice")) as speaking:
            with pool.lease(SECOND, user_id=NOBODY, voice_dir=Path("voice")):
                pass
            with pool.lease(THIRD, user_id=NOBODY, voice_dir=Path("voice")):
                assert {engine for engine, pids in pool.processes().items() if pids} == {"first", "third"}
            assert speaking.pid is not None
        with (
            pool.lease(FIRST, user_id=NOBODY, voice_dir=Path("voice")) as again,
            pool.lease(SECOND, user_id=NOBODY, voice_dir=Path("voice")),
        ):
            assert again is speaking
            assert {engine for engine, pids in pool.processes().items() if pids} == {"first", "second"}
            with pool.lease(THIRD, user_id=NOBODY, voice_dir=Path("voice")):
                assert len(pool.processes()) == 3, "where all are at work, nobody waits for another engine"
    finally:
        pool.close()


def test_an_engine_that_waits_for_a_provider_has_more_processes_than_one_that_computes() -> None:
    remote = dataclasses.replace(TONE_ENGINE, provider=Provider("Acme", needs=()))
    pool = EnginePool(most=1, client=lambda _: EngineClient(TONE_ENGINE))
    try:
        with contextlib.ExitStack() as speaking:
            pids = {
                speaking.enter_context(pool.lease(remote, user_id=NOBODY, voice_dir=Path("voice"))).pid
                for _ in range(4)
            }
        assert len(pids) == 4
    finally:
        pool.close()


def test_an_engine_that_makes_no_sound_for_too_long_is_ended(make_voice, voices) -> None:
    pool = EnginePool(most=1, silent_s=0.3)
    engine = PooledEngine(pool, TONE_ENGINE, user_id=NOBODY, lead_s=lambda: 0.0)
    deaf = voices.materialise(make_voice(NOBODY, fault="deaf"))
    try:
        with pytest.raises(HostTimedOut):
            list(engine.synthesize(SynthesisRequest(deaf, "One two.", language="en-us")))
        assert pool.processes() == {"tone": []}
    finally:
        pool.close()
