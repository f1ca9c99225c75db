"""A text that is read aloud in this process: stopped, gone on with, and written out."""

from __future__ import annotations

import json
import re
import threading
import uuid

import pytest
import soundfile
from sqlalchemy import text

from voicewright.engines.errors import EngineNotInstalled, GpuUnavailable, HostDied
from voicewright.engines.installed import Engines
from voicewright.speech.errors import SynthesisTimingsNotKept
from voicewright.speech.long import chunk_speaking
from voicewright.speech.long.bodies import LongTextBody
from voicewright.speech.long.errors import LongSpeechFailed, LongSpeechNotReady, LongSpeechState
from voicewright.speech.long.handing_out import write_paragraphs, write_whole
from voicewright.speech.long.models import LongSpeech
from voicewright.speech.long.reading import Reader
from voicewright.speech.long.runs import LongRun
from voicewright.speech.models import SpeechPreferences, Synthesis

ANN = uuid.UUID(int=1)
BODY = LongTextBody(text="One.\n\nTwo two.\n\nThree.", paragraphs=True, output_format="flac")


@pytest.fixture
def reader(long_texts, long_tools, find_engine) -> Reader:
    return Reader(long_texts, long_tools, engines=Engines(find=find_engine), lost_after_s=0.0)


@pytest.fixture
def read(reader):
    """Read it to its end, or until the `stop_at`th look."""

    def read(body=BODY, *, stop_at=None, cancel=None):
        begun = reader.take_up(ANN, body)
        looks = []

        def look(shown):
            looks.append(shown.progress.spoken)
            if len(looks) == stop_at:
                raise KeyboardInterrupt

        ended = reader.speak(ANN, begun.speech.id, on_progress=look, cancel=cancel or threading.Event())
        return begun, ended

    return read


def test_a_text_is_read_written_out_and_found_again(read, make_voice, long_texts, database, tmp_path):
    voice = make_voice(ANN)
    begun, ended = read()
    speech_id = ended.speech.id
    assert (begun.progress.spoken, ended.progress.spoken, ended.speech.state) == (0, 3, "completed")
    with database.session() as session:
        assert (session.query(Synthesis).one().id, session.query(LongSpeech).one().node) == (
            speech_id,
            "command line",
        )
        assert session.scalar(text("SELECT count(*) FROM queue.procrastinate_jobs")) == 0

    (tmp_path / "a.flac").write_text("what was there before")
    assert write_whole(long_texts, ANN, speech_id, tmp_path / "a.flac", "vtt") == [
        tmp_path / "a.flac",
        tmp_path / "a.vtt",
    ]
    assert soundfile.info(tmp_path / "a.flac").duration == pytest.approx(ended.speech.audio_s)
    assert (tmp_path / "a.vtt").read_text().startswith("WEBVTT")
    folder = tmp_path / "parts"
    folder.mkdir()
    written = write_paragraphs(long_texts, ANN, speech_id, folder, "json")
    assert [path.name for path in written] == [
        f"00{n}.{kind}" for n in (1, 2, 3) for kind in ("flac", "json")
    ]
    words = json.loads((folder / "002.json").read_text())["words"]
    assert [word["text"] for word in words] == ["Two", "two."]
    assert 0 <= words[0]["start"] < words[-1]["end"] <= soundfile.info(folder / "002.flac").duration
    assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in written)
    write_whole(long_texts, ANN, speech_id, tmp_path / "b.flac", "srt")
    assert re.match(r"1\n\d\d:", (tmp_path / "b.srt").read_text())

    again, same = read()  # it is there already
    assert (again.speech.id, again.progress.spoken, same.speech.id) == (speech_id, 3, speech_id)
    for other in ({"seed": 1}, {"speed": 2.0}, {"text": "One."}, {"output_format": "mp3"}):
        assert long_texts.take_up_text(ANN, BODY.model_copy(update=other)).speech.id != speech_id
    assert voice.version == 1
    newer = make_voice(ANN)  # the same name, another version
    of_newer = BODY.model_copy(update={"voice_model_id": newer.id})
    assert long_texts.take_up_text(ANN, of_newer).speech.id != speech_id


def test_what_is_stopped_is_paused_and_gone_on_with(read, make_voice, long_texts, long_tools, monkeypatch):
    make_voice(ANN)
    begin, asked = long_tools.speeches.begin, []
    stopping = threading.Event()

    def and_then_stop(user_id, order, *, cancel):
        asked.append(order.text)
        if order.text == "Two two." and len(asked) == 2:
            stopping.set()
            assert cancel.wait(60)  # the one whose work is stopped
        return begin(user_id, order, cancel=cancel)

    monkeypatch.setattr(long_tools.speeches, "begin", and_then_stop)
    with pytest.raises(LongSpeechState, match="stopped"):
        read(cancel=stopping)
    ((paused, *_), _) = long_texts.page(ANN, limit=10, offset=0)
    assert (paused.speech.state, paused.progress.spoken) == ("paused", 1)
    with pytest.raises(KeyboardInterrupt):
        read(stop_at=1)
    assert long_texts.get(ANN, paused.speech.id).speech.state == "paused"

    begun, ended = read()
    assert (begun.speech.id, begun.progress.spoken) == (paused.speech.id, 1)
    assert ended.speech.state == "completed"
    assert asked == ["One.", "Two two.", "Two two.", "Three."]


def test_what_a_killed_process_left_is_taken_over(read, make_voice, long_texts, database):
    make_voice(ANN)
    begun = long_texts.start_text(ANN, BODY).speech
    LongRun.begin(database, begun.id, begun.ticket, node="gone")  # gives no sign of life
    again, ended = read()
    assert (again.speech.id, again.speech.state) == (begun.id, "running")
    assert (ended.speech.state, ended.speech.takeovers) == ("completed", 1)


def test_why_it_failed_is_said_and_the_same_command_tries_again(  # noqa: PLR0917 - fixtures
    read, make_voice, long_texts, long_tools, monkeypatch, tmp_path
):
    make_voice(ANN)
    monkeypatch.setattr(chunk_speaking, "AGAIN_AFTER_S", 0.0)
    begin = long_tools.speeches.begin

    def never(*_, **__):
        raise HostDied("The engine fell over.")

    monkeypatch.setattr(long_tools.speeches, "begin", never)
    with pytest.raises(LongSpeechFailed, match=r"3 of 3 chunks .* The engine fell over"):
        read()
    ((failed, *_), _) = long_texts.page(ANN, limit=10, offset=0)
    with pytest.raises(LongSpeechNotReady):
        write_whole(long_texts, ANN, failed.speech.id, tmp_path / "a.flac")
    assert list(tmp_path.glob("*.flac")) == []
    monkeypatch.setattr(long_tools.speeches, "begin", begin)
    assert read()[0].speech.id == failed.speech.id


def test_what_can_not_be_read_here_or_was_ended_elsewhere_is_told(  # noqa: PLR0917 - fixtures
    read, reader, make_voice, long_texts, database, tmp_path
):
    make_voice(ANN)
    with database.session() as session:
        session.add(SpeechPreferences(user_id=ANN, keep_text="hash"))
    ended = read()[1]
    with pytest.raises(SynthesisTimingsNotKept):
        write_whole(long_texts, ANN, ended.speech.id, tmp_path / "a.flac", "vtt")
    assert (tmp_path / "a.flac").exists()

    shared = long_texts.start_text(ANN, LongTextBody(text="Four.")).speech.id
    long_texts.cancel(ANN, shared)
    with pytest.raises(LongSpeechState, match="cancelled by somebody else"):
        reader.speak(ANN, shared, on_progress=lambda _: None, cancel=threading.Event())

    make_voice(ANN, "Away", engine="away-tone")
    away = LongTextBody(text="Five.", voice="Away")
    with pytest.raises(EngineNotInstalled, match="no_such_module"):
        reader.take_up(ANN, away)
    ((waits, *_), _) = long_texts.page(ANN, limit=1, offset=0)
    assert waits.speech.state == "paused"
    make_voice(ANN, "Elsewhere", engine="other-tone")
    with pytest.raises(GpuUnavailable):
        reader.take_up(ANN, LongTextBody(text="Six.", voice="Elsewhere"))
