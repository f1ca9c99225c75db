"""What is spoken is marked, signed and remembered; and what is told of a file that comes back."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
import soundfile
from sqlalchemy import text

from voicewright.accounts.caller import Caller, Role
from voicewright.audio.decode import read_mono
from voicewright.audio.encode import write_audio
from voicewright.audio.errors import EmptyAudioFile, NotAudio
from voicewright.audio.resample import resample
from voicewright.provenance.certificates import AUTHORITY_VALID, SIGNER_VALID, SIGNS_FOR, Certificates
from voicewright.provenance.claims import Claim
from voicewright.provenance.errors import AudioTooLong, ManifestNotWritten
from voicewright.provenance.fingerprints import fingerprint
from voicewright.provenance.identifying import forget, identify
from voicewright.provenance.manifests import read_manifest, sign_file
from voicewright.provenance.matching import Sought
from voicewright.provenance.models import SpeechFingerprint
from voicewright.provenance.service import ProvenanceService
from voicewright.provenance.verification import as_seen_by
from voicewright.storage.user_keys import PLATFORM_ID, KeyRing

RATE_HZ = 24_000
CONTAINERS = {"wav": "wav", "mp3": "mp3", "flac": "flac", "m4a": "mp4", "opus": "ogg"}


@pytest.fixture(scope="session")
def spoken(sample_recordings):
    parts = [read_mono(sample_recordings / f"sample-0{number}.flac", RATE_HZ) for number in (1, 2, 3)]
    return np.concatenate(parts)[: 8 * RATE_HZ]


@pytest.fixture(scope="session")
def other_speech(sample_recordings):
    return np.concatenate(
        [read_mono(sample_recordings / f"sample-0{number}.flac", RATE_HZ) for number in (5, 6)]
    )


@pytest.fixture
def keys(settings, database):
    return KeyRing.open(settings, database)


@pytest.fixture
def provenance(settings, database, keys):
    with ProvenanceService(settings, database, keys) as opened:
        yield opened


@pytest.fixture
def certificates(database, keys):
    return Certificates(database, lambda: keys.cipher(PLATFORM_ID))


def claim(**more):
    ids = {name: uuid.uuid4() for name in ("synthesis_id", "user_id", "model_id", "owner_id")}
    return Claim(
        **{**ids, "model_version": 3, "engine": "tone", "made_at": datetime(2026, 1, 2, tzinfo=UTC), **more}
    )


def speak(provenance, database, samples, claimed):
    """As the pipeline does it."""
    prints = provenance.fingerprinter(RATE_HZ)
    blocks = []
    for block in provenance.marker.mark(
        (samples[at : at + 4800] for at in range(0, len(samples), 4800)), RATE_HZ
    ):
        prints.feed(block)
        blocks.append(block)
    with database.session() as session:
        assert provenance.remember(session, claimed, prints)
    return np.concatenate(blocks)


def caller(user_id=None, role=Role.USER):
    return Caller(user_id or uuid.uuid4(), role, frozenset())


def test_a_file_that_is_one_whole_speech_is_told_as_one(provenance, database, spoken, other_speech, tmp_path):
    """Also where it is longer than what is looked for at once."""
    mine, theirs = claim(), claim()
    many = [spoken, other_speech, spoken[::-1], other_speech[::-1] * np.float32(0.5)]
    whole = speak(provenance, database, np.concatenate(many)[: 37 * RATE_HZ], mine)
    speak(provenance, database, other_speech[::-1], theirs)
    path, part = tmp_path / "whole.flac", tmp_path / "part.flac"
    write_audio(path, [whole], RATE_HZ, "flac", durable=False)
    found = provenance.verify(None, path)
    match = next(one for one in found.matches if one.synthesis_id == mine.synthesis_id)
    assert (match.start_s, match.end_s) == (0.0, round(len(whole) / RATE_HZ, 1))
    assert found.matches[0] is match
    assert found.conclusion.startswith(f"From 0.0 s to {match.end_s:.1f} s it is surely")

    silence = np.zeros(5 * RATE_HZ, np.float32)
    write_audio(part, [silence, whole[10 * RATE_HZ :], silence], RATE_HZ, "flac", durable=False)
    inside = next(
        one for one in provenance.verify(None, part).matches if one.synthesis_id == mine.synthesis_id
    )
    assert abs(inside.start_s - 5.0) <= 0.7
    assert abs(inside.end_s - (5.0 + len(whole) / RATE_HZ - 10.0)) <= 0.7


def test_certificates_are_made_once_sealed_and_renewed(database, keys, certificates):
    with ThreadPoolExecutor(4) as pool:  # as processes that start at once
        made = list(
            pool.map(
                lambda _: Certificates(database, lambda: keys.cipher(PLATFORM_ID)).credentials(), range(4)
            )
        )
    assert len({one.chain_pem for one in made}) == 1
    first = certificates.credentials()
    with database.session() as session:
        rows = session.execute(
            text("SELECT role, sealed_key, expires_at - created_at FROM provenance_keys")
        ).all()
    assert {role for role, *_ in rows} == {"authority", "signer"}
    assert all(b"PRIVATE" not in bytes(sealed) for _, sealed, _ in rows)
    assert first.chain_pem.count("BEGIN CERTIFICATE") == 2
    assert first.chain_pem.endswith(certificates.authority_pem())

    now = datetime.now(UTC)
    later = Certificates(database, lambda: keys.cipher(PLATFORM_ID), lambda: now + SIGNS_FOR)
    second = later.credentials()
    assert (second.instance_id, second.chain_pem != first.chain_pem) == (first.instance_id, True)
    assert later.authority_pem() == certificates.authority_pem()
    at_last = Certificates(
        database,
        lambda: keys.cipher(PLATFORM_ID),
        lambda: now + AUTHORITY_VALID - SIGNER_VALID + timedelta(days=2),
    )
    third = at_last.credentials()  # the authority would end before the signer
    assert third.instance_id == first.instance_id
    assert at_last.authority_pem() not in first.chain_pem
    assert at_last.anchors_pem().count("BEGIN CERTIFICATE") == 2


@pytest.mark.parametrize("format_", ["wav", "mp3", "flac", "m4a"])
def test_a_signed_file_says_who_made_it_until_it_is_changed(format_, certificates, spoken, tmp_path):
    path, claimed = tmp_path / f"speech.{format_}", claim()
    write_audio(path, [spoken[:RATE_HZ]], RATE_HZ, format_, durable=False)
    before = read_mono(path, RATE_HZ)
    credentials = certificates.credentials()
    assert sign_file(path, format_, claimed, credentials)
    assert np.array_equal(read_mono(path, RATE_HZ), before)
    assert [one.name for one in tmp_path.iterdir()] == [path.name]

    container = CONTAINERS[format_]
    manifest = read_manifest(path, container, certificates.anchors_pem())
    assert (manifest.state, manifest.problems, manifest.says_generated) == ("trusted", (), True)
    assert manifest.generator.startswith("Voicewright ")
    assert manifest.made_at == "2026-01-02T00:00:00+00:00"
    assert manifest.speech == {
        "synthesis_id": str(claimed.synthesis_id),
        "instance_id": str(credentials.instance_id),
        "voice_model_id": str(claimed.model_id),
        "voice_model_version": "3",
        "engine": "tone",
    }
    for person in (claimed.user_id, claimed.owner_id):
        assert str(person).encode() not in path.read_bytes()
    assert read_manifest(path, container, "").state == "valid"  # for whoever does not know the instance

    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    changed = read_manifest(path, container, certificates.anchors_pem())
    assert changed.state == "invalid"
    assert any("mismatch" in problem for problem in changed.problems)


def test_what_holds_no_manifest_is_left_alone(certificates, spoken, tmp_path):
    path = tmp_path / "speech.opus"
    write_audio(path, [spoken[:RATE_HZ]], RATE_HZ, "opus", durable=False)
    before = path.read_bytes()
    assert not sign_file(path, "opus", claim(), certificates.credentials())
    assert path.read_bytes() == before
    assert read_manifest(path, "ogg", "").state == "unsupported"
    wav = tmp_path / "plain.wav"
    write_audio(wav, [spoken[:RATE_HZ]], RATE_HZ, "wav", durable=False)
    assert read_manifest(wav, "wav", "").state == "absent"
    wav.write_bytes(b"RIFF\x04\x00\x00\x00WAVE" + bytes(50))
    assert read_manifest(wav, "wav", "").state in {"absent", "invalid"}
    with pytest.raises(ManifestNotWritten):
        sign_file(tmp_path / "missing.wav", "wav", claim(), certificates.credentials())


def test_a_file_that_comes_back_is_known_by_whoever_may_know(
    provenance, database, spoken, other_speech, tmp_path
):
    mine, theirs = claim(), claim()
    marked = speak(provenance, database, spoken, mine)
    speak(provenance, database, other_speech, theirs)
    path = tmp_path / "back.mp3"
    write_audio(path, [marked], RATE_HZ, "mp3", durable=False)
    assert provenance.sign(path, "mp3", mine)

    found = provenance.verify(None, path)
    assert found.made_here is True
    assert found.manifest.state == "trusted"
    assert found.watermark.state == "found"
    assert found.watermark.confidence > 0.95
    assert found.watermark.passages[0].start_s == 0
    [match] = found.matches
    assert (match.synthesis_id, match.voice_model_id, match.user_id) == (
        mine.synthesis_id,
        mine.model_id,
        mine.user_id,
    )
    assert match.confidence > 0.9
    assert match.end_s - match.start_s > 7
    assert "2026-01-02" in found.conclusion

    with database.session() as session:
        [known] = identify(session, Sought(fingerprint(marked, RATE_HZ)))
    whole = as_seen_by(None, known, 1.0)
    for who in (caller(mine.user_id), caller(mine.owner_id), caller(role=Role.ADMIN)):
        assert as_seen_by(who, known, 1.0) == whole
    told = as_seen_by(caller(), known, 1.0)
    ids = ("synthesis_id", "voice_model_id", "user_id")
    hidden = dict.fromkeys((*ids, "made_at", "voice_model_version", "engine"))
    assert told == replace(whole, **hidden)
    assert told.made_on == date(2026, 1, 2)


@pytest.mark.slow
def test_what_was_done_to_a_file_is_told_apart(provenance, database, spoken, other_speech, tmp_path):
    mine = claim()
    marked = speak(provenance, database, spoken, mine)
    path = tmp_path / "file.wav"

    def verified(samples, rate_hz=RATE_HZ):
        soundfile.write(path, samples, rate_hz)
        return provenance.verify(None, path)

    # a part of it, in the middle of another recording
    mixed = np.concatenate(
        [other_speech[: 6 * RATE_HZ], marked[RATE_HZ : 5 * RATE_HZ], other_speech[: 6 * RATE_HZ]]
    )
    found = verified(mixed)
    [passage] = found.watermark.passages
    assert abs(passage.start_s - 6) <= 1.6
    assert abs(passage.end_s - 10) <= 1.6
    [match] = found.matches
    assert abs(match.start_s - 6) < 0.5
    assert abs(match.end_s - 10) < 0.7

    # 4 % faster: the watermark may be gone, the speech is known
    found = verified(resample(marked, RATE_HZ, round(RATE_HZ / 1.04)))
    assert [(one.synthesis_id, one.speed) for one in found.matches] == [(mine.synthesis_id, 1.04)]

    # spoken by a machine that is not this one: marked, and not known
    stranger = np.concatenate(list(provenance.marker.mark(iter([other_speech]), RATE_HZ)))
    found = verified(stranger)
    assert (found.watermark.state, found.matches, found.made_here) == ("found", (), None)
    assert "other than this one" in found.conclusion

    # a person
    found = verified(other_speech)
    assert (found.watermark.state, found.matches, found.made_here) == ("not_found", (), None)
    assert "proves nothing" in found.conclusion

    # nothing that could be told from anything
    for samples, reason in (
        (np.zeros(RATE_HZ), "silent"),
        (0.3 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE_HZ) / RATE_HZ), "tones"),
        (marked[:2400], "half a second"),
    ):
        found = verified(samples)
        assert (found.watermark.state, found.watermark.confidence, found.matches) == ("unknown", None, ())
        assert reason in found.watermark.reason
        assert "proves nothing" in found.conclusion


def test_a_speech_is_remembered_once_and_forgotten(provenance, database, spoken):
    mine = claim()
    with database.session() as session:
        for _ in range(2):
            prints = provenance.fingerprinter(RATE_HZ)
            prints.feed(spoken)
            assert provenance.remember(session, mine, prints)
        sought = Sought(fingerprint(spoken[RATE_HZ : 4 * RATE_HZ], RATE_HZ))
        [found] = identify(session, sought)
        assert found.speech.synthesis_id == mine.synthesis_id
        assert found.match.in_speech_s == pytest.approx(1.0, abs=0.05)
        assert forget(session, mine.made_at) == 0
        assert forget(session, mine.made_at + timedelta(seconds=1)) == 1
        assert session.query(SpeechFingerprint).count() == 0
        assert identify(session, sought, with_doubts=True) == []


def test_speech_that_is_too_short_to_be_told_apart_is_not_remembered(provenance, database, spoken):
    for samples in (spoken[:0], spoken[: RATE_HZ // 2], np.zeros(3 * RATE_HZ, np.float32)):
        prints = provenance.fingerprinter(RATE_HZ)
        prints.feed(samples)
        with database.session() as session:
            assert not provenance.remember(session, claim(), prints)


def test_headers_say_what_is_in_the_sound():
    header = ProvenanceService.header
    synthesis_id = uuid.uuid4()
    assert header(synthesis_id, "partial") == {
        "Voicewright-Synthesis": str(synthesis_id),
        "Voicewright-Provenance": "ai-generated; watermark=partial; c2pa=no",
    }
    assert header(None, None, signed=True) == {
        "Voicewright-Provenance": "ai-generated; watermark=unknown; c2pa=yes"
    }


def test_a_speech_that_left_in_parts_is_known_by_them_until_its_whole_is(  # noqa: PLR0917 - fixtures
    provenance, database, spoken, other_speech, certificates, tmp_path
):
    whole = claim()
    first, second = (replace(whole, part=number) for number in (1, 2))

    def remember(session, claimed, samples):
        prints = provenance.fingerprinter(RATE_HZ)
        prints.feed(samples)
        assert provenance.remember(session, claimed, prints)

    def known(session, samples):
        sought = Sought(fingerprint(samples[RATE_HZ : 4 * RATE_HZ], RATE_HZ))
        return [(one.speech.synthesis_id, one.speech.part) for one in identify(session, sought)]

    with database.session() as session:
        for claimed, samples in ((first, spoken), (second, other_speech)):
            remember(session, claimed, samples)
        assert known(session, spoken) == [(whole.synthesis_id, 1)]
        assert known(session, other_speech) == [(whole.synthesis_id, 2)]
        [found] = identify(session, Sought(fingerprint(spoken, RATE_HZ)))
        assert as_seen_by(None, found, 1.0).part == 1
        assert as_seen_by(caller(), found, 1.0).part is None
        provenance.forget_parts(session, whole.synthesis_id)
        remember(session, whole, np.concatenate([spoken, other_speech]))
        assert known(session, other_speech) == [(whole.synthesis_id, 0)]

    path = tmp_path / "part.wav"
    write_audio(path, [spoken[:RATE_HZ]], RATE_HZ, "wav", durable=False)
    assert provenance.sign_if_possible(path, "wav", second)
    told = read_manifest(path, "wav", certificates.anchors_pem()).speech
    assert (told["synthesis_id"], told["part"]) == (str(whole.synthesis_id), "2")
    assert not provenance.sign_if_possible(tmp_path / "missing.wav", "wav", whole)


def test_what_can_not_be_verified_is_refused(settings, database, keys, tmp_path, spoken):
    settings = settings.model_copy(update={"max_verify_s": 2})
    with ProvenanceService(settings, database, keys) as provenance:
        path = tmp_path / "file.wav"
        soundfile.write(path, spoken[: 3 * RATE_HZ], RATE_HZ)
        with pytest.raises(AudioTooLong):
            provenance.verify(None, path)
        path.write_bytes(b"")
        with pytest.raises(EmptyAudioFile):
            provenance.verify(None, path)
        path.write_bytes(b"no sound at all" * 100)
        with pytest.raises(NotAudio):
            provenance.verify(None, path)
    assert list((settings.home / "work").glob("verify-*")) == []
