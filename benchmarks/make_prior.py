"""Make the prior of the built-in engine from flite's voices: `python benchmarks/make_prior.py --out FOLDER`.

Needs the program `flite` (Debian's package of that name). The texts are sentences of Python's documentation.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from pydoc_data import topics
from typing import TYPE_CHECKING

import numpy as np
import soundfile
import soxr
import torch
from safetensors.torch import save_file

from voicewright.plugins.builtin import pitch
from voicewright.plugins.builtin.alignment import align
from voicewright.plugins.builtin.analysis import SAMPLE_RATE_HZ, Scale, analyse_guide, analyse_speaker
from voicewright.plugins.builtin.context import PhoneSet, describe
from voicewright.plugins.builtin.espeak import Guide, Rendering
from voicewright.plugins.builtin.fitting import DROPOUT, Example, FitPlan, fit, steps_per_epoch
from voicewright.plugins.builtin.network import FRAMES_PER_STEP
from voicewright.plugins.builtin.prior import starting_network

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from voicewright.plugins.builtin.alignment import Alignment

    Floats = NDArray[np.float32]

VOICES = ("slt", "awb", "kal16")
LANGUAGE = "en-us"
SENTENCES = 220
STEPS = 2500
THREADS = 2
LEVEL = 0.1
HISS = 1e-4
"""Recordings are never digitally silent."""
FEWEST_WORDS = 6


class Quiet:
    """A run context that prints the losses."""

    def progress(self, stage: str, fraction: float) -> None:
        """Say nothing."""

    def metric(self, name: str, value: float, *, step: int) -> None:
        """Print a point of a curve."""
        print(f"epoch {step}: {name} {value:.3f}", flush=True)

    def log(self, message: str) -> None:
        """Say nothing."""

    def spoke(self, path: Path, text: str, *, step: int) -> None:
        """Hear nothing: nothing is asked for."""

    def check_cancelled(self) -> None:
        """Never."""


def main() -> int:
    """Speak, align, analyse, train, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out: Path = parser.parse_args().out
    flite = shutil.which("flite")
    if flite is None:
        print("flite is not here; on Debian: apt-get install flite", file=sys.stderr)
        return 1
    torch.set_num_threads(THREADS)
    torch.set_flush_denormal(True)
    guide = Guide.shared()
    texts = sentences()
    renderings = [guide.render(text, LANGUAGE) for text in texts]
    guides = [analyse_guide(r.wave) for r in renderings]
    recorded = {voice: recordings(flite, voice, texts) for voice in VOICES}
    aligned = {
        voice: align(list(zip(waves, renderings, strict=True)), SAMPLE_RATE_HZ, lambda _done: None)
        for voice, waves in recorded.items()
    }
    phones = PhoneSet(s.name for items in aligned.values() for a in items for s in a.segments)
    examples = [
        example
        for voice in VOICES
        for example in examples_of(recorded[voice], aligned[voice], renderings, guides, phones)
    ]
    training = [e for i, e in enumerate(examples) if i % 37]
    plan = FitPlan(
        epochs=round(STEPS / steps_per_epoch(training, 8)),
        batch_size=8,
        learning_rate=2e-3,
        patience=None,
        max_time_s=None,
        seed=0,
        data="prior",
    )
    outcome = fit(
        training,
        examples[::37],
        network=starting_network(phones, dropout=DROPOUT, seed=0, from_prior=False),
        plan=plan,
        context=Quiet(),
        checkpoint_dir=None,
        tick=lambda _done: None,
    )
    weights = {k: v.half().contiguous() for k, v in outcome.network.state_dict().items()}
    save_file(weights, out / "prior.safetensors")
    (out / "phones.json").write_text(json.dumps(phones.names, ensure_ascii=False), "utf-8")
    return 0


def sentences() -> list[str]:
    """Plain sentences of Python's documentation, always the same ones of one Python version."""
    text = " ".join(topics.topics.values())
    found = set()
    for piece in re.split(r"(?<=[.!?])\s+|\n\n", text):
        sentence = re.sub(r"\s+", " ", piece).strip()
        plain = re.fullmatch(r"[A-Z][a-z ,'-]{30,90}\.", sentence)
        if plain and len(set(re.findall("[a-z]+", sentence.lower()))) >= FEWEST_WORDS:
            found.add(sentence)
    ordered = sorted(found)
    np.random.default_rng(0).shuffle(ordered)
    return ordered[:SENTENCES]


def recordings(flite: str, voice: str, texts: Sequence[str]) -> list[Floats]:
    """Each text spoken by a voice of flite, at 22,050 Hz."""

    def speak(job: tuple[int, str]) -> Floats:
        number, text = job
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "spoken.wav"
            subprocess.run([flite, "-voice", voice, "-t", text, "-o", str(path)], check=True)
            wave, rate = soundfile.read(path, dtype="float32")
        wave = soxr.resample(wave, rate, SAMPLE_RATE_HZ)
        noise = np.random.default_rng(number).standard_normal(len(wave)) * HISS
        result: Floats = (wave * (LEVEL / max(float(wave.std()), HISS)) + noise).astype(np.float32)
        return result

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(speak, enumerate(texts)))


def examples_of(
    waves: Sequence[Floats],
    alignments: Sequence[Alignment],
    renderings: Sequence[Rendering],
    guides: Sequence[Floats],
    phones: PhoneSet,
) -> list[Example]:
    """One voice's examples, on its own scale."""
    range_hz = pitch.speaker_range_hz(waves[:8], SAMPLE_RATE_HZ)
    with ThreadPoolExecutor(THREADS) as pool:
        frames = list(pool.map(lambda wave: analyse_speaker(wave, range_hz), waves))
    contexts = [
        describe(a.segments, r, g, phones) for a, r, g in zip(alignments, renderings, guides, strict=True)
    ]
    pairs = []
    for context, rows in zip(contexts, frames, strict=True):
        length = min(len(context), len(rows)) // FRAMES_PER_STEP * FRAMES_PER_STEP
        pairs.append((context.cut(length), rows[:length]))
    scale = Scale.fit([rows for _, rows in pairs], [context.guide for context, _ in pairs])
    return [
        Example(
            replace(context, guide=scale.normalise_guide(context.guide).astype(np.float32)),
            scale.normalise(rows).astype(np.float32),
            1.0,
        )
        for context, rows in pairs
    ]


if __name__ == "__main__":
    sys.exit(main())
