"""The folders of one training run, inside the folder of unfinished work that a second attempt finds again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from voicewright.storage.errors import WorkBusy
from voicewright.storage.work import work_folder
from voicewright.training.journal import Journal

if TYPE_CHECKING:
    from pathlib import Path

    from voicewright.storage.work import WorkFolder

CHECKPOINTS_KEPT_S = 7 * 24 * 3600.0
"""How long the checkpoints of a run that did not end well wait for a second attempt."""
_MOST_NEIGHBOURS = 64
_JOURNAL = "steps"


@dataclass(slots=True)
class Workspace:
    """The directories of one run.

    Attributes:
        root: the folder of all of them.
        keeps_steps: set it to True where the run is cut off and will be gone on with: what its finished steps
            made stays.
    """

    root: Path
    keeps_steps: bool = False

    @property
    def journal(self) -> Journal:
        """Which steps are finished."""
        return Journal(self.root / _JOURNAL)

    @property
    def recordings(self) -> Path:
        """The originals, where a queued job laid them out."""
        return self.root / "recordings"

    @property
    def clips(self) -> Path:
        """Working copies of the recordings."""
        return self.root / "clips"

    @property
    def checkpoint(self) -> Path:
        """What the engine can go on from; outlives a run that was killed."""
        return self.root / "checkpoint"

    @property
    def consent(self) -> Path:
        """The speaker's recorded consent, while the engine has it."""
        return self.root / "consent"

    @property
    def artefact(self) -> Path:
        """The voice while it is being made."""
        return self.root / "artefact"

    @property
    def spoken(self) -> Path:
        """What the new voice said to be judged by."""
        return self.root / "spoken"

    @property
    def rehearsals(self) -> Path:
        """What the voice says while it is trained, until it is taken away."""
        return self.root / "rehearsals"

    def keep_checkpoint_of(self, fingerprint: str) -> None:
        """Throw away checkpoints of other clips or options; those of this fingerprint stay."""
        written = self.root / "fingerprint"
        if not written.is_file() or written.read_text(encoding="utf-8") != fingerprint:
            shutil.rmtree(self.checkpoint, ignore_errors=True)
            written.write_text(fingerprint, encoding="utf-8")
        self.checkpoint.mkdir(exist_ok=True)


@contextmanager
def claim_workspace(work_dir: Path, key: str) -> Iterator[Workspace]:
    """Hold the folder of this key, or a neighbour of it while another process holds that.

    Afterwards a run that ended well leaves nothing; one that was killed leaves what its finished steps made,
    and one that raised leaves its checkpoints, if it had any, or all of it where it asked for that.

    Raises:
        StorageFull, StorageReadOnly: the folder can't be made.
    """
    with ExitStack() as held:
        folder = _first_free(held, work_dir, key)
        workspace = Workspace(folder.path)
        for step, directory in _folders(workspace).items():
            if not workspace.journal.vouches_for(step):
                shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir(exist_ok=True)
        try:
            yield workspace
            folder.finished = True
        finally:
            if folder.finished or not workspace.keeps_steps:
                _clear_all_but_checkpoint(workspace)
            if not any(any(kept.iterdir()) for kept in _left(workspace)):
                shutil.rmtree(workspace.root, ignore_errors=True)


def _first_free(held: ExitStack, work_dir: Path, key: str) -> WorkFolder:
    for attempt in count(1):
        try:
            name = key if attempt == 1 else f"{key}-{attempt}"
            return held.enter_context(work_folder(work_dir, name))
        except WorkBusy:
            if attempt == _MOST_NEIGHBOURS:
                raise
    raise AssertionError  # pragma: no cover - count() does not end


def _folders(workspace: Workspace) -> dict[str, Path]:
    """What each step of the journal fills."""
    return {
        "prepare": workspace.recordings,
        "intake": workspace.clips,
        "train": workspace.artefact,
        "judge": workspace.spoken,
    }


def _left(workspace: Workspace) -> list[Path]:
    """What a second attempt could go on from, where it is there."""
    kept = [workspace.checkpoint, workspace.root / _JOURNAL]
    return [directory for directory in kept if directory.is_dir()]


def _clear_all_but_checkpoint(workspace: Workspace) -> None:
    for directory in (
        *_folders(workspace).values(),
        workspace.consent,
        workspace.rehearsals,
        workspace.root / _JOURNAL,
    ):
        shutil.rmtree(directory, ignore_errors=True)
