"""Which engine makes a voice in one call, where nobody names one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from voicewright.engines.languages import match_language
from voicewright.errors import AppError
from voicewright.training.nodes import can_run, live_nodes

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from voicewright.engines.port import EngineInfo
    from voicewright.training.drafting import Engines

AUTO: Final = "auto"
_ALWAYS: Final = "builtin"


def choose_engine(session: Session, wanted: str, language: str, engines: Engines) -> str:
    """The id of the engine: `auto` is the quickest that clones here.

    Only engines of one's own machines are chosen whose weights are free for any use: a provider costs money
    and asks for a recorded consent, and a licence that had to be accepted may forbid what the voices are for.

    Args:
        session: a unit of work.
        wanted: an id, or `auto`.
        language: BCP 47 tag of what is spoken.
        engines: finds an engine by its id.
    """
    if wanted != AUTO:
        return wanted
    nodes = live_nodes(session)
    found = [
        _find(engine_id, engines) for engine_id in sorted({one for node in nodes for one in node.engines})
    ]
    able = [
        info
        for info in found
        if info is not None
        and info.capabilities.clones
        and info.provider is None
        and not _has_terms(info)
        and match_language(language, info.capabilities.languages) is not None
        and any(can_run(node, info, clones=True) for node in nodes)
    ]
    quickest = min(able, key=lambda info: (info.forecast.fixed_s, info.id), default=None)
    return _ALWAYS if quickest is None else quickest.id


def _has_terms(info: EngineInfo) -> bool:
    return info.environment is not None and bool(info.environment.weights_licence)


def _find(engine_id: str, engines: Engines) -> EngineInfo | None:
    try:
        return engines(engine_id)
    except AppError:  # it is installed on that node, and not known here
        return None
