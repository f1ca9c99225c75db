"""Runs docs/api.md: every shell example in order, against a real `voicewright serve`, and compares.

The page is run as it stands. Only the block that sets `V` and `LINK` is the reader's own: here they lead to
the server of the test. `builtin` is the provider that the page names; in this test a plugin of that id comes
first on the path: it has the built-in engine's description, options and forecasts, and hums instead of
learning (`STAND_IN`), so that a training takes as long as judging it. Nothing can hum well enough, hence
`MIN_QUALITY_SCORE=0` and `VOICEWRIGHT_ONBOARDING_QUALITY=0`.

What is shown and what comes must have the same status, keys and types; values too, but for

    "6f1c…", "Voice of …"    texts that differ: … and the word that it ends stand for anything
    2025-01-15T10:30:00Z     a moment
    0.73                     measurements: every number with a point, and the fields in `VOLATILE`
    [{...}, "…"]             more elements
    {"id": "…", "…": "…"}    an object with all the fields of one that the page shows in full
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
from fastapi.routing import iter_route_contexts

from voicewright.api.app import create_app
from voicewright.engines.testing import write_plugin
from voicewright.settings import Settings

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs" / "api.md"
PROGRAM = Path(sys.executable).with_name("voicewright")
ADDRESS = "http://127.0.0.1:3005"
MORE = "…"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
VOLATILE = {
    "actualTimeMs",
    "attempt",
    "bytes",
    "chains",
    "completedAt",
    "createdAt",
    "estimatedTimeMs",
    "events",
    "id",
    "newBytes",
    "nextAfter",
    "nodes",
    "sequence",
    "size",
    "size_bytes",
    "storedBytes",
}
UNLISTED = {"/docs", "/openapi.json"}

STAND_IN = """
import dataclasses
import json
from voicewright.engines.port import StockVoice
from voicewright.engines.testing import ToneEngine
from voicewright.plugins.builtin.plugin import ENGINE as BUILTIN
from voicewright.plugins.kokoro.plugin import ENGINE as KOKORO

class Silent:
    def __init__(self, context):
        self.check_cancelled = context.check_cancelled

    def __getattr__(self, name):
        return lambda *_, **__: None

class Humming(ToneEngine):
    clone = None  # the built-in engine has none

    def train(self, request, context):
        for epoch in range(1, 4):
            context.progress("training", epoch / 3)
            context.metric("training_loss", 1 / epoch, step=epoch)
            context.metric("validation_loss", 1.1 / epoch, step=epoch)
        return super().train(dataclasses.replace(request, options={}), Silent(context))

    def synthesize(self, request, context):
        return super().synthesize(dataclasses.replace(request, speed=4.0), context)

ENGINE = dataclasses.replace(BUILTIN, factory="stand_in:Humming")

class Choir:
    __init__ = ToneEngine.__init__
    load = ToneEngine.load
    synthesize = ToneEngine.synthesize

    def stock_voices(self, context):
        return (StockVoice("af_heart", "Heart", ("en-us",)), StockVoice("af_bella", "Bella", ("en-us",)))

    def write_stock_voice(self, voice, artefact_dir, context):
        content = {"format": 1, "pitch_hz": 90.0, "speaking_fault": "none"}
        (artefact_dir / "voice.json").write_text(json.dumps(content))
        return next(each for each in self.stock_voices(context) if each.id == voice)

CHOIR = dataclasses.replace(KOKORO, factory="stand_in:Choir", environment=None, requires=())
"""
# What a reader has in their shell, and what this test looks at besides: the status of each call.
PREAMBLE = """
curl() {
  local headers; headers=$(mktemp)
  command curl --max-time 280 -D "$headers" "$@"; local result=$?
  grep '^HTTP/' "$headers" | tail -1 | cut -d' ' -f2 >> "$STATUSES"
  return $result
}
"""

Keys = set[frozenset[str]]
"""Of objects."""


@dataclass
class Step:
    """A block of shell commands, and what the page says that it answers."""

    line: int
    commands: str
    status: int | None = None
    kind: str = ""
    answer: str = ""


@dataclass
class Page:
    """The steps of the page, and the routes that it has headings for."""

    steps: list[Step] = field(default_factory=list)
    routes: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, text: str) -> Page:
        page, fence, block = cls(), None, []
        for number, line in enumerate(text.splitlines(), start=1):
            if fence is not None and line == "```":
                page._take(fence, number - len(block), "\n".join(block))
                fence = None
            elif fence is not None:
                block.append(line)
            elif line.startswith("```"):
                fence, block = line[3:], []
            elif line.startswith("→ "):
                page.steps[-1].status = int(line[2:])
            elif heading := re.fullmatch(r"### ((?:GET|HEAD|POST|PUT|PATCH|DELETE|WebSocket) /\S+)", line):
                page.routes.add(heading[1])
        return page

    def _take(self, kind: str, line: int, block: str) -> None:
        if kind == "bash":
            self.steps.append(Step(line, block))
        elif kind in {"json", "text"}:
            self.steps[-1].kind, self.steps[-1].answer = kind, block

    @property
    def whole_objects(self) -> Keys:
        """The fields of each object that is shown in full."""
        found: Keys = set()
        for step in self.steps:
            if step.kind == "json":
                json.loads(step.answer, object_hook=lambda each: found.add(frozenset(each)) or each)
        return {keys for keys in found if MORE not in keys}


@dataclass
class Reader:
    """Somebody who copies the page into one shell."""

    shell: subprocess.Popen[str]
    folder: Path

    def run(self, commands: str) -> tuple[list[int], str, str]:
        """The statuses of the calls of a block, its output and its errors."""
        script, out, err, statuses = (self.folder / f"step.{end}" for end in ("sh", "out", "err", "statuses"))
        script.write_text(commands + "\n", encoding="utf-8")
        statuses.write_text("")
        assert self.shell.stdin is not None
        assert self.shell.stdout is not None
        self.shell.stdin.write(f"source {script} > {out} 2> {err} < /dev/null; echo $?\n")
        self.shell.stdin.flush()
        ended = self.shell.stdout.readline().strip()
        assert ended == "0", f"{commands}\nended with {ended}: {out.read_text()}{err.read_text()}"
        return [int(one) for one in statuses.read_text().split()], out.read_text(), err.read_text()


@pytest.fixture(scope="module")
def text() -> str:
    return PAGE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    plugin = tmp_path_factory.mktemp("plugin")
    (plugin / "stand_in.py").write_text(STAND_IN)
    write_plugin(plugin, "builtin", "stand_in:ENGINE")
    write_plugin(plugin, "kokoro", "stand_in:CHOIR")
    environment = os.environ | {
        "VOICEWRIGHT_HOME": str(tmp_path_factory.mktemp("data") / "home"),
        "PYTHONPATH": str(plugin),
        "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}",
        "MIN_QUALITY_SCORE": "0",
        "VOICEWRIGHT_ONBOARDING_QUALITY": "0",
    }
    environment.pop("DATABASE_URL", None)
    return environment


@pytest.fixture(scope="module")
def served(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """What a new server says when it is ready; its worker is, too."""
    command = [PROGRAM, "serve", "--port", "0", "--json"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True) as server:
        assert server.stdout is not None
        assert server.stderr is not None
        said = json.loads(server.stdout.readline())
        assert any("Working as" in line for line in server.stderr)
        yield said
        server.terminate()
        _, errors = server.communicate()
    assert server.returncode == 0, errors


@pytest.fixture(scope="module")
def reader(
    served: dict[str, str],
    environment: dict[str, str],
    sample_recordings: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Reader]:
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copytree(sample_recordings, folder / "examples" / "recordings")
    longer = {"ann.wav": (11, 12, 13, 14, 15, 16), "agreed.wav": (4,)}
    for name, numbers in {"me.wav": (5, 6, 7), "again.wav": (8, 9, 10), **longer}.items():
        read = [soundfile.read(sample_recordings / f"sample-{number:02d}.flac") for number in numbers]
        soundfile.write(folder / name, np.concatenate([samples for samples, _ in read]), read[0][1])
    own = {"V": served["url"], "LINK": served["first_run_link"].partition("token=")[2]}
    statuses = folder / "step.statuses"
    with subprocess.Popen(
        ["bash", "--norc", "-o", "pipefail"],
        env=environment | own | {"STATUSES": str(statuses)},
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as shell:
        reader = Reader(shell, folder)
        reader.run(PREAMBLE)
        yield reader
        assert shell.stdin is not None
        shell.stdin.close()


def differences(shown: Any, came: Any, whole: Keys, where: str = "", key: str = "") -> list[str]:
    """Where an answer is not what the page shows."""
    if isinstance(shown, dict) and isinstance(came, dict):
        if MORE in shown:
            if frozenset(came) not in whole:
                return [f"{where}: the page shows nowhere in full what has {sorted(came)}"]
            shown = {name: value for name, value in shown.items() if name != MORE}
            came = {name: value for name, value in came.items() if name in shown}
        if shown.keys() != came.keys():
            return [f"{where}: {sorted(shown.keys() ^ came.keys())} is on one side only"]
        pairs = [(f"{where}.{name}", shown[name], came[name], name) for name in shown]
    elif isinstance(shown, list) and isinstance(came, list):
        if shown[-1:] == [MORE]:
            shown, came = shown[:-1], came[: len(shown) - 1]
        if len(shown) != len(came):
            return [f"{where}: {len(shown)} elements are shown, and {len(came)} came"]
        pairs = [(f"{where}[{at}]", *both, key) for at, both in enumerate(zip(shown, came, strict=True))]
    else:
        alike = is_alike(shown, came, key)
        return [] if alike else [f"{where}: {shown!r} is shown, and {came!r} came"]
    return [found for at, left, right, name in pairs for found in differences(left, right, whole, at, name)]


def is_alike(shown: Any, came: Any, key: str) -> bool:
    if isinstance(shown, str) and isinstance(came, str):
        if MOMENT.fullmatch(shown):
            return MOMENT.fullmatch(came) is not None
        return matches(shown, came)
    if isinstance(shown, float) or key in VOLATILE:
        return isinstance(came, int | float) and not isinstance(came, bool)
    return type(shown) is type(came) and shown == came


def matches(shown: str, came: str) -> bool:
    pattern = ".*".join(map(re.escape, re.split(rf"[\w-]*{MORE}", shown)))
    return re.fullmatch(pattern, came, re.DOTALL) is not None


def faults_of(step: Step, ran: tuple[list[int], str, str], whole: Keys) -> list[str]:
    statuses, out, err = ran
    good = statuses[-1:] == [step.status] if step.status else all(status < 300 for status in statuses)
    if not good:
        return [f"{step.status or 'nothing'} is shown, and {statuses} came: {out}{err}"]
    if step.kind == "json":
        return differences(json.loads(step.answer), json.loads(out if out.strip() else err), whole)
    if step.kind == "text":
        came = out.replace("\r\n", "\n").strip()
        return [] if matches(step.answer.strip(), came) else [f"this came: {came}"]
    return []


@pytest.mark.slow
def test_the_page_does_what_it_says(text: str, served: dict[str, str], reader: Reader) -> None:
    page = Page.read(text.replace(ADDRESS, served["url"]))
    whole, wrong = page.whole_objects, []
    own = [step for step in page.steps if step.commands.startswith("V=")]
    assert len(own) == 1
    for step in page.steps:
        if step not in own:
            ran = reader.run(step.commands)
            wrong += [f"line {step.line}: {fault}" for fault in faults_of(step, ran, whole)]
    assert wrong == [], "\n".join(wrong)


def test_the_page_has_every_route_and_no_other(text: str, tmp_path: Path) -> None:
    app = create_app(SimpleNamespace(settings=Settings(home=tmp_path), speech=None))  # type: ignore[arg-type]
    routes = {
        f"{method} {route.path}"
        for route in iter_route_contexts(app.routes)
        for method in getattr(route, "methods", None) or ("WebSocket",)
        if route.path not in UNLISTED
    }
    assert Page.read(text).routes == routes


def test_every_route_has_an_example_that_calls_it(text: str) -> None:
    sections = re.split(r"^### ", text, flags=re.MULTILINE)[1:]
    for section in sections:
        heading = section.splitlines()[0]
        method, _, path = heading.partition(" ")
        if not path.startswith("/"):
            continue
        called = re.sub(r"\\\{\w+\\\}", r"[^\\s/\"?]+", re.escape(path))
        commands = "\n".join(re.findall(r"```bash\n(.*?)```", section, flags=re.DOTALL))
        if path != "/training/{jobId}/audio/{name}":  # it takes its address from the list
            assert re.search(rf"\$V{called}|\$\{{V/http/ws\}}{called}", commands), heading
        assert method != "HEAD" or "--head" in commands, heading
        if method in {"PATCH", "DELETE"}:
            assert f"-X {method}" in commands, heading
