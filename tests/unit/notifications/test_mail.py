from __future__ import annotations

from datetime import timedelta

import pytest

from voicewright.notifications.errors import MailInvalid
from voicewright.notifications.mail import Mail
from voicewright.notifications.outbox import MOST_ATTEMPTS, pause_after


@pytest.mark.parametrize(
    ("address", "subject"),
    [
        ("ann@example.com\r\nBcc: eve@example.com", "An alert"),
        ("ann@example.com, eve@example.com", "An alert"),
        ("Ann <ann@example.com>", "An alert"),
        ("", "An alert"),
        ("nobody", "An alert"),
        ("ann@example.com", "An alert\r\nBcc: eve@example.com"),
        ("ann@example.com", "An alert\x85"),
        ("ann@example.com", "An alert\u2028"),
        ("ann@example.com", "An alert\ud800"),
        ("ann@example.com", " "),
        ("ann@example.com", "x" * 201),
    ],
)
def test_nothing_gets_into_a_header_that_does_not_belong_there(address: str, subject: str) -> None:
    with pytest.raises(MailInvalid):
        Mail(address, subject, "")


def test_the_attempts_take_about_a_day() -> None:
    pauses = [pause_after(attempts) for attempts in range(1, MOST_ATTEMPTS)]
    assert pauses == sorted(pauses)
    assert pauses[0] == timedelta(minutes=1)
    assert timedelta(hours=20) < sum(pauses, timedelta()) < timedelta(hours=36)
