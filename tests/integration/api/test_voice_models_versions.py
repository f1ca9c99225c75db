"""`/voice-models/{modelId}/versions`: their order, what differs, and the way back."""

from __future__ import annotations

import uuid

import pytest


@pytest.fixture
def api_settings(settings):
    return settings.model_copy(update={"model_updates_per_hour": 1000})


def figures(models):
    return [(model["version"], model["isActive"]) for model in models]


def test_versions_form_one_line(add_voice, call_models, person):
    first, second, third = (add_voice(person, name) for name in ("Ann", "ann", "ANN"))
    add_voice(person, "Bob")
    for voice in (first, second):
        page = call_models("GET", f"/{voice.id}/versions")
        assert figures(page["models"]) == [(3, False), (2, False), (1, True)]
        assert len({model["lineageId"] for model in page["models"]}) == 1
        assert [model["parentId"] for model in page["models"]] == [str(second.id), str(first.id), None]
    call_models("DELETE", f"/{third.id}")
    page = call_models("GET", f"/{first.id}/versions?limit=1&offset=1")
    assert (figures(page["models"]), page["total"]) == ([(1, True)], 2)
    assert add_voice(person, "Ann").version == 4  # numbers are not given twice


def test_going_back_makes_a_new_version_of_the_same_files(add_voice, call_models, person, client, services):
    first = add_voice(person, score=0.5, options={"seed": 1}, training_job_id=uuid.uuid4(), notes="good")
    second = add_voice(person, score=0.9)
    refused = call_models("POST", f"/{second.id}/rollback", expect=409)
    assert refused["code"] == "VOICE_MODEL_IS_CURRENT"
    made = client.post(f"/voice-models/{first.id}/rollback", headers=person.headers)
    assert made.status_code == 201
    back = made.json()
    assert made.headers["location"] == f"/voice-models/{back['id']}"
    expected = {
        "version": 3, "parentId": str(first.id), "lineageId": str(first.lineage_id), "isActive": True,
        "qualityScore": 0.5, "options": {"seed": 1}, "trainingJobId": None, "notes": "good",
    }  # fmt: skip
    assert {name: back[name] for name in expected} == expected
    assert services.voices.of(person.id).get("ann").id == uuid.UUID(back["id"])
    assert figures(call_models("GET", f"/{first.id}/versions")["models"]) == [
        (3, True),
        (2, False),
        (1, False),
    ]
    call_models("DELETE", f"/{first.id}")
    services.voices.sweep()
    voices = services.voices.of(person.id)
    assert (voices.materialise(voices.get(uuid.UUID(back["id"]))) / "voice.json").is_file()


def test_going_back_leaves_another_active_voice_alone(add_voice, call_models, person):
    first, _ = add_voice(person), add_voice(person)
    bob = add_voice(person, "Bob", score=0.9)
    assert bob.is_active
    assert call_models("POST", f"/{first.id}/rollback", expect=201)["isActive"] is False
    call_models("POST", f"/{bob.id}/deactivate")
    assert call_models("POST", f"/{first.id}/rollback", expect=201)["isActive"] is True


def test_two_versions_are_compared(add_voice, call_models, person):
    first = add_voice(person, score=0.5, options={"seed": 1, "epochs": 3}, dataset_hash="a")
    second = add_voice(person, score=0.75, options={"seed": 2, "epochs": 3}, dataset_hash="b", notes="x")
    found = call_models("GET", f"/{first.id}/versions/compare?with={second.id}")
    assert (found["this"]["id"], found["other"]["id"]) == (str(first.id), str(second.id))
    assert found["facts"] == {
        "datasetHash": {"this": "a", "other": "b"},
        "qualityScore": {"this": 0.5, "other": 0.75},
        "notes": {"this": None, "other": "x"},
    }
    assert found["options"] == {"seed": {"this": 1, "other": 2}}
    assert found["evaluation"] == {"overall": {"this": 0.5, "other": 0.75}}
    assert found["files"] == {
        "onlyThis": [], "onlyOther": [], "changed": ["model.safetensors"], "same": ["voice.json"],
    }  # fmt: skip
    same = call_models("GET", f"/{first.id}/versions/compare?with={first.id}")
    assert same["facts"] == same["options"] == same["evaluation"] == {}
    assert same["files"]["changed"] == []


def test_what_is_not_of_one_voice_or_has_no_files_is_not_compared(add_voice, call_models, person, services):
    first, bob = add_voice(person), add_voice(person, "Bob")
    told = call_models("GET", f"/{first.id}/versions/compare?with={bob.id}", expect=422)
    assert told["code"] == "VOICE_MODELS_UNRELATED"
    second = add_voice(person)
    services.voices.vault.of(person.id).delete(second.artefact_digest)
    gone = call_models("GET", f"/{first.id}/versions/compare?with={second.id}", expect=409)
    assert gone["code"] == "VOICE_FILES_GONE"
    call_models("GET", f"/{first.id}/versions/compare", expect=422)
