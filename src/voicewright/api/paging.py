"""How much of a list is asked for."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

Limit = Annotated[int, Query(ge=1, le=100)]
LongLimit = Annotated[int, Query(ge=1, le=500)]
"""Of lists of short rows."""
Offset = Annotated[int, Query(ge=0, le=1_000_000_000)]
