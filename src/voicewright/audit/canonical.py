"""What is hashed of an event: its content as one text that is the same before and after the database.

JSONB keeps numbers by value and texts without NUL. What an act says besides (`Act.details`) is therefore put
into a form first that comes back from the database as it went in; the keys are sorted here, whatever their
order is there.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import uuid

    from voicewright.audit.models import AuditEvent

NOTHING_BEFORE: Final = bytes(32)
"""What the first event of a chain has for the hash of the one before."""
MOST_DETAILS_BYTES: Final = 16_384

_FORM: Final = 1
"""Counts the ways in which events were hashed so far."""
_WHOLE_FROM: Final = 1e16
"""From here on Python writes a float with an exponent, and the database without: it comes back as an int."""
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")


def plain(details: Mapping[str, Any]) -> dict[str, Any]:
    """Details as they come back from the database; what is too long is left out, with its length."""
    cleaned: dict[str, Any] = _plain(details)
    size_bytes = len(_canonical(cleaned))
    return cleaned if size_bytes <= MOST_DETAILS_BYTES else {"omitted_bytes": size_bytes}


def hash_of(event: AuditEvent) -> bytes:
    """SHA-256 over the hash before it and all that the event says."""
    content = {
        "form": _FORM,
        "owner_id": str(event.owner_id),
        "sequence": event.sequence,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor_id": _text(event.actor_id),
        "api_key_id": _text(event.api_key_id),
        "action": event.action,
        "model_id": _text(event.model_id),
        "result": event.result,
        "code": event.code,
        "source": event.source,
        "request_id": event.request_id,
        "details": event.details,
    }
    return hashlib.sha256(event.previous_hash + _canonical(content)).digest()


def _canonical(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()


def _text(name: uuid.UUID | None) -> str | None:
    return None if name is None else str(name)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return _plain_number(float(value))
    if isinstance(value, Mapping):
        return {_plain_text(str(key)): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        each = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return [_plain(one) for one in each]
    return _plain_text(str(value))


def _plain_number(number: float) -> float | int | str:
    if not math.isfinite(number):
        return str(number)
    if abs(number) >= _WHOLE_FROM:
        return int(number)
    return number or 0.0  # the database knows no -0.0


def _plain_text(text: str) -> str:
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)
