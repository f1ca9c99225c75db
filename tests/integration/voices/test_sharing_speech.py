"""A loaded voice stops in the middle of a text when whoever speaks with it may no more."""

from __future__ import annotations

import json

import pytest

from voicewright.accounts.caller import Caller, Role
from voicewright.accounts.clock import utc_now
from voicewright.accounts.models import User
from voicewright.accounts.policies import scopes_of
from voicewright.accounts.users import new_user
from voicewright.engines.client import EngineClient
from voicewright.engines.testing import TONE_ENGINE
from voicewright.speech.say import SayRequest, say
from voicewright.speech.stream import SpeechStream
from voicewright.voices.errors import VoiceNotFound
from voicewright.voices.sharing.models import SharePermission
from voicewright.voices.sharing.service import SharingService

TEXT = "One. Two. Three. Four. Five."


@pytest.fixture
def people(database):
    """The owner, and who speaks with the owner's voice."""
    users = [new_user(email=f"{name}@example.com", name=name, role=Role.USER, now=utc_now()) for name in "ab"]
    with database.session() as session:
        session.add_all(users)
    return [Caller(user.id, Role.USER, scopes_of(Role.USER)) for user in users]


@pytest.fixture(scope="module")
def engine():
    with EngineClient(TONE_ENGINE) as client:
        yield client


@pytest.fixture
def voice(voices, new_voice, people):
    new = new_voice("Ann")
    content = {"format": 1, "pitch_hz": 150.0, "speaking_fault": "none"}
    (new.artefact_dir / "voice.json").write_text(json.dumps(content))
    return voices.of(people[0].user_id).register(new)


@pytest.fixture
def spoken(voices, people, engine, tmp_path):
    """How many sentences the guest has spoken when `end`, called after the second one, has its effect."""
    theirs, out = voices.of(people[1].user_id), tmp_path / "said.wav"

    def spoken(end):
        done = []

        def on_sentence(count, _all):
            done.append(count)
            if count == 2:
                end()

        found = theirs.find_to_speak("Ann")
        request = SayRequest(voices.of(found.owner_id).materialise(found), TEXT, out)
        try:
            result = say(request, engine, on_sentence=on_sentence, permit=theirs.permit(found))
        except VoiceNotFound:
            return 0 if out.exists() else len(done)
        out.unlink()
        return result.sentences

    return spoken


def test_the_speech_ends_at_the_sentence_at_which_it_is_no_longer_allowed(
    voices, voice, people, spoken, database
):
    sharing, (owner, guest) = SharingService(database), people
    ids = {"owner_id": owner.user_id, "targets": [guest.user_id]}

    def disabled_at(moment):
        with database.session() as session:
            session.get_one(User, owner.user_id).disabled_at = moment

    sharing.share(owner, voice.id, **ids, permission=SharePermission.USE)
    assert spoken(lambda: None) == 5
    assert spoken(lambda: disabled_at(utc_now())) == 2
    disabled_at(None)
    assert spoken(lambda: sharing.unshare(owner, voice.id, guest.user_id)) == 2
    sharing.share(owner, voice.id, **ids, permission=SharePermission.USE)
    assert spoken(lambda: voices.of(owner.user_id).delete(voice.id)) == 2


def test_what_streams_gets_what_was_spoken_and_then_the_error(voices, voice, people, engine, database):
    sharing, (owner, guest) = SharingService(database), people
    ids = {"owner_id": owner.user_id, "targets": [guest.user_id]}
    sharing.share(owner, voice.id, **ids, permission=SharePermission.USE)
    stream = SpeechStream(
        engine,
        voice_dir=voices.of(owner.user_id).materialise(voice),
        text=TEXT,
        sample_rate_hz=22_050,
        permit=voices.of(guest.user_id).permit(voice),
    )
    blocks = iter(stream)
    next(blocks)
    sharing.share(owner, voice.id, **ids, permission=SharePermission.READ)
    with pytest.raises(VoiceNotFound):
        for _ in blocks:
            pass
    assert 0 < stream.speech_s < 1.0
