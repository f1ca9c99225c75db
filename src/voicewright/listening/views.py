"""What is told of blind tests: camelCase, moments in UTC; nothing of who is who before the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self, cast
from uuid import UUID

from pydantic import Field

from voicewright.answers import UtcMoment, View
from voicewright.listening.bodies import Choice  # noqa: TC001 - Pydantic looks at it
from voicewright.listening.results import Outcome  # noqa: TC001 - the same

if TYPE_CHECKING:
    from collections.abc import Iterable

    from voicewright.listening.models import ListeningTest, ListeningTrial
    from voicewright.listening.results import PairResult, Result, SideResult

State = Literal["preparing", "ready", "finished"]


def state_of(test: ListeningTest) -> State:
    """How far a test is."""
    if test.finished_at is not None:
        return "finished"
    return "ready" if test.is_ready else "preparing"


class ListeningSideView(View):
    """One of those who are compared."""

    model_id: UUID = Field(description="The voice; of recordings, the one whose person they are of.")
    kind: str = Field(description="`voice` or `recording`.", examples=["voice"])
    label: str = Field(examples=["Ann, version 2"])


class ListeningTrialView(View):
    """One sentence, heard twice."""

    number: int = Field(description="1, 2, 3 in the order of listening.")
    text: str = Field(examples=["Please leave your wet shoes outside."])
    choice: Choice | None = Field(description="What was chosen; null: nothing yet.", examples=["a"])
    naturalness_a: int | None = Field(examples=[4])
    naturalness_b: int | None = Field(examples=[3])
    url_a: str = Field(
        description="Where A is heard.", examples=[f"/listening-tests/{UUID(int=0)}/trials/1/sounds/a"]
    )
    url_b: str = Field(
        description="Where B is heard.", examples=[f"/listening-tests/{UUID(int=0)}/trials/1/sounds/b"]
    )

    @classmethod
    def of(cls, test: ListeningTest, trial: ListeningTrial) -> Self:
        """Show a trial, without who is who."""
        where = f"/listening-tests/{test.id}/trials/{trial.number}/sounds"
        return cls(
            number=trial.number,
            text=test.sentences[trial.sentence],
            choice=cast("Choice | None", trial.choice),
            naturalness_a=trial.naturalness_a,
            naturalness_b=trial.naturalness_b,
            url_a=f"{where}/a",
            url_b=f"{where}/b",
        )


class ListeningTestSummaryView(View):
    """A blind test, without its trials."""

    id: UUID
    name: str = Field(examples=["Ann, version 1 and Ann, version 2"])
    state: State = Field(
        description="`preparing`: not all sentences are spoken; `ready`: to be listened to; `finished`: it "
        "was told who is who.",
        examples=["ready"],
    )
    language: str
    sides: list[ListeningSideView] = Field(description="In the order in which they were chosen.")
    sentences: int = Field(examples=[8])
    ready_sentences: int = Field(description="How many are spoken.", examples=[8])
    trials: int = Field(description="How often two sounds are compared.", examples=[8])
    voted: int = Field(description="How many trials have a vote.", examples=[3])
    created_at: UtcMoment
    finished_at: UtcMoment | None = Field(examples=[None])

    @classmethod
    def of(cls, test: ListeningTest) -> Self:
        """Show a test."""
        return cls(**_summary(test), trials=len(test.trials))


class ListeningTestView(ListeningTestSummaryView):
    """A blind test."""

    items: list[ListeningTrialView] = Field(description="The trials, in the order of listening.")

    @classmethod
    def of(cls, test: ListeningTest) -> Self:
        """Show a test."""
        items = [ListeningTrialView.of(test, trial) for trial in test.trials]
        return cls(**_summary(test), trials=len(items), items=items)


class ListeningTestPageView(View):
    """A page of blind tests."""

    tests: list[ListeningTestSummaryView]
    total: int
    limit: int
    offset: int

    @classmethod
    def of(cls, found: Iterable[ListeningTest], *, total: int, limit: int, offset: int) -> Self:
        """Show some tests."""
        tests = [ListeningTestSummaryView.of(test) for test in found]
        return cls(tests=tests, total=total, limit=limit, offset=offset)


class SideResultView(View):
    """How one of those did who were compared."""

    model_id: UUID
    label: str = Field(examples=["Ann, version 2"])
    wins: int = Field(description="Trials in which it was preferred.", examples=[7])
    losses: int = Field(description="Trials in which another one was.", examples=[3])
    naturalness: float | None = Field(description="Mean of the ratings, 1..5; null: none.", examples=[4.1])
    ratings: int = Field(description="How often its naturalness was rated.", examples=[10])

    @classmethod
    def of(cls, test: ListeningTest, side: SideResult) -> Self:
        """Show it."""
        return cls(
            model_id=test.sides[side.number].model_id,
            label=side.label,
            wins=side.wins,
            losses=side.losses,
            naturalness=side.naturalness,
            ratings=side.ratings,
        )


class PairResultView(View):
    """How two of them compare."""

    first: str = Field(description="The one that was preferred more often.", examples=["Ann, version 2"])
    second: str = Field(examples=["Ann, version 1"])
    outcome: Outcome = Field(
        description="`preferred`: the first is better; `unsure`: it leads, which may be chance; `equal`: "
        "neither leads; `undecided`: no trial was decided.",
        examples=["unsure"],
    )
    wins: int = Field(description="Of the first.", examples=[7])
    losses: int = Field(examples=[3])
    ties: int = Field(description="Trials without a difference; they are left out of the rest.", examples=[0])
    share: float | None = Field(description="Of the decided trials that the first won, 0..1.", examples=[0.7])
    low: float = Field(
        description="The true share is between `low` and `high`, with 95 % confidence (Wilson).",
        examples=[0.397],
    )
    high: float = Field(examples=[0.892])
    p_value: float = Field(
        description="How likely so uneven votes are if there is no difference (binomial, two-sided, exact).",
        examples=[0.344],
    )
    more_votes: int | None = Field(
        description="How many more decided trials would tell, if they went on like this.", examples=[20]
    )
    words: str = Field(examples=["7 of 10 for Ann, version 2: not enough to be sure."])

    @classmethod
    def of(cls, pair: PairResult, labels: list[str]) -> Self:
        """Show it."""
        found = pair.preference
        low, high = found.interval
        return cls(
            first=labels[pair.first],
            second=labels[pair.second],
            outcome=pair.outcome,
            wins=found.wins,
            losses=found.losses,
            ties=found.ties,
            share=found.share,
            low=low,
            high=high,
            p_value=found.p_value,
            more_votes=found.more_votes,
            words=pair.words,
        )


class RevealedTrialView(ListeningTrialView):
    """A trial of a finished test."""

    a: str = Field(description="Who A was.", examples=["Ann, version 2"])
    b: str = Field(description="Who B was.", examples=["Ann, version 1"])

    @classmethod
    def of(cls, test: ListeningTest, trial: ListeningTrial) -> Self:
        """Show it."""
        known = ListeningTrialView.of(test, trial).model_dump()
        return cls(**known, a=test.sides[trial.side_a].label, b=test.sides[trial.side_b].label)


class ListeningResultView(View):
    """What came of a finished test, and who was who."""

    id: UUID
    name: str = Field(examples=["Ann, version 1 and Ann, version 2"])
    finished_at: UtcMoment | None
    sides: list[SideResultView]
    pairs: list[PairResultView]
    trials: list[RevealedTrialView]

    @classmethod
    def of(cls, test: ListeningTest, result: Result) -> Self:
        """Show it."""
        labels = [side.label for side in test.sides]
        return cls(
            id=test.id,
            name=test.name,
            finished_at=test.finished_at,
            sides=[SideResultView.of(test, side) for side in result.sides],
            pairs=[PairResultView.of(pair, labels) for pair in result.pairs],
            trials=[RevealedTrialView.of(test, trial) for trial in test.trials],
        )


def _summary(test: ListeningTest) -> dict[str, Any]:
    return {
        "id": test.id,
        "name": test.name,
        "state": state_of(test),
        "language": test.language,
        "sides": [
            ListeningSideView(model_id=side.model_id, kind=side.kind, label=side.label) for side in test.sides
        ],
        "sentences": len(test.sentences),
        "ready_sentences": test.ready_sentences,
        "voted": test.voted,
        "created_at": test.created_at,
        "finished_at": test.finished_at,
    }
