"""Engines over HTTP: what they are, what they lack, and the voices that they have of their own."""

from __future__ import annotations

import dataclasses
import threading
import uuid
from datetime import UTC, datetime

import pytest

from voicewright.accounts.caller import Caller, Role
from voicewright.accounts.policies import scopes_of
from voicewright.engines.errors import EngineNotFound
from voicewright.engines.installed import Engines
from voicewright.engines.port import EngineEnvironment, Provider, WeightsFile
from voicewright.engines.testing import TONE_ENGINE
from voicewright.training.models import Node

CHOIR_CODE = """
import json
from voicewright.engines.errors import StockVoiceNotFound
from voicewright.engines.port import StockVoice
from voicewright.engines.testing import ToneEngine

class Choir:
    __init__ = ToneEngine.__init__
    load = ToneEngine.load
    synthesize = ToneEngine.synthesize

    def stock_voices(self, context):
        return StockVoice("bass", "Bass", ("de", "en-us")), StockVoice("tenor", "Tenor", ())

    def write_stock_voice(self, voice, artefact_dir, context):
        for known in self.stock_voices(context):
            if known.id == voice:
                content = {"format": 1, "pitch_hz": 90.0, "speaking_fault": "none"}
                (artefact_dir / "voice.json").write_text(json.dumps(content))
                return known
        raise StockVoiceNotFound(f"There is no voice {voice!r}.")
"""
CHOIR = dataclasses.replace(
    TONE_ENGINE,
    id="choir",
    title="Choir",
    factory="choir_of_tests:Choir",
    capabilities=dataclasses.replace(
        TONE_ENGINE.capabilities, clones=False, trains=False, has_stock_voices=True
    ),
)
ABSENT = dataclasses.replace(
    TONE_ENGINE,
    id="absent",
    requires=("no_such_module",),
    capabilities=dataclasses.replace(
        TONE_ENGINE.capabilities, languages=("cy",), has_stock_voices=True, minimum_clone_s=0.5
    ),
    environment=EngineEnvironment(
        "nowhere:requirements.txt",
        weights=(WeightsFile("w.bin", "https://weights.example"),),
        weights_licence="CPML.",
    ),
    provider=Provider("Acme", needs=("ACME_KEY",), consent=True),
    billing="usage",
    dollars_per_1000_characters=0.3,
)
KNOWN = {info.id: info for info in (ABSENT, CHOIR, TONE_ENGINE)}


def find(engine_id):
    if engine_id not in KNOWN:
        raise EngineNotFound(f"There is no engine {engine_id!r}.")
    return KNOWN[engine_id]


@pytest.fixture
def engines(tmp_path, monkeypatch):
    (tmp_path / "choir_of_tests.py").write_text(CHOIR_CODE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return Engines(find=find, known=lambda: tuple(KNOWN.values()))


def test_engines_are_shown_with_what_they_lack(client, person, database):
    told = client.get("/engines", headers=person.headers).json()["engines"]
    assert [engine["id"] for engine in told] == list(KNOWN)
    absent, choir, tone = told
    assert choir["state"] | {"here": True} == tone["state"]
    assert tone["state"] == {
        "ready": True, "here": True, "nodes": 0, "lack": None, "diskBytes": 0, "weightsLicence": None,
    }  # fmt: skip
    assert tone["capabilities"]["minimumCloneSeconds"] == 1.0
    assert tone["options"]["properties"]["epochs"]["maximum"] == 1000
    assert tone["price"]["training"] > 0
    assert tone["description"].startswith("Clones a voice from 1 s of speech, trains one from 1 s")
    assert (choir["capabilities"]["stockVoices"], choir["price"]["training"]) == (True, 0.0)
    assert choir["description"].startswith("Has voices of its own and speaks 2 languages. It runs on")
    assert absent["state"]["lack"]["code"] == "ENGINE_NOT_INSTALLED"
    assert "voicewright engines install absent" in absent["state"]["lack"]["message"]
    assert (absent["provider"], absent["needsConsentRecording"]) == ("Acme", True)
    assert absent["price"] == {"billing": "usage", "training": absent["price"]["training"],
                               "perThousandCharacters": 0.3}  # fmt: skip
    assert not absent["state"]["ready"]

    def languages():
        listed = client.get("/api/voice/languages", headers=person.headers).json()["languages"]
        return {each["code"]: each["providers"] for each in listed}

    assert languages() == {"de": ["choir", "tone"], "en-us": ["choir", "tone"]}
    with database.session() as session:
        now = datetime.now(UTC)
        offers = {"engines": ["absent"], "speaks": ["absent"], "concurrency": 1}
        session.add(Node(id=uuid.uuid4(), name="far", started_at=now, seen_at=now, **offers))
    shown = client.get("/engines/absent", headers=person.headers).json()["engine"]["state"]
    assert (shown["ready"], shown["here"], shown["nodes"], shown["weightsLicence"]) == (
        True,
        False,
        1,
        "CPML.",
    )
    assert languages()["cy"] == ["absent"]
    unknown = client.get("/engines/nobody", headers=person.headers)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "ENGINE_NOT_FOUND")


def test_a_stock_voice_is_listed_registered_and_speaks(client, person, other):
    def add(**body):
        return client.post("/engines/choir/voices", headers=person.headers, json=body)

    listed = client.get("/engines/choir/voices", headers=person.headers).json()["voices"]
    assert listed == [
        {"id": "bass", "title": "Bass", "languages": ["de", "en-us"]},
        {"id": "tenor", "title": "Tenor", "languages": ["en-us", "de"]},
    ]
    assert client.get("/engines/tone/voices", headers=person.headers).json() == {"voices": []}

    made = add(voice="bass")
    voice = made.json()
    assert (made.status_code, made.headers["location"]) == (201, f"/voice-models/{voice['id']}")
    assert voice["metadata"] == {"stock": True, "stockVoice": "bass", "stockTitle": "Bass"}
    assert (voice["name"], voice["language"], voice["provider"]) == ("Bass", "de", "choir")
    assert (voice["qualityScore"], voice["speechSeconds"]) == (None, 0.0)
    assert "not made of anybody's recordings" in voice["notes"]
    said = client.post(
        "/api/voice/synthesize",
        headers=person.headers,
        json={"model_id": voice["id"], "text": "Guten Tag.", "output_format": "wav", "check": False},
    )
    assert said.status_code == 201, said.json()
    assert client.get(f"/voice-models/{voice['id']}", headers=other.headers).status_code == 404

    again = add(voice="bass", name="bass", language="en_US").json()
    assert (again["version"], again["language"]) == (2, "en-us")
    for body, status, code in (
        ({"voice": "nobody"}, 404, "STOCK_VOICE_NOT_FOUND"),
        ({"voice": "bass", "language": "cy"}, 422, "LANGUAGE_UNSUPPORTED"),
        ({"voice": "tenor", "name": "Bass"}, 409, "VOICE_NAME_TAKEN"),
        ({"voice": "tenor", "nmae": "Tenor"}, 422, "VALIDATION_FAILED"),
        ({"voice": "tenor"}, 429, "RATE_LIMITED"),
    ):
        refused = add(**body)
        assert (refused.status_code, refused.json()["code"]) == (status, code), refused.json()
    models = client.get(f"/voice-models/user/{person.id}", headers=person.headers).json()
    assert models["total"] == 2


def test_an_engine_that_is_slow_to_list_its_voices_holds_up_no_other(services):
    first, other_is_told, told = threading.Event(), threading.Event(), {}

    def lend(info, user_id):
        if info.id == "slow":
            first.set()
            assert other_is_told.wait(30)
        return services.stock.lend(info, user_id)

    engines = Engines(find=lambda engine_id: dataclasses.replace(CHOIR, id=engine_id))
    stock = dataclasses.replace(services.stock, engines=engines, lend=lend)
    caller = Caller(uuid.uuid4(), Role.USER, scopes_of(Role.USER))

    def listen(engine_id):
        told[engine_id] = [voice.id for voice in stock.list_voices(caller, engine_id)]

    slow = threading.Thread(target=listen, args=("slow",))
    slow.start()
    assert first.wait(30)
    listen("choir")
    other_is_told.set()
    slow.join(30)
    assert told == {"choir": ["bass", "tenor"], "slow": ["bass", "tenor"]}


def test_a_clone_and_a_stock_voice_never_share_a_name(client, person, services, tmp_path):
    from voicewright.voices.schemas import NewVoice

    (tmp_path / "artefact").mkdir()
    (tmp_path / "artefact" / "voice.json").write_text("{}")
    clone = NewVoice(
        name="Tenor", engine="tone", engine_version="1", language="en-us", speech_s=1.0, train_s=1.0,
        artefact_dir=tmp_path / "artefact",
    )  # fmt: skip
    services.voices.of(person.id).register(clone)
    refused = client.post("/engines/choir/voices", headers=person.headers, json={"voice": "tenor"})
    assert (refused.status_code, refused.json()["code"]) == (409, "VOICE_NAME_TAKEN")


def test_what_is_not_here_has_no_voices_to_give(client, person):
    for answer in (
        client.get("/engines/absent/voices", headers=person.headers),
        client.post("/engines/absent/voices", headers=person.headers, json={"voice": "bass"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "ENGINE_NOT_READY")
    learns = client.post("/engines/tone/voices", headers=person.headers, json={"voice": "bass"})
    assert (learns.status_code, learns.json()["code"]) == (404, "STOCK_VOICE_NOT_FOUND")
