"""Words and JSON for what commands report: evaluations, refused files, voices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from voicewright.speech.say import SayResult

COMPONENTS = ("similarity", "naturalness", "clarity", "consistency", "overall")
RAW = ("speaker_cosine", "dnsmos_ovrl", "dnsmos_sig", "wer")
_MEANING = {
    "similarity": "sounds like the speaker",
    "naturalness": "sounds like a person",
    "clarity": "is understood",
    "consistency": "is the same in every sentence",
    "overall": "0.4 similarity + 0.3 naturalness + 0.2 clarity + 0.1 consistency",
}


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
    from rich.table import Table

    raw = evaluation["raw"]
    measured = {
        "similarity": _figure("speaker cosine", raw.get("speaker_cosine"), 3),
        "naturalness": _figure("DNSMOS", raw.get("dnsmos_ovrl"), 2),
        "clarity": _figure("word error rate", raw.get("wer"), 2),
        "consistency": _figure("spread of the cosine", raw.get("speaker_spread"), 3),
    }
    table = Table(box=None, pad_edge=False, show_header=False)
    for name in COMPONENTS:
        table.add_row(name, _bar(evaluation[name]), measured.get(name, ""), f"[dim]{_MEANING[name]}[/dim]")
    console.print(table)
    for reason in evaluation.get("reasons", ()):
        console.print(f"  - {reason}", markup=False, highlight=False)


def print_list(console: Console, title: str, lines: Sequence[str]) -> None:
    """Show a short list under a title; nothing where it is empty."""
    if not lines:
        return
    console.print(title, markup=False, highlight=False)
    for line in lines:
        console.print(f"  - {line}", markup=False, highlight=False)


def spoken_words(spoken: SayResult) -> str:
    """What was said, and how fast."""
    return (
        f"{spoken.output}: {spoken.output_s:.1f} s, made at {spoken.real_time_factor:.2f} x real time, "
        f"first audio after {1000 * spoken.first_audio_s:.0f} ms"
    )


def megabytes(size_bytes: float) -> str:
    """A size as people read it."""
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes < 1e9 else f"{size_bytes / 1e9:.1f} GB"  # noqa: PLR2004


def _bar(score: float | None) -> str:
    if score is None:
        return "   ?"
    full = round(10 * score)
    return f"{score:.2f} {'█' * full}{'░' * (10 - full)}"


def _figure(name: str, value: float | None, digits: int) -> str:
    return f"{name} unknown" if value is None else f"{name} {value:.{digits}f}"
