from __future__ import annotations

import os
import select
from pathlib import Path

import pytest

from voicewright.engines.host.process import HostProcess

HERE = Path(__file__).parent


@pytest.fixture
def make_host():
    """Make hosts of the odd service; all are closed at the end.

    Cancelled work gets long to stop, so that a busy machine is not taken for a deaf service.
    """
    made = []

    def make(**settings):
        env = {"PYTHONPATH": str(HERE), **settings.pop("env", {})}
        settings = {"cancel_grace_s": 30.0, **settings}
        host = HostProcess("odd_service:OddService", name="The odd service", env=env, **settings)
        made.append(host)
        return host

    yield make
    for host in made:
        host.close()


@pytest.fixture
def host(make_host):
    return make_host()


@pytest.fixture
def wait_until_gone():
    """Wait for the end of a process that need not be our child."""

    def wait(pid, timeout_s=60):
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            ready, _, _ = select.select([descriptor], [], [], timeout_s)
        finally:
            os.close(descriptor)
        assert ready, f"process {pid} is still there"

    return wait
