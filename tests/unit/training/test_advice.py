"""Advice in the words of people: no calls and no fields of the REST API."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from voicewright.engines.registry import list_engines
from voicewright.training.advice import in_plain_words
from voicewright.training.recovery import _ADVICE, suggested_actions
from voicewright.training.waiting import why_it_waits

if TYPE_CHECKING:
    from voicewright.training.models import Node, TrainingJob

TECHNICAL = re.compile(
    r"\b(POST|GET|PUT|PATCH|DELETE)\b|options\.|[{}]|\b[a-z]+[A-Z]\w*|\d+ ms\b|sample_id"
    r"|\b(a|another|cheaper) provider\b"
)
"""What nobody should have to read who is no programmer."""
JOB = cast(
    "TrainingJob", SimpleNamespace(max_training_ms=5_400_000, quality_threshold=0.7, provider="builtin")
)


@pytest.mark.parametrize("job", [None, JOB])
@pytest.mark.parametrize("code", [*_ADVICE, "SOMETHING_NEW"])
def test_no_advice_names_a_call_or_a_field(code: str, job: TrainingJob | None) -> None:
    for sentence in suggested_actions(code, job):
        said = in_plain_words(sentence, retry=" above")
        assert not TECHNICAL.search(said), said


def test_nor_does_what_a_job_waits_for() -> None:
    has: dict[str, Any] = {"gpu_memory_mb": None, "engines": ["x"], "speaks": [], "versions": {}}
    node = cast("Node", SimpleNamespace(name="studio", **has))
    for info in list_engines():
        for nodes in ([], [node]):
            waiting: Any = why_it_waits(info, nodes, clones=False)
            for sentence in waiting.suggested_actions if waiting else ():
                assert not TECHNICAL.search(in_plain_words(sentence)), sentence


def test_it_says_where_and_how_long() -> None:
    advice = suggested_actions("TRAINING_TIMEOUT", JOB)
    retry, longer, lower = [in_plain_words(one, retry=" above") for one in advice]
    assert retry == "Try again with Retry above. It goes on from its last checkpoint, with the same time."
    assert longer == "Start a new job with a higher time limit (it was 90 min), for example 3 h."
    assert lower == "Lower the number of epochs, or give fewer samples."
    assert in_plain_words("Lower options.batchSize.") == "Lower the batch size."
    assert in_plain_words("Read the log: GET /training/{jobId}/logs.") == "Read the log, on its page."
    assert in_plain_words("Or choose a provider that is there: GET /engines lists them.") == (
        "Or choose an engine that is there: the page Train lists them."
    )
