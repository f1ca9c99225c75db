"""Cuts a script into chunks: whole sentences that are spoken at once, and lost at once when a worker is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from voicewright.text.script import Manner, Piece, Script

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST: Final = 1000
"""Characters of a chunk, a minute or so of speech; a sentence that is longer is one by itself."""


@dataclass(frozen=True, slots=True)
class Pauses:
    """How long the silences are; None: as the voice makes them."""

    sentence_s: float | None = None
    paragraph_s: float | None = None

    def after(self, piece: Piece) -> float | None:
        """The silence after a piece: one that its text asks for comes first."""
        if piece.pause_after_s is not None:
            return piece.pause_after_s
        return self.paragraph_s if piece.ends_paragraph else self.sentence_s


@dataclass(frozen=True, slots=True)
class Chunk:
    """Sentences of one part that are spoken together."""

    part: int
    """Its number, from 1."""
    pieces: tuple[Piece, ...]
    pause_before_s: float
    pause_after_s: float | None
    """None: the usual one."""
    ends_paragraph: bool

    @property
    def characters(self) -> int:
        """Of the text as it was written."""
        return sum(len(piece.text) for piece in self.pieces)


def cut(script: Script, pauses: Pauses, *, by_paragraph: bool, longest: int = LONGEST) -> list[Chunk]:
    """Cut a script.

    A paragraph is kept together where it is short enough, and short ones share a chunk.

    Args:
        script: of the whole text.
        pauses: as whoever ordered it wishes them.
        by_paragraph: each paragraph is a part; otherwise all is one part.
        longest: characters of a chunk.
    """
    paragraphs = [tuple(group) for _, group in groupby(script.pieces, lambda piece: piece.paragraph)]
    chunks: list[Chunk] = []
    for number, part in enumerate(paragraphs if by_paragraph else [script.pieces], start=1):
        for pieces in _grouped(part, longest):
            before_s = script.lead_in_s if not chunks else 0.0
            chunks.append(_chunk(number, pieces, pauses, before_s))
    return chunks


def _grouped(pieces: Sequence[Piece], longest: int) -> Iterator[tuple[Piece, ...]]:
    held: list[Piece] = []
    for unit in _units(pieces, longest):
        if held and _length(held) + _length(unit) > longest:
            yield tuple(held)
            held = []
        held += unit
    if held:
        yield tuple(held)


def _units(pieces: Sequence[Piece], longest: int) -> Iterator[Sequence[Piece]]:
    """Paragraphs, and the sentences of those that are too long."""
    for _, group in groupby(pieces, lambda piece: piece.paragraph):
        paragraph = list(group)
        if _length(paragraph) <= longest:
            yield paragraph
        else:
            yield from ([piece] for piece in paragraph)


def _length(pieces: Iterable[Piece]) -> int:
    return sum(len(piece.text) for piece in pieces)


def _chunk(part: int, pieces: Sequence[Piece], pauses: Pauses, before_s: float) -> Chunk:
    """The pause after the last piece is made when the chunks are joined, so it is taken out of the piece."""
    last = pieces[-1]
    inside = [replace(piece, pause_after_s=pauses.after(piece)) for piece in pieces[:-1]]
    alone = replace(last, pause_after_s=None, ends_paragraph=False)
    return Chunk(part, (*inside, alone), before_s, pauses.after(last), last.ends_paragraph)


def written(pieces: Iterable[Piece]) -> list[dict[str, Any]]:
    """Pieces as JSON, for the table."""
    return [asdict(piece) for piece in pieces]


def read(pieces: Iterable[Mapping[str, Any]]) -> tuple[Piece, ...]:
    """The same pieces again."""
    return tuple(Piece(**{**piece, "manner": Manner(**piece["manner"])}) for piece in pieces)


def plain_text(pieces: Iterable[Piece]) -> str:
    """The text of some pieces, as it was written, without markup; an empty line between paragraphs."""
    paragraphs = groupby(pieces, lambda piece: piece.paragraph)
    return "\n\n".join(" ".join(piece.text for piece in group) for _, group in paragraphs)
