from __future__ import annotations

import os
import signal

import pytest

from voicewright.cli.signals import interruptible


@pytest.fixture(autouse=True)
def closed_terminals_end_us():
    """Also where the tests themselves were started by `nohup`."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_stops_the_work_once_and_names_the_status(number: int, status: int) -> None:
    before = signal.getsignal(number)
    with interruptible() as interruption:
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)  # while tidying: ignored

        assert interruption.cancel.is_set()
        assert interruption.status == status
    assert signal.getsignal(number) is before


def test_what_nohup_started_goes_on_when_the_terminal_is_closed() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with interruptible() as interruption:
        os.kill(os.getpid(), signal.SIGHUP)
    assert not interruption.cancel.is_set()
