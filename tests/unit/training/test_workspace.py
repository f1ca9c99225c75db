from __future__ import annotations

from pathlib import Path

import pytest

from voicewright.training.workspace import claim_workspace


class Stopped(Exception):
    pass


def run_until_stopped(parent: Path, *, checkpoint: bool) -> None:
    def run() -> None:
        with claim_workspace(parent, "run") as workspace:
            workspace.keep_checkpoint_of("these clips")
            (workspace.clips / "a.wav").write_bytes(b"a")
            if checkpoint:
                (workspace.checkpoint / "step").write_text("7")
            raise Stopped

    with pytest.raises(Stopped):
        run()


def test_leaves_nothing_after_a_good_end(tmp_path: Path) -> None:
    with claim_workspace(tmp_path, "run") as workspace:
        workspace.keep_checkpoint_of("these clips")
        (workspace.artefact / "voice").write_bytes(b"v")

    assert not (tmp_path / "run").exists()


def test_a_second_attempt_finds_the_checkpoints(tmp_path: Path) -> None:
    run_until_stopped(tmp_path, checkpoint=True)

    with claim_workspace(tmp_path, "run") as workspace:
        workspace.keep_checkpoint_of("these clips")
        assert (workspace.checkpoint / "step").read_text() == "7"
        assert list(workspace.clips.iterdir()) == []


def test_checkpoints_of_other_clips_are_thrown_away(tmp_path: Path) -> None:
    run_until_stopped(tmp_path, checkpoint=True)

    with claim_workspace(tmp_path, "run") as workspace:
        workspace.keep_checkpoint_of("other clips")
        assert list(workspace.checkpoint.iterdir()) == []


def test_without_checkpoints_a_bad_end_leaves_nothing(tmp_path: Path) -> None:
    run_until_stopped(tmp_path, checkpoint=False)

    assert not (tmp_path / "run").exists()


def test_two_runs_of_the_same_never_share(tmp_path: Path) -> None:
    with claim_workspace(tmp_path, "run") as first, claim_workspace(tmp_path, "run") as second:
        assert first.root != second.root
