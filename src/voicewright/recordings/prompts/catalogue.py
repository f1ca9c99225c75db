"""The sentences of each language, with the sounds that they are made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from typing import Final

from voicewright.engines.languages import match_language
from voicewright.naming import name_key

FOLDER: Final = Path(__file__).parent
SUFFIX: Final = ".tsv"
REST: Final = "|"
"""Stands for a pause among the sounds of a sentence."""


@dataclass(frozen=True)
class Prompt:
    """A sentence to read aloud."""

    text: str
    sounds: tuple[str, ...] = ()
    """In espeak-ng's mnemonics, with `REST` for pauses; empty: nobody knows."""

    @cached_property
    def heard(self) -> frozenset[str]:
        """The sounds in it."""
        return frozenset(self.sounds) - {REST}

    @cached_property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """The sounds beside each other in it: a voice learns how one goes over into the next."""
        if not self.sounds:
            return frozenset()
        around = (REST, *self.sounds, REST)
        return frozenset(pair for pair in pairwise(around) if pair != (REST, REST))


@dataclass(frozen=True)
class Catalogue:
    """The sentences of a language."""

    language: str
    prompts: tuple[Prompt, ...]

    @cached_property
    def heard(self) -> frozenset[str]:
        """Every sound of the language, as far as the sentences have it."""
        return frozenset().union(*(prompt.heard for prompt in self.prompts))

    @cached_property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """Every pair of sounds that the sentences have."""
        return frozenset().union(*(prompt.pairs for prompt in self.prompts))

    @cached_property
    def by_key(self) -> dict[str, Prompt]:
        """The sentences by `sentence_key`."""
        return {sentence_key(prompt.text): prompt for prompt in self.prompts}


def languages() -> tuple[str, ...]:
    """The languages that there are sentences for."""
    return tuple(sorted(path.stem for path in FOLDER.glob(f"*{SUFFIX}")))


def catalogue_for(language: str) -> Catalogue | None:
    """The sentences of the language that a tag means; None: there are none."""
    found = match_language(language, languages())
    return None if found is None else _catalogue(found)


def sentence_key(text: str) -> str:
    """What a sentence and a transcript of it have in common, however they are punctuated."""
    return name_key(" ".join("".join(c if c.isalnum() else " " for c in text).split()))


@cache
def _catalogue(language: str) -> Catalogue:
    lines = (FOLDER / f"{language}{SUFFIX}").read_text("utf-8").splitlines()
    return Catalogue(language, tuple(_prompt(line) for line in lines))


def _prompt(line: str) -> Prompt:
    text, _, sounds = line.partition("\t")
    return Prompt(text, tuple(sounds.split()))
