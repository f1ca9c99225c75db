"""Secrets that mean nothing by themselves: refresh tokens, API keys and links are these.

They have 256 random bits, so a plain SHA-256 is enough to keep: there is nothing to guess, and the digest is
found by an index. A prefix says what a secret is to a person, and to programs that look for leaked ones.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final

API_KEY: Final = "vw_"
REFRESH_TOKEN: Final = "vwr_"  # noqa: S105 - what they begin with
SIGN_IN_LINK: Final = "vwl_"
ONBOARDING_TOKEN: Final = "vwo_"  # noqa: S105 - the same
BROWSER: Final = "vwb_"
"""What a browser keeps in its cookie."""

_BYTES: Final = 32


@dataclass(frozen=True, slots=True, repr=False)
class Opaque:
    """A new secret: its value, for whoever it is for and nobody else, and what is kept of it."""

    value: str
    digest: str


def new_opaque(prefix: str) -> Opaque:
    """Make a secret."""
    value = prefix + secrets.token_urlsafe(_BYTES)
    return Opaque(value, digest_of(value))


def digest_of(value: str) -> str:
    """What is kept of a secret: its SHA-256 in hexadecimal."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
