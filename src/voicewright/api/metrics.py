"""`/metrics` for Prometheus: the figures of the installation, and the answers of this process.

Who may read them: an administrator, as everywhere; or whoever shows `VOICEWRIGHT_METRICS_TOKEN`, which is
worth nothing anywhere else and works while the database is away.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Depends, Request, Security
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, generate_latest

from voicewright.accounts.caller import Scope
from voicewright.accounts.policies import require_admin, require_scope
from voicewright.api.caller import BEARER, KEY, identify
from voicewright.api.services import Services, Wired
from voicewright.monitoring.metrics import Scrape
from voicewright.monitoring.speaking import SpeechMetrics

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Message, Receive, Send
    from starlette.types import Scope as AsgiScope

HTTP_ANSWERS: Final = "voicewright_http_answers"
_EXAMPLE: Final = "# TYPE voicewright_voice_models_active gauge\nvoicewright_voice_models_active 1.0\n"


class Metrics:
    """The metrics of one application."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._scrape: Scrape | None = None
        self._registry = CollectorRegistry()
        self.answers = Counter(
            HTTP_ANSWERS,
            "Answers of this process, by the first part of the route's path.",
            ["family", "status"],
            registry=self._registry,
        )
        self._registry.register(SpeechMetrics(services.speech))

    def text(self) -> bytes:
        """All of them."""
        if self._scrape is None:
            self._scrape = Scrape(self._services.database)
        return self._scrape.text() + generate_latest(self._registry)


class CountAnswers:
    """The middleware that counts; outside of what answers by itself."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Count the answer when it begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                # of what is no route, nothing that a caller made up becomes a name
                path: str = getattr(scope.get("route"), "path", "/none")
                self._metrics.answers.labels(path.split("/")[1], f"{message['status'] // 100}xx").inc()
            await send(message)

        await self._app(scope, receive, counting)


def add_metrics(app: FastAPI, services: Services) -> None:
    """Count the answers of an application, for its `/metrics`."""
    app.state.metrics = Metrics(services)
    app.add_middleware(CountAnswers, metrics=app.state.metrics)


def _may_scrape(
    request: Request,
    services: Wired,
    bearer: Annotated[str | None, Security(BEARER)],
    key: Annotated[str | None, Security(KEY)],
) -> None:
    token = services.settings.metrics_token
    if token is not None and bearer is not None and key is None:
        shown, known = bearer.encode(errors="replace"), token.get_secret_value().encode()
        if hmac.compare_digest(shown, known):
            return
    caller = identify(request, services, bearer, key)
    require_admin(caller)
    require_scope(caller, Scope.ADMIN)


router = APIRouter(tags=["operations"], dependencies=[Depends(_may_scrape)])


@router.get(
    "/metrics",
    summary="Read the metrics",
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}, "example": _EXAMPLE}}}},
)
def metrics(request: Request) -> PlainTextResponse:
    """Figures in Prometheus' text format; docs/metrics.md lists them."""
    found: Metrics = request.app.state.metrics
    return PlainTextResponse(found.text(), media_type=CONTENT_TYPE_LATEST)
