"""A chapter of 50,000 characters, and workers that die over it."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicewright.engines.testing import write_plugin
from voicewright.speech.long.bodies import LongTextBody
from voicewright.speech.long.joining import lay_out, words_of
from voicewright.speech.long.service import LongSpeechService
from voicewright.storage.user_keys import KeyRing

pytestmark = pytest.mark.slow

ANN = uuid.UUID(int=1)
PROGRAM = Path(sys.executable).with_name("voicewright")
CHAPTER_CHARACTERS = 50_000


def chapter() -> str:
    """Every word is another one, so that a missing or repeated one shows."""
    paragraphs, length, number = [], 0, 0
    while True:
        sentences = []
        for _ in range(7):
            sentences.append("Wort " + " ".join(f"w{number + place}" for place in range(12)) + ".")
            number += 12
        paragraph = " ".join(sentences)
        length += len(paragraph) + 2
        if length > CHAPTER_CHARACTERS:
            return "\n\n".join(paragraphs)
        paragraphs.append(paragraph)


@pytest.fixture
def start_worker(settings, database_url, short_dir):
    """Workers of their own processes, which hum; all are ended."""
    plugin = short_dir / "plugin"
    write_plugin(plugin)
    environment = os.environ | {
        "VOICEWRIGHT_HOME": str(settings.home), "DATABASE_URL": database_url, "PYTHONPATH": str(plugin),
        "VOICEWRIGHT_WATERMARK": "off", "VOICEWRIGHT_LOG_LEVEL": "info",
    }  # fmt: skip
    started = []

    def start():
        with (short_dir / f"worker-{len(started)}.log").open("wb") as log:
            worker = subprocess.Popen([PROGRAM, "worker"], env=environment, stdout=log, stderr=log)
        started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.terminate()
        worker.wait()


def test_a_chapter_survives_the_workers_that_speak_it(  # noqa: PLR0917 - fixtures
    settings, database, make_voice, find_engine, start_worker, short_dir
):
    make_voice(ANN)
    service = LongSpeechService.open(
        settings, database, KeyRing.open(settings, database), engines=find_engine
    )
    text = chapter()
    order = LongTextBody(text=text, output_format="flac", speed=4.0, normalise=False, check=False)
    speech_id = service.start_text(ANN, order).speech.id

    def wait_until(is_so) -> None:
        end_s = time.monotonic() + 500
        while not is_so(service.get(ANN, speech_id)):
            assert time.monotonic() < end_s, (short_dir / "worker-0.log").read_text()
            time.sleep(0.05)

    first = start_worker()
    wait_until(lambda shown: shown.progress.spoken >= 5)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    kept = service.get(ANN, speech_id).progress.spoken
    second = start_worker()
    wait_until(lambda shown: shown.progress.spoken > kept + 5)
    second.terminate()  # gives back what it speaks
    second.wait()
    assert service.get(ANN, speech_id).speech.state == "queued"
    start_worker()
    wait_until(lambda shown: shown.speech.state not in {"queued", "running"})

    shown, chunks = service.chunks(ANN, speech_id)
    assert (shown.speech.state, shown.speech.error, shown.speech.takeovers) == ("completed", None, 1)
    assert [chunk.number for chunk in chunks] == list(range(1, len(chunks) + 1))
    assert [chunk.state for chunk in chunks] == ["spoken"] * len(chunks)
    assert [chunk.attempts for chunk in chunks] == [1] * len(chunks)
    seams = lay_out(chunks, 4.0)
    assert [word.text for word in words_of(seams)] == text.split()
    data = service.vault.of(ANN).read(shown.speech.file_digest)
    sound, rate_hz = soundfile.read(io.BytesIO(data), dtype="float32")
    assert len(sound) / rate_hz == pytest.approx(seams[-1].start_s + chunks[-1].audio_s, abs=0.1)
    assert len(sound) / rate_hz > 60
    jumps, at_seams = np.abs(np.diff(sound)), np.zeros(len(sound) - 1, dtype=bool)
    for seam in seams:
        for edge_s in (seam.start_s, seam.start_s + seam.chunk.audio_s):
            at_seams[max(0, round((edge_s - 0.01) * rate_hz)) : round((edge_s + 0.01) * rate_hz)] = True
    assert jumps[at_seams].max() <= jumps[~at_seams].max()  # no click
