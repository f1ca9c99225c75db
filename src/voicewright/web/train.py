"""`/panel/train`: what to learn from, with which engines, how, and what that will cost and take.

The page asks for an estimate of every choice (`POST /training/estimate`) before anything is started.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

from fastapi import Query, Request, Response

from voicewright.accounts.errors import NotAllowed
from voicewright.api.services import Wired
from voicewright.errors import AppError
from voicewright.training.engine_views import EngineView
from voicewright.training.nodes import live_nodes
from voicewright.web.language_titles import language_options, language_title
from voicewright.web.option_fields import OptionField, fields_of
from voicewright.web.rendering import page_router, render
from voicewright.web.train_consent import agreements_of, speakers_recordings
from voicewright.web.visitor import Visiting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicewright.api.services import Services
    from voicewright.recordings.datasets import Summary
    from voicewright.training.models import TrainingJob
    from voicewright.web.visitor import Visitor

router = page_router()

_MOST: Final = 100
"""Datasets and single samples to choose from; more of them are found by name on their own pages."""
_MANY: Final = 20
"""Datasets that nobody needs to search."""


@dataclass(frozen=True, slots=True)
class EngineCard:
    """An engine to choose."""

    view: EngineView
    fields: Sequence[OptionField]

    @property
    def usual(self) -> Sequence[OptionField]:
        """The options that are shown."""
        return [one for one in self.fields if one.is_usual]

    @property
    def others(self) -> Sequence[OptionField]:
        """Those that are folded away."""
        return [one for one in self.fields if not one.is_usual]


@dataclass(frozen=True, slots=True)
class Again:
    """A job whose samples are to be trained with another engine."""

    job: TrainingJob
    speaker: str

    @property
    def choice(self) -> dict[str, Any]:
        """What the script starts from."""
        job = self.job
        return {
            "jobId": str(job.id),
            "samples": list(map(str, job.sample_ids)),
            "name": job.name,
            "language": job.language,
        }


@router.get("/train")
def train(
    request: Request,
    visitor: Visiting,
    services: Wired,
    dataset: Annotated[str, Query(max_length=200)] = "",
    again: UUID | None = None,
) -> Response:
    """The page; `dataset` is chosen already, `again` names a job whose samples are to be trained anew."""
    datasets, total = services.datasets.list_datasets(visitor.id, limit=_MOST)
    named = _named(services, visitor, datasets, dataset)
    if named is not None and named not in datasets:
        datasets = [named, *datasets]
    singles, more_singles = services.samples.list_singles(visitor.id, limit=_MOST)
    cards = _cards(services)
    learning = [card for card in cards if card.view.capabilities.clones or card.view.capabilities.trains]
    settings = services.settings
    return render(
        request,
        "training/train.html",
        visitor,
        datasets=datasets,
        more_datasets=total - len(datasets),
        many_datasets=len(datasets) > _MANY,
        missing="" if named else dataset.strip(),
        singles=singles,
        more_singles=max(0, more_singles - len(singles)),
        picked="" if named is None else named.dataset.name,
        again=None if again is None else _again(services, visitor, again),
        cards=learning,
        speaking=[card.view.title for card in cards if card not in learning],
        picked_engine=next((card.view.id for card in learning if card.view.state.ready), ""),
        languages=_languages(learning),
        language_title=language_title,
        left_today=services.training.statistics(visitor.caller).left_today,
        per_day=settings.daily_training_budget,
        per_job=settings.max_training_cost,
        threshold=settings.min_quality_score,
        longest_min=settings.training_timeout_ms // 60_000,
        off_peak=f"{settings.off_peak} {settings.off_peak_time_zone}",
    )


@router.get("/train/consent")
def consent(  # noqa: PLR0917 - what was chosen
    request: Request,
    visitor: Visiting,
    services: Wired,
    speaker: Annotated[str, Query(max_length=200)] = "",
    language: Annotated[str, Query(max_length=35)] = "",
    dataset: Annotated[str, Query(max_length=200)] = "",
    engine: Annotated[list[str] | None, Query(max_length=20)] = None,
) -> Response:
    """What the speaker of a choice has agreed to, and what is missing; a part of the page.

    Always of the visitor's own recordings: nobody trains those of others here.
    """
    return render(
        request,
        "training/consent.html",
        visitor,
        speaker=speaker,
        agreements=agreements_of(services, visitor.id, speaker, engine or [], language) if speaker else [],
        recordings=speakers_recordings(services, visitor.id, speaker),
        language=language,
        studio={"dataset": dataset} if dataset else {"speaker": speaker},
    )


def _cards(services: Services) -> list[EngineCard]:
    """All engines: first those that can be used now, and of these the ones on own machines."""
    with services.database.session() as session:
        nodes = live_nodes(session)
    engines = services.stock.engines
    views = [EngineView.of(info, engines, nodes, services.settings) for info in engines.known()]
    views.sort(key=lambda view: (not view.state.ready, view.provider is not None, view.title.casefold()))
    return [EngineCard(view, fields_of(view.options)) for view in views]


def _again(services: Services, visitor: Visitor, job_id: UUID) -> Again | None:
    """The job, where it still says what it was trained of.

    Raises:
        NotAllowed: it is somebody else's: whose voice it is agrees with its owner, who pays for it, too.
    """
    job = services.training.get(visitor.caller, job_id).job
    if job.owner_id != visitor.id:
        raise NotAllowed(
            f"{job.name} is somebody else's. Only its owner trains its samples again: they have the consent "
            "of the speaker."
        )
    if not job.sample_ids:
        return None
    try:
        speaker = services.samples.get(UUID(job.sample_ids[0]), job.owner_id).speaker
    except AppError:  # the start says which samples are gone
        speaker = ""
    return Again(job, speaker)


def _named(services: Services, visitor: Visitor, shown: Sequence[Summary], name: str) -> Summary | None:
    """The dataset that the address names, also where it isn't among those that are shown."""
    wanted = name.strip()
    if not wanted:
        return None
    for one in shown:
        if one.dataset.name.casefold() == wanted.casefold():
            return one
    try:
        return services.datasets.summary(visitor.id, wanted)
    except AppError:  # no name of a dataset, or of none that is there
        return None


def _languages(cards: Sequence[EngineCard]) -> list[tuple[str, str]]:
    """What the engines speak, by code and name, in the order of the names."""
    return language_options({one for card in cards for one in card.view.capabilities.languages})
