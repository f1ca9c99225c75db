"""`/panel/admin/engines`: what makes voices here, what each engine lacks, and how it gets that."""

from __future__ import annotations

from fastapi import Request, Response

from voicewright.api.services import Wired
from voicewright.engines.registry import list_broken_plugins
from voicewright.training.engine_views import EngineView
from voicewright.training.nodes import live_nodes
from voicewright.web.rendering import page_router, render
from voicewright.web.visitor import Administrating

router = page_router()


@router.get("/admin/engines")
def engines(request: Request, visitor: Administrating, services: Wired) -> Response:
    """Every engine that is known here, those that can be used first."""
    installed = services.stock.engines
    with services.database.session() as session:
        nodes = live_nodes(session)
    known = installed.known()
    views = [EngineView.of(info, installed, nodes, services.settings) for info in known]
    return render(
        request,
        "admin/engines.html",
        visitor,
        engines=sorted(views, key=lambda view: (not view.state.ready, view.title.casefold())),
        offered_by={
            view.id: [node.name for node in nodes if view.id in {*node.engines, *node.speaks}]
            for view in views
        },
        broken=list_broken_plugins(),
        disk_bytes=sum(view.state.disk_bytes for view in views),
    )
