"""What every door says of the marks in its sound: what was done to this sound, and not what is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from voicewright.assembly.speech import make_speech
from voicewright.audio.sniff import container_of
from voicewright.engines.installed import Engines
from voicewright.engines.testing import TONE_ENGINE
from voicewright.provenance.manifests import read_manifest
from voicewright.provenance.models import SpeechFingerprint
from voicewright.speech.hooks import Hooks
from voicewright.speech.long.models import LongSpeech
from voicewright.speech.long.running import speak_long
from voicewright.speech.long.runs import LongRun
from voicewright.speech.long.tools import LongTools
from voicewright.speech.remembering import SpeechMemory
from voicewright.speech.service import SpeechService
from voicewright.voices.errors import VoiceNotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from voicewright.speech.speaking import Speech

SIGNED = "ai-generated; watermark=perth; c2pa=yes"


@pytest.fixture
def watermark() -> str:
    return "auto"


@pytest.fixture
def broken() -> set[str]:
    """Texts that can't be spoken."""
    return set()


@pytest.fixture
def work(services: Any, broken: set[str]) -> Iterator[Callable[[str], None]]:
    """Do what a worker does with a long text, whose chunks have no history and are not remembered."""

    class Speeches(SpeechService):
        def begin(self, user_id: Any, order: Any, **more: Any) -> Speech:
            if order.text in broken:
                raise VoiceNotFound("It is gone.")
            return SpeechService.begin(self, user_id, order, **more)

    hooks = Hooks(marker=services.provenance.marker)
    with Speeches(
        services.settings,
        services.database,
        services.voices,
        engines=Engines(find=lambda _: TONE_ENGINE),
        hooks=hooks,
    ) as speeches:
        tools = LongTools(
            services.settings, services.database, speeches, services.long.vault, services.long.work_dir,
            engines=("tone",), provenance=services.provenance,
        )  # fmt: skip

        def work(speech_id: str) -> None:
            with services.database.session() as session:
                speech = session.get_one(LongSpeech, speech_id)
            run = LongRun.begin(services.database, speech.id, speech.ticket, node="here")
            assert run is not None
            with run:
                speak_long(run, tools)

        yield work


def told(answer: Any) -> str:
    said: str = answer.headers["Voicewright-Provenance"]
    return said


@pytest.fixture
def signed(services: Any, tmp_path: Path) -> Any:
    """What the manifest of an answer says, which has to be ours."""

    def read(answer: Any) -> dict[str, str]:
        path = tmp_path / "answer"
        path.write_bytes(answer.content)
        found = read_manifest(
            path, container_of(answer.content[:4096]), services.provenance.certificates.anchors_pem()
        )
        assert found.state == "trusted"
        return found.speech

    return read


def test_the_program_marks_and_remembers_whatever_it_speaks(services: Any) -> None:
    parts = (services.settings, services.database, services.voices, services.provenance)
    with (
        make_speech(*parts, history=services.history, engines=Engines()) as speeches,
        make_speech(*parts, history=None, engines=Engines()) as of_long_texts,
    ):
        assert speeches._hooks.marker is of_long_texts._hooks.marker is services.provenance.marker
        assert isinstance(speeches._hooks.memory, SpeechMemory)


def test_what_is_said_of_the_marks_is_what_was_done(  # noqa: PLR0917 - fixtures
    call_voice, humming, person, services, admin, client, signed
):
    voice = humming(person)
    body = {"text": "Hello big world.", "output_format": "wav"}

    def entry(answer: Any) -> Any:
        return call_voice("GET", f"/history/{answer.headers['Voicewright-Synthesis']}").json()

    made = call_voice("POST", "/synthesize", body, expect=201)
    assert told(made) == SIGNED
    assert entry(made)["watermark"] == "perth"
    stream = call_voice("POST", "/synthesize/stream", body)
    assert told(stream) == SIGNED.replace("yes", "no")
    assert entry(stream)["watermark"] == "perth"

    at = f"/history/{made.headers['Voicewright-Synthesis']}/audio"
    for query, says in (
        ("", SIGNED),
        ("?format=mp3", SIGNED),
        ("?format=flac", SIGNED),
        ("?format=m4a", SIGNED),
        ("?format=opus", SIGNED.replace("yes", "no")),
    ):
        heard = call_voice("GET", at + query)
        assert told(heard) == says
        assert heard.headers["Voicewright-Synthesis"] == made.headers["Voicewright-Synthesis"]
        if says == SIGNED:
            facts = signed(heard)
            assert facts["synthesis_id"] == made.headers["Voicewright-Synthesis"]
            assert facts["voice_model_id"] == str(voice.id)
    some = call_voice("GET", at, headers={"Range": "bytes=0-9"}, expect=206)
    assert told(some) == SIGNED

    services.provenance.marker.close()  # from now on nothing can be marked
    for path, answered in (("/synthesize", 201), ("/synthesize/stream", 200)):
        bare = call_voice("POST", path, body, expect=answered)
        assert "watermark=none" in told(bare)
        assert entry(bare)["watermark"] == "none"
    assert "watermark=none" in told(call_voice("GET", f"/history/{entry(bare)['id']}/audio"))
    metrics = client.get("/metrics", headers=admin.headers).text
    assert 'voicewright_speech_watermarks_total{watermark="perth"} 2.0' in metrics
    assert 'voicewright_speech_watermarks_total{watermark="none"} 2.0' in metrics


def test_files_of_long_texts_say_it_too_and_each_is_known_as_soon_as_it_is_there(  # noqa: PLR0917 - fixtures
    call_voice, humming, person, services, work, broken, signed
):
    humming(person)
    sentence = "Here is a sentence of some length, with several words in it, so that it is known again."
    broken.add("Two.")

    def remembered() -> list[tuple[str, int]]:
        with services.database.session() as session:
            found = session.query(SpeechFingerprint.synthesis_id, SpeechFingerprint.part)
            return sorted((str(synthesis_id), part) for synthesis_id, part in found)

    body = {"text": f"{sentence}\n\nTwo.", "paragraphs": True, "output_format": "wav"}
    made = call_voice("POST", "/long", body, expect=202).json()["id"]
    work(made)
    assert call_voice("GET", f"/long/{made}").json()["state"] == "failed"
    assert call_voice("GET", f"/history/{made}").json()["watermark"] == "perth"
    assert remembered() == [(made, 1)]
    assert told(call_voice("GET", f"/long/{made}/paragraphs/1/audio")) == SIGNED

    broken.clear()
    call_voice("POST", f"/long/{made}/retry")
    work(made)
    assert remembered() == [(made, 0)]
    for path in ("audio", "audio?format=flac", "paragraphs/1/audio", "paragraphs/2/audio", "archive"):
        heard = call_voice("GET", f"/long/{made}/{path}")
        assert (told(heard), heard.headers["Voicewright-Synthesis"]) == (SIGNED, made)
        if path != "archive":
            assert signed(heard)["synthesis_id"] == made
    assert told(call_voice("GET", f"/long/{made}/audio?format=opus")).endswith("c2pa=no")

    items = [{"text": sentence}, {"text": sentence, "speed": 1.5}]
    batch = call_voice("POST", "/batch", {"items": items, "output_format": "mp3"}, expect=202).json()["id"]
    work(batch)
    assert set(remembered()) == {(made, 0), (batch, 1), (batch, 2)}
    call_voice("GET", f"/history/{batch}")
    item = call_voice("GET", f"/batch/{batch}/items/2/audio")
    assert told(item) == SIGNED
    assert (signed(item)["synthesis_id"], signed(item)["part"]) == (batch, "2")

    services.provenance.marker.close()
    bare = call_voice("POST", "/batch", {"items": items, "output_format": "mp3"}, expect=202).json()["id"]
    work(bare)
    assert "watermark=none" in told(call_voice("GET", f"/batch/{bare}/items/2/audio"))
    assert call_voice("GET", f"/history/{bare}").json()["watermark"] == "none"
