"""Engines with environments of their own, by real pip from a folder of wheels; weights from a real server."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import uuid
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from voicewright.engines.client import EngineClient
from voicewright.engines.errors import (
    EngineBusy,
    EngineNotInstalled,
    InstallFailed,
    LicenceNotAccepted,
    WeightsDamaged,
    WeightsMissing,
)
from voicewright.engines.fetching import Patience
from voicewright.engines.installed import Engines
from voicewright.engines.installing import Installer, Order
from voicewright.engines.port import EngineEnvironment, EngineInfo, EngineOptions, WeightsFile
from voicewright.engines.testing import TONE_ENGINE
from voicewright.home.layout import Home
from voicewright.storage.errors import StorageFull

CONTENT = os.urandom(200_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()
ENGINE_CODE = """
from voicewright.engines.port import AudioChunk

class Hum:
    def __init__(self, setup):
        self.loudness = max((setup.weights_dir / "deep" / "hum.bin").read_bytes())

    def load(self, voice_dir):
        (voice_dir / "voice.txt").read_text()

    def synthesize(self, request, context):
        yield AudioChunk(bytes([self.loudness, 1]) * 22050, 22050)

    def train(self, request, context):
        raise NotImplementedError

    clone = train
"""
KILLED = """
import sys
from voicewright.engines.installing import Order, Installer
from voicewright.home.layout import Home
sys.path.insert(0, sys.argv[1])
from hum_plugin import ENGINE
from pathlib import Path
Installer(Home.open(Path(sys.argv[2]))).install(ENGINE, Order(), lambda step: print(step.what, flush=True))
"""


def write_wheel(folder, name, version, files):
    """A wheel of pure Python, as pip takes it."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    files = files | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for inside, content in files.items():
            archive.writestr(inside, content)
        archive.writestr(
            f"{info}/RECORD", "".join(f"{inside},,\n" for inside in files) + f"{info}/RECORD,,\n"
        )
    return path


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """Two releases of an engine, which borrow what the host needs from this environment, and a torch."""
    folder = tmp_path_factory.mktemp("wheels")
    here = f"{Path(pytest.__file__).parents[1]}\n"
    for version in ("1.0", "2.0"):
        write_wheel(folder, "hum_engine", version, {"hum_engine.py": ENGINE_CODE, "borrowed.pth": here})
    write_wheel(folder, "torch", "9.9+cpu", {"torch.py": "answer = 42"})
    return folder


@pytest.fixture(scope="module", autouse=True)
def pip_settings(wheels):
    """pip finds nothing but these wheels."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_CONFIG_FILE", os.devnull)
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", str(wheels))
        patch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
        yield


@pytest.fixture
def home(tmp_path):
    return Home.open(tmp_path / "home")


@pytest.fixture(scope="module")
def made_once(tmp_path_factory, pip_settings):  # noqa: ARG001 - first
    """A data directory where the environment of the engine is made, and its weights are not there."""
    folder = tmp_path_factory.mktemp("made")
    package = folder / f"hum_pins_{uuid.uuid4().hex}"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "requirements.txt").write_text("hum_engine==1.0\n")
    environment = EngineEnvironment(f"{package.name}:requirements.txt")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        info = replace(TONE_ENGINE, id="hum", environment=environment)
        Installer(Home.open(folder / "home")).install(info, Order())
    return folder / "home" / "engines"


@pytest.fixture
def with_packages(home, made_once):
    """The same, for one test: an environment may be moved."""
    shutil.copytree(made_once, home.engines_dir, symlinks=True)


@pytest.fixture
def installer(home):
    return Installer(home, patience=Patience(tries=2, pause_s=0.0))


@pytest.fixture
def engines(home):
    return Engines(home.engines_dir)


@pytest.fixture
def make_engine(tmp_path, monkeypatch, file_server):
    """An engine of a plugin: `make_engine(version="1.0", **of_its_environment)`."""
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    monkeypatch.syspath_prepend(str(plugins))
    file_server.content = CONTENT

    def make(version="1.0", requirements=None, **terms) -> EngineInfo:
        package = plugins / f"hum_pins_{uuid.uuid4().hex}"  # modules are remembered by their names
        package.mkdir()
        (package / "__init__.py").touch()
        (package / "requirements.txt").write_text(requirements or f"hum_engine=={version}\n")
        weights = (WeightsFile("deep/hum.bin", f"{file_server.url}/hum", DIGEST, len(CONTENT)),)
        environment = EngineEnvironment(f"{package.name}:requirements.txt", **{"weights": weights, **terms})
        return replace(
            TONE_ENGINE,
            id="hum",
            title="Hum",
            options=EngineOptions,
            factory="hum_engine:Hum",
            requires=("hum_engine",),
            environment=environment,
        )

    return make


@pytest.mark.slow
def test_an_engine_is_installed_loaded_made_anew_and_removed(  # noqa: PLR0917
    installer, engines, make_engine, home, file_server, tmp_path
):
    info, steps = make_engine(), []
    with pytest.raises(EngineNotInstalled, match=r"needs hum_engine\. Install it with: voicewright engines"):
        engines.require(info)
    done = installer.install(info, Order(), steps.append)
    assert (done.made_environment, done.weights) == (True, ("deep/hum.bin",))
    assert [step.what for step in steps if step.is_bytes][-1] == "fetching deep/hum.bin"
    assert (steps[-1].done, steps[-1].total) == (len(CONTENT), len(CONTENT))
    record = json.loads((home.engines_dir / "hum" / "installed.json").read_text())
    assert record["weights"] == {
        "deep/hum.bin": {"sha256": DIGEST, "size_bytes": len(CONTENT), "damaged": False}
    }
    assert (record["packages"], record["environment_bytes"] > 0) == (1, True)
    engines.require(info)

    (tmp_path / "voice.txt").write_text("a voice")
    with engines.client(info, EngineClient) as client:
        client.load(tmp_path)
        assert engines.python(info) != sys.executable

    again = installer.install(info, Order())
    assert not again.changed
    newer = make_engine("2.0")
    assert not engines.is_ready(newer)
    renewed = installer.install(newer, Order())
    assert (renewed.made_environment, renewed.weights) == (True, ())
    assert len(file_server.asked) == 1

    assert installer.remove(newer, keep_weights=True) > 0
    assert not engines.is_ready(newer)
    restored = installer.install(newer, Order())
    assert (restored.made_environment, restored.weights) == (True, ())
    installer.remove(newer)
    assert not (home.engines_dir / "hum").exists()


@pytest.mark.usefixtures("with_packages")
def test_a_licence_is_accepted_once_and_kept(installer, make_engine, home):
    info = make_engine(weights_licence="CPML: not for money (https://licence.example).")
    with pytest.raises(LicenceNotAccepted, match=r"CPML.*--accept-licence"):
        installer.install(info, Order())
    assert "licence" not in json.loads((home.engines_dir / "hum" / "installed.json").read_text())
    done = installer.install(info, Order(accepted="--accept-licence"))
    assert done.record["licence"]["how"] == "--accept-licence"
    assert done.record["licence"]["text"].startswith("CPML")
    assert installer.licence_to_accept(info) is None
    assert not installer.install(info, Order()).changed
    stricter = replace(info, environment=replace(info.environment, weights_licence="Another."))
    with pytest.raises(LicenceNotAccepted, match="Another"):
        installer.install(stricter, Order())


@pytest.mark.slow
def test_what_pip_can_not_find_is_told_in_its_words_and_counts_for_nothing(installer, engines, make_engine):
    info = make_engine(requirements="hum_engine==3.0\n")
    with pytest.raises(InstallFailed, match=r"No matching distribution found for hum_engine==3\.0"):
        installer.install(info, Order())
    assert not engines.is_ready(info)
    assert installer.install(make_engine(weights=()), Order()).made_environment


@pytest.mark.slow
def test_torch_is_that_of_the_machine(installer, make_engine):
    info = make_engine(torch="9.9", weights=())
    done = installer.install(info, Order(torch="cpu"))
    assert (done.record["torch"], done.record["build"]) == ("9.9+cpu", "cpu")
    assert not installer.install(info, Order()).changed
    with pytest.raises(InstallFailed, match=r"torch==9\.9 for this machine.*--torch"):
        installer.install(info, Order(torch="cuda", torch_index="file:///nowhere/cu124"))


@pytest.mark.usefixtures("with_packages")
def test_weights_come_from_a_directory(installer, engines, make_engine, tmp_path, file_server):
    info, own = make_engine(), tmp_path / "own"
    own.mkdir()
    with pytest.raises(WeightsMissing, match=r"own lacks deep/hum\.bin"):
        installer.install(info, Order(weights=own))
    (own / "hum.bin").write_bytes(CONTENT[:-1])
    with pytest.raises(WeightsDamaged, match="has the SHA-256"):
        installer.install(info, Order(weights=own))
    (own / "hum.bin").write_bytes(CONTENT)
    assert installer.install(info, Order(weights=own)).weights == ("deep/hum.bin",)
    assert engines.is_ready(info)
    assert file_server.asked == []


@pytest.mark.usefixtures("with_packages")
def test_damage_that_was_found_is_replaced_and_a_right_file_is_taken_as_it_is(
    installer, engines, make_engine, home
):
    info, folder = make_engine(), home.engines_dir / "hum" / "weights" / "deep"
    folder.mkdir(parents=True)
    (folder / "hum.bin").write_bytes(CONTENT)
    assert installer.install(info, Order()).weights == ()
    (folder / "hum.bin").write_bytes(CONTENT[::-1])
    assert engines.is_ready(info)  # nobody has read it
    installer.note_damage(info, ["deep/hum.bin"])
    with pytest.raises(WeightsDamaged, match=r"deep/hum\.bin\. Replace them with: voicewright engines"):
        engines.require(info)
    assert installer.install(info, Order()).weights == ("deep/hum.bin",)
    assert (folder / "hum.bin").read_bytes() == CONTENT


def test_a_disk_without_room_is_told_first(home, make_engine):
    with pytest.raises(StorageFull, match="Installing the engine Hum needs"):
        Installer(home, reserve_mb=1 << 40).install(make_engine(), Order())
    assert list((home.engines_dir / "hum").iterdir()) == []


@pytest.mark.usefixtures("with_packages")
def test_two_installations_are_kept_apart(installer, make_engine, file_server):
    info, held = make_engine(), threading.Event()
    file_server.manners = [held]
    first = threading.Thread(target=installer.install, args=(info, Order()))
    first.start()
    assert file_server.arrived.acquire(timeout=60)
    for doing in (lambda: installer.install(info, Order()), lambda: installer.remove(info)):
        with pytest.raises(EngineBusy, match=r"pid \d+.*installs or removes the engine Hum"):
            doing()
    held.set()
    first.join(60)
    assert not installer.install(info, Order()).changed


@pytest.mark.usefixtures("with_packages")
def test_what_a_killed_installation_leaves_is_gone_on_with(  # noqa: PLR0917
    installer, engines, make_engine, file_server, tmp_path, home
):
    info, held = make_engine(), threading.Event()
    environment = info.environment
    (tmp_path / "hum_plugin.py").write_text(
        "from dataclasses import replace\n"
        "from voicewright.engines.port import EngineEnvironment, EngineOptions, WeightsFile\n"
        "from voicewright.engines.testing import TONE_ENGINE\n"
        f"ENVIRONMENT = EngineEnvironment({environment.requirements!r}, weights={environment.weights!r})\n"
        "ENGINE = replace(TONE_ENGINE, id='hum', environment=ENVIRONMENT)\n"
    )
    file_server.manners = [held]
    command = [sys.executable, "-c", KILLED, str(tmp_path), str(home.root)]
    where = os.environ | {"PYTHONPATH": str(tmp_path / "plugins")}
    with subprocess.Popen(command, env=where, stdout=subprocess.PIPE, text=True) as process:
        assert file_server.arrived.acquire(timeout=60)
        process.send_signal(signal.SIGKILL)
    held.set()
    assert not engines.is_ready(info)
    part = home.engines_dir / "hum" / "weights" / "deep" / "hum.bin.part"
    came_bytes = part.stat().st_size if part.exists() else 0  # whatever it had written when it was killed
    done = installer.install(info, Order())
    assert (done.made_environment, done.weights) == (False, ("deep/hum.bin",))
    assert file_server.asked == [None, f"bytes={came_bytes}-" if came_bytes else None]
    assert engines.is_ready(info)


@pytest.mark.slow
def test_a_pip_that_was_killed_with_its_installation_counts_for_nothing(
    installer, engines, make_engine, home
):
    info = make_engine(weights=())
    folder = home.engines_dir / "hum"

    class Killed(BaseException):
        pass

    def stop(step):
        if step.what == "installing packages":
            raise Killed

    with pytest.raises(Killed):
        installer.install(info, Order(), stop)
    assert (folder / "env" / "bin" / "python").exists()
    assert not engines.is_ready(info)
    assert installer.install(info, Order()).made_environment
    assert engines.is_ready(info)
