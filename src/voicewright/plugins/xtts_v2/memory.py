"""How much memory a training needs, and whether there is so much. Pure."""

from __future__ import annotations

from typing import Final

from voicewright.engines.errors import EngineOutOfMemory, GpuUnavailable

_BYTES_PER_PARAMETER: Final = 16
"""Itself, its gradient, and the two averages of AdamW, in 32 bits each."""
_BYTES_PER_CLIP: Final = 1_500_000_000
"""What is kept of the longest clip (11.6 s) for the way back, through the network as it is published."""
_PUBLISHED_SIZE: Final = 30 * 1024
"""Layers x channels of that network."""
_BESIDES_BYTES: Final = 500_000_000
"""torch's own, the codec that turns clips into tokens, and what lies between."""
_MIB: Final = 2**20


def training_bytes(*, learnt: int, fixed: int, size: int, batch_size: int) -> int:
    """What a training takes at its peak, roughly.

    Args:
        learnt: parameters that are trained.
        fixed: parameters that are not.
        size: layers x channels of the network that is trained.
        batch_size: clips that are learnt from at once.
    """
    kept = round(batch_size * _BYTES_PER_CLIP * size / _PUBLISHED_SIZE)
    besides = round(_BESIDES_BYTES * min(1.0, size / _PUBLISHED_SIZE))
    return learnt * _BYTES_PER_PARAMETER + fixed * 4 + kept + besides


def check_gpu(needed_bytes: int, free_bytes: int, total_bytes: int, *, batch_size: int) -> None:
    """Refuse before anything is loaded what would fail in the middle.

    Raises:
        GpuUnavailable: with the numbers; temporary where another program has the memory.
    """
    if needed_bytes <= free_bytes:
        return
    needed, free, total = (round(each / _MIB) for each in (needed_bytes, free_bytes, total_bytes))
    there_is = f"Training with a batch of {batch_size} needs about {needed} MiB of GPU memory"
    if needed_bytes <= total_bytes:
        raise GpuUnavailable(
            f"{there_is}, and {free} of {total} MiB are free now. Wait for what has the rest, or lower "
            "batch_size."
        )
    raise GpuUnavailable(
        f"{there_is}, and this GPU has {total} MiB. Lower batch_size (gradient_accumulation makes up for "
        "it), clone instead of training, or take a larger GPU.",
        retryable=False,
    )


def check_ram(needed_bytes: int, available_bytes: int, *, batch_size: int) -> None:
    """Do the same for a training without a GPU.

    Raises:
        EngineOutOfMemory: with the numbers.
    """
    if needed_bytes > available_bytes:
        needed, available = (round(each / _MIB) for each in (needed_bytes, available_bytes))
        raise EngineOutOfMemory(
            f"Training with a batch of {batch_size} needs about {needed} MiB of memory, and {available} MiB "
            "are available. Lower batch_size, close other programs, or clone instead of training."
        )
