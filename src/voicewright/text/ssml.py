"""Reads the subset of SSML 1.1 that can be spoken here; whatever else is in a document is refused by name.

The parser is expat, from the standard library. Declarations of documents and entities are refused where they
begin, so nothing can grow; depth, elements and silence are bounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NoReturn
from xml.parsers import expat

from voicewright.text.errors import SsmlInvalid
from voicewright.text.legible import HELD, legible, tidy
from voicewright.text.prosody import break_s, changed
from voicewright.text.refusals import Refusals
from voicewright.text.say_as import say_as
from voicewright.text.script import USUAL, Manner

DEEPEST: Final = 32
MOST_ELEMENTS: Final = 5_000
LONGEST_SILENCE_S: Final = 300.0
"""Of all breaks of a document together."""

_OFFERED: Final = "speak, p, s, break, prosody, say-as, sub"
_ATTRIBUTES: Final[Mapping[str, tuple[str, ...]]] = {
    "speak": ("version", "xml:lang", "xml:base", "xmlns", "xsi:schemaLocation"),
    "p": ("xml:lang",),
    "s": ("xml:lang",),
    "break": ("time", "strength"),
    "prosody": ("rate", "pitch", "volume"),
    "say-as": ("interpret-as", "format"),
    "sub": ("alias",),
}
_EMPTY, _TEXT_ONLY = "break", ("say-as", "sub")


@dataclass(frozen=True, slots=True)
class Passage:
    """Text that is said in one manner, with nothing in between."""

    text: str
    """Legible; a private character stands for each thing that is said in another way than it is written."""
    manner: Manner = USUAL
    held: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """What these characters stand for, written and spoken."""
    ends_sentence: bool = False
    """An element ends with it, so whatever its last sign, a sentence does too."""

    def written(self, text: str) -> str:
        """A part of the text as it was written."""
        return text.translate({ord(sign): written for sign, (written, _) in self.held.items()})

    def spoken(self, text: str) -> str:
        """A part of the text as it is said."""
        if not self.held:
            return text
        return tidy(text.translate({ord(sign): f" {said} " for sign, (_, said) in self.held.items()}))


@dataclass(frozen=True, slots=True)
class Break:
    """Silence that was asked for."""

    pause_s: float


@dataclass(frozen=True, slots=True)
class ParagraphEnd:
    """A paragraph is over."""


Part = Passage | Break | ParagraphEnd


def read_ssml(document: str, language: str) -> list[Part]:
    """Read a document.

    Args:
        document: with a `speak` element around it.
        language: BCP 47, the one that will be spoken.

    Raises:
        SsmlInvalid: not well-formed, or too much of it; with line and column.
        SsmlUnsupported: names what can't be spoken, where, and what can.
    """
    return _Reader(language).read(document)


class _Reader:
    def __init__(self, language: str) -> None:
        self._language = language
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._declaration
        self._parser.EntityDeclHandler = self._declaration
        self._refuse = Refusals(
            lambda: (self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1)
        )
        self._open: list[tuple[str, Mapping[str, str]]] = []
        self._manners = [USUAL]
        self._elements = 0
        self._silence_s = 0.0
        self._parts: list[Part] = []
        self._text: list[str] = []
        self._held: dict[str, tuple[str, str]] = {}
        self._inner: list[str] = []
        """What stands in a `say-as` or `sub`."""

    def read(self, document: str) -> list[Part]:
        try:
            self._parser.Parse(document.lstrip("\ufeff \t\r\n").encode("utf-8", "replace"), True)
        except expat.ExpatError as error:
            raise SsmlInvalid(
                f"The SSML is not well-formed XML: {expat.ErrorString(error.code)} (line {error.lineno}, "
                f"column {error.offset + 1}). Put everything into <speak>…</speak>, and write & as &amp; "
                "and < as &lt;."
            ) from error
        return self._parts

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            self._refuse.invalid(f"there are more than {MOST_ELEMENTS:,} elements")
        if len(self._open) >= DEEPEST:
            self._refuse.invalid(f"elements are nested more than {DEEPEST} deep")
        self._check(name, attributes)
        self._open.append((name, attributes))
        match name:
            case "p":
                self._flush(ends_sentence=True)
                self._end_paragraph()
            case "s":
                self._flush(ends_sentence=True)
            case "break":
                self._flush()
                self._pause(break_s(attributes, self._refuse))
            case "prosody":
                self._flush()
                self._manners.append(changed(self._manners[-1], attributes, self._refuse))
            case _:
                pass

    def _end(self, name: str) -> None:
        _, attributes = self._open.pop()
        match name:
            case "speak" | "s":
                self._flush(ends_sentence=True)
            case "p":
                self._flush(ends_sentence=True)
                self._end_paragraph()
            case "prosody":
                self._flush()
                self._manners.pop()
            case "say-as" | "sub":
                self._hold(name, attributes)
            case _:
                pass

    def _characters(self, text: str) -> None:
        if self._open[-1][0] in _TEXT_ONLY:
            self._inner.append(text)
        elif self._open[-1][0] == _EMPTY:
            self._refuse.invalid('<break> has text in it, but is an empty element: <break time="500ms"/>')
        else:
            self._text.append(" ".join(legible(f"|{text}|").split())[1:-1])

    def _declaration(self, *_: object) -> NoReturn:
        self._refuse.invalid(
            "declarations of documents and entities (<!DOCTYPE, <!ENTITY) are not taken; leave them out"
        )

    def _check(self, name: str, attributes: Mapping[str, str]) -> None:
        """Refuse what is not spoken here."""
        outer = self._open[-1][0] if self._open else ""
        if not outer and name != "speak":
            self._refuse.invalid(f"the document begins with <{name}>, but has to begin with <speak>")
        known = _ATTRIBUTES.get(name)
        if known is None or (outer and name == "speak"):
            self._refuse.unsupported(f"the element <{name}>", f"The elements are: {_OFFERED}")
        if outer in _TEXT_ONLY or outer == _EMPTY:
            self._refuse.unsupported(
                f"<{name}> within <{outer}>", f"<{outer}> has only text in it, or nothing"
            )
        for attribute, value in attributes.items():
            if attribute == "xml:lang":
                self._check_language(value)
            elif attribute not in known and not (name == "speak" and attribute.startswith("xmlns:")):
                self._refuse.unsupported(
                    f"the attribute {attribute!r} of <{name}>", f"Its attributes are: {', '.join(known)}"
                )

    def _check_language(self, named: str) -> None:
        if named.lower().replace("_", "-").split("-")[0] != self._language.lower().split("-")[0]:
            self._refuse.unsupported(
                f"the language {named!r} in a text that is spoken in {self._language!r}",
                "A text is spoken in one language: ask for another, or make two texts of it",
            )

    def _hold(self, name: str, attributes: Mapping[str, str]) -> None:
        """Put a sign for what is said in another way than it is written."""
        written = " ".join(legible("".join(self._inner)).split())
        self._inner.clear()
        if name == "sub":
            spoken = " ".join(legible(attributes.get("alias", "")).split())
            if not spoken:
                self._refuse.invalid("<sub> has no alias: what is to be said instead")
        else:
            spoken = say_as(written, attributes, self._language, self._refuse) if written else ""
        if spoken:
            sign = chr(ord(HELD[0]) + len(self._held))
            self._held[sign] = (written or spoken, spoken)
            self._text.append(sign)

    def _flush(self, *, ends_sentence: bool = False) -> None:
        """End a passage, if there is any."""
        text = " ".join("".join(self._text).split())
        self._text.clear()
        held, self._held = self._held, {}
        if text:
            self._parts.append(Passage(text, self._manners[-1], held, ends_sentence))
        elif ends_sentence and self._parts and isinstance(self._parts[-1], Passage):
            self._parts[-1] = replace(self._parts[-1], ends_sentence=True)

    def _end_paragraph(self) -> None:
        if self._parts and not isinstance(self._parts[-1], ParagraphEnd):
            self._parts.append(ParagraphEnd())

    def _pause(self, pause_s: float) -> None:
        self._silence_s += pause_s
        if self._silence_s > LONGEST_SILENCE_S:
            self._refuse.invalid(f"the breaks come to more than {LONGEST_SILENCE_S:g} s")
        self._parts.append(Break(pause_s))
