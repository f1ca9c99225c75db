"""`/docs`: the OpenAPI document as a page for people.

It is made here and loads nothing: no script, no style and no image of another host, which the strict content
security policy would not let it do either. So it also works where there is no way out.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from voicewright.api.docs_calls import curl_of
from voicewright.api.docs_fields import fields_of, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable

router = APIRouter()

_STYLE: Final = (
    ":root{color-scheme:light dark;--line:#ddd;--soft:#f5f5f4;--dim:#666;--get:#06c;--post:#080;--patch:#a60;"
    "--delete:#b00}"
    "@media(prefers-color-scheme:dark){:root{--line:#444;--soft:#222;--dim:#aaa;--get:#6af;--post:#6c6;"
    "--patch:#fb5;--delete:#f88}}"
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}"
    "h2{margin-top:2.5rem}h3{font-size:1rem;margin:1rem 0 .3rem}p{margin:.4rem 0}"
    "code,pre{font:.875rem/1.45 ui-monospace,monospace}"
    "pre{background:var(--soft);padding:.7rem;overflow-x:auto;border-radius:.3rem}"
    "details{border:1px solid var(--line);border-radius:.3rem;margin:.4rem 0;padding:.4rem .8rem}"
    "summary{cursor:pointer;overflow-wrap:anywhere}summary .told{color:var(--dim);margin-left:.5rem}"
    "b.get{color:var(--get)}b.post{color:var(--post)}b.patch{color:var(--patch)}b.delete{color:var(--delete)}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.25rem .6rem "
    ".25rem 0;border-top:1px solid var(--line);overflow-wrap:anywhere}"
    "th{font-weight:600;white-space:nowrap;width:1%}"
    ".dim{color:var(--dim)}nav{columns:2;column-gap:2rem}nav p{break-inside:avoid;margin:0 0 .8rem}"
    "nav a{display:block;text-decoration:none;overflow-wrap:anywhere}"
    "@media(max-width:40rem){nav{columns:1}th{white-space:normal;width:auto}}"
)
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
}
_CODE: Final = re.compile("`([^`]+)`")
_STRONG: Final = re.compile(r"\*\*([^*]+)\*\*")
_GOOD: Final = ("2", "3")
"""How the statuses of good answers begin."""


@router.api_route("/docs", methods=["GET", "HEAD"], include_in_schema=False)
def docs(request: Request) -> HTMLResponse:
    """The page; made when it is first asked for."""
    state = request.app.state
    if not hasattr(state, "docs_page"):
        state.docs_page = page_of(request.app.openapi())
    return HTMLResponse(state.docs_page, headers=_HEADERS)


def page_of(document: dict[str, Any]) -> str:
    """The page of an OpenAPI document."""
    return _Page(document).html


class _Page:
    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._schemas: dict[str, Any] = document["components"]["schemas"]
        self._refusals: dict[str, Any] = document["components"]["responses"]

    @cached_property
    def html(self) -> str:
        info = self._document["info"]
        title = f"{escape(info['title'])} {escape(info['version'])}"
        tags = self._document["tags"]
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width"><title>{title}: API</title>'
            f"<style>{_STYLE}</style></head><body><h1>{title}</h1>{_told(info['description'])}"
            '<p>For programs: <a href="openapi.json">openapi.json</a>.</p>'
            f"<nav>{''.join(map(self._contents, tags))}</nav>"
            f"{''.join(map(self._section, tags))}{self._errors()}</body></html>"
        )

    def _contents(self, tag: dict[str, str]) -> str:
        links = "".join(
            f'<a href="#{operation["operationId"]}">{_call(method, path)}</a>'
            for path, method, operation in self._operations(tag["name"])
        )
        return f"<p><strong>{escape(tag['name'])}</strong>{links}</p>"

    def _section(self, tag: dict[str, str]) -> str:
        operations = "".join(
            self._operation(path, method, operation)
            for path, method, operation in self._operations(tag["name"])
        )
        return f"<section><h2>{escape(tag['name'])}</h2>{_told(tag['description'])}{operations}</section>"

    def _operations(self, tag: str) -> Iterable[tuple[str, str, dict[str, Any]]]:
        for path, methods in self._document["paths"].items():
            for method, operation in methods.items():
                if tag in operation["tags"]:
                    yield path, method, operation

    def _operation(self, path: str, method: str, operation: dict[str, Any]) -> str:
        return (
            f'<details><summary>{_call(method, path)}<span class="told">{escape(operation["summary"])}</span>'
            f'</summary><div id="{operation["operationId"]}">{_told(operation["description"])}'
            f"{_who(operation)}{self._parameters(operation)}{self._body(operation)}"
            f"<h3>Call</h3><pre>{escape(curl_of(path, method, operation))}</pre>"
            f"{self._answers(operation)}</div></details>"
        )

    def _parameters(self, operation: dict[str, Any]) -> str:
        rows = [
            (
                parameter["name"],
                f"{kind_of(parameter['schema'], self._schemas)}, in the {parameter['in']}",
                parameter.get("required", False),
                parameter.get("description", ""),
                parameter["schema"].get("default"),
            )
            for parameter in operation.get("parameters", [])
        ]
        return _table("Parameters", rows)

    def _body(self, operation: dict[str, Any]) -> str:
        content = operation.get("requestBody", {}).get("content", {})
        parts = []
        for kind, body in content.items():
            fields = fields_of(body["schema"], self._schemas)
            rows = [(row.name, row.kind, row.required, row.description, row.default) for row in fields]
            parts.append(_table(f"Body, {kind}", rows))
        return "".join(parts)

    def _answers(self, operation: dict[str, Any]) -> str:
        parts, refused = [], []
        for status, answer in operation["responses"].items():
            if not status.startswith(_GOOD):
                refused.append(f'<a href="#answer-{status}">{status}</a>')
                continue
            parts.append(f"<h3>{status} {escape(answer['description'])}</h3>")
            for kind, content in answer.get("content", {}).items():
                shown = content.get("example")
                text = shown if isinstance(shown, str) else json.dumps(shown, indent=2, ensure_ascii=False)
                parts.append(f'<p class="dim">{escape(kind)}</p>' if kind != "application/json" else "")
                parts.append("" if shown is None else f"<pre>{escape(text)}</pre>")
        return f"{''.join(parts)}<p>Refused with {', '.join(refused)}.</p>"

    def _errors(self) -> str:
        parts = []
        for answer in self._refusals.values():
            example = answer["content"]["application/json"]["example"]
            status = answer["x-status"]
            text = escape(json.dumps(example, indent=2))
            parts.append(
                f"<details><summary>{status} {escape(answer['description'])}</summary>"
                f'<div id="answer-{status}"><pre>{text}</pre></div></details>'
            )
        return f"<section><h2>Errors</h2>{''.join(parts)}</section>"


def _call(method: str, path: str) -> str:
    return f'<b class="{method}">{method.upper()}</b> <code>{escape(path)}</code>'


def _told(text: str) -> str:
    """Paragraphs, with what stands between back quotes as code, and between stars as strong."""
    paragraphs = escape(text.strip(), quote=False).split("\n\n")
    marked = (_STRONG.sub(r"<strong>\1</strong>", _CODE.sub(r"<code>\1</code>", each)) for each in paragraphs)
    return "".join(f"<p>{each}</p>" for each in marked)


def _who(operation: dict[str, Any]) -> str:
    return "" if operation.get("security") else '<p class="dim">Open to everybody.</p>'


def _table(title: str, rows: list[tuple[str, str, bool, str, Any]]) -> str:
    if not rows:
        return ""
    lines = []
    for name, kind, required, description, default in rows:
        notes = [kind, *(["required"] if required else [])]
        if default not in (None, "", {}, []):
            notes.append(f"default {json.dumps(default)}")
        told = _told(description) if description else ""
        lines.append(
            f'<tr><th><code>{escape(name)}</code></th><td><span class="dim">{escape(", ".join(notes))}</span>'
            f"{told}</td></tr>"
        )
    return f"<h3>{escape(title)}</h3><table>{''.join(lines)}</table>"
