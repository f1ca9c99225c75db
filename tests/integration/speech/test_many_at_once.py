"""Many speeches of several people share few processes, some of which are killed meanwhile."""

from __future__ import annotations

import os
import signal
import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import pytest

from voicewright.errors import AppError
from voicewright.speech import pool
from voicewright.speech.order import SpeechOrder
from voicewright.speech.turns import next_turn

PEOPLE = [uuid.UUID(int=number) for number in range(1, 6)]
TEXT = " ".join(["Aaaa aaaa aaaa."] * 12)
PITCHES_HZ = [200.0 * 1.3**place for place in range(len(PEOPLE))]


@pytest.fixture
def speech_settings(settings):
    return settings.model_copy(update={"speech_engines": 2, "speech_at_once": 20, "speech_per_user": 4})


def purity(sound, pitch_hz, rate_hz):
    """The share of a sound's energy that is where this voice hums."""
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    frequencies = np.fft.rfftfreq(len(sound), 1 / rate_hz)
    near = (frequencies > pitch_hz * 0.97) & (frequencies < pitch_hz * 1.11)
    return power[near].sum() / power.sum()


def speak(speeches, user_id, text=TEXT):
    """What was heard, and how it ended."""
    with speeches.begin(user_id, SpeechOrder(text)) as speech:
        blocks = []
        try:
            blocks.extend(speech)
        except AppError as error:
            if error.code != "HOST_DIED":
                raise
    return np.concatenate(blocks), speech


def test_no_voice_is_ever_heard_in_another_ones_speech(speeches, make_voice):
    for user_id, pitch_hz in zip(PEOPLE[:3], PITCHES_HZ, strict=False):
        make_voice(user_id, pitch_hz=pitch_hz)
    with ThreadPoolExecutor(6) as threads:
        spoken = list(threads.map(lambda place: speak(speeches, PEOPLE[place % 3]), range(6)))
    for place, (sound, speech) in enumerate(spoken):
        assert purity(sound, PITCHES_HZ[place % 3], speech.sample_rate_hz) > 0.9
        assert speech.figures.spoken_pieces == 12
    assert len(speeches.pool.processes()["tone"]) <= 2


@pytest.mark.slow
def test_twenty_at_once_while_engines_are_killed(speeches, make_voice):
    for user_id, pitch_hz in zip(PEOPLE, PITCHES_HZ, strict=True):
        make_voice(user_id, pitch_hz=pitch_hz)
    done = threading.Event()

    def kill() -> int:
        killed = 0
        while not done.wait(0.2):
            for pid in speeches.pool.processes().get("tone", [])[:1]:
                with suppress(ProcessLookupError):  # it has just ended
                    os.kill(pid, signal.SIGKILL)
                    killed += 1
        return killed

    with ThreadPoolExecutor(21) as threads:
        killing = threads.submit(kill)
        speaking = [threads.submit(speak, speeches, PEOPLE[place % 5]) for place in range(20)]
        refused = []
        for place, future in enumerate(speaking):
            try:
                sound, speech = future.result(240)
            except AppError as error:  # it was killed before the first sound, twice
                refused.append(error.code)
                continue
            assert purity(sound, PITCHES_HZ[place % 5], speech.sample_rate_hz) > 0.9
            assert speech.outcome in {"completed", "failed"}
        done.set()
        assert killing.result(60) > 0
    assert set(refused) <= {"HOST_DIED", "HOST_START_FAILED"}
    assert (speeches.admission.going_on, speeches.admission.waiting, speeches.pool.waiting) == (0, 0, 0)
    for user_id in PEOPLE:
        assert speak(speeches, user_id)[1].outcome == "completed"


class TestFairness:
    @pytest.fixture
    def speech_settings(self, settings):
        return settings.model_copy(update={"speech_engines": 1, "speech_ahead_s": 1000.0})

    def test_one_person_with_many_streams_does_not_keep_another_from_speaking(
        self, speeches, make_voice, monkeypatch
    ):
        ann, bob = PEOPLE[:2]
        for user_id in (ann, bob):
            make_voice(user_id)
        speak(speeches, ann, "Aaaa.")
        turns: list[tuple[set[uuid.UUID], uuid.UUID]] = []

        def noting(waiting, served):
            chosen = next_turn(waiting, served)
            turns.append(({turn.user_id for turn in waiting}, chosen.user_id))
            return chosen

        monkeypatch.setattr(pool, "next_turn", noting)
        with ThreadPoolExecutor(7) as threads:
            many = [threads.submit(speak, speeches, ann) for _ in range(6)]
            one = threads.submit(speak, speeches, bob)
            for future in (*many, one):
                future.result(240)
        assert Counter(chosen for _, chosen in turns) == {ann: 6 * 12, bob: 12}
        chosen_before = [ann, *(chosen for _, chosen in turns)]
        after_ann = [
            chosen
            for (waiting, chosen), before in zip(turns, chosen_before, strict=False)
            if waiting == {ann, bob} and before == ann
        ]
        assert after_ann
        assert set(after_ann) == {bob}, "turn by turn, however many of the other's streams wait"
