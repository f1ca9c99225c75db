from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from voicewright.quality.errors import LanguageUnrecognised
from voicewright.quality.judges import sphinx, whisper
from voicewright.quality.measurer import Measurer
from voicewright.quality.recognisers import Recognisers
from voicewright.quality.weights import MULTILINGUAL_VOCABULARY


@dataclass
class Segment:
    """One segment as pocketsphinx gives it."""

    word: str
    start_frame: int
    end_frame: int
    prob: float = 1.0


@dataclass
class Word:
    """One word as faster-whisper gives it."""

    word: str
    start: float
    end: float
    probability: float


@dataclass
class Passage:
    text: str
    words: list[Word] | None


def whisper_dir(tmp_path, tokens):
    (tmp_path / "model.bin").touch()
    (tmp_path / "vocabulary.json").write_text(json.dumps([str(index) for index in range(tokens)]))
    return tmp_path


@pytest.mark.parametrize("language", ["en", "en-us", "EN-GB"])
def test_english_is_recognised_offline(language):
    assert Recognisers().for_language(language) == "pocketsphinx"


def test_another_language_is_refused_with_the_way_out():
    with pytest.raises(LanguageUnrecognised, match=r"'de'.*transcripts.*faster-whisper"):
        Recognisers().require("de")


def test_weights_that_are_not_there_are_not_used(tmp_path):
    assert Recognisers(tmp_path).for_language("de") is None
    assert Recognisers(tmp_path / "nowhere").for_language("en") == "pocketsphinx"


@pytest.fixture
def whisper_installed(tmp_path, monkeypatch):
    """A package of that name to be found: it is only looked for, never imported."""
    (tmp_path / "packages" / "faster_whisper").mkdir(parents=True)
    (tmp_path / "packages" / "faster_whisper" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path / "packages")


@pytest.mark.usefixtures("whisper_installed")
def test_whisper_is_preferred_where_package_and_weights_are_there(tmp_path):
    many = Recognisers(whisper_dir(tmp_path, MULTILINGUAL_VOCABULARY))
    assert [many.for_language(code) for code in ("en-us", "de", "cmn", "nb", "xx")] == [
        *["faster-whisper"] * 4,
        None,
    ]


@pytest.mark.usefixtures("whisper_installed")
def test_an_english_whisper_hears_english_only(tmp_path):
    english = Recognisers(whisper_dir(tmp_path, MULTILINGUAL_VOCABULARY - 1))
    assert [english.for_language(code) for code in ("en", "de")] == ["faster-whisper", None]


@pytest.mark.usefixtures("whisper_installed")
@pytest.mark.parametrize(
    ("files", "what", "fix"),
    [
        (None, "there is no folder", "Name the folder"),
        ({}, "no model.bin", "Name the folder"),
        ({"model.bin": b""}, "no vocabulary.json or vocabulary.txt", "Name the folder"),
        ({"model.bin": b"", "vocabulary.json": b'["a", '}, "damaged: Expecting value", "Copy the weights"),
        ({"model.bin": b"", "vocabulary.json": b"{}"}, "damaged: vocabulary.json is no list", "Copy"),
        ({"model.bin": b"", "vocabulary.txt": b"\xff\xfe"}, "damaged: 'utf-8'", "Copy the weights"),
    ],
)
def test_weights_that_can_not_be_used_are_told_with_the_fix(tmp_path, files, what, fix):
    folder = tmp_path / "weights"
    if files is not None:
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content)
    recognisers = Recognisers(folder)
    assert what in recognisers.whisper_fault.what
    assert str(folder) in recognisers.whisper_fault.what
    assert recognisers.whisper_fault.fix.startswith(fix)
    assert recognisers.whisper_fault.fix.endswith("or unset VOICEWRIGHT_WHISPER_DIR.")
    assert recognisers.for_language("en") == "pocketsphinx"
    with pytest.raises(LanguageUnrecognised, match="faster-whisper: "):
        recognisers.require("de")


def test_weights_without_the_package_are_told(tmp_path):
    fault = Recognisers(whisper_dir(tmp_path, MULTILINGUAL_VOCABULARY)).whisper_fault
    assert (fault.what, fault.fix) == (
        "not installed",
        "pip install faster-whisper, or unset VOICEWRIGHT_WHISPER_DIR.",
    )


def test_weights_that_are_not_used_are_warned_of(tmp_path, caplog):
    with Measurer(whisper_dir=tmp_path):
        pass
    assert "faster-whisper is not used: not installed" in caplog.text


@pytest.mark.usefixtures("whisper_installed")
def test_sound_weights_have_no_fault(tmp_path):
    assert Recognisers(whisper_dir(tmp_path, 10)).whisper_fault is None
    assert Recognisers().whisper_fault is None


def test_without_pocketsphinx_there_is_no_recogniser(monkeypatch):
    monkeypatch.setattr("voicewright.quality.recognisers.is_installed", lambda _: False)
    assert Recognisers().for_language("en") is None


def test_pocketsphinx_words_lose_fillers_variants_and_padding():
    heard = sphinx.recognition_of(
        [
            Segment("<s>", 0, 24),
            Segment("the(2)", 25, 44, 0.5),
            Segment("<sil>", 45, 54),
            Segment("[NOISE]", 55, 59),
            Segment("sun", 60, 129, 0.8),
            Segment("</s>", 130, 140),
        ],
        duration_s=1.0,
    )
    assert heard.text == "the sun"
    assert heard.words == (("the", 0.0, 0.2), ("sun", 0.35, 1.0))
    assert heard.confidence == pytest.approx((0.5 * 20 + 0.8 * 70) / 90)


def test_whisper_words_keep_their_times_and_a_confidence():
    heard = whisper.recognition_of(
        [
            Passage(" Guten Tag.", [Word(" Guten", 0.1, 0.5, 0.9), Word(" Tag.", 0.5, 0.7, 0.6)]),
            Passage(" So.", None),
        ]
    )
    assert heard.text == "Guten Tag. So."
    assert heard.words == (("Guten", 0.1, 0.5), ("Tag.", 0.5, 0.7))
    assert heard.confidence == pytest.approx(0.8)


def test_nothing_heard_has_no_confidence():
    assert sphinx.recognition_of([Segment("<sil>", 0, 10)], 0.1).confidence == 0.0
    assert whisper.recognition_of([]).confidence == 0.0
