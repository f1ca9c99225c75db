"""Entity tags of things with a revision: `"3"`. They say what a client knows when it changes something."""

from __future__ import annotations

import re
from typing import Annotated, Final

from fastapi import Header

_TAG: Final = re.compile(r'(W/)?"([^"]*)"')
_BARE: Final = re.compile(r'(?:W/)?"[^"]*"|(?<![^\s,])([0-9]+)(?![^\s,])', re.ASCII)
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=1000,
        description='Only if its ETag is still one of these, such as `"3"`; 412 otherwise.',
    ),
]
IfNoneMatch = Annotated[
    str | None,
    Header(alias="If-None-Match", max_length=1000, description="304 if its ETag is still one of these."),
]


def etag(revision: int) -> str:
    """The tag of a revision."""
    return f'"{revision}"'


def wanted_revisions(if_match: str | None) -> frozenset[int] | None:
    """The revisions that `If-Match` lets through; None: any. A number without quotes is taken as well."""
    if if_match is None or if_match.strip() == "*":
        return None
    # a weak tag matches nothing here (RFC 9110, 13.1.1), and one that we never gave does not either
    strong = [tag for weak, tag in _TAG.findall(if_match) if not weak]
    return frozenset(int(tag) for tag in strong + _BARE.findall(if_match) if _NUMBER.fullmatch(tag))


def is_known(if_none_match: str | None, revision: int) -> bool:
    """Whether `If-None-Match` says that the client has this revision."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or str(revision) in [tag for _, tag in _TAG.findall(if_none_match)]
