"""The page behind a one-time sign-in link: plain HTML that needs no JavaScript and loads nothing.

Its addresses are relative: a proxy may put the whole service below a path of its own.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from fastapi.responses import HTMLResponse

from voicewright.accounts.passwords import MAX_PASSWORD_CHARACTERS, MIN_PASSWORD_CHARACTERS
from voicewright.api.problems import STATUS

if TYPE_CHECKING:
    from voicewright.errors import AppError

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
}
_STYLE: Final = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:26rem;margin:15vh auto;padding:0 1rem}"
    "label{display:block;margin-top:1rem}input{font:inherit;width:100%;padding:.4rem;box-sizing:border-box}"
    "button{font:inherit;margin-top:1.5rem;padding:.4rem 1.2rem}.error{color:#a00}"
    "pre{background:#f3f3f3;padding:.6rem;white-space:pre-wrap;overflow-wrap:anywhere}"
    ":root{color-scheme:light dark}@media(prefers-color-scheme:dark){pre{background:#222}.error{color:#f88}}"
)


def form_page(token: str, *, first: bool, error: AppError | None = None) -> HTMLResponse:
    """The form, once more with what was wrong where something was.

    Args:
        token: of the link.
        first: whether it makes the first administrator.
        error: why the last attempt was refused.
    """
    title = "Welcome to Voicewright" if first else "Sign in to Voicewright"
    told = (
        "Nobody has an account here yet. Yours will administer this installation."
        if first
        else "Choose a new password."
    )
    email = (
        '<label>E-mail address<input type="email" name="email" autocomplete="username" required autofocus>'
        "</label>"
        if first
        else ""
    )
    alert = f'<p class="error" role="alert">{escape(error.message)}</p>' if error else ""
    body = f"""<p>{told}</p>{alert}
<form method="post" action="link">
<input type="hidden" name="token" value="{escape(token)}">
{email}
<label>Password, at least {MIN_PASSWORD_CHARACTERS} characters
<input type="password" name="password" autocomplete="new-password" required
 minlength="{MIN_PASSWORD_CHARACTERS}" maxlength="{MAX_PASSWORD_CHARACTERS}"></label>
<button>{"Make my account" if first else "Set my password"}</button>
</form>"""
    return _page(title, body, 200 if error is None else STATUS[error.kind])


def done_page(email: str, base_url: str) -> HTMLResponse:
    """What is left to do: sign in with the password."""
    command = (
        f"curl {base_url}/auth/sign-in -H 'Content-Type: application/json' \\\n"
        f'  -d \'{{"email": "{email}", "password": "..."}}\''
    )
    body = (
        f"<p>{escape(email) or 'The account'} is ready. Sign in with the password that you chose:</p>"
        f'<pre>{escape(command)}</pre><p><a href="../docs">What this service can do</a></p>'
    )
    return _page("Your account is ready", body, 200)


def refused_page(message: str, status: int) -> HTMLResponse:
    """Why the link can't be used."""
    return _page("This link can't be used", f'<p class="error" role="alert">{escape(message)}</p>', status)


def _page(title: str, body: str, status: int) -> HTMLResponse:
    document = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width">'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1>{body}</body></html>"
    )
    return HTMLResponse(document, status, headers=_HEADERS)
