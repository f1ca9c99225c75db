"""Long texts that are spoken otherwise than they were: by a stand-in, or a chunk again; and their uses."""

from __future__ import annotations

import io
import uuid
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from sqlalchemy import select, update

from voicewright.engines.errors import HostDied
from voicewright.provenance.models import SpeechFingerprint
from voicewright.provenance.service import ProvenanceService
from voicewright.speech.long import chunk_speaking
from voicewright.speech.long.bodies import BatchBody, LongTextBody
from voicewright.speech.long.errors import LongSpeechPartNotFound, LongSpeechState
from voicewright.speech.long.files import sweep_files
from voicewright.speech.long.models import LongChunk
from voicewright.speech.long.views import LongSpeechDetailView
from voicewright.speech.models import SpeechPreferences, Synthesis
from voicewright.storage.user_keys import KeyRing
from voicewright.voices.figures.models import VoiceUse

ANN = uuid.UUID(int=1)
TEXT = "A b.\n\nC d.\n\nE f."


@pytest.fixture
def uses(database):
    """The uses of voices so far: `[(model_id, outcome, characters, cost)]`."""

    def uses():
        columns = select(VoiceUse.model_id, VoiceUse.outcome, VoiceUse.characters, VoiceUse.latency_ms)
        with database.session() as session:
            return [
                (model, outcome, letters, latency_ms is not None)
                for model, outcome, letters, latency_ms in session.execute(columns.order_by(VoiceUse.id))
            ]

    return uses


@pytest.fixture
def breaking(long_tools, monkeypatch):
    """Texts at which the engine falls over; and what was asked of it, as `(text, seed)`."""
    monkeypatch.setattr(chunk_speaking, "AGAIN_AFTER_S", 0.0)
    begin, broken, asked = long_tools.speeches.begin, set(), []

    def sometimes(user_id, order, *, cancel):
        asked.append((order.text, order.seed, order.cache))
        if order.text in broken:
            raise HostDied("The engine fell over.")
        return begin(user_id, order, cancel=cancel)

    monkeypatch.setattr(long_tools.speeches, "begin", sometimes)
    return broken, asked


def test_a_text_is_one_use_and_so_is_each_item_of_a_batch(long_texts, speak, make_voice, breaking, uses):
    broken, _ = breaking
    ann, bob = make_voice(ANN).id, make_voice(ANN, "Bob").id
    started = long_texts.start_text(ANN, LongTextBody(text=TEXT, paragraphs=True, voice="Ann"))
    broken.add("E f.")
    speak(started.speech)
    failed = (ann, "failed", 8, True)
    assert uses() == [failed]
    broken.clear()
    long_texts.retry(ANN, started.speech.id)
    speak(started.speech)
    assert uses() == [failed, (ann, "spoken", 4, True)]  # the rest

    items = [{"text": "One.", "voice": "Ann"}, {"text": "- -"}, {"text": "Two.", "voice": "Bob"}]
    items += [{"text": "Three.", "model_id": bob}]
    broken.add("Three.")
    batch = long_texts.start_batch(ANN, BatchBody.model_validate({"items": items}))
    speak(batch.speech)
    spoken = [(ann, "spoken", 4, True), (bob, "spoken", 4, True), (bob, "failed", 0, False)]
    assert uses()[2:] == spoken
    broken.clear()
    long_texts.retry(ANN, batch.speech.id)
    speak(batch.speech)
    assert uses()[5:] == [(bob, "spoken", 6, True)]

    untouched = long_texts.start_text(ANN, LongTextBody(text="One.", voice="Ann"))
    long_texts.cancel(ANN, untouched.speech.id)
    assert len(uses()) == 6


def test_a_stand_in_speaks_all_of_a_text_or_none_of_it(  # noqa: PLR0917 - fixtures
    long_texts, speak, make_voice, breaking, long_tools, database
):
    broken, asked = breaking
    stand_in = make_voice(ANN, "Ann", pitch_hz=300.0)
    wanted = make_voice(ANN, "Ann", engine="broken-tone")  # its second version
    body = LongTextBody(text=TEXT, paragraphs=True, output_format="wav", voice="Ann", cache=False)
    both = replace(long_tools, engines=("tone", "broken-tone"))

    alone = long_texts.start_text(ANN, body.model_copy(update={"fallback": False}))
    speak(alone.speech, both)
    assert long_texts.get(ANN, alone.speech.id).speech.error_code == "CHUNKS_FAILED"

    asked.clear()
    started = long_texts.start_text(ANN, body)
    broken.add("C d.")
    speak(started.speech, both)
    shown = long_texts.get(ANN, started.speech.id)
    assert (shown.speech.state, [part.state for part in shown.parts]) == (
        "failed",
        ["completed", "waiting", "completed"],
    )
    assert shown.speech.error.endswith("with the same voice: no other one goes on in the middle.")
    assert {part.voice_model_id for part in shown.parts} == {stand_in.id}
    long_texts.retry(ANN, started.speech.id)
    broken.clear()
    speak(started.speech, long_tools)  # the engine that was asked for is not even here
    done = LongSpeechDetailView.of(long_texts.get(ANN, started.speech.id))
    assert (done.state, done.voice.version, done.fallback.wanted_model_id) == ("completed", 1, wanted.id)
    assert "Broken" in done.fallback.reason
    assert all(part.fallback == done.fallback for part in done.parts)
    assert {cache for *_, cache in asked} == {False}
    with database.session() as session:
        entry = session.get_one(Synthesis, done.id)
    assert (entry.voice_model_id, entry.wanted_model_id) == (stand_in.id, wanted.id)


def test_a_poor_chunk_of_a_finished_text_is_spoken_again(  # noqa: PLR0917 - fixtures
    long_texts, speak, make_voice, breaking, long_tools, database, settings
):
    _, asked = breaking
    make_voice(ANN)
    body = LongTextBody(text="A b c d e.\n\nFf gg h.", paragraphs=True, output_format="flac", seed=7)
    with ProvenanceService(settings, database, KeyRing.open(settings, database)) as provenance:
        tools = replace(long_tools, provenance=provenance)
        started = long_texts.start_text(ANN, body).speech
        with pytest.raises(LongSpeechState, match="queued"):
            long_texts.retry(ANN, started.id, [1])
        speak(started, tools)
        with database.session() as session:
            poor = {"piece": 0, "verdict": "poor", "attempts": 3, "reason": "2 words are missing"}
            session.execute(update(LongChunk).where(LongChunk.number == 2).values(checks=[poor]))
        shown, before = long_texts.chunks(ANN, started.id)
        (told,) = LongSpeechDetailView.of(shown).poor
        assert (told.chunk, told.part, told.text, told.reason) == (2, 2, "Ff gg h.", "2 words are missing")
        with pytest.raises(LongSpeechPartNotFound, match="1 to 2, and no 3"):
            long_texts.retry(ANN, started.id, [2, 3])

        asked.clear()
        again = long_texts.retry(ANN, started.id, [2])
        assert (again.speech.state, again.speech.file_digest, again.progress.spoken) == ("queued", None, 1)
        assert [(part.state, part.file_digest is None) for part in again.parts] == [
            ("completed", False),
            ("waiting", True),
        ]
        speak(started, tools)
    assert asked == [("Ff gg h.", 1007, True)]
    shown, after = long_texts.chunks(ANN, started.id)
    assert (shown.speech.state, shown.poor, after[0].digest) == ("completed", [], before[0].digest)
    blobs = long_texts.vault.of(ANN)
    sound, _ = soundfile.read(io.BytesIO(blobs.read(shown.speech.file_digest)))
    assert np.abs(sound).max() > 0.01
    sweep_files(database, long_texts.vault)
    kept = {
        shown.speech.file_digest,
        *(one.file_digest for one in shown.parts),
        *(one.digest for one in after),
    }
    assert set(blobs.digests()) == kept
    with database.session() as session:
        parts = session.scalars(select(SpeechFingerprint.part).order_by(SpeechFingerprint.part)).all()
        assert parts == [0, 1_000_000]  # what was fetched before is known as well
        session.add(SpeechPreferences(user_id=ANN, keep_text="hash"))
    long_texts.retry(ANN, started.id, [1, 2])
    speak(started)
    with pytest.raises(LongSpeechState, match="not to be kept"):
        long_texts.retry(ANN, started.id, [1])
