from __future__ import annotations

import json
import sys
from dataclasses import replace

import pytest

from voicewright.engines.errors import EngineNotInstalled, ProviderKeyMissing, WeightsMissing
from voicewright.engines.installed import Engines, digest_of
from voicewright.engines.port import EngineEnvironment, Provider, WeightsFile
from voicewright.engines.testing import TONE_ENGINE

PINS = "voicewright.plugins.builtin.prior:README.md"  # any text of a package will do
WEIGHTS = (WeightsFile("deep/model.bin", "https://weights.example/model"),)
ENVIRONMENT = EngineEnvironment(PINS, weights=WEIGHTS)
HEAVY = replace(
    TONE_ENGINE,
    id="heavy",
    requires=("no_such_module",),
    install_hint="INSTALL IT",
    environment=ENVIRONMENT,
)
ACME = Provider("Acme", needs=("ACME_KEY",), takes=("ACME_URL",))
CLOUDY = replace(TONE_ENGINE, id="cloudy", provider=ACME)


@pytest.fixture
def engines(tmp_path):
    return Engines(tmp_path, {"OTHER_KEY": "secret"})


def install(engines, *, weights=True, requirements=None):
    folder = engines.folder / HEAVY.id
    (folder / "env" / "bin").mkdir(parents=True)
    (folder / "env" / "bin" / "python").symlink_to(sys.executable)
    record = {"requirements": requirements or digest_of(ENVIRONMENT)}
    (folder / "installed.json").write_text(json.dumps(record))
    if weights:
        (folder / "weights" / "deep").mkdir(parents=True)
        (folder / "weights" / "deep" / "model.bin").write_bytes(b"w")
    return folder


def test_what_is_not_installed_says_how_it_is(engines):
    with pytest.raises(EngineNotInstalled, match=r"no_such_module.*INSTALL IT"):
        engines.require(HEAVY)
    assert not engines.is_ready(HEAVY)


def test_an_engine_runs_in_the_environment_that_was_made_for_it(engines):
    folder = install(engines)
    engines.require(HEAVY)
    assert engines.python(HEAVY) == str(folder / "env" / "bin" / "python")
    assert engines.setup(HEAVY).weights_dir == folder / "weights"


def test_weights_that_are_not_there_are_named(engines):
    install(engines, weights=False)
    with pytest.raises(WeightsMissing, match=r"deep/model\.bin.*engines install heavy"):
        engines.require(HEAVY)


def test_an_environment_of_an_earlier_release_is_none(engines):
    install(engines, requirements="of another release")
    with pytest.raises(EngineNotInstalled):
        engines.require(HEAVY)
    assert engines.python(HEAVY) == sys.executable


def test_a_record_that_was_cut_off_counts_for_nothing(engines):
    folder = install(engines)
    (folder / "installed.json").write_text('{"requirements": ')
    assert not engines.is_ready(HEAVY)


def test_a_missing_key_is_named_by_its_setting(engines):
    with pytest.raises(ProviderKeyMissing, match="ACME_KEY"):
        engines.require(CLOUDY)


def test_an_engine_is_told_what_its_provider_needs_and_no_other_secret(engines):
    told = replace(engines, values={**engines.values, "ACME_KEY": "k", "ACME_URL": ""})
    told.require(CLOUDY)
    assert told.setup(CLOUDY).values == {"ACME_KEY": "k"}
    assert told.setup(TONE_ENGINE).values == {}
    assert "secret" not in repr(told)
