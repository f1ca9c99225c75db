"""What is kept of a training while it runs: where it goes on after a break, and its best networks so far.

    checkpoints/
      state.json        what counts; written last, at once
      run-.../          the library's own checkpoint, with the optimiser
      best/<epoch>.safetensors   the part of the network that is trained

A checkpoint takes minutes to write on a slow disk, and a process may be killed in the middle: what
`state.json` does not name is not there.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from safetensors import SafetensorError
from safetensors.torch import load_file

from voicewright.plugins.xtts_v2.artefact import halved, write_tensors

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from voicewright.engines.port import TrainingRequest
    from voicewright.plugins.xtts_v2.weights import State

KEPT: Final = 3
"""Networks that are auditioned in the end."""
_STATE: Final = "state.json"
_BEST: Final = "best"


class Epoch(NamedTuple):
    """One epoch, and how well it did."""

    number: int
    loss: float
    """On what was held out, or else on what was learnt from."""


@dataclass(slots=True)
class Progress:
    """How far a training is."""

    request: str
    """Which one: a digest of what it learns from, and how."""
    epochs_done: int = 0
    best: list[Epoch] = field(default_factory=list)
    """The best first."""
    best_epoch: int = 0
    train_s: float = 0.0
    checkpoint: str = ""
    """Of the library, from the folder on; empty: none yet."""


class Checkpoints:
    """The folder of one training.

    Args:
        folder: made where it is missing.
        request: which training it is; what is kept of another one is removed.
        fp16: networks are kept with 16-bit numbers.
    """

    def __init__(self, folder: Path, request: str, *, fp16: bool) -> None:
        self.folder = folder
        self._fp16 = fp16
        (folder / _BEST).mkdir(parents=True, exist_ok=True)
        self.progress = _read(folder / _STATE, request) or Progress(request)
        self._remove_what_does_not_count()

    @property
    def resumes(self) -> bool:
        """Whether there is something to go on from."""
        return bool(self.progress.checkpoint)

    @property
    def run_folder(self) -> Path:
        """Where the library's checkpoint is."""
        return (self.folder / self.progress.checkpoint).parent

    def keep_network(self, epoch: Epoch, state: State) -> bool:
        """Keep a network if it is one of the best; says whether it is better than all before."""
        best = self.progress.best
        if len(best) >= KEPT and epoch.loss >= best[-1].loss:
            return False
        better = not best or epoch.loss < best[0].loss
        tensors = {name: each.detach().cpu().contiguous() for name, each in state.items()}
        write_tensors(halved(tensors) if self._fp16 else tensors, self._network(epoch.number))
        kept = sorted([*best, epoch], key=lambda each: (each.loss, each.number))
        self.progress.best, worse = kept[:KEPT], kept[KEPT:]
        if better:
            self.progress.best_epoch = epoch.number
        for each in worse:
            # one that a checkpoint counts on stays until the next one
            if not self.resumes:
                self._network(each.number).unlink(missing_ok=True)
        return better

    def network(self, epoch: Epoch) -> State:
        """One that was kept, with 32-bit numbers."""
        state = load_file(self._network(epoch.number))
        return {name: each.float() if each.is_floating_point() else each for name, each in state.items()}

    def keep_checkpoint(self, path: Path) -> None:
        """Count on a checkpoint that the library has written, and remove what came before it."""
        self.progress.checkpoint = str(path.relative_to(self.folder))
        aside = self.folder / f"{_STATE}.part"
        aside.write_text(json.dumps(asdict(self.progress)), encoding="utf-8")
        aside.replace(self.folder / _STATE)
        self._remove_what_does_not_count()

    def _network(self, epoch: int) -> Path:
        return self.folder / _BEST / f"{epoch:04d}.safetensors"

    def _remove_what_does_not_count(self) -> None:
        counts = {self._network(each.number) for each in self.progress.best}
        for path in (self.folder / _BEST).iterdir():
            if path not in counts:
                path.unlink()
        kept = self.folder / self.progress.checkpoint
        for run in self.folder.glob("run-*"):
            if not self.resumes or run != kept.parent:
                shutil.rmtree(run, ignore_errors=True)
            else:
                for path in run.glob("*.pth"):
                    if path != kept:
                        path.unlink()


def name_request(request: TrainingRequest, options: Mapping[str, Any], weights: str) -> str:
    """A digest of what decides over a training: what is resumed is the same one."""
    digest = hashlib.sha256(weights.encode())
    ignored = {"allow_cpu", "checkpoint_every_s"}
    digest.update(json.dumps({k: v for k, v in options.items() if k not in ignored}, sort_keys=True).encode())
    digest.update(request.language.encode())
    for clip in request.clips:
        digest.update(f"\0{clip.text}\0{clip.weight}\0".encode())
        digest.update(hashlib.sha256(clip.path.read_bytes()).digest())
    return digest.hexdigest()


def _read(path: Path, request: str) -> Progress | None:
    """What is kept of this training; None: nothing, or of another one."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        progress = Progress(**found)
        progress.best = [Epoch(*each) for each in progress.best]
    except (OSError, ValueError, TypeError):
        return None
    folder = path.parent
    networks = [folder / _BEST / f"{each.number:04d}.safetensors" for each in progress.best]
    whole = all(map(_is_whole, networks)) and (folder / progress.checkpoint).is_file()
    return progress if progress.request == request and whole else None


def _is_whole(network: Path) -> bool:
    try:
        load_file(network)
    except (OSError, SafetensorError):
        return False
    return True
