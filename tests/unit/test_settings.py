from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from voicewright.settings import Settings, SettingsInvalid, load_settings


def documented_rows(repository):
    text = (repository / "docs" / "settings.md").read_text().partition("\n# ")[0]
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \| (.*?) \|$", text, flags=re.MULTILINE)
    return {name: (default, description) for name, default, description in rows}


def shown_default(name, field):
    if name == "home":
        return "the platform's data directory, such as `~/.local/share/voicewright`"
    return (
        "none"
        if field.default is None
        else f"`{field.default:g}`"
        if isinstance(field.default, float)
        else f"`{field.default}`"
    )


def test_the_table_in_the_documentation_is_the_settings_of_the_code(repository):
    in_code = {
        field.validation_alias: (shown_default(name, field), field.description)
        for name, field in Settings.model_fields.items()
    }
    assert documented_rows(repository) == in_code


def test_settings_come_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("VOICEWRIGHT_HOME", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:secret@db/voices")
    monkeypatch.setenv("TRAINING_CONCURRENCY", "3")
    monkeypatch.setenv("VOICEWRIGHT_LOG_LEVEL", "DEBUG")
    settings = load_settings()
    assert settings.home == tmp_path
    assert settings.database_url == SecretStr("postgresql://me:secret@db/voices")
    assert (settings.training_concurrency, settings.log_level) == (3, "debug")
    assert "secret" not in repr(settings)


def test_an_empty_variable_counts_as_not_set(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("VOICEWRIGHT_VOICE_CACHE_MB", "")
    assert load_settings().database_url is None


def test_a_relative_home_does_not_move_with_the_working_directory(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    settings = Settings(home=Path("data"))
    monkeypatch.chdir("/")
    assert settings.home == tmp_path / "data"
    assert Settings(home="~/voices").home == Path.home() / "voices"


def test_bad_values_are_all_named_and_not_repeated(monkeypatch):
    monkeypatch.setenv("TRAINING_CONCURRENCY", "hunter2")
    monkeypatch.setenv("VOICEWRIGHT_LOG_LEVEL", "loud")
    monkeypatch.setenv("VOICEWRIGHT_HOME", "~no-such-user-here/x")
    with pytest.raises(SettingsInvalid) as caught:
        load_settings()
    for name in ("TRAINING_CONCURRENCY", "VOICEWRIGHT_LOG_LEVEL", "VOICEWRIGHT_HOME"):
        assert name in caught.value.message
    assert "hunter2" not in caught.value.message


def test_settings_can_not_be_changed():
    with pytest.raises(ValidationError):
        Settings().log_level = "info"


@pytest.mark.parametrize("name", ["OPENAI_BASE_URL", "ELEVENLABS_BASE_URL", "VOICEWRIGHT_GOOGLE_ENDPOINT"])
def test_keys_are_sent_in_clear_to_this_machine_alone(monkeypatch, name):
    for url in ("http://api.example.com/v1", "http://localhost@example.com", "http://127.0.0.1:80@example.com",
                "http://127.0.0.1.example.com", "ftp://localhost", "localhost"):  # fmt: skip
        monkeypatch.setenv(name, url)
        with pytest.raises(SettingsInvalid, match=rf"{name}.*https://"):
            load_settings()
    for url in (
        "https://eu.example.com/v1",
        "http://localhost",
        "http://127.0.0.1:8080/v1",
        "http://[::1]:1/",
    ):
        monkeypatch.setenv(name, url)
        assert load_settings().provider_values()[name] == url


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"OIDC_ISSUER": "https://id.example.com"}, "OIDC_AUDIENCE and OIDC_JWKS_URL"),
        ({"OIDC_ISSUER": "voicewright", "OIDC_AUDIENCE": "a", "OIDC_JWKS_URL": "https://x"}, "two issuers"),
        ({"OIDC_JWKS_URL": "file:///etc/passwd"}, "OIDC_JWKS_URL"),
        ({"VOICEWRIGHT_TRUSTED_PROXIES": "10.0.0.0/8, proxy"}, "VOICEWRIGHT_TRUSTED_PROXIES"),
        ({"VOICEWRIGHT_PUBLIC_URL": "voices.example.com"}, "VOICEWRIGHT_PUBLIC_URL"),
        ({"ENVIRONMENT": "staging"}, "ENVIRONMENT"),
        ({"PORT": "70000"}, "PORT"),
        ({"VOICEWRIGHT_SMTP_URL": "smtp://mail.example.com"}, "VOICEWRIGHT_MAIL_FROM"),
        ({"VOICEWRIGHT_SMTP_URL": "mail.example.com:587"}, "VOICEWRIGHT_SMTP_URL"),
        ({"VOICEWRIGHT_SMTP_URL": "smtp://mail.example.com:x"}, "VOICEWRIGHT_SMTP_URL"),
        ({"VOICEWRIGHT_SMTP_URL": "smtp://me:p@ss/w@mail.example.com"}, "VOICEWRIGHT_SMTP_URL"),
        ({"VOICEWRIGHT_MAIL_FROM": "a@example.com\nBcc: b@example.com"}, "VOICEWRIGHT_MAIL_FROM"),
    ],
)
def test_what_does_not_go_together_is_named(monkeypatch, variables, words):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsInvalid, match=words):
        load_settings()


def test_proxies_are_addresses_and_networks(monkeypatch):
    monkeypatch.setenv("VOICEWRIGHT_TRUSTED_PROXIES", "10.0.0.0/8, 127.0.0.1,::1")
    monkeypatch.setenv("VOICEWRIGHT_PUBLIC_URL", "https://voices.example.com/")
    settings = load_settings()
    assert [str(proxy) for proxy in settings.trusted_proxies] == ["10.0.0.0/8", "127.0.0.1/32", "::1/128"]
    assert settings.public_url == "https://voices.example.com"
