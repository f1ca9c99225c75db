"""Puts the families of endpoints together to one application."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Depends, FastAPI
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from voicewright import __version__
from voicewright.api import (
    account,
    account_deletion,
    account_export,
    account_notifications,
    admin_training,
    admin_training_jobs,
    alerts,
    audit,
    audit_table,
    auth,
    consents,
    datasets,
    docs_page,
    engines,
    health,
    listening_tests,
    metrics,
    onboarding,
    onboarding_server,
    openai_consents,
    openai_models,
    openai_speech,
    openai_voices,
    provenance,
    sample_audio,
    training,
    training_audio,
    training_events,
    users,
    voice,
    voice_clone,
    voice_history,
    voice_long,
    voice_long_events,
    voice_model_audio,
    voice_model_cleanup,
    voice_model_copies,
    voice_model_figures,
    voice_model_sharing,
    voice_models,
    voice_synthesis,
    voice_voices,
)
from voicewright.api.audit_record import AuditRecord
from voicewright.api.body_limit import BodyLimit
from voicewright.api.document import complete_document
from voicewright.api.event_streams import watching_jobs
from voicewright.api.headers import SecurityHeaders
from voicewright.api.lingering import LingeringClose
from voicewright.api.metrics import add_metrics
from voicewright.api.onboarding_cors import OnboardingCors
from voicewright.api.openai_limits import OpenAILimits
from voicewright.api.problems import UnexpectedErrors, handle_problems
from voicewright.api.request_ids import RequestIds
from voicewright.api.validation import require_storable_text

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from voicewright.api.services import Services

_EVERYWHERE: Final = (Depends(require_storable_text),)


def create_app(services: Services) -> FastAPI:
    """The whole HTTP application over some services."""
    app = FastAPI(
        title="Voicewright",
        version=__version__,
        dependencies=_EVERYWHERE,
        lifespan=watching_jobs,
        docs_url=None,  # `docs_page` has it, without what FastAPI's loads from other hosts
        redoc_url=None,
    )
    app.state.services = services
    handle_problems(app)
    complete_document(app)
    _add_middleware(app, services)
    app.router.routes += _routes()
    return app


@cache
def _routes() -> tuple[BaseRoute, ...]:
    """Every route, made once in a process: all of them together take a fifth of a second."""
    everything = APIRouter(dependencies=_EVERYWHERE)
    for router in (
        docs_page.router,
        health.router,
        auth.router,
        account.router,
        account_notifications.router,
        users.router,
        account_deletion.router,
        account_export.router,
        training.router,
        training_events.router,
        training_audio.router,
        admin_training_jobs.router,
        admin_training.router,
        voice.router,
        sample_audio.router,
        datasets.router,
        voice_long.router,
        voice_long_events.router,
        voice_clone.router,
        voice_voices.router,
        engines.router,
        onboarding.router,
        onboarding_server.router,
        voice_synthesis.router,
        voice_history.router,
        listening_tests.router,
        voice_model_audio.router,
        voice_model_figures.router,
        voice_model_copies.router,
        voice_model_sharing.router,
        voice_model_cleanup.router,
        voice_model_cleanup.admin_router,
        voice_models.router,  # the last of its family: /{modelId} would take the others' paths
        openai_models.router,
        openai_speech.router,
        openai_voices.router,
        openai_consents.router,
        provenance.router,
        consents.router,
        audit.router,
        audit_table.router,
        alerts.router,
        metrics.router,
    ):
        everything.include_router(router)
    return tuple(everything.routes)


def _add_middleware(app: FastAPI, services: Services) -> None:
    """What every request passes through; the last one added is the first one to see it."""
    settings = services.settings
    app.add_middleware(BodyLimit, limit_bytes=settings.json_limit_bytes)
    app.add_middleware(UnexpectedErrors)
    app.add_middleware(LingeringClose)
    app.add_middleware(OpenAILimits)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(AuditRecord, services=services)
    add_metrics(app, services)
    if settings.onboarding_origins:
        app.add_middleware(OnboardingCors, origins=settings.onboarding_origins)
    if settings.trusted_proxies:
        trusted = [str(network) for network in settings.trusted_proxies]
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=trusted)
    app.add_middleware(RequestIds)
