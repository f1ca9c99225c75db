"""Pages: templates with what every page has, headers that keep them safe, and errors that people can read.

A route of the panel gives `render(request, "area/page.html", visitor, name=value)`. A request of HTMX may ask
for a part of a page only: `block="rows"` names a block of the template.
"""

from __future__ import annotations

import gzip
import logging
import secrets
from collections.abc import Callable, Coroutine, Sequence
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2_fragments import render_block
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from voicewright import __version__
from voicewright.accounts.errors import NotAuthenticated
from voicewright.api.browser import path_prefix
from voicewright.api.problems import PLAIN_WORDS, STATUS, is_for_operators
from voicewright.api.request_ids import request_id
from voicewright.api.validation import refused_input
from voicewright.errors import AppError, ErrorKind
from voicewright.web import formats
from voicewright.web.errors import PageNotFound
from voicewright.web.list_pages import BeyondTheEnd
from voicewright.web.navigation import place_above, sections_for
from voicewright.web.static_files import digest

if TYPE_CHECKING:
    from voicewright.web.visitor import Visitor

PREFIX: Final = "/panel"
THEME_COOKIE: Final = "voicewright_theme"
_THEMES: Final = frozenset({"light", "dark"})
_PACKED_BYTES: Final = 1500
"""A smaller answer fits into one packet as it is."""
_QUICK: Final = 4
_LOG = logging.getLogger(__name__)


class PageRoute(APIRoute):
    """A route whose refusals are pages, or short notes where HTMX asked for a part of one."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with what it raises turned into something to read."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except NotAuthenticated:
                return _to_sign_in(request)
            except BeyondTheEnd as end:
                there = request.url.include_query_params(offset=end.last)
                return redirect(request, f"{_path(request)}?{there.query}")
            except AppError as error:
                return refusal(request, error)
            except RequestValidationError as error:
                return refusal(request, _unfit(request, error.errors()))
            except ClientDisconnect:
                raise
            except Exception:  # noqa: BLE001 - logged, and told without its details
                where = f"{request.method} {request.url.path}"
                _LOG.exception("unexpected error at %r (request %s)", where, request_id(request))
                return refusal(request, AppError("unexpected"))

        return handled


def page_router() -> APIRouter:
    """What a module of pages puts its routes on, with paths below `/panel`."""
    return APIRouter(prefix=PREFIX, route_class=PageRoute, include_in_schema=False)


def render(
    request: Request,
    template: str,
    visitor: Visitor | None = None,
    *,
    block: str | None = None,
    status: int = 200,
    **values: Any,
) -> HTMLResponse:
    """A page, or a block of one.

    Args:
        request: what it answers.
        template: its file below `templates/`.
        visitor: who looks at it; None: somebody who has not signed in.
        block: only this block of the template, as HTMX wants it.
        status: of the answer.
        values: what the template shows.
    """
    settings = request.app.state.services.settings
    nonce = secrets.token_urlsafe(16)
    base = path_prefix(settings)
    theme = request.cookies.get(THEME_COOKIE, "")
    context = {
        "visitor": visitor,
        "sections": sections_for(visitor),
        "here": request.url.path.removeprefix(base),
        "theme": theme if theme in _THEMES else "",
        "nonce": nonce,
        "version": __version__,
        "base": base,
        "url": lambda path: f"{base}{path}",
        "asset": lambda name: f"{base}{PREFIX}/static/{digest()}/{name}",
        **values,
    }
    page = templates().get_template(template)
    html = page.render(context) if block is None else render_block(templates(), template, block, context)
    return _packed(request, HTMLResponse(html, status, headers=_headers(nonce)))


def redirect(request: Request, path: str) -> RedirectResponse:
    """Lead a browser to another page of the panel, with GET.

    Args:
        request: what it answers.
        path: without the prefix of a proxy, `/panel/voices`.
    """
    base = path_prefix(request.app.state.services.settings)
    return RedirectResponse(f"{base}{path}", HTTPStatus.SEE_OTHER, headers={"Cache-Control": "no-store"})


def is_partial(request: Request) -> bool:
    """Whether HTMX asks for a part of a page, and not a browser for the whole."""
    return (
        request.headers.get("hx-request") == "true"
        and request.headers.get("hx-history-restore-request") != "true"
    )


def refusal(request: Request, error: AppError) -> Response:
    """What somebody reads instead of a page: what is wrong and what to do."""
    status, told = STATUS[error.kind], error.message
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and is_for_operators(error):
        told = f"{PLAIN_WORDS[error.kind]} The log has the details under request {request_id(request)}."
    if error.kind is not ErrorKind.INTERNAL and status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _LOG.error("%s: %s (request %s)", error.code, error.message, request_id(request))
    visitor = getattr(request.state, "visitor", None)
    template = "refusal.html" if is_partial(request) else "error.html"
    above = place_above(visitor, _path(request))
    answer = render(request, template, visitor, status=status, told=told, code=error.code, above=above)
    retry_after = getattr(error, "retry_after_s", None)
    if retry_after is not None:
        answer.headers["Retry-After"] = str(int(retry_after) + 1)
    return answer


@cache
def templates() -> Environment:
    """The templates; a name that one of them misspells is an error, and everything is escaped."""
    made = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(formats.FILTERS)
    return made


def _unfit(request: Request, faults: Sequence[Any]) -> AppError:
    """What the framework found wrong; with an id that can't be one, the address names no page."""
    if any(fault["loc"][0] == "path" for fault in faults):
        return PageNotFound.at(_path(request))
    return refused_input(request, faults)


def _path(request: Request) -> str:
    """What was asked for, without the prefix of a proxy."""
    return request.url.path.removeprefix(path_prefix(request.app.state.services.settings))


def _headers(nonce: str) -> dict[str, str]:
    return {
        "Cache-Control": "no-store",
        # the nonce is for the styles of the waveform player, which has a shadow tree of its own
        "Content-Security-Policy": (
            f"default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; "
            "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; media-src 'self' blob:; "
            "manifest-src 'self'; worker-src 'self'; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
        "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


def _packed(request: Request, page: HTMLResponse) -> HTMLResponse:
    """The page, compressed where that pays; nothing in it is a secret that its length could tell of."""
    page.headers["Vary"] = "Accept-Encoding"
    body = bytes(page.body)
    if len(body) >= _PACKED_BYTES and "gzip" in request.headers.get("accept-encoding", ""):
        page.body = gzip.compress(body, _QUICK, mtime=0)
        page.headers["Content-Encoding"] = "gzip"
        page.headers["Content-Length"] = str(len(page.body))
    return page


def _to_sign_in(request: Request) -> Response:
    """The page to sign in with, and from there back; where HTMX asks, the whole page goes there.

    A stream is refused: a browser would be led to a page that is no stream, and its script not know why.
    """
    if "text/event-stream" in request.headers.get("accept", ""):
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"Cache-Control": "no-store"})
    if is_partial(request):
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"HX-Refresh": "true"})
    wanted = _path(request)
    if request.url.query:
        wanted += f"?{request.url.query}"
    back = "" if wanted == PREFIX else f"?next={quote(wanted, safe='/')}"
    return redirect(request, f"{PREFIX}/sign-in{back}")
