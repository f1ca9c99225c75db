"""The page on which a training is chosen: what there is to choose, and what of consent is missing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from voicewright.plugins.builtin.options import BuiltinOptions
from voicewright.plugins.chatterbox.options import ChatterboxOptions
from voicewright.privacy.policies import ConsentScope
from voicewright.web.option_fields import fields_of

if TYPE_CHECKING:
    from voicewright.api.services import Services


def test_who_has_nothing_to_learn_from_is_told_how_to_get_it(look: Any, person: Any) -> None:
    page = look(person, "/panel/train").text
    assert "There is nothing to learn from yet" in page
    assert "/panel/record" in page


def test_datasets_and_engines_are_there_to_choose(
    look: Any, person: Any, other: Any, enter_dataset: Any, enter_sample: Any
) -> None:
    for owner, name in ((person, "Evening readings"), (other, "Somebody else's")):
        enter_sample(owner.id, dataset=enter_dataset(owner.id, name=name), speech_s=90.0)
    page = look(person, "/panel/train?dataset=EVENING+readings").text
    assert "1 recording, 1:30 min of speech" in page
    assert "Somebody else" not in page
    assert (
        'value="Evening readings" data-speaker="Ann" data-speech="90.0" data-language="en-us" checked' in page
    )
    assert page.count('data-engine="') == 5  # Kokoro learns nothing
    assert "Kokoro has voices of its own" in page
    assert "pip install studio" in page
    assert "OPENAI_API_KEY" in page


def test_somebody_elses_job_is_not_trained_again(look: Any, person: Any, other: Any, enter_job: Any) -> None:
    job = enter_job(person.id, "Ann's voice", status="completed")
    assert "The recordings of Ann&#39;s voice" in look(person, f"/panel/train?again={job.id}").text
    look(other, f"/panel/train?again={job.id}", expect=404)


def test_consent_is_there_or_comes_on_the_way_or_is_missing(
    look: Any, person: Any, services: Services, enter_sample: Any
) -> None:
    path = "/panel/train/consent?speaker=Ann&language=en-us&engine=tone"
    assert "by starting you say that Ann agrees" in look(person, path).text
    upload = look(person, f"{path}&engine=openai-tts&engine=nothing").text
    assert "may be sent to OpenAI: nobody has recorded that" in upload
    assert "I am the owner of this voice" in upload  # word for word
    assert "under “Voices made by OpenAI”" in upload
    assert "/panel/record?speaker=Ann" in upload
    named = look(person, f"{path}&engine=openai-tts&dataset=Ann+%26+me").text
    assert "/panel/record?dataset=Ann+%26+me" in named
    assert "This is it" not in upload
    enter_sample(person.id, text="I agree.")
    assert "This is it" in look(person, f"{path}&engine=openai-tts").text
    services.consents.assert_consent(
        person.id, "ann", asserted_by=person.id, scope=[ConsentScope.VOICE_CLONING]
    )
    there = look(person, path).text
    assert "since" in there
    assert "Record the consent" not in there
    assert "Choose what to learn from first" in look(person, "/panel/train/consent").text


def test_in_production_a_consent_is_recorded_by_hand(look: Any, person: Any, services: Services) -> None:
    object.__setattr__(
        services, "settings", services.settings.model_copy(update={"environment": "production"})
    )
    page = look(person, "/panel/train/consent?speaker=%3Cb%3EAnn&engine=tone").text
    assert "Record the consent" in page
    assert "<b>Ann" not in page


def test_options_are_fields_as_the_schema_says() -> None:
    by_name = {one.name: one for one in fields_of(BuiltinOptions.model_json_schema())}
    epochs, longest = by_name["epochs"], by_name["max_time_s"]
    assert (epochs.kind, epochs.default, epochs.least, epochs.most, epochs.is_usual) == (
        "whole",
        None,
        1,
        1000,
        True,
    )
    assert (longest.title, longest.kind, longest.least) == ("Max time, in seconds", "number", 0)
    assert by_name["from_prior"].kind == "tick"
    assert by_name["seed"].help.startswith("The same seed")
    assert longest.help.endswith("; empty: never.")
    assert by_name["from_prior"].help.endswith("; off: start from nothing.")
    first = fields_of(ChatterboxOptions.model_json_schema())[0]
    assert (first.name, first.kind, first.choices) == (
        "model",
        "choice",
        ("multilingual", "english", "turbo"),
    )
    assert fields_of({"properties": {"odd": {"type": "object"}}}) == []


def test_a_dataset_that_is_named_is_chosen_among_however_many(
    look: Any, person: Any, enter_dataset: Any, enter_sample: Any
) -> None:
    for number in range(21):
        enter_dataset(person.id, name=f"Dataset {number:02}")
    assert "data-dataset-search" in look(person, "/panel/train").text
    last = enter_dataset(person.id, name="Zebra")
    enter_sample(person.id, dataset=last, speech_s=90.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("voicewright.web.train._MOST", 5)
        page = look(person, "/panel/train?dataset=zebra").text
    assert re.search('value="Zebra"[^>]* checked', page)
    assert len(re.findall('type="radio"[^>]* checked', page)) == 1
    assert "16 more datasets not shown" in page
    gone = look(person, "/panel/train?dataset=%3Cb%3EGone").text
    assert "There is no dataset “&lt;b&gt;Gone”" in gone


def test_languages_have_names(look: Any, person: Any, enter_dataset: Any) -> None:
    enter_dataset(person.id, language="de")
    page = look(person, "/panel/train").text
    assert "· German<" in page
    assert re.search('<option value="en-us">English .US.</option>', page)
    assert "<dd>English (US)" in page
    languages = page.split('id="f-language"')[1].split("</select>")[0]
    titles = re.findall(r'<option value="[a-z-]+">([^<]+)</option>', languages)
    assert titles == sorted(titles)
