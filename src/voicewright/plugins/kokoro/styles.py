"""The voices of Kokoro: tables of style vectors, one vector for each length of a text, that can be mixed."""

from __future__ import annotations

import math
import re
import zipfile
import zlib
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

import numpy as np

from voicewright.engines.errors import OptionsInvalid, StockVoiceNotFound, WeightsDamaged
from voicewright.engines.port import StockVoice
from voicewright.plugins.kokoro.languages import LANGUAGES, NAMES, SPOKEN_BY

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

STYLE_SIZE: Final = 256
MOST_MIXED: Final = 8
_SEXES: Final = {"f": "woman", "m": "man"}
_NAME: Final = re.compile(r"([a-z])([fm])_(.+)")
_MOST_CLOSE: Final = 5
_UNREADABLE: Final = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error)
"""What numpy raises for files that are cut, empty, of another kind, or hold pickles."""


class StyleFile:
    """The voices file: an archive of arrays, of which only the one that is asked for is read.

    Args:
        path: to it.

    Raises:
        WeightsDamaged: it is no such file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                names: list[str] = list(getattr(file, "files", ()))
        except _UNREADABLE as error:
            raise self._damaged(str(error)) from error
        self.names = tuple(sorted(name for name in names if language_of(name) in LANGUAGES))
        """Of the voices whose language can be read here."""
        if not self.names:
            raise self._damaged("there are no voices in it")

    def style(self, name: str) -> NDArray[np.float32]:
        """The style table of a voice, (lengths, 1, 256).

        Raises:
            StockVoiceNotFound: there is none of this name.
            WeightsDamaged: it can't be read.
        """
        if name not in self.names:
            raise self._not_found(name)
        try:
            with self._path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                style = np.asarray(file[name], np.float32)
        except _UNREADABLE as error:
            raise self._damaged(str(error)) from error
        if not is_style(style):
            raise self._damaged(f"{name} has the shape {style.shape}")
        return style

    def _not_found(self, name: str) -> StockVoiceNotFound:
        language = language_of(name)
        if language not in LANGUAGES:
            return StockVoiceNotFound(
                f"{name!r} is a voice for {NAMES[language]}, which can't be read here. The languages are: "
                f"{', '.join(LANGUAGES)}."
            )
        close = get_close_matches(name, self.names, n=_MOST_CLOSE, cutoff=0.5)
        close += [each for each in self.names if name and name in each and each not in close]
        hint = f"Did you mean {' or '.join(close[:_MOST_CLOSE])}?" if close else f"Try {self.names[0]!r}."
        return StockVoiceNotFound(
            f"Kokoro has no voice {name!r}. {hint} It has {len(self.names)} voices, which can be mixed: "
            "'af_heart:0.7+am_adam:0.3'."
        )

    def _damaged(self, fault: str) -> WeightsDamaged:
        return WeightsDamaged(
            f"The voices of Kokoro, {self._path.name}, can't be read ({fault}). Get them again with: "
            "voicewright engines install kokoro"
        )


def is_style(style: NDArray[np.float32]) -> bool:
    """Whether an array is a table of styles."""
    rows, *rest = style.shape or (0,)
    return rows > 0 and rest == [1, STYLE_SIZE] and bool(np.isfinite(style).all())


def language_of(name: str) -> str:
    """The language that a voice was made for; American English where its name does not tell."""
    told = _NAME.fullmatch(name)
    return SPOKEN_BY.get(told[1], LANGUAGES[0]) if told else LANGUAGES[0]


def describe(name: str) -> StockVoice:
    """A voice of the file, for people."""
    told = _NAME.fullmatch(name)
    language = language_of(name)
    title = f"{told[3].title()} ({NAMES[language]}, {_SEXES[told[2]]})" if told else name
    return StockVoice(name, title, (language,))


def parse_mixture(wanted: str) -> tuple[tuple[str, float], ...]:
    """The voices of `af_heart:0.7+am_adam:0.3`, with shares that sum to 1; without shares equal ones.

    Raises:
        OptionsInvalid: a share is no positive number, a voice is named twice, or they are too many.
    """
    parts = [part.strip().partition(":") for part in wanted.split("+")]
    if len(parts) > MOST_MIXED:
        raise OptionsInvalid(f"{len(parts)} voices are mixed, but at most {MOST_MIXED} can be.")
    shares: dict[str, float] = {}
    for part, colon, number in parts:
        name = part.strip()
        if name in shares:
            raise OptionsInvalid(f"The mixture names {name!r} twice; name each voice once, with its share.")
        shares[name] = _share(name, number) if colon else 1.0
    total = sum(shares.values())
    return tuple((name, share / total) for name, share in shares.items())


def _share(name: str, number: str) -> float:
    try:
        share = float(number)
    except ValueError:
        share = math.nan
    if not 0 < share < math.inf:
        raise OptionsInvalid(
            f"The share of {name!r} is {number.strip()!r}, but has to be a positive number, as in "
            "'af_heart:0.7+am_adam:0.3'."
        )
    return share


def mix(parts: Sequence[tuple[NDArray[np.float32], float]]) -> NDArray[np.float32]:
    """The weighted mean of style tables; of the lengths that all of them have."""
    rows = min(len(style) for style, _ in parts)
    weighted = np.sum([style[:rows].astype(np.float64) * share for style, share in parts], axis=0)
    mixed: NDArray[np.float32] = weighted.astype(np.float32)
    return mixed


def describe_mixture(mixture: Sequence[tuple[str, float]]) -> StockVoice:
    """A mixture for people; its language is that of the largest share."""
    if len(mixture) == 1:
        return describe(mixture[0][0])
    named = "+".join(f"{name}:{round(share, 3):g}" for name, share in mixture)
    first = max(mixture, key=lambda part: part[1])[0]
    titles = [f"{describe(name).title.partition(' (')[0]} {share:.0%}" for name, share in mixture]
    return StockVoice(named, f"Mixture of {' and '.join(titles)}", (language_of(first),))
