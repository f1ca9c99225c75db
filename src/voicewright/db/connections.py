"""The connections to the server, kept for the next unit of work, and how long each may keep anybody waiting.

Whoever asks while the server is away, or has no connection to spare, is told within two seconds or so: a
connection is tried before it is used, one that does not answer is given up without trying another, and one
that the server closed is replaced.
"""

from __future__ import annotations

import json
import select
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import psycopg
from psycopg.pq import ExecStatus
from sqlalchemy import create_engine, event
from sqlalchemy.exc import InvalidatePoolError

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine

    from voicewright.db.embedded import EmbeddedServer


class Patience(NamedTuple):
    """How long things may take."""

    answer_s: float
    """Of a connection that was lying idle."""
    connecting: dict[str, int]
    """What the driver is told of a new one."""


LOCAL: Final = Patience(10.0, {"connect_timeout": 10})
"""On this machine, where a server that is away says so at once, and one that is slow has much to do."""
NETWORK: Final = Patience(1.5, {"connect_timeout": 2, "tcp_user_timeout": 2000})
"""Over a network (s, ms) a server that is gone says nothing. An idle connection is given up before the
system breaks it: so nobody waits for the one, and then for a new one."""
POOL_TIMEOUT_S: Final = 2.0
"""How long to wait for a connection while all are in use."""


def open_engine(url: URL, server: EmbeddedServer | None, *, kept: int, at_most: int) -> Engine:
    """Connections to a server, which are opened when they are needed.

    Args:
        url: the server.
        server: the embedded server, when it is one; it is started again when it was killed.
        kept: how many stay open.
        at_most: how many there may be at once.
    """
    patience = _patience(url)
    chosen = {name: value for name, value in patience.connecting.items() if name not in url.query}
    engine = create_engine(
        url,
        pool_size=kept,
        max_overflow=at_most - kept,
        pool_timeout=POOL_TIMEOUT_S,
        json_serializer=partial(json.dumps, ensure_ascii=False, allow_nan=False),
        connect_args={"application_name": "voicewright", **chosen},
    )

    @event.listens_for(engine, "checkout")
    def try_first(connection: psycopg.Connection[Any], record: Any, _proxy: object) -> None:
        """Replace a connection that a restart of the server broke, without a word."""
        if record.info.setdefault("is_new", True):
            record.info["is_new"] = False
        elif not _answers(connection, limit_s=patience.answer_s):
            raise InvalidatePoolError

    if server is not None:

        @event.listens_for(engine, "do_connect")
        def connect(dialect: Any, _record: object, args: Any, options: Any) -> object:
            """Start the server again when it was killed while this process was using it."""
            try:
                return dialect.connect(*args, **options)
            except dialect.loaded_dbapi.OperationalError:
                server.ensure_running()
                return dialect.connect(*args, **options)

    return engine


def _patience(url: URL) -> Patience:
    host = str(url.host or url.query.get("host", "/"))
    return LOCAL if host.startswith("/") else NETWORK


def _answers(connection: psycopg.Connection[Any], *, limit_s: float) -> bool:
    """Whether an idle connection still works: it is asked nothing, and answers that.

    Raises:
        psycopg.OperationalError: it says nothing for `limit_s`; a new one would hardly say more.
    """
    until_s = time.monotonic() + limit_s
    raw = connection.pgconn
    try:
        raw.send_query(b"")
        waiting = select.poll()
        waiting.register(raw.socket, select.POLLIN)
        while raw.is_busy():
            left_ms = (until_s - time.monotonic()) * 1000
            if left_ms <= 0 or not waiting.poll(left_ms):
                break
            raw.consume_input()
        else:
            sound = True
            while (result := raw.get_result()) is not None:
                sound = sound and result.status == ExecStatus.EMPTY_QUERY
            return sound
    except psycopg.Error:
        return False
    raise psycopg.OperationalError(f"the server says nothing for {limit_s:g} s")
