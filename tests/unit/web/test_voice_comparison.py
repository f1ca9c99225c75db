from __future__ import annotations

from uuid import uuid4

import pytest

from voicewright.voices.figures.views import UsageStats
from voicewright.voices.models import VoiceModel
from voicewright.web.voice_comparison import bars_of, best_place, lines_of


def voice(score, size_bytes=1000, **parts):
    evaluation = {"overall": score, **parts} if parts else None
    return VoiceModel(
        id=uuid4(), quality_score=score, stored_bytes=size_bytes, speech_s=60.0, evaluation=evaluation
    )


def stats(uses=0, latency_ms=0.0, cost=0.0, rating=0.0):
    return UsageStats(
        model_id=uuid4(), usage_count=uses, failure_count=0, total_cost=cost, average_latency=latency_ms,
        p95_latency=latency_ms, quality_rating=rating, rating_count=int(rating > 0),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("values", "lower", "best"),
    [
        ([0.5, 0.7], False, 1),
        ([0.5, 0.7], True, 0),
        ([0.7, 0.7, 0.5], False, None),
        ([0.7, None], False, None),
        ([None, None], False, None),
        ([None, 0.2, 0.1], True, 2),
    ],
)
def test_the_best_of_some(values, lower, best):
    assert best_place(values, lower=lower) == best


def test_every_line_says_who_wins_and_why_nobody_does():
    voices = [voice(0.8, 2000, similarity=0.9), voice(0.7, 1000)]
    lines = lines_of(voices, [stats(4, 300, 0.4), stats(2, 200)], ["Ann", "Bob"])
    told = {line.name: (line.values, line.words) for line in lines}
    assert told["Overall score"] == (("0.80", "0.70"), "Ann sounds best overall")
    assert told["Similarity"] == (("0.90", "–"), "Known of one only")
    assert told["Clarity"] == (("–", "–"), "Not known of any")
    assert told["First sound after"] == (("0.30 s", "0.20 s"), "–")
    assert told["Cost of a use"] == (("$0.10", "free"), "Bob costs least")
    assert told["Uses"] == (("4 uses", "2 uses"), "–")
    assert told["Size"][1] == "Bob is the smallest"
    assert told["Trained on"][1] == "–"
    assert told["Rating"][1] == "Not known of any"


def test_nobody_wins_by_less_than_is_shown():
    voices = [voice(0.8, 4_600_000), voice(0.801, 4_600_010), voice(0.5, 9_000_000)]
    told = {line.name: line for line in lines_of(voices, [stats()] * 3, ["Ann", "Bob", "Cid"])}
    assert (told["Size"].best, told["Size"].words) == (None, "The best are equal")
    assert told["Size"].values[:2] == ("4.4 MB", "4.4 MB")
    assert (told["Overall score"].best, told["Overall score"].words) == (None, "The best are about the same")


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        ((0.87, 0.82), "Ann sounds best overall"),
        ((0.85, 0.8), "Ann sounds best overall"),
        ((0.85, 0.82), "About the same"),
        ((0.85, 0.85), "No difference"),
    ],
)
def test_scores_that_are_about_the_same_have_no_winner(scores, words):
    [overall, *_] = lines_of([voice(score) for score in scores], [stats()] * 2, ["Ann", "Bob"])
    assert overall.words == words
    assert (overall.best is None) == ("best" not in words)


def test_a_fact_has_no_winner():
    lines = lines_of([voice(0.8), voice(0.8)], [stats(9, 350), stats(1, 4080)], ["Ann", "Bob"])
    told = {line.name: line for line in lines}
    facts = [told[name] for name in ("First sound after", "Uses", "Trained on")]
    assert {(line.best, line.words) for line in facts} == {(None, "–")}
    assert facts[0].values == ("0.35 s", "4.08 s")


def test_a_voice_that_never_spoke_is_neither_fast_nor_cheap():
    lines = lines_of([voice(0.8), voice(0.8)], [stats(), stats(1, 500, 1.0)], ["Ann", "Bob"])
    told = {line.name: line for line in lines}
    assert (told["First sound after"].best, told["Cost of a use"].words) == (None, "Known of one only")
    assert told["First sound after"].values == ("–", "0.50 s")


def test_bars_are_drawn_of_what_is_known_of_at_least_one():
    assert bars_of([voice(0.8, similarity=0.9), voice(None)]) == [
        ("Overall", [0.8, None]),
        ("Similarity", [0.9, None]),
    ]
