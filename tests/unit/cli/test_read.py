"""What `voicewright read` makes of what it is told, before any work is done."""

from __future__ import annotations

import json

import pytest
import typer

from voicewright.audio.errors import AudioFormatUnknown, AudioNotWritten
from voicewright.cli.read import _body, _check, _format_of, _in_words, _teller, _text_of, _to_json
from voicewright.speech.long.models import LongPart, LongSpeech
from voicewright.speech.long.showing import Progress, Shown
from voicewright.text.errors import TextEmpty, TextTooLong, TextUnreadable


def test_the_text_is_read_whatever_wrote_it(tmp_path):
    file = tmp_path / "text.txt"
    file.write_bytes("\ufeffGrüße.".encode())
    assert _text_of(file) == "Grüße."
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TextUnreadable, match="UTF-8"):
        _text_of(file)
    for wrong in (tmp_path, tmp_path / "absent"):
        with pytest.raises(TextUnreadable, match="can't be read"):
            _text_of(wrong)


def test_the_extension_is_the_format(tmp_path):
    assert [_format_of(tmp_path / f"a.{kind}") for kind in ("mp3", "ogg", "AAC")] == ["mp3", "opus", "aac"]
    for wrong in ("a.m4a", "a.xyz", "a"):
        with pytest.raises(AudioFormatUnknown):
            _format_of(tmp_path / wrong)


def test_a_place_that_can_not_be_written_to_is_refused(tmp_path):
    file = tmp_path / "file.mp3"
    file.touch()
    _check(file, is_folder=False)
    for folder in (tmp_path, tmp_path / "new"):
        _check(folder, is_folder=True)
    for place, is_folder in ((tmp_path, False), (file, True), (tmp_path / "a" / "b", True)):
        with pytest.raises((AudioNotWritten, AudioFormatUnknown)):
            _check(place, is_folder=is_folder)
    with pytest.raises(AudioNotWritten, match=r"--out is a folder: for example .*/chapter, and --format"):
        _check(tmp_path / "chapter.mp3", is_folder=True)


def test_what_is_ordered_is_what_was_said():
    body = _body(10, text="One.", title="one", speed=2.0, seed=3, ssml=True, voice=None)
    assert (body.text, body.speed, body.seed, body.ssml, body.output_format) == ("One.", 2.0, 3, True, "mp3")
    with pytest.raises(TextTooLong, match="11 characters"):
        _body(10, text="x" * 11)
    with pytest.raises(TextEmpty):
        _body(10, text=" \n")
    assert _body(10, text="One.", voice="Ann", version=2).version == 2
    with pytest.raises(typer.BadParameter, match="--voice"):
        _body(10, text="One.", voice="")
    with pytest.raises(typer.BadParameter, match="--version needs --voice"):
        _body(10, text="One.", voice=None, version=2)


def shown(spoken: int, audio_s: float | None = None) -> Shown:
    speech = LongSpeech(id="21ed", characters=40, audio_s=audio_s)
    part = LongPart(voice_model_id="3f0c", engine="tone")
    return Shown(speech, Progress(4, spoken, 0, 40, 10 * spoken, 1.0, 2.0), [part])


def test_how_far_it_is_and_what_came_of_it():
    drawn = []
    tell = _teller(drawn.append)
    tell(shown(1))
    tell(shown(4))
    assert [(one.stage, one.fraction, one.left_s) for one in drawn] == [
        ("speaking", 0.25, 6.0),
        ("joining", 1.0, 0.0),
    ]
    ended = shown(4, 12.5)
    assert _in_words(ended, shown(0), "a.mp3") == "a.mp3: 12.5 s"
    assert _in_words(ended, shown(3), "a.mp3") == "a.mp3: 12.5 s, 3 of 4 chunks before"
    assert _in_words(ended, ended, "a.mp3") == "a.mp3: 12.5 s, all of it spoken before"
    assert json.loads(json.dumps(_to_json(ended, shown(3), ["a.mp3"]))) == {
        "speech_id": "21ed",
        "voice_id": "3f0c",
        "engine": "tone",
        "output": ["a.mp3"],
        "output_seconds": 12.5,
        "characters": 40,
        "chunks": 4,
        "chunks_spoken_before": 3,
        "chunk_seconds": 2.0,
    }
