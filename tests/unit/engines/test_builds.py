"""Which torch a machine gets, told from what the machine says of itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from voicewright.engines.builds import PUBLIC_INDEX, Accelerator, TorchSource, find_accelerator, torch_sources
from voicewright.engines.environments import count_pins, require_python
from voicewright.engines.errors import PythonUnsuitable
from voicewright.engines.port import EngineEnvironment
from voicewright.engines.testing import TONE_ENGINE


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Have tools say what they say elsewhere: `machine(nvidia-smi="560.35, A GPU")`; no other is there."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def make(**says):
        for name, words in says.items():
            tool = tmp_path / name.replace("_", "-")
            tool.write_text(f"#!/bin/sh\n{words}\n")
            tool.chmod(0o755)
        return find_accelerator(tmp_path / "driver", tmp_path / "kfd")

    return make


def test_a_machine_says_what_it_has(machine, tmp_path):
    assert machine() is None
    (tmp_path / "kfd").touch()
    assert machine() == Accelerator("rocm", title="AMD")
    (tmp_path / "driver").write_text("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun\n")
    assert machine() == Accelerator("cuda", 535, "NVIDIA")
    assert machine(nvidia_smi="echo 580.95.05, NVIDIA H200") == Accelerator("cuda", 580, "NVIDIA H200")
    assert machine(nvidia_smi="exit 9").driver == 535  # a tool that fails says nothing


def test_the_build_for_the_processor_is_looked_for_where_pip_looks_first():
    wanted = "torch==2.6.0+cpu"
    assert torch_sources("2.6.0", "cpu", system="linux") == (
        TorchSource(wanted),
        TorchSource(wanted, f"{PUBLIC_INDEX}/cpu"),
    )
    assert torch_sources("2.6.0", "cpu", system="darwin") == (TorchSource("torch==2.6.0"),)


@pytest.mark.parametrize(
    ("build", "driver", "first"),
    [
        ("cuda", 580, "cu130"),
        ("cuda", 535, "cu129"),
        ("cuda", None, "cu129"),
        ("cuda", 470, "cu118"),
        ("rocm", None, "rocm7.1"),
    ],
)
def test_a_gpu_gets_the_newest_build_that_its_driver_runs(build, driver, first):
    sources = torch_sources("2.6.0", build, driver=driver, system="linux")
    assert sources[0] == TorchSource(f"torch==2.6.0+{first}", f"{PUBLIC_INDEX}/{first}", complete=False)


@pytest.mark.parametrize(
    ("index", "requirement", "complete"),
    [
        ("https://mirror.example/whl/cu124/", "torch==2.6.0+cu124", False),
        ("https://mirror.example/whl/cpu", "torch==2.6.0+cpu", True),
        ("file:///srv/wheels", "torch==2.6.0", False),
    ],
)
def test_an_index_of_ones_own_is_the_only_one(index, requirement, complete):
    assert torch_sources("2.6.0", "cuda", index=index) == (TorchSource(requirement, index, complete),)


def test_pins_are_counted_without_comments():
    assert count_pins("# a==1\nnumpy==2.1  # the array\n\npydantic==2.12\n") == 2


def test_a_python_that_is_too_new_is_refused_by_name():
    require_python(TONE_ENGINE)
    info = replace(TONE_ENGINE, environment=EngineEnvironment("x:y", newest_python=(3, 12)))
    require_python(info, (3, 12))
    with pytest.raises(PythonUnsuitable, match=r"Python 3\.11 to 3\.12, and this is Python 3\.13"):
        require_python(info, (3, 13))
