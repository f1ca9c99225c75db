"""What was spoken is known again, until the time of its entry in the history is over."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import soundfile

from voicewright.engines.installed import Engines
from voicewright.provenance.models import SpeechFingerprint
from voicewright.provenance.service import ProvenanceService
from voicewright.speech.history import HistoryService
from voicewright.speech.hooks import Hooks
from voicewright.speech.order import SpeechOrder
from voicewright.speech.remembering import SpeechMemory
from voicewright.speech.say import say
from voicewright.speech.service import SpeechService
from voicewright.storage.user_keys import KeyRing

ANN = uuid.UUID(int=1)
TEXT = "This is a sentence of some length, and here is another. It is followed by one more, which ends."


@pytest.fixture
def keys(speech_settings, database):
    return KeyRing.open(speech_settings, database)


@pytest.fixture
def provenance(speech_settings, database, keys):
    with ProvenanceService(speech_settings.model_copy(update={"watermark": "off"}), database, keys) as opened:
        yield opened


@pytest.fixture
def history(speech_settings, database, keys, provenance):
    return HistoryService(speech_settings, database, keys, provenance)


@pytest.fixture
def remembering(speech_settings, database, voices, find_engine, history, provenance):  # noqa: PLR0917 - fixtures
    hooks = Hooks(history=history, marker=provenance.marker, memory=SpeechMemory(database, provenance))
    with SpeechService(
        speech_settings, database, voices, engines=Engines(find=find_engine), hooks=hooks
    ) as opened:
        yield opened


def remembered(database):
    with database.session() as session:
        return {one.synthesis_id: one for one in session.query(SpeechFingerprint)}


def test_what_was_spoken_is_known_whoever_deletes_its_entry_until_its_time_is_over(  # noqa: PLR0917 - fixtures
    remembering, make_voice, database, history, provenance, speech_settings, tmp_path
):
    voice = make_voice(ANN, pitch_hz=220.0)
    with remembering.begin(ANN, SpeechOrder(TEXT, check="off")) as speech:
        sound = np.concatenate(list(speech))
    [row] = remembered(database).values()
    assert (row.synthesis_id, row.user_id, row.model_id) == (speech.id, ANN, voice.id)
    assert row.duration_s == pytest.approx(len(sound) / speech.sample_rate_hz)

    with remembering.begin(ANN, SpeechOrder(TEXT, check="off")) as broken_off:
        for _ in range(5):
            next(iter(broken_off))
    path = tmp_path / "speech.wav"
    soundfile.write(path, sound, speech.sample_rate_hz)
    assert speech.id in {one.synthesis_id for one in provenance.verify(None, path).matches}

    said = tmp_path / "said.mp3"
    say(remembering, ANN, SpeechOrder(TEXT, check="off"), said, sign=history.sign)
    assert provenance.verify(None, said).manifest.speech["voice_model_id"] == str(voice.id)

    history.delete(ANN, speech.id)
    history.delete_all(ANN)
    known = remembered(database)
    assert speech.id in known
    assert speech.id in {one.synthesis_id for one in provenance.verify(None, path).matches}
    with database.session() as session:
        long_ago = datetime.now(UTC) - timedelta(days=speech_settings.history_days, minutes=1)
        session.get_one(SpeechFingerprint, (speech.id, 0)).made_at = long_ago
    assert history.sweep() == 0
    assert remembered(database).keys() == known.keys() - {speech.id}
