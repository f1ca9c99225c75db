"""Puts the families of endpoints together to one application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI

from voicewright import __version__

if TYPE_CHECKING:
    from voicewright.api.services import Services


def create_app(services: Services) -> FastAPI:
    """The whole HTTP application over some services."""
    app = FastAPI(title="Voicewright", version=__version__)
    app.state.services = services
    return app
