"""The open database: connections to the embedded server or to DATABASE_URL, and units of work on it."""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final, Self

from psycopg.conninfo import make_conninfo
from sqlalchemy.orm import Session

from voicewright.db.connections import open_engine
from voicewright.db.embedded import EmbeddedServer
from voicewright.db.faults import clear_errors
from voicewright.db.migrate import upgrade_tables
from voicewright.db.url import embedded_url, parse_database_url
from voicewright.home.layout import Home

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Engine

    from voicewright.settings import Settings

_KEPT: Final = 5
AT_MOST: Final = 15
"""Units of work of one process at once; more wait for a moment, and then are told so."""
_ASIDE: Final = 2
"""For what is asked in the middle of units of work: short and few, and out of reach of all others."""


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
        self.engine = open_engine(url, server, kept=_KEPT, at_most=AT_MOST)
        self._here = threading.local()
        self._aside = open_engine(url, server, kept=_ASIDE, at_most=_ASIDE)

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
        with self._session(self.engine) as session:
            yield session

    @contextmanager
    def aside(self) -> Iterator[Session]:
        """A short unit of work of its own, for what is also asked in the middle of another one.

        Whoever holds a connection and waits for a second one may wait for ever, when all the others do the
        same. These units of work have connections of their own, so that their wait is for each other only:
        open nothing else within one, and don't wait in it for what the unit of work around it holds.

        Raises:
            DatabaseUnavailable, DatabaseRefused, DatabaseFull: from any statement in the block.
            RuntimeError: this thread is in one already, which is a bug.
        """
        if getattr(self._here, "is_aside", False):
            raise RuntimeError("a unit of work aside was begun within another one")
        self._here.is_aside = True
        try:
            with self._session(self._aside) as session:
                yield session
        finally:
            self._here.is_aside = False

    @contextmanager
    def _session(self, engine: Engine) -> Iterator[Session]:
        with (
            clear_errors(self.where),
            Session(engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def close(self) -> None:
        """Close all connections, and leave the embedded server; the second call does nothing."""
        self._aside.dispose()
        self.engine.dispose()
        if self._server is not None:
            self._server.leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
