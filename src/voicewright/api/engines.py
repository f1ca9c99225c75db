"""`/engines`: what makes voices here, what it can and costs, and the voices that it has of its own."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from voicewright.accounts.caller import Caller, Scope
from voicewright.api.caller import calling
from voicewright.api.problems import refusals
from voicewright.api.services import Services, Wired
from voicewright.api.voice_model_routes import Writer, making, show_made
from voicewright.engines.port import EngineInfo
from voicewright.training.engine_views import (
    EngineAnswer,
    EnginesAnswer,
    EngineView,
    StockVoicesAnswer,
    StockVoiceView,
)
from voicewright.training.nodes import live_nodes
from voicewright.voices.bodies import StockVoiceBody
from voicewright.voices.views import VoiceModelView

router = APIRouter(prefix="/engines", tags=["engines"])

Reader = Annotated[Caller, Depends(calling(Scope.VOICES_READ))]
_MOST = 100
"""Characters of an id."""


@router.get("", summary="List the engines")
def engines(services: Wired, _caller: Reader) -> EnginesAnswer:
    """All that are known here, also those that lack something, which `state` says."""
    known = services.stock.engines.known()
    return EnginesAnswer(engines=_shown(services, *known))


@router.get("/{engineId}", summary="Look at an engine", responses=refusals(404))
def engine(
    engine_id: Annotated[str, Path(alias="engineId", max_length=_MOST)], services: Wired, _caller: Reader
) -> EngineAnswer:
    """One engine: what it can, what its trainings can be told, what it costs, and whether it can be used."""
    (view,) = _shown(services, services.stock.engines.find(engine_id))
    return EngineAnswer(engine=view)


@router.get(
    "/{engineId}/voices", summary="List an engine's own voices", responses=refusals(402, 404, 409, 429)
)
def voices(
    engine_id: Annotated[str, Path(alias="engineId", max_length=_MOST)], services: Wired, caller: Reader
) -> StockVoicesAnswer:
    """The voices that it speaks with without any recordings; none where it has to learn each.

    A list that was told within the last five minutes is told again.
    """
    info = services.stock.engines.find(engine_id)
    found = services.stock.list_voices(caller, engine_id)
    return StockVoicesAnswer(voices=[StockVoiceView.of(voice, info) for voice in found])


@router.post(
    "/{engineId}/voices",
    status_code=201,
    summary="Register an engine's own voice",
    responses=making(402, 404, 409, 429, 507),
)
def add_voice(
    engine_id: Annotated[str, Path(alias="engineId", max_length=_MOST)],
    body: StockVoiceBody,
    services: Wired,
    caller: Writer,
    response: Response,
) -> VoiceModelView:
    """Make it a voice model of yours, that speaks like any other.

    It is no clone, and its `metadata` says so (`stock`). Nobody's recordings are in it: it needs no consent.
    Its name must not be that of another voice. An account may register so many voices in an hour, these too.
    """
    return show_made(services, services.stock.add(caller, engine_id, body), response)


def _shown(services: Services, *infos: EngineInfo) -> list[EngineView]:
    with services.database.session() as session:
        nodes = live_nodes(session)
    return [EngineView.of(info, services.stock.engines, nodes, services.settings) for info in infos]
