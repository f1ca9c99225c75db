"""The figures say what became of the voices, whatever else happened to their rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from voicewright.erasure.rows import delete_rows
from voicewright.monitoring.figures import NAMED, CleanupFigures, Figures, read_figures
from voicewright.voices.models import VoiceModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicewright.db.server import Database


@pytest.fixture
def figures(database: Database) -> Callable[[], Figures]:
    """Read them."""

    def figures() -> Figures:
        with database.session() as session:
            return read_figures(session)

    return figures


def test_each_voice_counts_once_in_the_efficiency_of_the_cleanup(
    figures: Callable[[], Figures], enter_cleanup: Callable[..., Any]
) -> None:
    now = datetime.now(UTC)

    def cleanup() -> CleanupFigures:
        found = figures().cleanup
        assert found is not None
        return found

    assert figures().cleanup is None
    enter_cleanup(dry_run=True, eligible=9, started_at=now - timedelta(hours=9))
    assert figures().cleanup is None
    enter_cleanup(eligible=0, started_at=now - timedelta(hours=8))
    assert cleanup().efficiency is None
    enter_cleanup(eligible=10, cleaned=4, started_at=now - timedelta(hours=7))  # as its limit was
    assert (cleanup().eligible, cleanup().efficiency) == (10, 0.4)
    enter_cleanup(eligible=6, cleaned=5, failed=1, started_at=now - timedelta(hours=6))
    assert (cleanup().eligible, cleanup().cleaned, cleanup().efficiency) == (10, 9, 0.9)
    enter_cleanup(eligible=100, cleaned=11, started_at=now - timedelta(hours=5), finished_at=None)
    assert cleanup().efficiency == 1.0  # it goes on


def test_the_count_of_voices_never_falls(
    figures: Callable[[], Figures], enter_voice: Callable[..., Any], database: Database
) -> None:
    ann, bob, cem = enter_voice(score=0.5), enter_voice(score=0.9), enter_voice(engine="another")

    def created() -> dict[str, tuple[int, int, int]]:
        return {one.provider: (one.created, one.live, one.scored) for one in figures().providers}

    assert created() == {"tone": (2, 2, 2), "another": (1, 1, 0)}
    with database.session() as session:
        now = datetime.now(UTC)
        session.execute(update(VoiceModel).where(VoiceModel.id == ann.id).values(deleted_at=now))
    for voice in (ann, cem):
        with database.session() as session:
            assert delete_rows(session, voice.owner_id, None)["voice_models"] == 1
            assert "voice_models" not in delete_rows(session, voice.owner_id, None)
    assert created() == {"tone": (2, 1, 1), "another": (1, 0, 0)}
    with database.session() as session:
        delete_rows(session, bob.owner_id, None)
    enter_voice()
    assert created() == {"tone": (3, 1, 0), "another": (1, 0, 0)}


def test_the_voices_used_most_and_those_used_least_are_named(
    figures: Callable[[], Figures], enter_voice: Callable[..., Any], use_voice: Callable[..., None]
) -> None:
    voices = [enter_voice() for _ in range(NAMED + 2)]
    for number, voice in enumerate(voices):  # the first one is not used
        use_voice(voice, times=number)
    use_voice(voices[0], times=99, at=datetime.now(UTC) - timedelta(days=2))
    uses = [(voice.id, number) for number, voice in enumerate(voices)]
    found = figures()
    assert found.least_used == uses[1 : NAMED + 1]
    assert found.most_used == uses[: -NAMED - 1 : -1]
