from __future__ import annotations

import pytest

from voicewright.privacy.errors import SpeakerInvalid
from voicewright.privacy.speakers import clean_speaker, speaker_key


def test_names_are_kept_as_they_are_written_but_for_white_space():
    assert clean_speaker("  Ann \t Lee ") == "Ann Lee"
    assert clean_speaker("Ame\u0301lie") == "Am\u00e9lie"


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "x" * 101, "a\0b", "a\u202eb", "\ud800"])
def test_names_that_can_not_be_shown_are_refused(name):
    with pytest.raises(SpeakerInvalid):
        clean_speaker(name)


def test_two_spellings_are_one_person():
    assert speaker_key("Stra\u00dfe") == speaker_key("STRASSE ")
