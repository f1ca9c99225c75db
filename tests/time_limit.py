"""A time until which tests may begin: `VOICEWRIGHT_TESTS_UNTIL`, in seconds since the epoch.

Continuous integration has so many minutes and no more. What has not begun by then is skipped, and says so;
as the files come in another order for another time, each has its turn.
"""

from __future__ import annotations

import os
import random
import time

import pytest

UNTIL = os.environ.get("VOICEWRIGHT_TESTS_UNTIL")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files into the order of this time, the same in every process."""
    if UNTIL is None:
        return
    files = sorted({item.path for item in items})
    random.Random(UNTIL).shuffle(files)  # noqa: S311 - no secret
    places = {path: place for place, path in enumerate(files)}
    items.sort(key=lambda item: places[item.path])


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Before any fixture is made."""
    if UNTIL is not None and time.time() > float(UNTIL):
        pytest.skip("no time is left for it in this run")
