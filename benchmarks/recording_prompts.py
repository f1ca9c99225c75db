"""The sounds of the sentences that people read aloud in the panel, and how far these reach.

    python benchmarks/recording_prompts.py --write   # after sentences were added or changed
    python benchmarks/recording_prompts.py           # how much is heard after 10, 20, 40, ... sentences

The sounds come from espeak-ng, the guide of the built-in engine. Its mnemonics tell apart what is one
sound to a listener (the `t` of "water", the `i` of "happy"), and write vowel and `r` as one; here they are
one and two.
"""

from __future__ import annotations

import argparse
import random
from typing import TYPE_CHECKING, Final

from voicewright.plugins.builtin.espeak import Guide, Phone
from voicewright.recordings.prompts.catalogue import FOLDER, REST, SUFFIX, catalogue_for, languages
from voicewright.recordings.prompts.choosing import in_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from voicewright.recordings.prompts.catalogue import Prompt

_ENGLISH: Final = {
    "@2": "@", "a#": "@", "I2": "I", "I#": "I", "i": "i:", "O2": "O:", "0": "A:", "aa": "a", "t#": "t",
    "t2": "t", "r-": "r", "3": "3:", "@L": "@ l", "A@": "A: r", "O@": "O: r", "o@": "O: r", "i@3": "I r",
    "i@": "I r",
    "e@": "E r", "U@": "U r", "aI@": "aI @", "aI3": "aI @",
}  # fmt: skip
_MARKS: Final = "#-0123456789"
"""At the end of a mnemonic they tell variants of one sound apart."""
_STEPS: Final = (10, 20, 40, 80, 160)
_SHUFFLES: Final = 20


def sounds_of(text: str, language: str) -> tuple[str, ...]:
    """The sounds of a sentence, with `REST` where somebody pauses."""
    found: list[str] = []
    for phone in Guide.shared().render(text, language).phones:
        if phone.is_pause:
            if found and found[-1] != REST:
                found.append(REST)
        else:
            found += _known(phone, language)
    while found and found[-1] == REST:
        found.pop()
    return tuple(found)


def _known(phone: Phone, language: str) -> Iterable[str]:
    name = phone.name
    if name.startswith(("(", ";", "!", "?")):  # another language begins, or a neighbour is palatal
        return ()
    if language == "en-us":
        return _ENGLISH.get(name, name).split()
    return (name.rstrip(_MARKS) or name,)


def reach(prompts: Sequence[Prompt], count: int) -> tuple[int, int]:
    """How many sounds and pairs the first of some sentences have."""
    first = prompts[:count]
    heard = frozenset[str]().union(*(prompt.heard for prompt in first))
    pairs = frozenset[tuple[str, str]]().union(*(prompt.pairs for prompt in first))
    return len(heard), len(pairs)


def _write(language: str) -> None:
    path = FOLDER / f"{language}{SUFFIX}"
    texts = [line.partition("\t")[0] for line in path.read_text("utf-8").splitlines()]
    lines = [f"{text}\t{' '.join(sounds_of(text, language))}\n" for text in texts]
    path.write_text("".join(lines), "utf-8")


def _report(language: str) -> None:
    catalogue = catalogue_for(language)
    assert catalogue is not None  # noqa: S101 - it is one of those that are there
    chosen = in_order(catalogue.prompts)
    print(f"{language}: {len(chosen)} sentences, {len(catalogue.heard)} sounds, {len(catalogue.pairs)} pairs")
    chance = random.Random(1)  # noqa: S311 - no secret
    for count in _STEPS:
        if count < 2 * len(chosen):
            heard, pairs = reach(chosen, count)
            by_chance = [reach(chance.sample(chosen, len(chosen)), count)[1] for _ in range(_SHUFFLES)]
            usual = sum(by_chance) / _SHUFFLES
            print(f"  first {count:3d}: {heard} sounds, {pairs} pairs; in any order {usual:.0f} pairs")


def main() -> None:
    """Write the sounds where that is asked for, and say how far the sentences reach."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--write", action="store_true", help="find the sounds of every sentence anew")
    if parser.parse_args().write:
        for language in languages():
            _write(language)
    for language in languages():
        _report(language)


if __name__ == "__main__":
    main()
