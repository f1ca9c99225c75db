"""What every door relies on."""

from __future__ import annotations

import dataclasses
import os
import signal
import threading
import uuid
from decimal import Decimal

import numpy as np
import pytest
from sqlalchemy import select, update

from voicewright.accounts.clock import utc_now
from voicewright.accounts.models import User
from voicewright.engines.client import EngineClient
from voicewright.engines.errors import (
    Cancelled,
    EngineContractBroken,
    EngineError,
    EngineNotInstalled,
    HostClosed,
    HostDied,
    LanguageUnsupported,
    OptionsInvalid,
)
from voicewright.engines.installed import Engines
from voicewright.engines.testing import TONE_ENGINE
from voicewright.speech import permission
from voicewright.speech.choice import FALLBACKS_KEY
from voicewright.speech.errors import SpeechOverloaded
from voicewright.speech.order import SpeechOrder
from voicewright.speech.service import SpeechService
from voicewright.speech.warming import RECENT, load_voices, recent_voices
from voicewright.text.errors import TextEmpty
from voicewright.voices.errors import NoActiveVoice, VoiceFilesDamaged, VoiceNotFound
from voicewright.voices.figures.models import VoiceUse
from voicewright.voices.figures.usage import Use
from voicewright.voices.sharing.models import SharePermission
from voicewright.voices.sharing.service import SharingService

ANN = uuid.UUID(int=1)
LONG = " ".join(f"This is sentence number {number} of a rather long text." for number in range(40))


def spoken(speech):
    with speech:
        return np.concatenate(list(speech))


def uses(speeches, database):
    assert speeches.settle()
    with database.session() as session:
        return [
            (use.model_id, use.outcome) for use in session.scalars(select(VoiceUse).order_by(VoiceUse.id))
        ]


def test_speaks_and_counts(speeches, make_voice, database):
    voice = make_voice(ANN, pitch_hz=220.0)
    text = "Hello hello. Hello."
    with speeches.begin(ANN, SpeechOrder(text)) as speech:
        sound = np.concatenate(list(speech))
    figures = speech.figures
    assert (speech.voice.id, speech.language, speech.outcome) == (voice.id, "en-us", "completed")
    assert (speech.fallback, speech.error) == (None, None)
    assert len(sound) == round(figures.output_s * speech.sample_rate_hz)
    assert (figures.characters, figures.pieces, figures.spoken_pieces) == (len(text), 2, 2)
    assert 0 < figures.first_audio_s <= figures.total_s
    assert figures.speech_s < figures.output_s
    assert [word.text for word in speech.words] == ["Hello", "hello.", "Hello."]
    assert [len(pids) for pids in speeches.pool.processes().values()] == [1]
    assert speeches.admission.going_on == 0
    assert uses(speeches, database) == [(voice.id, "spoken")]

    again = spoken(speeches.begin(ANN, SpeechOrder("Hello.", voice="ann", language="de", speed=2.0)))
    assert len(again) < len(sound) / 3


def test_refuses_before_a_sound(speeches, make_voice, database):
    with pytest.raises(NoActiveVoice):
        speeches.begin(ANN, SpeechOrder("Hello."))
    make_voice(ANN)
    for error, order in (
        (VoiceNotFound, SpeechOrder("Hello.", voice="Bob")),
        (VoiceNotFound, SpeechOrder("Hello.", voice="Ann", version=2)),
        (TextEmpty, SpeechOrder("🙂 🙂")),
        (TextEmpty, SpeechOrder("\x00\u202e")),
        (LanguageUnsupported, SpeechOrder("Hello.", language="fr")),
        (OptionsInvalid, SpeechOrder("Hello.", speed=9.0)),
        (OptionsInvalid, SpeechOrder("Hello.", speed=float("nan"))),
        (OptionsInvalid, SpeechOrder("Hello.", pitch_semitones=40.0)),
    ):
        with pytest.raises(error):
            speeches.begin(ANN, order)
    with pytest.raises(LanguageUnsupported, match="en-us, de"):
        speeches.begin(ANN, SpeechOrder("Hello.", language="fr"))
    assert speeches.admission.going_on == 0
    assert uses(speeches, database) == []


def test_what_is_hard_to_read_is_spoken(speeches, make_voice):
    make_voice(ANN)
    for text in ("a" * 4000, "שלום עולם. Hello there, мир.", "\u200fمرحبا!", "a\x07b.", "a\0b \ud800c."):
        with speeches.begin(ANN, SpeechOrder(text)) as speech:
            assert sum(len(block) for block in speech) > 0
        assert speech.outcome == "completed"


def test_files_that_are_missing_or_damaged_are_told(speeches, make_voice, voices):
    def blobs(voice):
        found = [path for path in voices.vault.objects.paths("") if path.startswith(str(voice.owner_id))]
        assert found
        return found

    lost, hurt = make_voice(ANN), make_voice(uuid.UUID(int=2), pitch_hz=170.0)
    for path in blobs(lost):
        voices.vault.objects.delete(path)
    with pytest.raises(VoiceFilesDamaged, match="version 1 of the voice"):
        speeches.begin(ANN, SpeechOrder("Hello."))
    for path in blobs(hurt):
        voices.vault.objects.put(path, [b"tampered with"])
    with pytest.raises(VoiceFilesDamaged):
        speeches.begin(hurt.owner_id, SpeechOrder("Hello."))
    assert speeches.admission.going_on == 0


class TestFallback:
    def test_another_voice_of_the_person_speaks_where_the_engine_is_away(
        self, speeches, make_voice, pitch_of
    ):
        away = make_voice(ANN, "Ann", engine="away-tone")
        with pytest.raises(EngineNotInstalled):
            speeches.begin(ANN, SpeechOrder("Hello.", voice=away.id))
        stranger = make_voice(ANN, "Bob", engine="other-tone", pitch_hz=500.0)
        with pytest.raises(EngineNotInstalled):
            speeches.begin(ANN, SpeechOrder("Hello.", voice=away.id))
        other = make_voice(ANN, "Ann", engine="other-tone", pitch_hz=330.0)
        with speeches.begin(ANN, SpeechOrder("Aaaa aaaa.", voice=away.id)) as speech:
            assert 320 < pitch_of(np.concatenate(list(speech))) < 360
        assert speech.voice.id == other.id != stranger.id
        assert (speech.fallback.wanted.id, speech.fallback.code) == (away.id, "ENGINE_NOT_INSTALLED")
        with pytest.raises(EngineNotInstalled):
            speeches.begin(ANN, SpeechOrder("Hello.", voice=away.id, fallback=False))

    def test_the_voices_that_are_listed_come_first_and_then_those_of_the_same_speaker(
        self, speeches, make_voice
    ):
        same = make_voice(ANN, "Same", speaker="Ann Lee", engine="other-tone")
        listed = make_voice(ANN, "Listed")
        broken = make_voice(
            ANN, "Ann", engine="broken-tone", speaker="ANN  Lee", details={FALLBACKS_KEY: ["?", 1]}
        )
        with speeches.begin(ANN, SpeechOrder("Hello.", voice=broken.id)) as speech:
            assert (speech.voice.id, speech.fallback.wanted.id) == (same.id, broken.id)
        chosen = make_voice(
            ANN,
            "Ann",
            engine="broken-tone",
            speaker="Ann Lee",
            details={FALLBACKS_KEY: [str(listed.id), str(same.id)]},
        )
        with speeches.begin(ANN, SpeechOrder("Hello.", voice=chosen.id)) as speech:
            assert speech.voice.id == listed.id

    def test_another_person_never_speaks_in_their_place(self, speeches, make_voice):
        bob = make_voice(ANN, "Bob", speaker="Bob", engine="other-tone")
        make_voice(ANN, "Ann", speaker="Bob", engine="other-tone")  # a version of the same name
        make_voice(uuid.UUID(int=2), "Ann", speaker="Ann", engine="other-tone")  # somebody else's Ann
        away = make_voice(
            ANN, "Ann", speaker="Ann", engine="away-tone", details={FALLBACKS_KEY: [str(bob.id)]}
        )
        with pytest.raises(EngineNotInstalled):
            speeches.begin(ANN, SpeechOrder("Hello.", voice=away.id))

    def test_a_guest_hears_only_what_is_shared_with_them(self, speeches, make_voice, make_people, database):
        owner, guest = make_people(2)
        away = make_voice(owner.user_id, "Ann", speaker="Ann", engine="away-tone")
        hidden = make_voice(owner.user_id, "Hidden", speaker="Ann")
        sharing = SharingService(database)
        ids = {"owner_id": owner.user_id, "targets": [guest.user_id], "permission": SharePermission.USE}
        sharing.share(owner, away.id, **ids)
        with pytest.raises(EngineNotInstalled):
            speeches.begin(guest.user_id, SpeechOrder("Hello.", voice=away.id))
        sharing.share(owner, hidden.id, **ids)
        with speeches.begin(guest.user_id, SpeechOrder("Hello.", voice=away.id)) as speech:
            assert speech.voice.id == hidden.id

    def test_once_there_was_a_sound_nobody_else_goes_on(self, speeches, make_voice, database):
        make_voice(ANN, "Ann", engine="other-tone")
        dies = make_voice(ANN, "Ann", fault="die")
        speech = speeches.begin(ANN, SpeechOrder("Hello there.", voice=dies.id))
        with speech, pytest.raises(HostDied):
            list(speech)
        assert (speech.fallback, speech.outcome, speech.error.code) == (None, "failed", "HOST_DIED")
        assert uses(speeches, database) == [(dies.id, "failed")]

    def test_a_text_that_the_engine_refuses_is_refused_whoever_could_speak(self, speeches, make_voice):
        make_voice(ANN, "Ann", engine="other-tone")
        refuses = make_voice(ANN, "Ann", fault="refuse")
        speech = speeches.begin(ANN, SpeechOrder("Hello there.", voice=refuses.id))
        with speech, pytest.raises(EngineError):
            list(speech)


def test_an_engine_that_does_not_start_is_told(speeches, make_voice):
    make_voice(ANN, engine="broken-tone")
    with pytest.raises(EngineContractBroken):
        speeches.begin(ANN, SpeechOrder("Hello."))
    assert (speeches.admission.going_on, speeches.pool.waiting) == (0, 0)


def test_a_killed_engine_breaks_the_piece_and_not_the_next_speech(speeches, make_voice):
    make_voice(ANN, fault="endless")
    make_voice(ANN, "Bob")
    with speeches.begin(ANN, SpeechOrder("One two.", voice="Ann")) as speech:
        blocks = iter(speech)
        next(blocks)
        [pid] = speeches.pool.processes()["tone"]
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(HostDied):
            list(blocks)
    assert (speech.outcome, speech.error.code) == ("failed", "HOST_DIED")
    assert len(spoken(speeches.begin(ANN, SpeechOrder("One two.", voice="Bob")))) > 0
    assert speeches.pool.processes()["tone"] != [pid]


def test_an_engine_that_was_killed_while_it_was_idle_is_replaced_unnoticed(speeches, make_voice):
    make_voice(ANN)
    before = spoken(speeches.begin(ANN, SpeechOrder("One two.")))
    [pid] = speeches.pool.processes()["tone"]
    os.kill(pid, signal.SIGKILL)
    assert np.array_equal(spoken(speeches.begin(ANN, SpeechOrder("One two."))), before)


def test_the_voices_that_spoke_last_are_loaded_before_anybody_asks(
    speeches, make_voice, voices, database, find_engine
):
    voice, broken = make_voice(ANN), make_voice(ANN, "Broken", engine="broken-tone")
    make_voice(ANN, "Never heard")
    for used in (voice, broken):
        voices.use_log(used)(Use("spoken", 6, 1.0, 20.0))
    with database.session() as session:
        assert [one.id for one in recent_voices(session, 1)] == [broken.id]
        found = recent_voices(session, 4)
    assert [one.id for one in found] == [broken.id, voice.id]
    assert load_voices(found, voices, speeches.pool, Engines(find=find_engine)) == 1
    [pid] = speeches.pool.processes()["tone"]
    spoken(speeches.begin(ANN, SpeechOrder("Hello.")))
    assert speeches.pool.processes()["tone"] == [pid]
    with database.session() as session:
        session.execute(update(VoiceUse).values(at=utc_now() - RECENT))
        assert recent_voices(session, 4) == []


class TestStopping:
    def test_a_listener_who_goes_away_frees_the_engine(
        self, speech_settings, make_voice, voices, database, find_engine
    ):
        def patient(info):
            return EngineClient(info, cancel_grace_s=30.0)  # a busy machine is not a deaf engine

        make_voice(ANN, fault="endless")
        engines = Engines(find=find_engine)
        with SpeechService(speech_settings, database, voices, engines=engines, client=patient) as speeches:
            with speeches.begin(ANN, SpeechOrder("One two.")) as speech:
                next(iter(speech))
                [pid] = speeches.pool.processes()["tone"]
            assert speech.outcome == "cancelled"
            assert speeches.pool.processes()["tone"] == [pid], "it obeyed, and need not be killed"
            assert speeches.admission.going_on == 0
            assert [outcome for _, outcome in uses(speeches, database)] == ["cancelled"]

    @pytest.mark.parametrize("fault", ["endless", "deaf"])
    def test_stopped_by_another_thread(self, speeches, make_voice, fault):
        make_voice(ANN, fault=fault)
        with speeches.begin(ANN, SpeechOrder("One two.")) as speech:
            blocks = iter(speech)
            next(blocks)
            threading.Timer(0.05, speech.cancel).start()
            with pytest.raises(Cancelled):
                list(blocks)
        assert (speech.outcome, speech.error) == ("cancelled", None)

    def test_stopped_by_whoever_asked(self, speeches, make_voice):
        make_voice(ANN)
        cancel = threading.Event()
        with speeches.begin(ANN, SpeechOrder(LONG), cancel=cancel) as speech:
            blocks = iter(speech)
            next(blocks)
            cancel.set()
            with pytest.raises(Cancelled):
                list(blocks)
        cancelled = speech.figures.spoken_pieces
        assert cancelled < speech.figures.pieces
        with pytest.raises(Cancelled):
            speeches.begin(ANN, SpeechOrder(LONG), cancel=cancel)

    def test_nothing_more_is_spoken_than_is_heard_soon(self, speeches, make_voice):
        make_voice(ANN)
        with speeches.begin(ANN, SpeechOrder(LONG)) as speech:
            blocks = iter(speech)
            heard_s = 0.0
            for _ in range(60):
                heard_s += len(next(blocks)) / speech.sample_rate_hz
            made_s = speech.figures.speech_s
        assert made_s < heard_s + 10 + 6


def test_the_service_is_closed_while_it_speaks(speeches, make_voice):
    make_voice(ANN, fault="endless")
    with speeches.begin(ANN, SpeechOrder("One two.")) as speech:
        blocks = iter(speech)
        next(blocks)
        speeches.close()
        with pytest.raises(HostClosed):
            list(blocks)


class TestSharing:
    @pytest.fixture
    def speech_settings(self, settings):
        return settings.model_copy(update={"speech_ahead_s": 0.5})

    def test_a_share_that_is_taken_back_ends_the_speech(self, speeches, make_voice, make_people, database):
        owner, guest = make_people(2)
        voice = make_voice(owner.user_id)
        sharing = SharingService(database)
        ids = {"owner_id": owner.user_id, "targets": [guest.user_id]}
        sharing.share(owner, voice.id, **ids, permission=SharePermission.USE)
        with speeches.begin(guest.user_id, SpeechOrder(LONG, voice=voice.id)) as speech:
            blocks = iter(speech)
            while not speech.figures.spoken_pieces:
                next(blocks)
            sharing.share(owner, voice.id, **ids, permission=SharePermission.READ)
            with pytest.raises(VoiceNotFound):
                list(blocks)
        assert 0 < speech.figures.spoken_pieces < speech.figures.pieces
        assert (speech.outcome, speech.error.code) == ("cancelled", "VOICE_MODEL_NOT_FOUND")
        assert uses(speeches, database) == [(voice.id, "cancelled")]

    def test_what_waits_when_all_has_been_made_is_dropped(
        self, speeches, make_voice, make_people, database, monkeypatch
    ):
        monkeypatch.setattr(permission, "FRESH_S", 0.0)
        owner, guest = make_people(2)
        voice = make_voice(owner.user_id)
        ids = {"owner_id": owner.user_id, "targets": [guest.user_id]}
        sharing = SharingService(database)
        sharing.share(owner, voice.id, **ids, permission=SharePermission.USE)
        with speeches.begin(guest.user_id, SpeechOrder("Hello there.", voice=voice.id)) as speech:
            blocks = iter(speech)
            next(blocks)
            for making in [thread for thread in threading.enumerate() if thread.name == "speech"]:
                making.join()
            sharing.share(owner, voice.id, **ids, permission=SharePermission.READ)
            with pytest.raises(VoiceNotFound):
                next(blocks)
        assert (speech.outcome, speech.error.code) == ("cancelled", "VOICE_MODEL_NOT_FOUND")

    def test_so_does_the_own_account_that_is_disabled(self, speeches, make_voice, make_people, database):
        [ann] = make_people(1)
        make_voice(ann.user_id)
        with speeches.begin(ann.user_id, SpeechOrder(LONG)) as speech:
            blocks = iter(speech)
            next(blocks)
            with database.session() as session:
                session.get_one(User, ann.user_id).disabled_at = utc_now()
            with pytest.raises(VoiceNotFound):
                list(blocks)

    def test_so_does_an_owner_whose_account_is_disabled(self, speeches, make_voice, make_people, database):
        owner, guest = make_people(2)
        voice = make_voice(owner.user_id)
        ids = {"owner_id": owner.user_id, "targets": [guest.user_id]}
        SharingService(database).share(owner, voice.id, **ids, permission=SharePermission.USE)
        with speeches.begin(guest.user_id, SpeechOrder(LONG, voice="Ann")) as speech:
            blocks = iter(speech)
            next(blocks)
            with database.session() as session:
                session.get_one(User, owner.user_id).disabled_at = utc_now()
            with pytest.raises(VoiceNotFound):
                list(blocks)

    def test_so_does_a_voice_that_is_deleted(self, speeches, make_voice, voices):
        voice = make_voice(ANN)
        with speeches.begin(ANN, SpeechOrder(LONG)) as speech:
            blocks = iter(speech)
            next(blocks)
            voices.of(ANN).delete(voice.id, purge=True)
            with pytest.raises(VoiceNotFound):
                list(blocks)
        assert speech.figures.spoken_pieces < speech.figures.pieces


class TestOverload:
    @pytest.fixture
    def speech_settings(self, settings):
        update = {"speech_at_once": 2, "speech_per_user": 1, "speech_waiting": 0}
        return settings.model_copy(update=update)

    def test_what_does_not_fit_is_refused_at_once(self, speeches, make_voice):
        cy = uuid.UUID(int=3)
        for user_id in (ANN, uuid.UUID(int=2), cy):
            make_voice(user_id)
        first = speeches.begin(ANN, SpeechOrder("Hello."))
        with pytest.raises(SpeechOverloaded):
            speeches.begin(ANN, SpeechOrder("Hello."))
        second = speeches.begin(uuid.UUID(int=2), SpeechOrder("Hello."))
        with pytest.raises(SpeechOverloaded):
            speeches.begin(cy, SpeechOrder("Hello."))
        first.close()
        first.close()
        assert len(spoken(speeches.begin(cy, SpeechOrder("Hello.")))) > 0
        second.close()


def test_what_the_provider_asks_is_counted(speeches, make_voice, database, engines):
    engines["priced"] = dataclasses.replace(TONE_ENGINE, id="priced", dollars_per_1000_characters=0.5)
    make_voice(ANN, engine="priced")
    spoken(speeches.begin(ANN, SpeechOrder("One. Two. Three.")))
    assert speeches.settle()
    with database.session() as session:
        use = session.scalars(select(VoiceUse)).one()
    assert use.cost_usd == Decimal("0.007"), "for the characters that were sent"
