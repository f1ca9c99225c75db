"""Remembers which steps of a training are finished, so that a run that was cut off does not do them again.

Each step has a key, which says what its result depends on, and may have a folder, which it fills. A finished
step is one small file beside the others, written aside and renamed. It vouches for its result and for the
files of its folder; where one of them is missing or has another size, or the key is another, the step is
done again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from voicewright.storage.faults import clear_errors

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Step(Generic[T]):
    """One step of the work."""

    name: str
    result: TypeAdapter[T]
    """How its result is written down."""
    folder: Path | None = None
    """What it fills; emptied before the step is done again."""


class Journal:
    """The finished steps of one workspace.

    Args:
        folder: where they are written down; made when the first is.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def do(self, step: Step[T], key: str, work: Callable[[], T]) -> T:
        """The result of a step: what is remembered of it, or what `work` answers now.

        Raises:
            StorageFull, StorageReadOnly, StorageUnavailable: it can't be written down.
        """
        known = self._recall(step, key)
        if known is not None:
            return known
        self.forget(step)
        result = work()
        self._write(step, key, result)
        return result

    def vouches_for(self, name: str) -> bool:
        """Whether a step of this name was finished by some run."""
        return self._path(name).is_file()

    def forget(self, step: Step[Any]) -> None:
        """Have a step done again, with an empty folder."""
        self._path(step.name).unlink(missing_ok=True)
        if step.folder is not None:
            shutil.rmtree(step.folder, ignore_errors=True)
            step.folder.mkdir(parents=True, exist_ok=True)

    def _recall(self, step: Step[T], key: str) -> T | None:
        try:
            entry = json.loads(self._path(step.name).read_text(encoding="utf-8"))
            if entry["key"] != key or entry["files"] != _sizes(step.folder):
                return None
            return step.result.validate_python(entry["result"])
        except (OSError, ValueError, KeyError, TypeError, ValidationError):
            return None

    def _write(self, step: Step[T], key: str, result: T) -> None:
        entry = {
            "key": key,
            "files": _sizes(step.folder),
            "result": step.result.dump_python(result, mode="json"),
        }
        path = self._path(step.name)
        aside = path.with_suffix(".part")
        with clear_errors("note a finished step", str(self._folder)):
            self._folder.mkdir(exist_ok=True)
            aside.write_text(json.dumps(entry), encoding="utf-8")
            aside.replace(path)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"


def key_of(*parts: Any) -> str:
    """Name what a result depends on: equal parts, equal keys."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def signature_of(source: Path) -> str:
    """Tell whether recordings are those of before, by their names, sizes and times, without reading them."""
    if not source.is_dir():
        return key_of(str(source), _stamp(source))
    files = sorted(path for path in source.rglob("*") if path.is_file())
    return key_of([[path.relative_to(source).as_posix(), *_stamp(path)] for path in files])


def _stamp(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def _sizes(folder: Path | None) -> dict[str, int]:
    if folder is None or not folder.is_dir():
        return {}
    return {
        path.relative_to(folder).as_posix(): path.stat().st_size
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
