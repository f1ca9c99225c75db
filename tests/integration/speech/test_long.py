"""Long texts: taken, spoken chunk by chunk, paused, cancelled, retried, joined."""

from __future__ import annotations

import io
import uuid

import numpy as np
import pytest
import soundfile
from sqlalchemy import text

from voicewright.home.layout import Home
from voicewright.speech.long import running
from voicewright.speech.long.bodies import BatchBody, LongTextBody
from voicewright.speech.long.errors import (
    LongSpeechNotFound,
    LongSpeechState,
    TooManyLongSpeeches,
    TooManyParts,
)
from voicewright.speech.long.models import LongChunk, LongSpeech
from voicewright.speech.long.running import LongTools, speak_long
from voicewright.speech.long.runs import LongRun
from voicewright.speech.long.service import LongSpeechService
from voicewright.speech.models import Synthesis
from voicewright.storage.user_keys import KeyRing
from voicewright.text.errors import TextEmpty, TextTooLong
from voicewright.voices.errors import VoiceNotFound

ANN = uuid.UUID(int=1)
BOB = uuid.UUID(int=2)
CHAPTER = "\n\n".join("A b c d e. Ff g h i." for _ in range(3))


@pytest.fixture
def service(settings, database, find_engine) -> LongSpeechService:
    return LongSpeechService.open(settings, database, KeyRing.open(settings, database), engines=find_engine)


@pytest.fixture
def tools(settings, database, speeches, service) -> LongTools:
    work_dir = Home.open(settings.home).work_dir
    return LongTools(settings, database, speeches, service.vault, work_dir)


@pytest.fixture
def speak(database, tools):
    """Do what a worker does with a ticket."""

    def do(speech: LongSpeech) -> None:
        with database.session() as session:
            ticket = session.get_one(LongSpeech, speech.id).ticket
        run = LongRun.begin(database, speech.id, ticket, node="here")
        assert run is not None
        with run:
            speak_long(run, tools)

    return do


def sound_of(service, shown) -> np.ndarray:
    data = service.vault.of(shown.speech.owner_id).read(shown.speech.file_digest)
    return soundfile.read(io.BytesIO(data), dtype="float32")[0]


def test_a_text_is_spoken_and_joined(service, speak, make_voice, database):
    voice = make_voice(ANN)
    body = LongTextBody(
        text=CHAPTER, output_format="wav", paragraphs=True, pauses={"sentence_s": 0.1, "paragraph_s": 0.5}
    )
    started = service.start_text(ANN, body)
    assert (started.speech.state, started.progress.share, started.progress.left_s) == ("queued", 0.0, None)
    speak(started.speech)

    shown, chunks = service.chunks(ANN, started.speech.id)
    assert (shown.speech.state, shown.speech.error) == ("completed", None)
    assert [chunk.state for chunk in chunks] == ["spoken"] * 3
    assert [part.state for part in shown.parts] == ["completed"] * 3
    assert {part.voice_model_id for part in shown.parts} == {voice.id}
    sound = sound_of(service, shown)
    assert len(sound) / 22050 == pytest.approx(shown.speech.audio_s)
    assert shown.speech.audio_s == pytest.approx(sum(chunk.audio_s for chunk in chunks) + 2 * 0.5, abs=0.001)
    assert [word for word, *_ in chunks[0].words] == ["A", "b", "c", "d", "e.", "Ff", "g", "h", "i."]
    with database.session() as session:
        entry = session.query(Synthesis).one()
        assert session.scalar(text("SELECT count(*) FROM queue.procrastinate_jobs")) == 0
    assert (entry.id, entry.source, entry.state, entry.text) == (shown.speech.id, "long", "completed", CHAPTER)
    assert service.page(ANN, limit=10, offset=0)[0][0].progress.spoken == 3
    assert service.page(BOB, limit=10, offset=0) == ([], 0)
    with pytest.raises(LongSpeechNotFound):
        service.get(BOB, shown.speech.id)
