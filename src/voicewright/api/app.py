"""Puts the families of endpoints together to one application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import Depends, FastAPI
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from voicewright import __version__
from voicewright.api import (
    account,
    account_deletion,
    admin_training,
    admin_training_jobs,
    alerts,
    audit,
    auth,
    consents,
    docs_page,
    health,
    metrics,
    openai_consents,
    openai_models,
    openai_speech,
    openai_voices,
    provenance,
    training,
    training_audio,
    training_events,
    users,
    voice,
    voice_clone,
    voice_history,
    voice_long,
    voice_long_events,
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
from voicewright.api.openai_limits import OpenAILimits
from voicewright.api.problems import UnexpectedErrors, handle_problems
from voicewright.api.request_ids import RequestIds
from voicewright.api.validation import require_storable_text

if TYPE_CHECKING:
    from voicewright.api.services import Services


def create_app(services: Services) -> FastAPI:
    """The whole HTTP application over some services."""
    app = FastAPI(
        title="Voicewright",
        version=__version__,
        dependencies=[Depends(require_storable_text)],
        lifespan=watching_jobs,
        docs_url=None,  # `docs_page` has it, without what FastAPI's loads from other hosts
        redoc_url=None,
    )
    app.state.services = services
    handle_problems(app)
    complete_document(app)
    _add_middleware(app, services)
    app.include_router(docs_page.router)
    app.include_router(health.router)
    app.include_router(auth.router)
    app.include_router(account.router)
    app.include_router(users.router)
    app.include_router(account_deletion.router)
    app.include_router(training.router)
    app.include_router(training_events.router)
    app.include_router(training_audio.router)
    app.include_router(admin_training_jobs.router)
    app.include_router(admin_training.router)
    app.include_router(voice.router)
    app.include_router(voice_long.router)
    app.include_router(voice_long_events.router)
    app.include_router(voice_clone.router)
    app.include_router(voice_voices.router)
    app.include_router(voice_synthesis.router)
    app.include_router(voice_history.router)
    app.include_router(voice_model_figures.router)
    app.include_router(voice_model_copies.router)
    app.include_router(voice_model_sharing.router)
    app.include_router(voice_model_cleanup.router)
    app.include_router(voice_model_cleanup.admin_router)
    app.include_router(voice_models.router)  # the last of its family: /{modelId} would take the others' paths
    app.include_router(openai_models.router)
    app.include_router(openai_speech.router)
    app.include_router(openai_voices.router)
    app.include_router(openai_consents.router)
    app.include_router(provenance.router)
    app.include_router(consents.router)
    app.include_router(audit.router)
    app.include_router(alerts.router)
    app.include_router(metrics.router)
    return app


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
    if settings.trusted_proxies:
        trusted = [str(network) for network in settings.trusted_proxies]
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=trusted)
    app.add_middleware(RequestIds)
