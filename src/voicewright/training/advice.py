"""What can be done about a job, in the words of people: without the calls and fields of the REST API.

The advice of `training.recovery` and `training.waiting` is written for whoever reads it over that API. Pages
and mails say the same by what the panel calls it.
"""

from __future__ import annotations

import re
from typing import Final

_WORDS: Final[tuple[tuple[str, str], ...]] = (
    (r":? POST /training/\{jobId\}/retry", " with Retry{retry}"),
    (r": GET /training/\{jobId\}/logs", ", {log}"),
    (
        r"Ask what it would cost: POST /training/estimate names",
        "See what it would cost: the page Train names",
    ),
    (
        r"Give it: POST /consents with recording_sample_id, language,",
        "Record the consent with that sample, its language,",
    ),
    (r": POST /consents", ""),
    (r": GET /engines( says| lists)", r": the page Train\1"),
    (r": GET /engines", ": the page Train"),
    (r"\boptions\.maxTrainingTimeMs\b", "time limit"),
    (r"\boptions\.qualityThreshold\b", "the quality threshold"),
    (r"\boptions\.batchSize\b", "the batch size"),
    (r"\boptions\.epochs\b", "the number of epochs"),
    (r"Check the ids in voiceSampleIds: a", "Check the samples: a"),
    (r"with its id, or without it", "with it, or without it"),
    (r"\b([Cc]hoose) (a|another|a cheaper) provider\b", r"\1 \2 engine"),
    (r"\b([Cc]hoose) a engine\b", r"\1 an engine"),
)
"""Calls, and names of their fields, by what people find instead."""
_MS: Final = re.compile(r"\b(\d{5,})( ms)?\b")
_MINUTE_MS: Final = 60_000
_HOURS: Final = 2
"""From so many on, whole hours are told as such."""


def in_plain_words(sentence: str, *, retry: str = "", log: str = "on its page") -> str:
    """A sentence of advice without calls of the REST API.

    Args:
        sentence: of `recovery.suggested_actions`, or of a `Waiting`.
        retry: where the button Retry is, such as ` above`.
        log: where the log is.
    """
    for words, instead in _WORDS:
        if re.search(words, sentence):
            there = instead.replace("{retry}", retry).replace("{log}", log)
            sentence = re.sub(words, there, sentence)
    return _MS.sub(lambda found: _span(int(found[1])), sentence)


def _span(milliseconds: int) -> str:
    """`90 min`, `4 h`."""
    minutes = max(1, round(milliseconds / _MINUTE_MS))
    hours, left = divmod(minutes, 60)
    return f"{hours} h" if not left and hours >= _HOURS else f"{minutes} min"
