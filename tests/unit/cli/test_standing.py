from __future__ import annotations

import pytest

from voicewright.cli.failures import describe, show
from voicewright.cli.standing import Standing
from voicewright.errors import AppError

STANDING = Standing(when_stopped="It is there.", when_failed="Yet it is there.", facts={"voice_id": "1"})


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (KeyboardInterrupt(), "Stopped. It is there."),
        (AppError("No room."), "No room. Yet it is there."),
    ],
)
def test_what_was_done_is_said_with_the_end_and_told_to_programs(error: BaseException, words: str) -> None:
    failure = STANDING.tell(describe(error), stopped=isinstance(error, KeyboardInterrupt))

    assert failure.message == words
    assert failure.to_json()["voice_id"] == "1"


def test_what_is_only_paused_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    paused = Standing("The same command goes on.", "It is kept.", is_pause=True)

    assert show(paused.tell(describe(KeyboardInterrupt()), stopped=True), as_json=False) == 130
    assert show(paused.tell(describe(AppError("No room.")), stopped=False), as_json=False) == 1
    assert capsys.readouterr().err == "paused: The same command goes on.\nerror: No room. It is kept.\n"


def test_where_nothing_was_done_nothing_is_added() -> None:
    failure = describe(AppError("No room."))

    assert Standing().tell(failure, stopped=False) == failure
