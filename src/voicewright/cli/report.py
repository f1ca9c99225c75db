"""Words and JSON for what commands report: evaluations, refused files, voices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from voicewright.speech.say import SayResult

COMPONENTS = ("similarity", "naturalness", "clarity", "consistency", "overall")
RAW = ("speaker_cosine", "dnsmos_ovrl", "dnsmos_sig", "wer")
_MEANING = {
    "similarity": ("likeness to the speaker", "speaker cosine", "speaker_cosine", 3),
    "naturalness": ("how much it sounds like a person", "DNSMOS", "dnsmos_ovrl", 2),
    "clarity": ("how well it is understood", "word error rate", "wer", 2),
    "consistency": ("sameness from sentence to sentence", "spread of the cosine", "speaker_spread", 3),
}
"""Score to (what it is about, the figure behind it, its name in `raw`, digits)."""


def evaluation_json(evaluation: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The part of an evaluation that programs are promised."""
    if evaluation is None:
        return None
    raw = evaluation["raw"]
    return {
        **{name: evaluation[name] for name in COMPONENTS},
        "raw": {name: raw.get(name) for name in RAW},
    }


def print_evaluation(console: Console, evaluation: Mapping[str, Any] | None) -> None:
    """Show scores as bars, the figures behind them, and the reasons in words."""
    if evaluation is None:
        console.print("Not evaluated.")
        return
    for name in COMPONENTS:
        line = f"{name:<12} {_bar(evaluation[name])}"
        if name in _MEANING:
            meaning, figure, key, digits = _MEANING[name]
            value = evaluation["raw"].get(key)
            told = "unknown" if value is None else f"{value:.{digits}f}"
            line += f"  {meaning} ({figure} {told})"
        console.print(line, markup=False, soft_wrap=True)
    console.print()
    for reason in evaluation.get("reasons", ()):
        console.print(f"  - {reason}", markup=False, soft_wrap=True)


def print_list(console: Console, title: str, lines: Sequence[str]) -> None:
    """Show a short list under a title; nothing where it is empty."""
    if not lines:
        return
    console.print(title, markup=False)
    for line in lines:
        console.print(f"  - {line}", markup=False, soft_wrap=True)


_NOTABLE_S: Final = 0.05


def spoken_words(spoken: SayResult) -> str:
    """What was said, and how fast."""
    told = f"{spoken.output}: {spoken.output_s:.1f} s"
    if spoken.synthesis_s >= _NOTABLE_S:  # else it had been spoken before
        told += f"; the engine took {spoken.synthesis_s:.1f} s, {_pace(spoken.speech_s / spoken.synthesis_s)}"
    return f"{told}; first audio after {1000 * spoken.first_audio_s:.0f} ms, with all that had to start"


def _pace(times: float) -> str:
    """How many times as fast as it sounds."""
    if 0.95 <= times < 1.05:  # noqa: PLR2004 - what rounds to one
        return "as fast as it sounds"
    return f"{times:.1f} x faster than it sounds" if times > 1 else f"{1 / times:.1f} x slower than it sounds"


def megabytes(size_bytes: float) -> str:
    """A size as people read it."""
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes < 1e9 else f"{size_bytes / 1e9:.1f} GB"  # noqa: PLR2004 - a GB


def _bar(score: float | None) -> str:
    if score is None:
        return "   ?           "
    full = round(10 * score)
    return f"{score:.2f} {'█' * full}{'░' * (10 - full)}"
