from __future__ import annotations

from pathlib import Path

import pytest

from voicewright.settings import Settings, load_settings


def test_only_documented_variables_count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`HOME`, `HOST` and their like belong to the system, and happen to be the names of fields."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("VOICEWRIGHT_HOME", raising=False)
    for name in Settings.model_fields:
        monkeypatch.setenv(name.upper(), "/nowhere") if name != "port" else None

    with pytest.MonkeyPatch.context() as documented:
        for field in Settings.model_fields.values():
            if field.validation_alias != "DATABASE_URL":
                documented.delenv(str(field.validation_alias), raising=False)
        documented.delenv("DATABASE_URL", raising=False)
        settings = load_settings()

    assert settings.home == tmp_path / "data" / "voicewright"
    assert settings.host == "127.0.0.1"
