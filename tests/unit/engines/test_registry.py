from __future__ import annotations

import dataclasses
import sys
from importlib.metadata import EntryPoint, entry_points

import pytest

from voicewright.engines import registry
from voicewright.engines.errors import EngineNotFound, EngineNotInstalled, EnginePluginBroken
from voicewright.engines.testing import TONE_ENGINE


def point(name, value):
    return EntryPoint(name, value, registry.GROUP)


TONE = point("tone", "voicewright.engines.testing:TONE_ENGINE")
BROKEN = [
    point("gone", "no_such_module:ENGINE"),
    point("empty", "voicewright.engines.testing:NO_SUCH_NAME"),
    point("number", "math:pi"),
    point("misnamed", "voicewright.engines.testing:TONE_ENGINE"),
]


def test_broken_plugins_are_reported_and_do_not_break_the_others():
    found = [*BROKEN, TONE]
    assert registry.list_engines(found) == (TONE_ENGINE,)
    reasons = {broken.name: broken.reason for broken in registry.list_broken_plugins(found)}
    assert list(reasons) == ["gone", "empty", "number", "misnamed"]
    assert "No module named 'no_such_module'" in reasons["gone"]
    assert "NO_SUCH_NAME" in reasons["empty"]
    assert "a float instead of an EngineInfo" in reasons["number"]
    assert "calls itself 'tone'" in reasons["misnamed"]


def test_second_plugin_with_the_same_id_is_reported(tmp_path, monkeypatch):
    (tmp_path / "tone_copy.py").write_text("from voicewright.engines.testing import TONE_ENGINE")
    monkeypatch.syspath_prepend(tmp_path)
    found = [TONE, point("tone", "tone_copy:TONE_ENGINE")]
    assert len(registry.list_engines(found)) == 1
    [broken] = registry.list_broken_plugins(found)
    assert broken.target == "tone_copy:TONE_ENGINE"


def test_same_entry_point_found_twice_is_one_plugin():
    assert registry.list_broken_plugins([TONE, TONE]) == ()


def test_plugin_that_raises_anything_at_import_is_reported(tmp_path, monkeypatch):
    (tmp_path / "raising_plugin.py").write_text("raise ZeroDivisionError('at import')")
    monkeypatch.syspath_prepend(tmp_path)
    [broken] = registry.list_broken_plugins([point("raising", "raising_plugin:ENGINE")])
    assert "ZeroDivisionError: at import" in broken.reason


@pytest.mark.parametrize("engine_id", ["../tone", "..", ".", "-rf", "a/b", "Tone", "", "tone\n", "t" * 65])
def test_id_that_is_no_name_of_a_folder_is_reported(engine_id, monkeypatch):
    info = dataclasses.replace(TONE_ENGINE, id=engine_id)
    monkeypatch.setattr("voicewright.engines.testing.TONE_ENGINE", info)
    [broken] = registry.list_broken_plugins([point(engine_id, "voicewright.engines.testing:TONE_ENGINE")])
    assert repr(engine_id) in broken.reason
    assert "a-z, 0-9, - and _" in broken.reason


def test_asking_for_one_engine_loads_no_other(tmp_path, monkeypatch):
    (tmp_path / "bystander_plugin.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    assert registry.get_engine("tone", [point("bystander", "bystander_plugin:ENGINE"), TONE]) is TONE_ENGINE
    assert "bystander_plugin" not in sys.modules


def test_unknown_engine_is_refused_with_those_there_are():
    with pytest.raises(EngineNotFound, match=r"no engine 'tune'. Did you mean 'tone'\? .*: gone, tone\."):
        registry.get_engine("tune", [TONE, BROKEN[0]])


def test_no_engine_at_all_is_said_plainly():
    with pytest.raises(EngineNotFound, match="none; reinstall"):
        registry.get_engine("tone", [])


def test_broken_engine_is_refused_with_the_reason():
    with pytest.raises(EnginePluginBroken, match="no_such_module"):
        registry.get_engine("gone", BROKEN)


def test_installed_engines_are_found():
    registered = {point.name for point in entry_points(group=registry.GROUP)}
    described = {info.id for info in registry.list_engines()}
    broken = {plugin.name for plugin in registry.list_broken_plugins()}
    assert described | broken == registered
    assert not described & broken
    assert TONE_ENGINE.id not in registered


def test_missing_packages_are_named_with_the_command():
    info = dataclasses.replace(
        TONE_ENGINE, requires=("json", "no_such_module", "no.such.parent"), install_hint="pip install it"
    )
    assert registry.missing_modules(info) == ("no_such_module", "no.such.parent")
    with pytest.raises(EngineNotInstalled, match=r"needs no_such_module, no\.such\.parent\..*pip install it"):
        registry.require_installed(info)
    registry.require_installed(TONE_ENGINE)
