"""What can be done about a job that failed or waits, as links and buttons where the panel has them.

What names a call of the REST API names the button or the page instead, and leads there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from voicewright.training.advice import in_plain_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to do."""

    text: str
    path: str = ""
    """A page of the panel where it is done."""
    link: str = ""
    """What leads there is called so."""


_PAGES: Final[tuple[tuple[str, str, str], ...]] = (
    (r"[Uu]pload (the|that)|[Aa]dd recordings|[Aa]dd clean", "/panel/upload", "Upload"),
    (r"[Rr]ecord again", "/panel/record", "Record"),
    (r"verdict|[Ll]eave out the samples|[Ww]rite down", "/panel/datasets", "Datasets"),
    (r"[Nn]ew job|[Cc]hoose a|would cost|consent", "/panel/train", "Train"),
)


def advice_for_pages(sentences: Iterable[str]) -> Sequence[Advice]:
    """The sentences, each with the page where it is followed."""
    return [_for_page(sentence) for sentence in sentences]


def _for_page(sentence: str) -> Advice:
    text = in_plain_words(sentence, retry=" above", log="below")
    for words, path, link in _PAGES:
        if re.search(words, sentence):
            return Advice(text, path, link)
    return Advice(text)
