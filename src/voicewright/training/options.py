"""Brings training options, however they were given, into the form that an engine's own model accepts."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from voicewright.engines.errors import OptionsInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from voicewright.engines.port import EngineInfo


def check_options(info: EngineInfo, options: Mapping[str, Any]) -> None:
    """Refuse options that the engine would refuse, before hours of other work are done.

    Raises:
        OptionsInvalid: names every option that can't be used and what there is.
    """
    try:
        info.options.model_validate(dict(options))
    except ValidationError as error:
        known = list(info.options.model_fields)
        faults = "; ".join(
            _describe(fault, known)
            for fault in error.errors(include_url=False, include_context=False, include_input=False)
        )
        there_are = ", ".join(known) or "none"
        raise OptionsInvalid(
            f"The engine {info.title} can't be trained so: {faults}. Its options: {there_are}."
        ) from error


def _describe(fault: Any, known: list[str]) -> str:
    name = ".".join(str(part) for part in fault["loc"]) or "options"
    if fault["type"] == "extra_forbidden":
        close = difflib.get_close_matches(name, known, n=1)
        return f"there is no option {name!r}" + (f" (did you mean {close[0]!r}?)" if close else "")
    return f"{name}: {fault['msg']}"
