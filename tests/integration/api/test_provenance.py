"""`/provenance` over HTTP, and `voicewright verify`."""

from __future__ import annotations

import io
import json
import uuid

import pytest
import soundfile
from cryptography import x509

from voicewright.audio.decode import read_mono
from voicewright.bootstrap import LocalApplication
from voicewright.cli.app import run
from voicewright.provenance.claims import Claim

RATE_HZ = 24_000


@pytest.fixture(scope="session")
def spoken(sample_recordings):
    return read_mono(sample_recordings / "sample-01.flac", RATE_HZ)[: 4 * RATE_HZ]


@pytest.fixture
def api_settings(settings):
    return settings.model_copy(update={"max_verify_mb": 1, "max_verify_s": 5, "verifications_per_hour": 7})


@pytest.fixture
def remember(services, database, spoken):
    """Have something spoken by somebody."""

    def remember(person):
        claim = Claim(uuid.uuid4(), person.id, uuid.uuid4(), 1, person.id, "tone")
        prints = services.provenance.fingerprinter(RATE_HZ)
        prints.feed(spoken)
        with database.session() as session:
            services.provenance.remember(session, claim, prints)
        return claim

    return remember


def wav(samples, rate_hz=RATE_HZ):
    file = io.BytesIO()
    soundfile.write(file, samples, rate_hz, format="WAV")
    return file.getvalue()


def test_files_are_verified_for_whoever_asks(client, make_person, remember, spoken):
    ann, bob, admin = (
        make_person("ann@example.com"),
        make_person("bob@example.com"),
        make_person("eve@example.com", admin=True),
    )
    claim = remember(ann)

    def verify(person, content, name="speech.wav"):
        answer = client.post("/provenance/verify", headers=person.headers, files={"file": (name, content)})
        return answer.status_code, answer.json()

    for person in (ann, admin):
        status, told = verify(person, wav(spoken), "../../speech.wav")
        assert (status, told["made_here"], told["manifest"]["state"]) == (200, True, "absent")
        assert told["watermark"]["state"] == "not_found"
        [match] = told["matches"]
        assert match["synthesis_id"] == str(claim.synthesis_id)
        assert (match["voice_model_id"], match["user_id"]) == (str(claim.model_id), str(ann.id))
    status, told = verify(bob, wav(spoken))
    [match] = told["matches"]
    assert (status, match["made_on"]) == (200, claim.made_at.date().isoformat())
    known = ("synthesis_id", "voice_model_id", "voice_name", "voice_model_version", "engine", "user_id")
    assert [match[name] for name in known] == [None] * 6

    for content, status, code in (
        (b"", 422, "EMPTY_AUDIO_FILE"),
        (b"no sound at all" * 100, 422, "NOT_AUDIO"),
        (wav(spoken[:0]), 422, "EMPTY_AUDIO_FILE"),
        (bytes(2 << 20), 413, "UPLOAD_TOO_LARGE"),
        (wav(spoken[: 6 * 8000].repeat(1), 8000), 422, "AUDIO_TOO_LONG"),
    ):
        answered, told = verify(bob, content)
        assert (answered, told["code"]) == (status, code)
    assert verify(bob, wav(spoken))[0] == 200  # the seventh
    answer = client.post("/provenance/verify", headers=bob.headers, files={"file": ("a", b"a")})
    assert (answer.status_code, answer.json()["code"]) == (429, "RATE_LIMITED")
    assert int(answer.headers["Retry-After"]) > 0


def test_the_certificate_is_everybodys(client):
    answer = client.get("/provenance/certificate")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-pem-file")
    certificate = x509.load_pem_x509_certificate(answer.content)
    assert certificate.issuer == certificate.subject
    assert client.get("/provenance/certificate").text == answer.text


def test_the_command_tells_all_it_knows(  # noqa: PLR0917 - fixtures
    monkeypatch, settings, make_person, remember, spoken, tmp_path, capsys
):
    claim = remember(make_person("ann@example.com"))
    monkeypatch.setenv("VOICEWRIGHT_HOME", str(settings.home))
    monkeypatch.setenv("DATABASE_URL", settings.database_url.get_secret_value())
    path = tmp_path / "speech.wav"
    path.write_bytes(wav(spoken))
    assert run(LocalApplication(), ["verify", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["matches"][0]["synthesis_id"] == str(claim.synthesis_id)
    assert run(LocalApplication(), ["verify", str(path)]) == 0
    words = capsys.readouterr().out
    assert f"{claim.synthesis_id}, made at" in words
    assert "watermark    not found (0." in words
    assert run(LocalApplication(), ["verify", str(tmp_path / "missing.wav"), "--json"]) == 4
    assert json.loads(capsys.readouterr().out)["code"] == "AUDIO_FILE_MISSING"
