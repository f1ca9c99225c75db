from __future__ import annotations

import pytest

from voicewright.engines.errors import Cancelled
from voicewright.engines.host.context import HostContext


class Sheet:
    """A frame writer that keeps what is written."""

    def __init__(self):
        self.headers = []

    def write(self, header, payload=b""):
        assert payload == b""
        self.headers.append(header)


def test_flood_of_progress_is_thinned_but_stages_and_the_end_get_through():
    sheet = Sheet()
    context = HostContext(1, sheet)
    for step in range(1000):
        context.progress("first", step / 2000)
    context.progress("second", 0.5)
    context.progress("second", 1.0)
    sent = [(header["stage"], header["fraction"]) for header in sheet.headers]
    assert len(sent) < 100
    assert sent[0] == ("first", 0.0)
    assert sent[-2:] == [("second", 0.5), ("second", 1.0)]


def test_cancelled_work_is_told_from_then_on():
    context = HostContext(1, Sheet())
    context.check_cancelled()
    context.cancel()
    for _ in range(2):
        with pytest.raises(Cancelled):
            context.check_cancelled()
