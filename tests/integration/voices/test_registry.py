"""Registering, finding, judging and activating voices."""

from __future__ import annotations

import math
import shutil
import uuid

import pytest
from sqlalchemy.exc import IntegrityError

from voicewright.storage.errors import TreeInvalid
from voicewright.voices.errors import VoiceDataInvalid, VoiceNameInvalid, VoiceNotFound
from voicewright.voices.models import VoiceModel
from voicewright.voices.service import VoiceService


def test_what_is_registered_is_found_with_all_that_was_said_of_it(voices, new_voice):
    new = new_voice(
        "  My  voice ",
        evaluation={"overall": 0.75, "raw": {"wer": None}},
        options={"epochs": 3},
        dataset_hash="abc",
        sample_rate_hz=22050,
        notes="trained at night",
    )
    voice = voices.register(new)
    found = voices.get(voice.id)
    assert (found.name, found.version, found.label) == ("My voice", 1, "My voice, version 1")
    assert (found.engine, found.engine_version, found.language) == ("tone", "1", "en-US")
    assert (found.speech_s, found.train_s, found.sample_rate_hz) == (20.0, 1.5, 22050)
    assert (found.evaluation, found.quality_score) == ({"overall": 0.75, "raw": {"wer": None}}, 0.75)
    assert (found.options, found.dataset_hash, found.notes) == ({"epochs": 3}, "abc", "trained at night")
    assert found.artefact_bytes == 10_000 + 13
    assert found.created_at == voice.created_at
    assert found.created_at.utcoffset() is not None


def test_whose_voice_it_is_goes_with_all_that_is_made_of_it(voices, new_voice):
    assert voices.register(new_voice("Anybody")).speaker_key is None
    assert voices.register(new_voice("Ann", speaker=" Ann  LEE")).speaker_key == "ann lee"
    voices.register(new_voice("Ann", speaker="Ann Lee"))
    assert voices.rollback("Ann", 1).speaker_key == "ann lee"


def test_the_same_name_makes_the_next_version_in_any_spelling(voices, new_voice):
    first, second, other = (voices.register(new_voice(name)) for name in ("Ann", "ANN", "Anna"))
    assert (second.version, second.name, second.lineage_id) == (2, "ANN", first.lineage_id)
    assert (other.version, other.lineage_id == first.lineage_id) == (1, False)
    assert voices.get("ann").id == second.id
    assert voices.get("Ann", 1).id == first.id
    assert voices.get(str(first.id).upper()).id == first.id
    assert [voice.label for voice in voices.list_voices()] == [
        "ANN, version 2",
        "Ann, version 1",
        "Anna, version 1",
    ]


def test_a_voice_that_is_not_there_is_answered_with_those_that_come_close(voices, new_voice):
    with pytest.raises(VoiceNotFound, match="nor any other yet"):
        voices.get("Ann")
    for name in ("My voice", "My voice", "Grandfather"):
        voices.register(new_voice(name))
    with pytest.raises(VoiceNotFound, match="Did you mean 'My voice'"):
        voices.get("my voce")
    with pytest.raises(VoiceNotFound, match=r"no version 7\. It has: 1, 2"):
        voices.get("my voice", 7)
    with pytest.raises(VoiceNotFound, match="voices list"):
        voices.get("zebra")
    unknown = uuid.uuid4()
    with pytest.raises(VoiceNotFound, match=str(unknown)):
        voices.get(unknown)


def test_bad_names_and_figures_are_refused_before_anything_is_stored(voices, new_voice, settings):
    for bad, error in (
        (new_voice(" "), VoiceNameInvalid),
        (new_voice(speech_s=math.nan), VoiceDataInvalid),
        (new_voice(options={"a": math.inf}), VoiceDataInvalid),
        (new_voice(evaluation={"overall": 7}), VoiceDataInvalid),
    ):
        with pytest.raises(error):
            voices.register(bad)
    gone = new_voice()
    shutil.rmtree(gone.artefact_dir)
    with pytest.raises(TreeInvalid):
        voices.register(gone)
    assert voices.list_voices() == []
    assert not list((settings.home / "blobs" / "sha256").glob("*/*"))


def test_the_first_voice_and_very_good_ones_are_active(voices, new_voice):
    assert voices.get_active() is None
    first = voices.register(new_voice("A"))
    assert voices.register(new_voice("B", evaluation={"overall": 0.5})).is_active is False
    assert voices.get_active().id == first.id
    good = voices.register(new_voice("C", evaluation={"overall": 0.9}))
    assert (good.is_active, voices.get_active().id) == (True, good.id)
    assert voices.activate("A").is_active
    assert [voice.name for voice in voices.list_voices() if voice.is_active] == ["A"]


def test_the_database_itself_holds_the_line(voices, new_voice, database):
    first, second = voices.register(new_voice("A")), voices.register(new_voice("B"))

    def change(**values):
        with database.session() as session:
            voice = session.get(VoiceModel, second.id)
            for field, value in values.items():
                setattr(voice, field, value)

    for field, value in (
        ("is_active", True),
        ("name_key", first.name_key),
        ("version", 0),
        ("artefact_digest", "x"),
    ):
        with pytest.raises(IntegrityError):
            change(**{field: value})


def test_an_evaluation_is_kept_in_place_of_the_old_one(voices, new_voice):
    voice = voices.register(new_voice(evaluation={"overall": 0.5}))
    voices.save_evaluation(voice.id, {"overall": 0.6, "reasons": ["a\u2028b", "\U0001f3a4"]})
    found = voices.get(voice.id)
    assert (found.quality_score, found.evaluation["reasons"]) == (0.6, ["a\u2028b", "\U0001f3a4"])
    assert found.updated_at > voice.updated_at
    with pytest.raises(VoiceDataInvalid):
        voices.save_evaluation(voice.id, {"overall": math.nan})
    with pytest.raises(VoiceNotFound):
        voices.save_evaluation(uuid.uuid4(), {"overall": 0.1})
    assert voices.get(voice.id).quality_score == 0.6


def test_owners_do_not_see_each_other(voices, new_voice, database):
    other = VoiceService(database, voices.vault, voices._cache, owner_id=uuid.uuid4())
    mine = voices.register(new_voice("Ann"))
    theirs = other.register(new_voice("Ann"))
    assert (theirs.version, theirs.is_active) == (1, True)
    assert [voice.id for voice in voices.list_voices()] == [mine.id]
    with pytest.raises(VoiceNotFound):
        voices.get(theirs.id)
    with pytest.raises(VoiceNotFound):
        voices.delete(theirs.id)
