"""Where the tables of the queue live, and the one name by which its library is reached."""

from __future__ import annotations

from typing import Final

QUEUE_SCHEMA: Final = "queue"
"""The queue's tables are apart from the application's: no name of one can meet one of the other."""
