"""What people call the engines that jobs and voices name by their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicewright.errors import AppError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from voicewright.api.services import Services


def titles_of(services: Services, ids: Iterable[str]) -> Mapping[str, str]:
    """The titles of some engines by their ids; one that is not known here is called by its id."""
    wanted = set(ids)
    if not wanted:
        return {}
    known = {info.id: info.title for info in services.stock.engines.known()}
    return {each: known.get(each) or _title(services, each) for each in wanted}


def _title(services: Services, engine_id: str) -> str:
    try:
        return services.stock.engines.find(engine_id).title
    except AppError:
        return engine_id
