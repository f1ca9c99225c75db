"""A chapter that a command reads aloud: stopped by Ctrl-C, killed, and gone on with until it is whole."""

from __future__ import annotations

import json
import os
import signal
import time
from string import ascii_lowercase
from typing import TYPE_CHECKING

import pytest
import soundfile
from sqlalchemy import func, select

from voicewright.db.server import Database
from voicewright.settings import Settings
from voicewright.speech.long.models import LongChunk
from voicewright.speech.models import Synthesis

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from conftest import CommandLine

pytestmark = pytest.mark.slow

PATIENCE_S = 240
CHARACTERS = 49_000


def word(number: int) -> str:
    letters = ""
    while number:
        number, place = divmod(number, 26)
        letters += ascii_lowercase[place]
    return f"q{letters}"


def chapter() -> str:
    """Every word is another one, so that a missing or repeated one shows."""
    paragraphs, length, number = [], 0, 0
    while length < CHARACTERS:
        sentences = []
        for _ in range(8):
            sentences.append(" ".join(word(number + place) for place in range(12)).capitalize() + ".")
            number += 12
        paragraphs.append(" ".join(sentences))
        length += len(paragraphs[-1]) + 2
    return "\n\n".join(paragraphs[:-1])


def test_a_chapter_survives_ctrl_c_and_a_kill(
    command_line: CommandLine, few_recordings: Path, tmp_path: Path
) -> None:
    command_line.json("clone", str(few_recordings), "--name", "Ann", "--engine", "tone")
    file, out = tmp_path / "chapter.txt", tmp_path / "chapter.flac"
    text = chapter()
    file.write_text(text)
    arguments = [
        "read", str(file), "--out", str(out), "--voice", "Ann", "--speed", "4", "--subtitles", "json",
        "--json",
    ]  # fmt: skip
    off = {"VOICEWRIGHT_WATERMARK": "off"}

    with Database.open(Settings(home=command_line.home)) as database:

        def spoken() -> int:
            with database.session() as session:
                chunks = select(func.count()).select_from(LongChunk).where(LongChunk.state == "spoken")
                return session.scalar(chunks) or 0

        def wait_for(process: subprocess.Popen[str], count: int) -> None:
            give_up_s = time.monotonic() + PATIENCE_S
            while spoken() < count:
                assert process.poll() is None
                assert time.monotonic() < give_up_s
                time.sleep(0.05)

        with command_line.start(*arguments, **off) as stopped:
            wait_for(stopped, 3)
            os.kill(stopped.pid, signal.SIGINT)
            answer, _ = stopped.communicate(timeout=PATIENCE_S)
        told = json.loads(answer)
        assert (stopped.returncode, told["code"]) == (130, "CANCELLED")
        assert "the same command goes on" in told["error"]
        kept = spoken()

        with command_line.start(*arguments, **off) as killed:
            wait_for(killed, kept + 3)
            killed.kill()
        kept = spoken()

        done = command_line.run(*arguments, timeout_s=PATIENCE_S, **off)
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        # what it had sent when it was killed, the database may have written after it was counted here
        assert kept <= told["chunks_spoken_before"] <= kept + 1 < told["chunks"]
        with database.session() as session:
            assert {chunk.attempts for chunk in session.scalars(select(LongChunk))} == {1}
            entry = session.scalars(select(Synthesis)).one()
    assert (str(entry.id), entry.source, entry.state) == (told["speech_id"], "long", "completed")
    words = json.loads(out.with_suffix(".json").read_text())["words"]
    assert [one["text"] for one in words] == text.split()
    assert soundfile.info(out).duration == pytest.approx(told["output_seconds"], abs=0.01)
    assert words[-1]["end"] <= told["output_seconds"]

    verified = command_line.json("verify", str(out))
    assert told["speech_id"] in json.dumps(verified)

    folder = tmp_path / "parts"
    parts = [*arguments[:3], str(folder), *arguments[4:6], "--by-paragraph", "--json"]
    file.write_text("One.\n\nTwo.")
    assert command_line.json(*parts[:-1])["chunks"] == 2
    assert sorted(path.name for path in folder.iterdir()) == ["001.mp3", "002.mp3"]
