"""Runs the service in a process of its own, with an administrator, for benchmarks over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ADMIN = "admin@example.com"


@dataclass(frozen=True, slots=True)
class Service:
    """A running service."""

    url: str
    api_key: str
    """Of its administrator."""
    process: psutil.Process


@contextmanager
def running(home: Path, *arguments: str, **settings: str) -> Iterator[Service]:
    """Serve from an empty data directory while the block runs.

    Args:
        home: the data directory.
        arguments: more of `voicewright serve`.
        settings: more environment variables.
    """
    environment = {**os.environ, "VOICEWRIGHT_HOME": str(home), "DATABASE_URL": "", **settings}  # noqa: TID251 - a child's
    program = [sys.executable, "-m", "voicewright"]

    def say(*words: str) -> dict[str, str]:
        command = [*program, *words, "--json"]
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
        answer: dict[str, str] = json.loads(done.stdout)
        return answer

    say("users", "add", _ADMIN, "--admin")
    scopes = ("admin", "training:read", "training:write", "samples:read", "samples:write", "speech")
    named = [word for scope in scopes for word in ("--scope", scope)]
    api_key = say("users", "token", _ADMIN, *named)["api_key"]
    command = [*program, "serve", "--port", "0", "--json", *arguments]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        line = process.stdout.readline() if process.stdout else b""
        url = str(json.loads(line)["url"])
        try:
            yield Service(url, api_key, psutil.Process(process.pid))
        finally:
            process.terminate()
            process.wait()
