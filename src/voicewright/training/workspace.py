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

if TYPE_CHECKING:
    from pathlib import Path

    from voicewright.storage.work import WorkFolder

CHECKPOINTS_KEPT_S = 7 * 24 * 3600.0
"""How long the checkpoints of a run that did not end well wait for a second attempt."""
_MOST_NEIGHBOURS = 64


@dataclass(frozen=True, slots=True)
class Workspace:
    """The directories of one run."""

    root: Path

    @property
    def clips(self) -> Path:
        """Working copies of the recordings."""
        return self.root / "clips"

    @property
    def checkpoint(self) -> Path:
        """What the engine can go on from; outlives a run that was killed."""
        return self.root / "checkpoint"

    @property
    def artefact(self) -> Path:
        """The voice while it is being made."""
        return self.root / "artefact"

    @property
    def spoken(self) -> Path:
        """What the new voice said to be judged by."""
        return self.root / "spoken"

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

    Afterwards a run that ended well leaves nothing; one that did not leaves its checkpoints, if it had any.

    Raises:
        StorageFull, StorageReadOnly: the folder can't be made.
    """
    with ExitStack() as held:
        folder = _first_free(held, work_dir, key)
        workspace = Workspace(folder.path)
        _clear_all_but_checkpoint(workspace)
        for directory in (workspace.clips, workspace.artefact, workspace.spoken):
            directory.mkdir()
        try:
            yield workspace
            folder.finished = True
        finally:
            _clear_all_but_checkpoint(workspace)
            if not workspace.checkpoint.is_dir() or not any(workspace.checkpoint.iterdir()):
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


def _clear_all_but_checkpoint(workspace: Workspace) -> None:
    for directory in (workspace.clips, workspace.artefact, workspace.spoken):
        shutil.rmtree(directory, ignore_errors=True)
