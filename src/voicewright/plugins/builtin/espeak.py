"""espeak-ng as a guide: the phones of a text, with their times, and a rough rendering of them.

The library and its data come with the wheel `espeakng-loader`; nothing is installed on the system. espeak-ng
keeps global state, so there is one `Guide` to a process.
"""
# ruff: noqa: RUF001 - letters of the IPA are meant

from __future__ import annotations

import _ctypes
import ctypes
import threading
import unicodedata
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar

import espeakng_loader
import numpy as np

from voicewright.engines.errors import EngineError, LanguageUnsupported
from voicewright.engines.port import PAUSE
from voicewright.plugins.builtin.languages import GUIDE_VOICES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

SAMPLE_RATE_HZ = 22_050
WORDS_PER_MINUTE = 160
_SYNCHRONOUS = 2
_PHONEME_EVENTS = 0x0001
_PHONEME_INPUT = 0x0100
_DONT_EXIT = 0x8000
_UTF8 = 1
_FROM_CHARACTER = 1
_FIRST_CHARACTER = 1
_SEED = 1
_PARAMETER_RATE, _PARAMETER_PITCH, _PARAMETER_RANGE = 1, 3, 4
_EVENT_END, _EVENT_WORD, _EVENT_PHONEME = 0, 1, 7
_SHORTEST_PHONE_S = 1e-4
_STRESS_MARKS = "',%="
_NOT_TEXT = {"Cc", "Cs", "Zl", "Zp"}
"""Control characters, halves of surrogate pairs, separators of lines."""
_STRESS = {"'": 2, ",": 1}
PHONES_LANGUAGE = "en-us"
_VOWELS = {
    "ɑː": "A:", "æ": "a", "ʌ": "V", "ɔː": "O:", "aʊ": "aU", "aɪ": "aI", "ɛ": "E", "ɜː": "3:", "eɪ": "eI",
    "ɪ": "I", "iː": "i:", "oʊ": "oU", "ɔɪ": "OI", "ʊ": "U", "uː": "u:",
}  # fmt: skip
_CONSONANTS = {
    "b": "b", "tʃ": "tS", "d": "d", "ð": "D", "f": "f", "ɡ": "g", "h": "h", "dʒ": "dZ", "k": "k", "l": "l",
    "m": "m", "n": "n", "ŋ": "N", "p": "p", "ɹ": "r", "s": "s", "ʃ": "S", "t": "t", "θ": "T", "v": "v",
    "w": "w", "j": "j", "z": "z", "ʒ": "Z",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Phone:
    """One sound of the guide's rendering."""

    name: str
    """espeak-ng's mnemonic without its stress mark; names that begin with `_` are pauses."""
    start_s: float
    end_s: float
    word: int
    """Index of the word that it belongs to, -1 before the first."""
    stress: int = 0
    """2 primary, 1 secondary, 0 none."""

    @property
    def is_pause(self) -> bool:
        """True for silence between words."""
        return self.name.startswith("_")


@dataclass(frozen=True, slots=True)
class Rendering:
    """What espeak-ng made of a text."""

    wave: NDArray[np.float32]
    """(samples,) at 22,050 Hz."""
    phones: tuple[Phone, ...]
    """In order; pauses included."""
    word_starts: tuple[int, ...] = ()
    """Where in the text each word begins that `Phone.word` counts, in characters."""
    sounds: tuple[Phone, ...] = field(init=False, repr=False)
    """The phones without the pauses."""

    def __post_init__(self) -> None:
        audible = (p for p in self.phones if not p.is_pause and p.end_s - p.start_s > _SHORTEST_PHONE_S)
        object.__setattr__(self, "sounds", tuple(audible))


class _EventId(ctypes.Union):
    _fields_: ClassVar = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_: ClassVar = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    ]


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class Guide:
    """Speaks texts with espeak-ng and keeps what it said."""

    _shared: ClassVar[Guide | None] = None
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self) -> None:
        self._pieces: list[NDArray[np.int16]] = []
        self._events: list[tuple[int, int, bytes]] = []
        self._word_starts: list[int] = []
        self._callback = _Callback(self._receive)  # kept alive: the library holds a bare pointer

    @classmethod
    def shared(cls) -> Guide:
        """The process's guide, made on first use."""
        with cls._lock:
            if cls._shared is None:
                cls._shared = cls()
            return cls._shared

    def render(self, text: str, language: str) -> Rendering:
        """Speak a text; the same text and language always give the same rendering.

        Raises:
            LanguageUnsupported: espeak-ng has no such language.
            EngineError: espeak-ng does not work.
        """
        # without further flags neither [[phonemes]] nor <markup> are anything but text
        return self._speak(plain(text), language, 0)

    def render_phones(self, phones: Sequence[str]) -> Rendering:
        """Speak a row of English phones in IPA, with `PAUSE` between runs, as an American would.

        Raises:
            EngineError: espeak-ng does not work.
        """
        return self._speak(mnemonics(phones), PHONES_LANGUAGE, _PHONEME_INPUT)

    def _speak(self, text: str, language: str, flags: int) -> Rendering:
        with self._lock, _library() as library:
            _select(library, language)
            library.espeak_SetSynthCallback(self._callback)
            self._pieces.clear()
            self._events.clear()
            self._word_starts.clear()
            encoded = text.encode("utf-8", "replace")
            status = library.espeak_Synth(
                encoded, ctypes.c_size_t(len(encoded) + 1), 0, _FROM_CHARACTER, 0, _UTF8 | flags, None, None
            )
            if status != 0 or library.espeak_Synchronize() != 0:
                raise EngineError("espeak-ng could not speak the text; reinstall espeakng-loader.")
            samples = np.concatenate(self._pieces) if self._pieces else np.zeros(0, np.int16)
            wave = samples.astype(np.float32) / 32768.0
            phones = _phones(self._events, len(wave) / SAMPLE_RATE_HZ)
            return Rendering(wave, tuple(phones), tuple(self._word_starts))

    def _receive(
        self, wave: ctypes._Pointer[ctypes.c_short], count: int, events: ctypes._Pointer[_Event]
    ) -> int:
        if count > 0:
            self._pieces.append(np.ctypeslib.as_array(wave, (count,)).copy())
        index = 0
        while events[index].type != _EVENT_END:
            event = events[index]
            if event.type in (_EVENT_WORD, _EVENT_PHONEME):
                self._events.append((event.type, event.sample, bytes(event.id.string)))
            if event.type == _EVENT_WORD:
                self._word_starts.append(event.text_position - _FIRST_CHARACTER)
            index += 1
        return 0


@contextmanager
def _library() -> Iterator[ctypes.CDLL]:
    """A fresh copy of the library, in about a millisecond.

    Its oscillator, its flutter and its random numbers go on from where the last text left them, and nothing
    in its interface sets them back: only loading it anew does.
    """
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    try:
        data = espeakng_loader.get_data_path().encode()
        rate = library.espeak_Initialize(_SYNCHRONOUS, 0, data, _PHONEME_EVENTS | _DONT_EXIT)
        if rate != SAMPLE_RATE_HZ:
            raise EngineError(f"espeak-ng did not start (it answered {rate}); reinstall espeakng-loader.")
        library.espeak_ng_SetRandSeed(ctypes.c_long(_SEED))
        yield library
    finally:
        library.espeak_Terminate()
        _ctypes.dlclose(library._handle)  # noqa: SLF001 - ctypes has no public way to unload a library


def _select(library: ctypes.CDLL, language: str) -> None:
    name = GUIDE_VOICES.get(language, language)
    if library.espeak_SetVoiceByName(name.encode()) != 0:
        raise LanguageUnsupported(
            f"espeak-ng has no language {language!r}; use a code such as 'en-us', 'de' or 'pt-br'."
        )
    for parameter, value in (
        (_PARAMETER_RATE, WORDS_PER_MINUTE),
        (_PARAMETER_PITCH, 50),
        (_PARAMETER_RANGE, 50),
    ):
        library.espeak_SetParameter(parameter, value, 0)


def plain(text: str) -> str:
    """The text without control characters: a NUL would end it early, Ctrl-A begins a command."""
    return "".join(" " if unicodedata.category(c) in _NOT_TEXT else c for c in text)


def mnemonics(phones: Iterable[str]) -> str:
    """Write phones in IPA as espeak-ng's input: a clause for each run, in words of two syllables.

    Nobody knows where words begin and what is stressed, but espeak-ng clips the vowels of one long
    unstressed word, and pauses are sought between words only. So a word begins before every other vowel,
    with its consonant, and its first vowel is stressed. Phones that are not English are left out.
    """
    runs: list[str] = []
    for pause, run in groupby(phones, lambda phone: phone == PAUSE):
        if pause:
            continue
        words: list[list[str]] = [[]]
        vowels = 0
        for phone in run:
            if phone in _CONSONANTS:
                words[-1].append(_CONSONANTS[phone])
            elif phone in _VOWELS:
                stressed = vowels % 2 == 0
                if stressed and vowels:
                    onset = words[-1].pop() if words[-1][-1] in _CONSONANTS.values() else None
                    words.append([] if onset is None else [onset])
                words[-1].append("'" * stressed + _VOWELS[phone])
                vowels += 1
        runs.append("[[" + " ".join("|".join(word) for word in words) + "]]")
    return ", ".join(runs)


def _phones(events: list[tuple[int, int, bytes]], duration_s: float) -> list[Phone]:
    word = -1
    starts: list[tuple[str, float, int]] = []
    for kind, sample, name in events:
        if kind == _EVENT_WORD:
            word += 1
        else:
            starts.append(
                (name.split(b"\0")[0].decode("utf8", "ignore") or "_", sample / SAMPLE_RATE_HZ, word)
            )
    ends = [start for _, start, _ in starts[1:]] + [duration_s]
    return [
        Phone(name.lstrip(_STRESS_MARKS) or name, start, max(start, end), word, _STRESS.get(name[0], 0))
        for (name, start, word), end in zip(starts, ends, strict=True)
    ]
