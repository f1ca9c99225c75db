"""The voices that an engine keeps in memory: the most recently used few, each as its files are now."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from pathlib import Path

VoiceT = TypeVar("VoiceT")


class _Kept(NamedTuple, Generic[VoiceT]):
    files: tuple[tuple[str, int, int, int], ...]
    voice: VoiceT


class LoadedVoices(Generic[VoiceT]):
    """Loads voices when they are asked for, and forgets the least recently used.

    A path is no name: another training may write another voice to the same folder. So a voice whose files
    changed is loaded anew; one whose files are gone speaks on from memory.

    Args:
        load: reads a voice from its folder, and raises where there is none.
        keep: how many stay in memory.
    """

    def __init__(self, load: Callable[[Path], VoiceT], keep: int) -> None:
        self._load = load
        self._keep = keep
        self._kept: dict[Path, _Kept[VoiceT]] = {}

    def get(self, voice_dir: Path) -> VoiceT:
        """Return the voice in a folder; raises what `load` raises."""
        files = _look_at(voice_dir)
        kept = self._kept.pop(voice_dir, None)
        if kept is None or (files and files != kept.files):
            kept = _Kept(files, self._load(voice_dir))
        self._kept[voice_dir] = kept
        while len(self._kept) > self._keep:
            del self._kept[next(iter(self._kept))]
        return kept.voice


def _look_at(voice_dir: Path) -> tuple[tuple[str, int, int, int], ...]:
    """What tells one set of files from another without reading them; nothing where they are gone."""
    try:
        found = [(str(path), path.stat()) for path in voice_dir.rglob("*")]
    except OSError:  # they are going at this moment
        return ()
    return tuple(sorted((name, is_.st_size, is_.st_mtime_ns, is_.st_ino) for name, is_ in found))
