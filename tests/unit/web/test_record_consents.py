from __future__ import annotations

from voicewright.engines.registry import get_engine
from voicewright.web.record_consents import statements_for


def test_the_speaker_agrees_in_their_language_and_by_name():
    (own,) = statements_for("de-at", "Ann", [get_engine("builtin")])
    assert own.language == "de"
    assert own.text.startswith("Mein Name ist Ann.")
    assert not own.to_provider
    assert statements_for("fi", "Ann", [])[0].language == "en-us"


def test_a_company_hears_its_own_sentence_word_for_word():
    google = get_engine("google-cloud-tts")
    _, theirs = statements_for("fr", "Ann", [get_engine("builtin"), google])
    assert theirs.to_provider
    assert theirs.title == f"Voices made by {google.provider.name}"
    assert (theirs.language, theirs.text) == ("fr-fr", dict(google.provider.consent_statements)["fr-fr"])
