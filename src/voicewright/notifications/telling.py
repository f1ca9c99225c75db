"""How others tell an account something, without knowing of mail."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

Tell = Callable[["Session", uuid.UUID, str, str], None]
"""To whom, with which subject, in which words; in the caller's transaction."""


def tell_nobody(_session: Session, _user_id: uuid.UUID, _subject: str, _body: str) -> None:
    """Where there is no mail server."""
