"""Which of an engine's languages is meant: codes are written in many ways (`en_US`, `EN-us`, `en`)."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from voicewright.engines.errors import LanguageUnsupported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicewright.engines.port import EngineInfo

_MOST_NAMED: Final = 12
"""More codes than that are a wall of letters."""
_MOST_CLOSE: Final = 5


def match_language(wanted: str, offered: Sequence[str]) -> str | None:
    """Return the offered code that serves `wanted`, or None.

    The order of RFC 4647 (lookup): the code itself, then ever shorter ones (`de-at-x` → `de-at` → `de`).
    Where that finds nothing, the first regional form of the same language is better than a refusal
    (`en` → `en-us`).
    """
    code = wanted.strip().replace("_", "-").lower()
    parts = code.split("-")
    for length in range(len(parts), 0, -1):
        shorter = "-".join(parts[:length])
        if shorter in offered:
            return shorter
    return next((each for each in offered if each.split("-")[0] == parts[0]), None)


def language_unsupported(info: EngineInfo, wanted: str) -> LanguageUnsupported:
    """The error for a language that `match_language` does not find: it names what may have been meant."""
    offered = info.capabilities.languages
    refusal = f"The engine {info.id} does not speak {wanted!r}."
    if len(offered) <= _MOST_NAMED:
        return LanguageUnsupported(f"{refusal} Its languages are: {', '.join(offered)}.")
    code = wanted.strip().replace("_", "-").lower()
    close = get_close_matches(code, offered, n=_MOST_CLOSE)
    # whoever writes a language out ("english") is helped by what begins like it
    close += [each for each in offered if each[:2] == code[:2] and each not in close]
    hint = (
        f"Did you mean {' or '.join(close[:_MOST_CLOSE])}?"
        if close
        else "Languages have codes such as en, pt-br, zh."
    )
    return LanguageUnsupported(
        f"{refusal} {hint} Its {len(offered)} languages, as `voicewright doctor --json` lists them: "
        f"{', '.join(offered)}."
    )
