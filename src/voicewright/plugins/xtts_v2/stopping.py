"""Stops torch's work in the middle: between any two layers somebody asks whether to go on."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.modules.module import register_module_forward_pre_hook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voicewright.engines.port import RunContext


@contextmanager
def stoppable(context: RunContext) -> Iterator[None]:
    """Inside, every layer of every network begins by asking; `Cancelled` comes out of the network's call."""

    def ask(*_: Any) -> None:
        context.check_cancelled()

    hook = register_module_forward_pre_hook(ask)
    try:
        yield
    except torch.OutOfMemoryError:
        torch.cuda.empty_cache()  # the next request may be smaller
        raise
    finally:
        hook.remove()
