"""`voicewright smoke` against a real service: what an application does, from outside."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
import soundfile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

HUMMING = {"VOICEWRIGHT_ONBOARDING_QUALITY": "0", "VOICEWRIGHT_ONBOARDING_PROVIDER": "tone"}


@pytest.fixture
def served(command_line: Any) -> Iterator[subprocess.Popen[str]]:
    """A service in production."""
    process = command_line.start(
        "serve", "--port", "0", "--json", ENVIRONMENT="production", VOICEWRIGHT_LOG_LEVEL="info", **HUMMING
    )
    yield process
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)


def _drain(log: Any) -> None:
    with contextlib.suppress(ValueError):  # it was closed
        log.read()


@pytest.mark.slow
@pytest.mark.speech
def test_a_voice_of_a_person_comes_of_one_command_though_its_worker_is_killed(
    command_line: Any, served: subprocess.Popen[str], speech_dir: Path, tmp_path: Path
) -> None:
    recording = max(
        (speech_dir / "librispeech").rglob("*.flac"), key=lambda path: soundfile.info(path).duration
    )
    assert served.stdout is not None
    url = json.loads(served.stdout.readline())["url"]
    command_line.wait_for(served, "Working as")
    threading.Thread(target=_drain, args=(served.stderr,), daemon=True).start()
    command_line.run("users", "add", "app@example.com")
    key = tmp_path / "key"
    key.write_text(command_line.run("users", "token", "app@example.com").stdout)
    out = tmp_path / "words.mp3"
    asked = ("smoke", str(recording), "--api-url", url, "--out", str(out), "--user-id", "Ann")

    nobody = command_line.run(*asked)
    assert (nobody.returncode, "voicewright users token" in nobody.stderr) == (12, True)
    wrong = command_line.run(*asked, VOICEWRIGHT_API_KEY="vw_wrong")
    assert (wrong.returncode, "NOT_AUTHENTICATED" in wrong.stderr) == (12, True)
    asked = (*asked, "--api-key-file", str(key))
    unasked = command_line.run(*asked)
    assert (unasked.returncode, "CONSENT_REQUIRED" in unasked.stderr) == (13, True)
    assert "computes on cpu (production)" in unasked.stdout
    away = command_line.run(*asked, "--api-url", "http://127.0.0.1:9")
    assert (away.returncode, "voicewright serve" in away.stderr) == (8, True)
    assert not out.exists()

    more = ("--consent", "She agreed.", "--text", "Hello big world.", "--json")
    smoking = command_line.start(*asked, *more, VOICEWRIGHT_LOG_LEVEL="info")
    command_line.wait_for(smoking, "stage processing")
    [worker] = [one for one in psutil.Process(served.pid).children() if "worker" in one.cmdline()]
    worker.kill()
    told, said = smoking.communicate(timeout=280)
    assert smoking.returncode == 0, said
    made = json.loads(told)
    assert made["answered"] == "at once"
    assert made["worker"]["gpuType"] == "cpu"
    assert made["total_seconds"] >= made["processing_seconds"] > 0
    assert out.stat().st_size == made["output_bytes"] > 1000
    [voice] = command_line.json("voices", "list", "--owner", "app@example.com")["voices"]
    assert (voice["voice_id"], voice["active"]) == (made["voice_id"], False)
