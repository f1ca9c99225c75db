"""`/panel/datasets`: what was recorded, how good it is, and what would harm a voice."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal
from urllib.parse import quote
from uuid import UUID

from fastapi import Query, Request, Response

from voicewright.api.paging import Offset
from voicewright.api.sample_audio import MEDIA_TYPES
from voicewright.api.services import Wired
from voicewright.recordings.report import Verdict
from voicewright.recordings.spread import flaws_of, spreads_of
from voicewright.web.enough import how_far
from voicewright.web.language_titles import language_title
from voicewright.web.list_pages import check_offset
from voicewright.web.rendering import PREFIX, is_partial, page_router, render
from voicewright.web.visitor import Visiting

if TYPE_CHECKING:
    from voicewright.recordings.datasets import Summary
    from voicewright.recordings.models import Sample

router = page_router()

LIST_LENGTH: Final = 50
CLIPS_LENGTH: Final = 20
_PARTS: Final = frozenset({"figures", "clips"})
"""What HTMX may ask for: ids of elements, and names of blocks."""
_DRAWN_S: Final = 120.0
"""The waveform of what is longer is not drawn: a browser would have to decode all of it at once."""
_PLAYED: Final = frozenset(MEDIA_TYPES) - {"aac"}
Search = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class Share:
    """How many recordings got a verdict."""

    verdict: str
    count: int
    start: float
    width: float
    """Of a bar that is 100 wide."""


@dataclass(frozen=True, slots=True)
class ShownDataset:
    """A dataset as the pages show it."""

    summary: Summary

    @property
    def name(self) -> str:
        """As its owner writes it."""
        return self.summary.dataset.name

    @property
    def language(self) -> str:
        """In words."""
        return language_title(self.summary.dataset.language)

    @property
    def shares(self) -> list[Share]:
        """Of the verdicts, the best first; those that nobody got are left out."""
        shares, start = [], 0.0
        for verdict in Verdict:
            count = self.summary.verdicts.get(verdict, 0)
            if count:
                width = 100 * count / self.summary.files
                shares.append(Share(verdict.value, count, round(start, 2), round(width, 2)))
                start += width
        return shares

    @property
    def counts(self) -> dict[str, int]:
        """How many recordings there are by verdict, the worst first; under `""` all of them."""
        verdicts = self.summary.verdicts
        return {"": self.summary.files} | {one.value: verdicts.get(one, 0) for one in reversed(Verdict)}

    @property
    def good_share(self) -> float | None:
        """Of all recordings."""
        if not self.summary.files:
            return None
        return self.summary.verdicts.get(Verdict.GOOD, 0) / self.summary.files


@router.get("/datasets")
def datasets(
    request: Request, visitor: Visiting, services: Wired, search: Search = "", offset: Offset = 0
) -> Response:
    """All of somebody's, by name."""
    found, total = services.datasets.list_datasets(
        visitor.id, search=search, limit=LIST_LENGTH, offset=offset
    )
    check_offset(offset, LIST_LENGTH, total)
    return render(
        request,
        "datasets/list.html",
        visitor,
        block="rows" if is_partial(request) else None,
        datasets=[ShownDataset(summary) for summary in found],
        total=total,
        search=search,
        offset=offset,
        limit=LIST_LENGTH,
    )


@router.get("/datasets/{name}")
def dataset(  # noqa: PLR0917 - what the address says
    request: Request,
    name: str,
    visitor: Visiting,
    services: Wired,
    verdict: Verdict | Literal[""] = "",
    search: Search = "",
    offset: Offset = 0,
) -> Response:
    """One with its figures and its recordings, those that harm a voice first; or the part that HTMX names.

    Where its last recording was removed, `clips` brings all that is below the title, and nothing else comes.
    """
    target = request.headers.get("hx-target")
    part = target if is_partial(request) and target in _PARTS else None
    shown = ShownDataset(services.datasets.summary(visitor.id, name))
    is_bare = part is not None and not shown.summary.files
    if is_bare and part != "clips":
        return Response(status_code=HTTPStatus.NO_CONTENT)
    samples, total = services.datasets.samples_of(
        visitor.id,
        name,
        verdict=verdict or None,
        search=search,
        worst_first=True,
        limit=CLIPS_LENGTH,
        offset=offset,
    )
    check_offset(offset, CLIPS_LENGTH, total)
    measured = [] if part == "clips" else services.datasets.measured(visitor.id, name)
    answer = render(
        request,
        "datasets/dataset.html",
        visitor,
        block="dataset" if is_bare else part,
        part=part,
        shown=shown,
        dataset=shown.summary.dataset,
        **_places(shown.name),
        samples=samples,
        total=total,
        verdict=str(verdict),
        search=search,
        offset=offset,
        limit=CLIPS_LENGTH,
        spreads=spreads_of(measured),
        flaws=flaws_of(measured),
        alone=False,
        sound_of=_sound_of,
        is_drawn=_is_drawn,
        enough=how_far(shown.summary.speech_s),
    )
    if is_bare:
        answer.headers["HX-Retarget"] = "#dataset"
    return answer


@router.get("/datasets/{name}/clips/{sample_id}")
def judgement(request: Request, name: str, sample_id: UUID, visitor: Visiting, services: Wired) -> Response:
    """What a recording is worth, alone: a page asks for it when its words have changed."""
    sample = services.datasets.sample_of(visitor.id, name, sample_id)
    return render(request, "datasets/judgement.html", visitor, sample=sample)


@router.get("/datasets/{name}/clips/{sample_id}/card")
def clip(request: Request, name: str, sample_id: UUID, visitor: Visiting, services: Wired) -> Response:
    """A recording with its sound and its words, for other pages: they show it where they name it."""
    sample = services.datasets.sample_of(visitor.id, name, sample_id)
    shown = services.datasets.summary(visitor.id, name).dataset
    return render(
        request,
        "datasets/clip_alone.html",
        visitor,
        **_places(shown.name),
        dataset=shown,
        sample=sample,
        alone=True,
        sound_of=_sound_of,
        is_drawn=_is_drawn,
    )


def _places(name: str) -> dict[str, Any]:
    """Where a dataset is, as a page and for programs."""
    return {"at": f"{PREFIX}/datasets/{quote(name)}", "api": f"/datasets/{quote(name)}"}


def _sound_of(sample: Sample) -> str:
    """Where the sound of a recording is, in a form that browsers play."""
    address = f"/api/voice/samples/{sample.id}/audio"
    return address if sample.container in _PLAYED else f"{address}?clip=0"


def _is_drawn(sample: Sample) -> bool:
    return sample.duration_s <= _DRAWN_S
