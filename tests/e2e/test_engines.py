"""`voicewright engines` as a person meets it: at a terminal, in a script, and with what goes wrong."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from voicewright.engines.testing import write_plugin

PROGRAM = Path(sys.executable).with_name("voicewright")
CONTENT = bytes(range(256)) * 4000
PATIENCE_S = 60
PLUGIN = """
from dataclasses import replace
from voicewright.engines.port import EngineEnvironment, EngineOptions, WeightsFile
from voicewright.engines.testing import TONE_ENGINE

ENGINE = replace(
    TONE_ENGINE, id="choir", title="Choir", options=EngineOptions, factory="choir_engine:Choir",
    licence="CC0-1.0", requires=("choir_engine",),
    capabilities=replace(TONE_ENGINE.capabilities, clones=False, trains=False, has_stock_voices=True),
    environment=EngineEnvironment(
        "choir_plugin:pins.txt",
        weights=(WeightsFile("scores.bin", "{url}/scores.bin", "{digest}", {size}),),
        weights_licence="Sing for yourself only (https://licence.example).",
    ),
)
"""
ENGINE = """
import json
from voicewright.engines.port import StockVoice
from voicewright.engines.testing import ToneEngine

class Choir(ToneEngine):
    train = clone = None

    def __init__(self, setup):
        super().__init__()
        assert (setup.weights_dir / "scores.bin").is_file()

    def stock_voices(self, context):
        return (StockVoice("bass", "Bass", ("de",)), StockVoice("tenor", "Tenor", ("en-us",)))

    def write_stock_voice(self, voice, artefact_dir, context):
        content = {"format": 1, "pitch_hz": 90.0, "speaking_fault": "none"}
        (artefact_dir / "voice.json").write_text(json.dumps(content))
        return next(each for each in self.stock_voices(context) if each.id == voice)
"""


class Scores(http.server.BaseHTTPRequestHandler):
    """Sends the weights, the first half of which comes alone where `held` is closed."""

    held = threading.Event()
    half_sent = threading.Event()

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        half = len(CONTENT) // 2
        self.wfile.write(CONTENT[:half])
        self.wfile.flush()
        self.half_sent.set()
        self.held.wait(PATIENCE_S)
        try:
            self.wfile.write(CONTENT[half:])
        except ConnectionError:
            return


@pytest.fixture(scope="module")
def weights_url():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Scores) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def environment(tmp_path_factory, weights_url):
    """What a shell has in which a plugin is installed, with the wheel of its engine in pip's reach."""
    plugin, wheels = tmp_path_factory.mktemp("plugin"), tmp_path_factory.mktemp("wheels")
    (plugin / "choir_plugin").mkdir()
    described = PLUGIN.format(url=weights_url, digest=hashlib.sha256(CONTENT).hexdigest(), size=len(CONTENT))
    (plugin / "choir_plugin" / "__init__.py").write_text(described)
    (plugin / "choir_plugin" / "pins.txt").write_text("choir_engine==1.0\n")
    write_plugin(plugin, "choir", "choir_plugin:ENGINE")
    borrowed = f"{Path(pytest.__file__).parents[1]}\n"  # what the engine's process needs is here already
    info = "choir_engine-1.0.dist-info"
    with zipfile.ZipFile(wheels / "choir_engine-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("choir_engine.py", ENGINE)
        wheel.writestr("borrowed.pth", borrowed)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: choir_engine\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    pip = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    home = tmp_path_factory.mktemp("data") / "home"
    settings = {"VOICEWRIGHT_HOME": str(home), "PYTHONPATH": str(plugin), "VOICEWRIGHT_WATERMARK": "off"}
    return {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | pip | settings


@pytest.fixture(scope="module")
def voicewright(environment):
    """Run a command to its end, without a terminal."""

    def run(*arguments):
        return subprocess.run(
            [PROGRAM, *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False,
        )  # fmt: skip

    return run


@pytest.fixture
def at_terminal(environment):
    """Run a command at a terminal, answering what it asks: `at_terminal("y", "engines", ...)`."""

    def run(answer, *arguments, stop_at=None):
        ours, theirs = pty.openpty()
        command = [PROGRAM, *arguments]
        with subprocess.Popen(
            command, env=environment | {"COLUMNS": "100", "TERM": "xterm"}, stdin=theirs, stdout=theirs,
            stderr=theirs, start_new_session=True,
        ) as process:  # fmt: skip
            os.close(theirs)
            said = ""
            while select.select([ours], [], [], PATIENCE_S)[0]:
                try:
                    said += os.read(ours, 4096).decode(errors="replace")
                except OSError:  # the other end is closed
                    break
                if answer and "[y/N]" in said:
                    os.write(ours, f"{answer}\n".encode())
                    answer = None
                if stop_at is not None and stop_at():
                    process.send_signal(signal.SIGINT)
                    stop_at = None
        os.close(ours)
        return process.returncode, said

    return run


@pytest.mark.slow
def test_an_engine_from_nothing_to_a_sentence_and_back(  # noqa: PLR0915 - each step needs the one before
    voicewright, at_terminal, environment
):
    home = Path(environment["VOICEWRIGHT_HOME"])
    listed = json.loads(voicewright("engines", "list", "--json").stdout)["engines"]
    choir = next(engine for engine in listed if engine["id"] == "choir")
    assert (choir["ready"], choir["lack"]["code"], choir["disk_bytes"]) == (False, "ENGINE_NOT_INSTALLED", 0)
    needless = voicewright("engines", "install", "builtin")
    assert (needless.returncode, "nothing has to be installed" in needless.stdout) == (0, True)
    unknown = voicewright("engines", "install", "chior", "--json")
    assert (unknown.returncode, "Did you mean 'choir'?" in unknown.stderr) == (4, True)

    refused = voicewright("engines", "install", "choir", "--json")
    assert refused.returncode == 13
    assert json.loads(refused.stdout)["code"] == "LICENCE_NOT_ACCEPTED"
    assert "Sing for yourself only" in refused.stderr
    status, said = at_terminal("n", "engines", "install", "choir")
    assert (status, "Do you accept it?" in said, "Nothing was installed" in said) == (13, True, True)
    assert not (home / "engines" / "choir").exists()

    status, said = at_terminal("y", "engines", "install", "choir", stop_at=Scores.half_sent.is_set)
    assert (status, "Stopped." in said, "Fetching scores.bin" in said, "MB of 1.0 MB" in said) == (
        130, True, True, True,
    ), said  # fmt: skip
    Scores.held.set()
    lacking = voicewright("engines", "doctor", "choir")
    assert (lacking.returncode, "scores.bin is not there" in lacking.stdout) == (6, True)

    installed = voicewright("engines", "install", "choir", "--json")
    assert installed.returncode == 0, installed.stderr
    told = json.loads(installed.stdout)
    assert (told["ready"], told["made_environment"], told["fetched_weights"]) == (True, False, ["scores.bin"])
    assert installed.stderr == "Fetching scores.bin (0.0 MB of 1.0 MB are there) ...\n"
    licence = json.loads((home / "engines" / "choir" / "installed.json").read_text())["licence"]
    assert licence["how"] == "asked"
    assert "nothing was to be done" in voicewright("engines", "install", "choir").stdout
    assert re.search(
        r"^choir +ready +stock voices, streams +2 ", voicewright("engines", "list").stdout, re.MULTILINE
    )

    well = voicewright("engines", "doctor", "choir")
    assert well.returncode == 0, well.stdout
    assert "all checksums right" in well.stdout
    assert "its own voice Tenor said a sentence of" in well.stdout
    assert "voices add choir bass" in voicewright("engines", "voices", "choir").stdout
    added = voicewright("voices", "add", "choir", "bass", "--name", "Low")
    assert (added.returncode, "not a clone" in added.stdout) == (0, True), added.stderr
    spoken = home / "low.wav"
    said = voicewright("say", "Guten Tag.", "--voice", "Low", "--out", str(spoken), "--json")
    assert (said.returncode, spoken.exists()) == (0, True), said.stderr

    weights = home / "engines" / "choir" / "weights" / "scores.bin"
    weights.write_bytes(CONTENT[::-1])
    damaged = voicewright("engines", "doctor", "choir", "--json")
    assert (damaged.returncode, "WEIGHTS_DAMAGED" in damaged.stdout) == (6, True)
    assert voicewright("say", "Guten Tag.", "--voice", "Low", "--out", str(spoken)).returncode == 6
    assert voicewright("engines", "install", "choir").returncode == 0
    assert weights.read_bytes() == CONTENT

    assert voicewright("engines", "remove", "choir").returncode == 2
    status, said = at_terminal("y", "engines", "remove", "choir")
    assert (status, "Its voices stay" in said) == (0, True), said
    silent = voicewright("say", "Guten Tag.", "--voice", "Low", "--out", str(spoken), "--json")
    assert (silent.returncode, "voicewright engines install choir" in silent.stderr) == (6, True)
