"""The host process in a virtual environment of its own."""

from __future__ import annotations

import pkgutil
import sys
import venv

import pytest

import voicewright.engines.host
from voicewright.engines.host.process import HostProcess
from voicewright.settings import Settings

HERE = __file__.rpartition("/")[0]


@pytest.fixture(scope="module")
def bare_host(tmp_path_factory):
    """A host in an environment that has nothing but Python."""
    directory = tmp_path_factory.mktemp("bare")
    venv.create(directory, symlinks=True)
    python = str(directory / "bin" / "python")
    with HostProcess("odd_service:OddService", python=python, env={"PYTHONPATH": HERE}) as host:
        yield host


def test_child_runs_without_third_party_packages(bare_host):
    answer = bare_host.call("environment", {"names": ["voicewright", "pydantic", "numpy"]})
    assert answer["found"] == ["voicewright"]
    assert answer["executable"] != sys.executable


def test_every_module_of_the_host_imports_there(bare_host):
    names = [module.name for module in pkgutil.iter_modules(voicewright.engines.host.__path__)]
    assert "process" in names
    modules = [f"voicewright.engines.host.{name}" for name in names] + ["voicewright.engines.errors"]
    assert bare_host.call("import_modules", {"names": modules}) == {}


def test_child_does_not_import_from_the_working_directory(tmp_path, monkeypatch):
    (tmp_path / "json.py").write_text("raise RuntimeError('imported from the working directory')")
    monkeypatch.chdir(tmp_path)
    with HostProcess("odd_service:OddService", env={"PYTHONPATH": HERE}) as host:
        assert host.call("echo", {}) == {}


def test_child_learns_no_secret(monkeypatch):
    """Nor how to reach the database; of the settings, whatever they keep from being shown."""
    secrets = [
        str(field.validation_alias)
        for field in Settings.model_fields.values()
        if "SecretStr" in str(field.annotation)
    ]
    secrets += ["GOOGLE_APPLICATION_CREDENTIALS", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "PGPASSWORD"]
    for name in secrets:
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("VOICEWRIGHT_KNOWN", "yes")
    with HostProcess("odd_service:OddService", env={"PYTHONPATH": HERE}) as host:
        variables = host.call("variables", {"names": [*secrets, "VOICEWRIGHT_KNOWN"]})
    assert {"DATABASE_URL", "OPENAI_API_KEY", "VOICEWRIGHT_API_KEY"} <= set(secrets)
    assert variables == {**dict.fromkeys(secrets), "VOICEWRIGHT_KNOWN": "yes"}
