"""Which build of torch this machine wants, and where pip may find it.

PyPI's files for Linux are made for NVIDIA, and larger than all else together; those for the CPU alone, and
for AMD, lie on indexes of PyTorch's own, one for each build. A build is told from the others by its local
version (`2.6.0+cpu`), so that asking for it by that name gets it or nothing.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

Build = Literal["cpu", "cuda", "rocm"]

PUBLIC_INDEX: Final = "https://download.pytorch.org/whl"
"""PyTorch's own, with a folder for each build."""
_CUDA: Final = (
    (580, ("cu130", "cu129", "cu128", "cu126", "cu124")),
    (525, ("cu129", "cu128", "cu126", "cu124", "cu121")),
    (450, ("cu118",)),
)
"""The oldest NVIDIA driver, and the builds that it runs, newest first; not each torch has each of them."""
_ROCM: Final = ("rocm7.1", "rocm7.0", "rocm6.4", "rocm6.3", "rocm6.2.4", "rocm6.1")
_LABEL: Final = re.compile(r"cpu|cu\d+|rocm[\d.]+")
_DRIVER_FILE: Final = Path("/proc/driver/nvidia/version")
_AMD_DEVICE: Final = Path("/dev/kfd")
_TIMEOUT_S: Final = 10


@dataclass(frozen=True, slots=True)
class TorchSource:
    """One way to get torch."""

    requirement: str
    index: str = ""
    """Asked besides those that pip is set to; empty: none."""
    complete: bool = True
    """False: this build needs further packages, which pip is to find; the pins hold for the others."""


@dataclass(frozen=True, slots=True)
class Accelerator:
    """What of a machine can do an engine's arithmetic besides its processor."""

    build: Build
    driver: int | None = None
    """The major version of NVIDIA's driver."""
    title: str = ""


def find_accelerator(driver_file: Path = _DRIVER_FILE, amd_device: Path = _AMD_DEVICE) -> Accelerator | None:
    """The GPU that this machine's system knows of; None: there is none, or it is Apple's own."""
    told = _ask("nvidia-smi", "--query-gpu=driver_version,name", "--format=csv,noheader")
    if told:
        version, _, name = told.splitlines()[0].partition(",")
        return Accelerator("cuda", _major(version), name.strip())
    if driver_file.exists():
        found = re.search(r"Module\s+(\d+)\.", driver_file.read_text(encoding="utf-8", errors="replace"))
        return Accelerator("cuda", int(found[1]) if found else None, "NVIDIA")
    if amd_device.exists() or _ask("rocm-smi", "--showid"):
        return Accelerator("rocm", title="AMD")
    return None


def torch_sources(
    version: str,
    build: Build,
    *,
    driver: int | None = None,
    index: str | None = None,
    system: str = sys.platform,
) -> tuple[TorchSource, ...]:
    """The ways to get a version of torch for a machine, the best first.

    Args:
        version: without the build.
        build: which.
        driver: of NVIDIA, where it is known.
        index: where it lies, if somebody said so; then nothing else is tried.
        system: as `sys.platform`; there is one build for a Mac, with Apple's GPU in it.
    """
    complete = build == "cpu"
    if index is not None:
        label = index.rstrip("/").rpartition("/")[2]
        local = f"+{label}" if _LABEL.fullmatch(label) else ""
        return (TorchSource(f"torch=={version}{local}", index, complete or label == "cpu"),)
    if system == "darwin":
        return (TorchSource(f"torch=={version}"),)
    if build == "cpu":
        wanted = f"torch=={version}+cpu"
        # pip's own places first: a machine without the internet may have the file
        return TorchSource(wanted), TorchSource(wanted, f"{PUBLIC_INDEX}/cpu")
    labels = _ROCM if build == "rocm" else _cuda_labels(driver)
    return tuple(
        TorchSource(f"torch=={version}+{label}", f"{PUBLIC_INDEX}/{label}", complete=False)
        for label in labels
    )


def _cuda_labels(driver: int | None) -> tuple[str, ...]:
    for oldest, labels in _CUDA:
        if driver is not None and driver >= oldest:
            return labels
    return _CUDA[1][1] if driver is None else _CUDA[-1][1]


def _major(version: str) -> int | None:
    head = version.strip().partition(".")[0]
    return int(head) if head.isdigit() else None


def _ask(tool: str, *arguments: str) -> str:
    path = shutil.which(tool)
    if path is None:
        return ""
    try:
        said = subprocess.run(
            [path, *arguments], capture_output=True, text=True, check=True, timeout=_TIMEOUT_S
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return said.stdout.strip()
