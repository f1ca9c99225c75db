"""Long texts: taken, spoken chunk by chunk, paused, cancelled, retried, joined."""

from __future__ import annotations

import io
import threading
import uuid
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import soundfile
from sqlalchemy import text

from voicewright.engines.errors import HostDied, LanguageUnsupported
from voicewright.jobs.queue import take_out
from voicewright.speech.long import chunk_speaking
from voicewright.speech.long.bodies import BatchBody, LongTextBody
from voicewright.speech.long.errors import (
    BatchUnspeakable,
    LongSpeechLost,
    LongSpeechNotFound,
    LongSpeechNotReady,
    LongSpeechPartNotFound,
    LongSpeechState,
    TooManyLongSpeeches,
    TooManyParts,
)
from voicewright.speech.long.fetching import archive, fetch_whole
from voicewright.speech.long.files import sweep_ended, sweep_files
from voicewright.speech.long.running import speak_long
from voicewright.speech.long.runs import LongRun
from voicewright.speech.long.service import LongSpeechService
from voicewright.speech.long.takeover import take_over
from voicewright.speech.models import SpeechPreferences, Synthesis
from voicewright.storage.errors import StorageFull
from voicewright.text.errors import TextEmpty, TextTooLong
from voicewright.voices.errors import NoActiveVoice, VoiceNotFound
from voicewright.worker.speaking import LongSpeaker

if TYPE_CHECKING:
    import numpy as np

ANN = uuid.UUID(int=1)
BOB = uuid.UUID(int=2)
CHAPTER = "\n\n".join("A b c d e. Ff g h i." for _ in range(3))


def sound_of(long_texts, shown) -> np.ndarray:
    data = long_texts.vault.of(shown.speech.owner_id).read(shown.speech.file_digest)
    return soundfile.read(io.BytesIO(data), dtype="float32")[0]


def test_a_text_is_spoken_and_joined(long_texts, speak, make_voice, database):
    voice = make_voice(ANN)
    body = LongTextBody(
        text=CHAPTER, output_format="wav", paragraphs=True, pauses={"sentence_s": 0.1, "paragraph_s": 0.5}
    )
    started = long_texts.start_text(ANN, body)
    assert (started.speech.state, started.progress.share, started.progress.left_s) == ("queued", 0.0, None)
    speak(started.speech)

    shown, chunks = long_texts.chunks(ANN, started.speech.id)
    assert (shown.speech.state, shown.speech.error) == ("completed", None)
    assert [chunk.state for chunk in chunks] == ["spoken"] * 3
    assert [part.state for part in shown.parts] == ["completed"] * 3
    assert {part.voice_model_id for part in shown.parts} == {voice.id}
    sound = sound_of(long_texts, shown)
    assert len(sound) / 22050 == pytest.approx(shown.speech.audio_s)
    assert shown.speech.audio_s == pytest.approx(sum(chunk.audio_s for chunk in chunks) + 2 * 0.5, abs=0.001)
    assert [word for word, *_ in chunks[0].words] == ["A", "b", "c", "d", "e.", "Ff", "g", "h", "i."]
    with database.session() as session:
        entry = session.query(Synthesis).one()
        assert session.scalar(text("SELECT count(*) FROM queue.procrastinate_jobs")) == 0
    assert (entry.id, entry.source, entry.state, entry.text) == (
        shown.speech.id,
        "long",
        "completed",
        CHAPTER,
    )
    assert long_texts.page(ANN, limit=10, offset=0)[0][0].progress.spoken == 3
    assert long_texts.page(BOB, limit=10, offset=0) == ([], 0)
    with pytest.raises(LongSpeechNotFound):
        long_texts.get(BOB, shown.speech.id)


def test_a_batch_is_spoken_item_by_item(long_texts, speak, make_voice, monkeypatch):
    monkeypatch.setattr(chunk_speaking, "AGAIN_AFTER_S", 0.0)
    ann, loud = make_voice(ANN), make_voice(ANN, "Broken", fault="fail")
    items = [
        {"text": "One two.", "name": "../intro"},
        {"text": "One two.", "voice": "Nobody"},
        {"text": "- -"},
        {"text": "One two.", "voice_model_id": loud.id},
        {"text": "Three.", "voice": "Ann", "speed": 2.0},
    ]
    batch = BatchBody.model_validate({"items": items, "output_format": "flac"})
    started = long_texts.start_batch(ANN, batch)
    assert [part.state for part in started.parts] == ["waiting", "failed", "failed", "waiting", "waiting"]
    speak(started.speech)

    shown = long_texts.get(ANN, started.speech.id)
    assert (shown.speech.state, shown.speech.file_digest) == ("completed", None)
    assert [part.error_code for part in shown.parts] == [
        None,
        "VOICE_MODEL_NOT_FOUND",
        "TEXT_EMPTY",
        "ENGINE_FAILED",
        None,
    ]
    assert [part.voice_model_id for part in shown.parts] == [ann.id, None, None, loud.id, ann.id]
    with zipfile.ZipFile(io.BytesIO(b"".join(archive(long_texts.vault, shown)))) as packed:
        assert packed.namelist() == ["001-intro.flac", "005.flac"]
        sound, rate_hz = soundfile.read(io.BytesIO(packed.read("001-intro.flac")))
    assert len(sound) / rate_hz == pytest.approx(shown.parts[0].audio_s)
    with pytest.raises(LongSpeechNotReady, match="not joined"):
        fetch_whole(long_texts.vault, shown, (), "mp3", Path())

    again = long_texts.retry(ANN, shown.speech.id)  # those whose voice is known
    assert [part.state for part in again.parts] == ["completed", "failed", "failed", "waiting", "completed"]
    long_texts.cancel(ANN, shown.speech.id)

    before = long_texts.page(ANN, limit=1, offset=0)[1]
    with pytest.raises(
        BatchUnspeakable, match=r"None of the 2 .*NOT_FOUND \(1\), TEXT_EMPTY \(1\)"
    ) as refused:
        long_texts.start_batch(ANN, BatchBody.model_validate({"items": items[1:3]}))
    assert [fault.field for fault in refused.value.fields] == ["items[0]", "items[1]"]
    assert refused.value.fields[1].message.startswith("TEXT_EMPTY: ")
    assert long_texts.page(ANN, limit=1, offset=0)[1] == before


def test_chunks_that_fail_are_tried_again_and_then_by_hand(
    long_texts, speak, make_voice, long_tools, monkeypatch
):
    make_voice(ANN)
    monkeypatch.setattr(chunk_speaking, "AGAIN_AFTER_S", 0.0)
    begin, broken, asked = long_tools.speeches.begin, {"Two."}, []

    def sometimes(user_id, order, *, cancel):
        asked.append((order.text, order.seed))
        if order.text in broken:
            raise HostDied("The engine fell over.")
        return begin(user_id, order, cancel=cancel)

    monkeypatch.setattr(long_tools.speeches, "begin", sometimes)
    text = "One.\n\nTwo.\n\nThree."
    started = long_texts.start_text(
        ANN, LongTextBody(text=text, paragraphs=True, output_format="wav", seed=7)
    )
    speak(started.speech)

    shown, chunks = long_texts.chunks(ANN, started.speech.id)
    assert (shown.speech.state, shown.speech.error_code) == ("failed", "CHUNKS_FAILED")
    assert shown.speech.error is not None
    assert "1 of 3 chunks could not be spoken (2): The engine fell over." in shown.speech.error
    assert [(one.state, one.attempts) for one in chunks] == [("spoken", 1), ("failed", 3), ("spoken", 1)]
    assert asked == [("One.", 7), ("Two.", 7), ("Two.", 8), ("Two.", 9), ("Three.", 7)]
    assert [part.state for part in shown.parts] == ["completed", "waiting", "completed"]
    with pytest.raises(LongSpeechNotReady, match="failed"):
        fetch_whole(long_texts.vault, shown, chunks, "wav", Path())

    broken.clear()
    long_texts.retry(ANN, started.speech.id)
    speak(started.speech)
    shown, after = long_texts.chunks(ANN, started.speech.id)
    assert (shown.speech.state, shown.speech.error_code, len(asked)) == ("completed", None, 6)
    assert [after[0].digest, after[2].digest] == [chunks[0].digest, chunks[2].digest]
    with pytest.raises(LongSpeechState, match="nothing to try"):
        long_texts.retry(ANN, started.speech.id)


def test_an_engine_that_always_fails_is_not_asked_for_every_chunk(
    long_texts, speak, make_voice, long_tools, monkeypatch
):
    make_voice(ANN)
    monkeypatch.setattr(chunk_speaking, "AGAIN_AFTER_S", 0.0)

    def never(*_: object, **__: object) -> None:
        raise HostDied("The engine fell over.")

    monkeypatch.setattr(long_tools.speeches, "begin", never)
    started = long_texts.start_text(ANN, LongTextBody(text="A a. " * 2000))
    speak(started.speech)
    shown = long_texts.get(ANN, started.speech.id)
    assert (shown.speech.state, shown.progress.failed) == ("failed", 3)
    assert shown.progress.chunks > 5


def test_a_voice_that_is_taken_back_ends_it_and_what_is_done_stays(  # noqa: PLR0917 - fixtures
    long_texts, speak, make_voice, voices, long_tools, monkeypatch
):
    voice = make_voice(ANN)
    begin = long_tools.speeches.begin

    def and_then_deleted(user_id, order, *, cancel):
        if order.text == "Two.":
            voices.of(ANN).delete(voice.id)
        return begin(user_id, order, cancel=cancel)

    monkeypatch.setattr(long_tools.speeches, "begin", and_then_deleted)
    started = long_texts.start_text(ANN, LongTextBody(text="One.\n\nTwo.\n\nThree.", paragraphs=True))
    speak(started.speech)
    shown = long_texts.get(ANN, started.speech.id)
    assert (shown.speech.state, shown.speech.error_code) == ("failed", "VOICE_MODEL_NOT_FOUND")
    assert [part.state for part in shown.parts] == ["completed", "waiting", "waiting"]
    assert shown.parts[0].file_digest is not None
    with pytest.raises(VoiceNotFound):
        long_texts.start_text(ANN, LongTextBody(text="One.", voice_model_id=voice.id))


def test_a_run_that_was_lost_writes_nothing_and_another_goes_on(
    long_texts, speak, make_voice, database, long_tools
):
    make_voice(ANN)
    started = long_texts.start_text(ANN, LongTextBody(text="One.\n\nTwo.", output_format="pcm"))
    lost = LongRun.begin(database, started.speech.id, started.speech.ticket, node="gone")
    assert lost is not None
    assert LongRun.begin(database, started.speech.id, started.speech.ticket, node="late") is None
    assert take_over(database) == 0
    with database.session() as session:
        session.execute(text("UPDATE long_speeches SET heartbeat_at = now() - interval '1 minute'"))
        session.execute(text("UPDATE long_speeches SET started_at = heartbeat_at"))
    # the server of the tests may have begun after that moment
    assert take_over(database, lost_after_s=0.0) == 1
    with lost, pytest.raises(LongSpeechLost), lost.writing():
        raise AssertionError
    assert lost.is_lost
    speak_long(lost, long_tools)  # it does no harm
    speak(started.speech)
    shown = long_texts.get(ANN, started.speech.id)
    assert (shown.speech.state, shown.speech.takeovers, shown.speech.attempt) == ("completed", 1, 2)


def test_a_batch_goes_from_the_worker_of_one_engine_to_that_of_another(
    long_texts, speak, make_voice, long_tools, database
):
    make_voice(ANN)
    make_voice(ANN, "Other", engine="other-tone")
    items = [{"text": "One.", "voice": name} for name in ("Other", "Ann", "Other", "Ann")]
    started = long_texts.start_batch(ANN, BatchBody.model_validate({"items": items}))

    def queues() -> list[str]:
        with database.session() as session:
            return list(session.scalars(text("SELECT queue_name FROM queue.procrastinate_jobs")))

    assert (queues(), started.engine) == (["speak.other-tone"], "other-tone")
    speak(started.speech)  # this one has `tone` only
    between = long_texts.get(ANN, started.speech.id)
    assert (between.speech.state, queues()) == ("queued", ["speak.other-tone"])
    assert [part.state for part in between.parts] == ["waiting", "completed"] * 2
    speak(started.speech, replace(long_tools, engines=("other-tone",)))
    done = long_texts.get(ANN, started.speech.id)
    assert (done.speech.state, done.engine, queues()) == ("completed", None, [])


def test_a_text_is_left_to_workers_that_have_its_engine(long_texts, make_voice, long_tools):
    make_voice(ANN, engine="other-tone")
    make_voice(ANN, "Here")
    away = long_texts.start_text(ANN, LongTextBody(text="One.")).speech.id
    here = long_texts.start_text(ANN, LongTextBody(text="One.", voice="Here")).speech.id
    speaker = LongSpeaker(long_tools, "here")
    speaker.start()
    try:
        wait_for(long_texts, here, "completed")
        assert long_texts.get(ANN, away).speech.state == "queued"
    finally:
        speaker.stop()
        speaker.join()
    idle = LongSpeaker(replace(long_tools, engines=()), "nothing here")
    idle.start()  # takes none of any queue
    idle.stop()
    idle.join()


def test_what_lost_its_place_in_the_queue_gets_another(long_texts, speak, make_voice, database):
    make_voice(ANN)
    started = long_texts.start_text(ANN, LongTextBody(text="One."))
    with database.session() as session:
        take_out(session, started.speech.ticket)
    assert take_over(database) == 1
    speak(started.speech)
    assert long_texts.get(ANN, started.speech.id).speech.state == "completed"


def test_pausing_cancelling_and_the_end_of_a_worker_stop_the_engine(
    long_texts, make_voice, database, long_tools
):
    """The voice hums its second word for ever, so nothing but being told to ends it."""
    make_voice(ANN, fault="endless")
    speaker = LongSpeaker(long_tools, "here")
    speaker.start()
    try:
        text_ = LongTextBody(text="One two three.", check=False)
        first = long_texts.start_text(ANN, text_).speech.id
        wait_for(long_texts, first, "running")
        busy = long_tools.speeches.pool.processes
        wait_until(lambda: any(busy().values()))
        assert long_texts.pause(ANN, first).speech.state == "paused"
        wait_until(lambda: not speaker._running)
        with pytest.raises(LongSpeechState, match="can't be paused"):
            long_texts.pause(ANN, first)
        long_texts.resume(ANN, first)
        wait_for(long_texts, first, "running")
        with pytest.raises(LongSpeechState, match="can't be resumed"):
            long_texts.resume(ANN, first)
        assert long_texts.cancel(ANN, first).speech.state == "cancelled"
        with pytest.raises(LongSpeechState, match="already"):
            long_texts.cancel(ANN, first)
        wait_until(lambda: not speaker._running)
        with database.session() as session:
            assert session.query(Synthesis).one().state == "cancelled"
        long_texts.retry(ANN, first)
        wait_for(long_texts, first, "running")
        long_texts.delete(ANN, first)
        wait_until(lambda: not speaker._running)

        second = long_texts.start_text(ANN, text_).speech.id
        wait_for(long_texts, second, "running")
    finally:
        speaker.stop()
        speaker.join()
    assert long_texts.get(ANN, second).speech.state == "queued"  # for another worker


def test_what_is_too_much_is_refused(settings, database, long_texts, make_voice, find_engine):
    with pytest.raises(NoActiveVoice):
        long_texts.start_text(ANN, LongTextBody(text="One."))
    make_voice(ANN)
    few = settings.model_copy(
        update={"long_characters": 20, "long_parts": 1, "batch_items": 1, "long_open": 1}
    )
    small = LongSpeechService(few, database, long_texts.vault, engines=find_engine)
    with pytest.raises(TextTooLong, match=r"at most 20 .*VOICEWRIGHT_LONG_CHARACTERS.*Split it, best by"):
        small.start_text(ANN, LongTextBody(text="x" * 21))
    with pytest.raises(TextTooLong, match=r"items have 21 .*VOICEWRIGHT_LONG_CHARACTERS.*Send several"):
        small.start_batch(ANN, BatchBody.model_validate({"items": [{"text": "x" * 21}]}))
    with pytest.raises(TextEmpty):
        small.start_text(ANN, LongTextBody(text="🙂"))
    with pytest.raises(TooManyParts, match="paragraphs"):
        small.start_text(ANN, LongTextBody(text="One.\n\nTwo.", paragraphs=True))
    two = BatchBody.model_validate({"items": [{"text": "One."}, {"text": "Two."}]})
    with pytest.raises(TooManyParts, match="items"):
        small.start_batch(ANN, two)
    with pytest.raises(LanguageUnsupported):
        small.start_text(ANN, LongTextBody(text="One.", language="fr"))
    waiting = small.start_text(ANN, LongTextBody(text="One."))
    with pytest.raises(TooManyLongSpeeches, match="1 of your long texts"):
        small.start_text(ANN, LongTextBody(text="One."))
    with pytest.raises(LongSpeechPartNotFound, match="1 to 1"):
        small.chunks(ANN, waiting.speech.id, 2)
    full = LongSpeechService(
        settings.model_copy(update={"min_free_disk_mb": 1 << 40}),
        database,
        long_texts.vault,
        engines=find_engine,
    )
    with pytest.raises(StorageFull, match="Speaking this text"):
        full.start_text(ANN, LongTextBody(text="One."))


def test_ssml_and_kept_texts(long_texts, speak, make_voice, database):
    make_voice(ANN)
    with database.session() as session:
        session.add(SpeechPreferences(user_id=ANN, keep_text="hash"))
    ssml = "<speak>One.<break time='2s'/>Two.</speak>"
    started = long_texts.start_text(ANN, LongTextBody(text=ssml, ssml=True, output_format="wav"))
    speak(started.speech)
    shown, chunks = long_texts.chunks(ANN, started.speech.id)
    assert shown.speech.audio_s == pytest.approx(2 + 6 * 0.06 + 2 * 0.05, abs=0.1)
    assert [(one.pieces, one.words) for one in chunks] == [([], None)]
    with database.session() as session:
        assert session.query(Synthesis).one().text is None


def test_files_go_with_what_they_were_made_for(long_texts, speak, make_voice, database):
    make_voice(ANN)
    body = LongTextBody(text="One.\n\nTwo.", paragraphs=True, output_format="flac")
    kept, gone = long_texts.start_text(ANN, body).speech, long_texts.start_text(ANN, body).speech
    speak(kept)
    speak(gone)
    blobs = long_texts.vault.of(ANN)
    before = set(blobs.digests())
    long_texts.delete(ANN, gone.id)
    assert sweep_files(database, long_texts.vault) == len(before) - len(set(blobs.digests()))
    shown, chunks = long_texts.chunks(ANN, kept.id)
    assert {one.digest for one in chunks} < set(blobs.digests())
    assert sweep_ended(database, long_texts.vault, kept_days=None) == 0
    assert sweep_ended(database, long_texts.vault, kept_days=1) == 0
    with database.session() as session:
        session.execute(text("UPDATE long_speeches SET finished_at = now() - interval '2 days'"))
    assert sweep_ended(database, long_texts.vault, kept_days=1) == 1
    assert sweep_files(database, long_texts.vault) == len(before)
    assert set(blobs.digests()) == set()
    assert shown.speech.file_digest is not None


def wait_until(is_so) -> None:
    tick = threading.Event()
    for _ in range(600):
        if is_so():
            return
        tick.wait(0.05)
    raise AssertionError("it never came")


def wait_for(long_texts, speech_id, state) -> None:
    wait_until(lambda: long_texts.get(ANN, speech_id).speech.state == state)
