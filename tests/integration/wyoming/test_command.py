"""`voicewright wyoming` as people start it, and end it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from wyoming.client import AsyncTcpClient
from wyoming.info import Describe, Info

from voicewright.accounts.service import AccountService

if TYPE_CHECKING:
    from voicewright.db.server import Database
    from voicewright.settings import Settings

pytestmark = pytest.mark.slow

PROGRAM = Path(sys.executable).with_name("voicewright")
PATIENCE_S = 60


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    assert settings.database_url is not None
    return os.environ | {
        "VOICEWRIGHT_HOME": str(settings.home),
        "DATABASE_URL": settings.database_url.get_secret_value(),
    }


def test_it_answers_until_it_is_told_to_stop(environment: dict[str, str]) -> None:
    command, pipe = [PROGRAM, "wyoming", "--port", "0"], subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        address = re.search(r"tcp://([\d.]+):(\d+)", said)
        assert address is not None, said

        async def ask() -> Info:
            async with AsyncTcpClient(address[1], int(address[2]), read_timeout=PATIENCE_S) as client:
                await client.write_event(Describe().event())
                event = await client.read_event()
                assert event is not None
                process.send_signal(signal.SIGTERM)  # the client is still there
                assert await client.read_event() is None
                return Info.from_event(event)

        assert asyncio.run(ask()).tts[0].voices == []
        _, errors = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, errors) == (0, "Stopped.\n")


def test_what_can_not_be_spoken_with_is_told_at_once(
    environment: dict[str, str], settings: Settings, database: Database
) -> None:
    users = AccountService(settings, database).users
    users.change(users.add("away@example.com").id, disabled=True)
    for options, words in {
        ("--voice", "Nobody"): "no voice called 'Nobody'",
        ("--owner", "nobody@example.com"): "nobody@example.com",
        ("--owner", "away@example.com"): "away@example.com is disabled",
    }.items():
        ended = subprocess.run(
            [PROGRAM, "wyoming", "--port", "0", *options],
            env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
        assert ended.returncode not in {0, 70}
        assert words in ended.stderr
