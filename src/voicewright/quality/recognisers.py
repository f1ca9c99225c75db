"""Owns which recogniser hears which language on this machine, found out without loading one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from voicewright.quality.errors import LanguageUnrecognised
from voicewright.quality.judges.packages import is_installed
from voicewright.quality.languages import primary_language
from voicewright.quality.weights import WeightsFault, find_weights_fault, is_multilingual

if TYPE_CHECKING:
    from pathlib import Path


class RecogniserName(StrEnum):
    """The recognisers, best first."""

    WHISPER = "faster-whisper"
    POCKETSPHINX = "pocketsphinx"


WHISPER_LANGUAGES = frozenset(
    re.findall(
        "[a-z]+",
        """
        af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he
        hi hr ht hu hy id is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne
        nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk
        ur uz vi yi yo yue zh
        """,
    )
)


@dataclass(frozen=True, slots=True)
class Recognisers:
    """What can be recognised here.

    Args:
        whisper_dir: a directory with a Whisper model in CTranslate2 form (`model.bin` and a vocabulary), or
            None.
    """

    whisper_dir: Path | None = None

    def for_language(self, language: str) -> RecogniserName | None:
        """Name the best recogniser for a BCP 47 code (`en-us`, `de`); None where there is none."""
        primary = primary_language(language)
        if self._whisper_knows(primary):
            return RecogniserName.WHISPER
        if primary == "en" and is_installed("pocketsphinx"):
            return RecogniserName.POCKETSPHINX
        return None

    def require(self, language: str) -> RecogniserName:
        """Name the best recogniser for a language.

        Raises:
            LanguageUnrecognised: when there is none.
        """
        name = self.for_language(language)
        if name is None:
            fault = self.whisper_fault
            raise LanguageUnrecognised(
                f"Speech in the language {language!r} can't be recognised on this machine. Give transcripts, "
                "or install faster-whisper and set VOICEWRIGHT_WHISPER_DIR to the directory of its weights."
                + (f" (faster-whisper: {fault.what}. {fault.fix})" if fault else "")
            )
        return name

    @property
    def hears_phones(self) -> bool:
        """Whether the sounds of a language whose words nothing here knows can be recognised."""
        return is_installed("pocketsphinx")

    @property
    def whisper_fault(self) -> WeightsFault | None:
        """Why the Whisper model that was named is not used; None where it is, or where none was named."""
        return None if self.whisper_dir is None else find_weights_fault(self.whisper_dir)

    def _whisper_knows(self, primary: str) -> bool:
        if self.whisper_dir is None or self.whisper_fault is not None:
            return False
        return primary == "en" or (primary in WHISPER_LANGUAGES and is_multilingual(self.whisper_dir))
