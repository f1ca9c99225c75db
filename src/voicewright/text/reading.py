"""From a text as somebody wrote it to a script: sentence by sentence, with everything in words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from voicewright.text.errors import TextEmpty
from voicewright.text.legible import can_be_said, legible
from voicewright.text.normalise.wording import in_words
from voicewright.text.script import Piece, Script
from voicewright.text.sentences import LONGEST, SENTENCE_ENDS, sentences_of, shorten
from voicewright.text.ssml import Break, Passage, read_ssml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from voicewright.text.script import Markup

CLAUSE_PAUSE_S: Final = 0.1
"""Where a sentence was too long and had to be cut at a comma; engines put some silence there of their own."""
_CLAUSE_ENDS: Final = ",;:，；：、،—–"  # noqa: RUF001 - signs of many scripts
_SHORTEST_CUT: Final = 16
"""Characters of writing that are not cut further, whatever they become in words."""


def read_script(
    text: str,
    *,
    language: str,
    markup: Markup = "text",
    normalise: bool = True,
    longest: int = LONGEST,
) -> Script:
    """Make a script of a text.

    Args:
        text: of any length and with anything in it.
        language: BCP 47, of the engine that will speak: in whose words numbers and the like are put.
        markup: `ssml` for a document of the subset in docs/text.md.
        normalise: put numbers, dates, money, abbreviations and addresses into words; what `say-as` asks for
            is put into words in any case.
        longest: characters that an engine gets at once, of which no piece has more.

    Raises:
        TextEmpty: nothing in it can be said.
        SsmlInvalid, SsmlUnsupported: of markup; the messages have the place.
    """
    if markup == "text":
        pieces = tuple(_plain(text, language, longest, normalise=normalise))
        lead_in_s = 0.0
    else:
        lead_in_s, pieces = _marked(text, language, longest, normalise=normalise)
    if not pieces:
        raise TextEmpty("There is nothing to say: the text has no letters and no digits. Give some words.")
    return Script(pieces, lead_in_s)


def _plain(text: str, language: str, longest: int, *, normalise: bool) -> Iterator[Piece]:
    paragraph = 0
    for piece in _pieces(Passage(legible(text)), language, longest, normalise=normalise):
        yield replace(piece, paragraph=paragraph)
        paragraph += piece.ends_paragraph


def _marked(text: str, language: str, longest: int, *, normalise: bool) -> tuple[float, tuple[Piece, ...]]:
    """The silence before the first piece, and the pieces."""
    pieces: list[Piece] = []
    lead_in_s, paragraph = 0.0, 0
    for part in read_ssml(text, language):
        if isinstance(part, Passage):
            said = _pieces(part, language, longest, normalise=normalise)
            pieces += (replace(piece, paragraph=paragraph, ends_paragraph=False) for piece in said)
            if pieces and not part.ends_sentence and not pieces[-1].text.endswith(SENTENCE_ENDS):
                pieces[-1] = replace(pieces[-1], pause_after_s=0.0)
        elif not pieces:
            lead_in_s += part.pause_s if isinstance(part, Break) else 0.0
        elif isinstance(part, Break):
            pieces[-1] = replace(pieces[-1], pause_after_s=(pieces[-1].pause_after_s or 0.0) + part.pause_s)
        elif pieces[-1].paragraph == paragraph:
            pieces[-1] = replace(pieces[-1], ends_paragraph=True)
            paragraph += 1
    if pieces:
        pieces[-1] = replace(pieces[-1], ends_paragraph=True)
    return lead_in_s, tuple(pieces)


def _pieces(passage: Passage, language: str, longest: int, *, normalise: bool) -> Iterator[Piece]:
    """Sentence by sentence, none longer than allowed."""

    def say(written: str) -> str:
        said = in_words(written, language) if normalise else written
        return passage.spoken(said)

    for sentence in sentences_of(passage.text, longest=longest):
        fitting = list(_fitting(sentence.text, say, longest))
        for place, (written, spoken) in enumerate(fitting):
            last = place == len(fitting) - 1
            whole = last and (sentence.ends_paragraph or written.endswith(SENTENCE_ENDS))
            yield Piece(
                passage.written(written),
                spoken,
                passage.manner,
                None if whole else CLAUSE_PAUSE_S if written[-1] in _CLAUSE_ENDS else 0.0,
                ends_paragraph=sentence.ends_paragraph and last,
            )


def _fitting(text: str, say: Callable[[str], str], longest: int) -> Iterator[tuple[str, str]]:
    """A sentence as it is written and as it is said, cut until what is said fits."""
    spoken = say(text)
    if len(spoken) <= longest:
        if can_be_said(spoken):
            yield text, spoken
    elif len(text) <= _SHORTEST_CUT:
        yield from ((part, part) for part in shorten(spoken, longest) if can_be_said(part))
    else:
        fair = len(text) * longest // len(spoken)
        for part in shorten(text, max(_SHORTEST_CUT, min(fair, len(text) - 1))):
            yield from _fitting(part, say, longest)
