from __future__ import annotations

import os
import signal

import pytest

from voicewright.cli.signals import interruptible


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
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible() as interruption:
            os.kill(os.getpid(), signal.SIGHUP)
        assert not interruption.cancel.is_set()
    finally:
        signal.signal(signal.SIGHUP, before)
