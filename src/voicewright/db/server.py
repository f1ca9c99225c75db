"""The open database: connections to the embedded server or to DATABASE_URL, and units of work on it."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from psycopg.conninfo import make_conninfo
from sqlalchemy import create_engine, event
from sqlalchemy.orm import Session

from voicewright.db.embedded import EmbeddedServer
from voicewright.db.faults import clear_errors
from voicewright.db.migrate import upgrade_tables
from voicewright.db.url import embedded_url, parse_database_url
from voicewright.home.layout import Home

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Engine

    from voicewright.settings import Settings

_CONNECT_TIMEOUT_S = 10
"""On this machine, where a server that is away says so at once, and one that is slow has much to do."""
_NETWORK = {"connect_timeout": 2, "tcp_user_timeout": 2000}
"""Over a network (s, ms): a server that is gone says nothing, and whoever asks is told after two seconds."""
_POOL_SIZE = 5
_POOL_OVERFLOW = 10
_POOL_TIMEOUT_S = 30


class Database:
    """An open database with its tables in the newest form; close it, or use it as a context manager.

    Safe for threads; after `os.fork()` open another one.

    Args:
        url: the server.
        server: the embedded server, when it is one; it is left on `close()`.

    Attributes:
        where: the server in words, without its password.
    """

    def __init__(self, url: URL, *, server: EmbeddedServer | None = None) -> None:
        self._server = server
        self.where = (
            "The embedded database"
            if server
            else f"The database at {url.render_as_string(hide_password=True)}"
        )
        self.url = url
        self.engine = _make_engine(url, server)

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Start or join the server that the settings name, and migrate its tables.

        Raises:
            HomeInvalid, HomeTooNew, HomeNotWritable, HomeFull: the data directory can't be used.
            AppError: any error of `db.errors`, as the server has it.
        """
        if settings.database_url is not None:
            return cls.connect(settings.database_url.get_secret_value())
        server = EmbeddedServer(Home.open(settings.home), start_timeout_s=settings.database_start_timeout_s)
        return cls._ready(embedded_url(str(server.join())), server)

    @classmethod
    def connect(cls, url: str) -> Self:
        """Use another server, and migrate its tables; errors as in `open`."""
        return cls._ready(parse_database_url(url), None)

    @classmethod
    def _ready(cls, url: URL, server: EmbeddedServer | None) -> Self:
        with ExitStack() as undo:
            if server is not None:
                undo.callback(server.leave)
            database = cls(url, server=server)
            undo.callback(database.engine.dispose)
            with clear_errors(database.where):
                upgrade_tables(database.engine)
            undo.pop_all()
        return database

    @property
    def conninfo(self) -> str:
        """The server in libpq's form, with its password, for connections that are no units of work."""
        named = self.url.translate_connect_args(username="user", database="dbname")
        query = {
            name: value if isinstance(value, str) else value[0] for name, value in self.url.query.items()
        }
        return make_conninfo("", **named, **query)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One unit of work: committed at the end of the block, taken back whole when the block raises.

        Objects stay readable afterwards.

        Raises:
            DatabaseUnavailable, DatabaseRefused, DatabaseFull: from any statement in the block.
        """
        with (
            clear_errors(self.where),
            Session(self.engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def close(self) -> None:
        """Close all connections, and leave the embedded server; the second call does nothing."""
        self.engine.dispose()
        if self._server is not None:
            self._server.leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _patience(url: URL) -> dict[str, int]:
    """How long a connection, and an answer on one, may take; what the address itself says comes first."""
    host = str(url.host or url.query.get("host", "/"))
    chosen = {"connect_timeout": _CONNECT_TIMEOUT_S} if host.startswith("/") else _NETWORK
    return {name: value for name, value in chosen.items() if name not in url.query}


def _make_engine(url: URL, server: EmbeddedServer | None) -> Engine:
    engine = create_engine(
        url,
        pool_pre_ping=True,  # a connection that a restart of the server broke is replaced without a word
        pool_size=_POOL_SIZE,
        max_overflow=_POOL_OVERFLOW,
        pool_timeout=_POOL_TIMEOUT_S,
        json_serializer=partial(json.dumps, ensure_ascii=False, allow_nan=False),
        connect_args={"application_name": "voicewright", **_patience(url)},
    )
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
