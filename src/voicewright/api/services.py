"""What the routes work with: made by the composition root, handed to `create_app`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

if TYPE_CHECKING:
    from voicewright.db.server import Database
    from voicewright.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """The services of one API process; whoever made them closes them."""

    settings: Settings
    database: Database


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Wired = Annotated[Services, Depends(_services)]
"""In the signature of a route: `services: Wired`."""
