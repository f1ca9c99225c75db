from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicewright.voices.errors import VoiceNameInvalid
from voicewright.voices.names import MAX_NAME_CHARACTERS, as_id, clean_name, close_names, name_key


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("My voice", "My voice"),
        ("  My \t\n voice ", "My voice"),
        ("Ame\u0301lie", "Am\u00e9lie"),
        ("\u6c34", "\u6c34"),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),
        ("x" * MAX_NAME_CHARACTERS, "x" * MAX_NAME_CHARACTERS),
    ],
)
def test_a_name_is_trimmed_and_normalised_and_otherwise_kept(written, kept):
    assert clean_name(written) == kept


@pytest.mark.parametrize(
    "name",
    [
        "",
        "  ",
        "\u200b\u200d",
        "x" * (MAX_NAME_CHARACTERS + 1),
        "a\0b",
        "a\x1b[31mb",
        "a\u202eb",
        "\ud800",
        "0b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8",
    ],
)
def test_names_that_can_not_be_shown_or_told_apart_are_refused(name):
    with pytest.raises(VoiceNameInvalid):
        clean_name(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann", "ANN"),
        ("Stra\u00dfe", "STRASSE"),
        ("\uff21nn", "Ann"),
        ("Ann", " ann "),
        ("A\u200dnn", "Ann"),
        ("\u0130x", "i\u0307X"),
    ],
)
def test_spellings_of_one_name_have_one_key(one, other):
    assert name_key(one) == name_key(other)


def test_different_names_have_different_keys():
    assert len({name_key(name) for name in ("Ann", "Anna", "\u00c4nn", "Ann 2")}) == 4


@given(st.text(max_size=30))
def test_cleaning_and_keys_are_stable(text):
    key = name_key(text)
    assert name_key(key) == key
    try:
        cleaned = clean_name(text)
    except VoiceNameInvalid:
        return
    assert clean_name(cleaned) == cleaned
    assert name_key(cleaned) == key


def test_only_the_usual_spelling_of_an_id_is_an_id():
    identity = uuid.uuid4()
    assert as_id(str(identity)) == identity
    assert as_id(f" {str(identity).upper()} ") == identity
    assert as_id(identity.hex) is None
    assert as_id("My voice") is None


def test_suggestions_are_the_names_that_come_close():
    names = ["My voice", "Grandfather", "My choice", "Narrator (old)", "Narrator"]
    assert close_names("my voce", names)[0] == "My voice"
    assert close_names("NARRATOR", names)[0] == "Narrator"
    assert "Grandfather" in close_names("grand", names)
    assert close_names("zebra", names) == []
    assert close_names("", names) == []
