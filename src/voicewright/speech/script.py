"""The script of a plain text."""

from __future__ import annotations

from voicewright.text.script import Piece, Script
from voicewright.text.sentences import require_sentences


def script_of(text: str) -> Script:
    """A text as it stands, sentence by sentence.

    Raises:
        TextEmpty: nothing in it can be said.
    """
    sentences = require_sentences(text)
    return Script(tuple(Piece(one.text, one.text, ends_paragraph=one.ends_paragraph) for one in sentences))
