"""How an engine makes a voice: cloned in seconds from a short sample, or trained on all there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from voicewright.training.errors import EngineCannotLearn

if TYPE_CHECKING:
    from voicewright.engines.port import EngineInfo

Method = Literal["auto", "clone", "train"]
"""`auto`: trained where the engine can train and there is speech enough for it, otherwise cloned."""


def check_method(info: EngineInfo, wanted: Method) -> None:
    """Refuse what an engine can't do.

    Raises:
        EngineCannotLearn: says what it can.
    """
    able = info.capabilities
    if not able.learns:
        raise EngineCannotLearn(
            f"The engine {info.title} has voices of its own and can't learn new ones. Choose another engine."
        )
    if wanted == "clone" and not able.clones:
        raise EngineCannotLearn(
            f"The engine {info.title} does not clone: it trains. Leave the method out, or choose `train`."
        )
    if wanted == "train" and not able.trains:
        raise EngineCannotLearn(
            f"The engine {info.title} does not train: it clones. Leave the method out, or choose `clone`."
        )


def needed_speech_s(info: EngineInfo, wanted: Method) -> float:
    """Seconds of speech below which an engine makes no voice."""
    able = info.capabilities
    cloning_s = able.minimum_speech_s if able.minimum_clone_s is None else able.minimum_clone_s
    if wanted == "train" or not able.clones:
        return able.minimum_speech_s
    if wanted == "clone" or not able.trains:
        return cloning_s
    return min(cloning_s, able.minimum_speech_s)


def trains_on_a_gpu_only(info: EngineInfo) -> bool:
    """Whether it clones where it can't train: without a GPU."""
    able = info.capabilities
    needs_one = info.gpu_memory_to_make_mb(clones=False) > 0
    return able.trains and able.clones and needs_one and not info.gpu_memory_to_make_mb(clones=True)


def choose_method(
    info: EngineInfo, wanted: Method, speech_s: float, *, can_train: bool = True
) -> Literal["clone", "train"]:
    """What is done with so many seconds of speech, of which there are enough.

    Args:
        info: the engine.
        wanted: what was asked for.
        speech_s: of the samples.
        can_train: whether a machine is there on which it can train; `auto` clones where there is none.
    """
    able = info.capabilities
    if wanted != "auto":
        return wanted
    if able.trains and (not able.clones or (can_train and speech_s >= able.minimum_speech_s)):
        return "train"
    return "clone"
