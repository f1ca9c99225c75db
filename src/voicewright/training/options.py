"""Brings training options, however they were given, into the form that an engine's own model accepts."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from voicewright.engines.errors import OptionsInvalid
from voicewright.errors import FieldFault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from voicewright.engines.port import EngineInfo, EngineOptions


def check_options(info: EngineInfo, options: Mapping[str, Any]) -> None:
    """Refuse options that the engine would refuse, before hours of other work are done.

    Raises:
        OptionsInvalid: names every option that can't be used and what there is.
    """
    complete_options(info, options)


def complete_options(
    info: EngineInfo, options: Mapping[str, Any], *, called: Callable[[str], str] = str
) -> EngineOptions:
    """All options of a training: those given, and the engine's defaults for the others.

    Args:
        info: the engine.
        options: under the engine's own names.
        called: how whoever gave them calls an option.

    Raises:
        OptionsInvalid: names every option that can't be used and what there is.
    """
    try:
        return info.options.model_validate(dict(options))
    except ValidationError as error:
        known = list(info.options.model_fields)
        faults = [
            _describe(fault, known, called)
            for fault in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        there_are = ", ".join(known) or "none"
        told = "; ".join(message for _, message in faults)
        raise OptionsInvalid(
            f"The engine {info.title} can't be trained so: {told}. Its options: {there_are}.",
            fields=[FieldFault(field, message) for field, message in faults],
        ) from error


def close_name(name: str, known: list[str]) -> str:
    """(did you mean 'epochs'?), or nothing where no known name is close."""
    close = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _describe(fault: Any, known: list[str], called: Callable[[str], str]) -> tuple[str, str]:
    """The field, and what is wrong with it."""
    name = ".".join(str(part) for part in fault["loc"])
    field = called(name) if name else "options"
    if fault["type"] == "extra_forbidden":
        return field, f"there is no option {name!r}{close_name(name, known)}"
    return field, f"{field}: {fault['msg']}"
