from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from voicewright.training.journal import Journal, Step, key_of, signature_of


@dataclass(frozen=True)
class Result:
    path: Path
    level: float
    words: tuple[str, ...]


class Work:
    """Fills its folder and counts how often it is done."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.times = 0

    def __call__(self) -> Result:
        self.times += 1
        (self.folder / "clip.wav").write_bytes(b"sound")
        return Result(self.folder / "clip.wav", float("-inf"), ("a", "b"))


@pytest.fixture
def step(tmp_path: Path) -> Step[Result]:
    return Step("intake", TypeAdapter(Result), tmp_path / "clips")


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(tmp_path / "clips")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "steps")


def test_a_finished_step_is_remembered_as_it_was(
    journal: Journal, step: Step[Result], work: Work, tmp_path: Path
) -> None:
    done = journal.do(step, "key", work)

    again = Journal(tmp_path / "steps").do(step, "key", work)

    assert again == done
    assert work.times == 1


def test_a_step_that_depends_on_something_else_is_done_again_from_nothing(
    journal: Journal, step: Step[Result], work: Work
) -> None:
    journal.do(step, "key", work)
    (work.folder / "left.wav").write_bytes(b"")

    journal.do(step, "other", work)

    assert work.times == 2
    assert [path.name for path in work.folder.iterdir()] == ["clip.wav"]


@pytest.mark.parametrize("content", [None, b"", b"sounds"])
def test_files_that_are_gone_or_cut_off_are_made_again(
    journal: Journal, step: Step[Result], work: Work, content: bytes | None
) -> None:
    journal.do(step, "key", work)
    clip = work.folder / "clip.wav"
    clip.unlink() if content is None else clip.write_bytes(content)

    journal.do(step, "key", work)

    assert work.times == 2
    assert clip.read_bytes() == b"sound"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"key": "key"}', '{"key":"key","files":{},"result":1}'])
def test_a_note_that_can_not_be_read_costs_time_only(
    journal: Journal, step: Step[Result], work: Work, tmp_path: Path, content: str
) -> None:
    journal.do(step, "key", work)
    (tmp_path / "steps" / "intake.json").write_text(content)

    assert journal.do(step, "key", work).words == ("a", "b")
    assert work.times == 2


def test_a_step_that_fails_is_not_finished(journal: Journal, step: Step[Result], work: Work) -> None:
    journal.do(step, "key", work)

    def fail() -> Result:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        journal.do(step, "other", fail)

    assert not journal.vouches_for("intake")
    journal.do(step, "key", work)
    assert work.times == 2


def test_keys_follow_from_their_parts() -> None:
    assert key_of("a", {"b": 1, "c": 2}) == key_of("a", {"c": 2, "b": 1})
    assert key_of("a", "b") != key_of("ab")


def test_recordings_are_told_apart_by_name_size_and_time(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"a")
    before = signature_of(tmp_path)
    assert signature_of(tmp_path) == before

    (tmp_path / "b.wav").write_bytes(b"b")
    assert signature_of(tmp_path) != before
    assert signature_of(tmp_path / "a.wav") != signature_of(tmp_path / "b.wav")
