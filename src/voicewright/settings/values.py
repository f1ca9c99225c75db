"""How values are written in the environment, and read."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr

Dollars = Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=6)]


def absolute(value: object) -> object:
    """Make a path independent of the directory that the program happens to start in."""
    if isinstance(value, str | Path):
        try:
            return Path(value).expanduser().absolute()
        except RuntimeError as error:  # `~nobody-here/voices`
            raise ValueError(str(error)) from error
    return value


def known_time_zone(value: str) -> str:
    """Refuse a zone that nobody here knows."""
    if value != "UTC":  # known without the system's tables
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("not a time zone that is known here; write one such as Europe/Berlin") from None
    return value


def as_mib(value: object) -> object:
    """Read an amount of memory as people write it: `16GB`, `16 GiB`, `800MB`; without a unit it is MiB."""
    if isinstance(value, str):
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:(T|G|M)i?B?)?\s*", value, re.IGNORECASE)
        if found is None:
            raise ValueError("write it as 16GB or 800MB")
        return round(float(found[1]) * {"T": 1 << 20, "G": 1 << 10, "M": 1}[(found[2] or "M").upper()])
    return value


def lower(value: object) -> object:
    """Read a word in any case."""
    return value.lower() if isinstance(value, str) else value


def comma_separated(value: object) -> object:
    """Read a list: `a,b`."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def pairs(value: object) -> object:
    """Read a table: `name=value,name=value`."""
    if not isinstance(value, str):
        return value
    pairs = [part.partition("=") for part in value.split(",") if part.strip()]
    if any(not name.strip() or not is_ for name, is_, _ in pairs):
        raise ValueError("write it as name=value,name=value")
    return {name.strip(): text.strip() for name, _, text in pairs}


def mail_server(value: SecretStr | None) -> SecretStr | None:
    """Refuse what is no mail server's address; the value may be secret, so it is not repeated."""
    if value is not None:
        try:
            url = urlsplit(value.get_secret_value())
            fits = url.scheme in {"smtp", "smtps"} and bool(url.hostname) and url.port != 0
        except ValueError:
            fits = False
        if not fits or url.path.strip("/") or url.query or url.fragment:
            raise ValueError("write it as smtp://user:password@host:587, with %40 for an @ in the password")
    return value


def without_slash(value: object) -> object:
    """Read an address with or without a slash at its end."""
    return value.rstrip("/") if isinstance(value, str) else value
