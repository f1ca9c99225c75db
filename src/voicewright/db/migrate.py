"""Brings the tables to the form that this release needs, once, however many processes start at the same time.

The usual case, tables that are up to date, costs one query and does not import Alembic. Otherwise one process
migrates under an advisory lock while the others wait, and all steps are one transaction: they happen whole or
not at all.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text

from voicewright.db.errors import DatabaseTooNew, DatabaseTooOld
from voicewright.db.migrations import HEAD

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection, Engine

_LOG = logging.getLogger(__name__)

OLDEST_SERVER = 14
"""Older ones are no longer maintained by their makers."""

MIGRATION_LOCK = 0x766F6963_6D696772
"""The key of the advisory lock: "voic", "migr"."""

_PER_MAJOR = 10_000


def upgrade_tables(engine: Engine) -> None:
    """Migrate to the newest form if need be.

    Raises:
        DatabaseTooOld: the server is an ancient PostgreSQL.
        DatabaseTooNew: a newer release has migrated already.
    """
    with engine.connect() as connection:
        _check_server(connection)
        if current_revision(connection) == HEAD:
            return
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        found = current_revision(connection)
        if found != HEAD:
            _migrate(connection, found)


def current_revision(connection: Connection) -> str | None:
    """The revision that the tables have; None when there are none."""
    if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def alembic_config(connection: Connection) -> Config:
    """Alembic's configuration for one connection; the scripts come with the package."""
    from alembic.config import Config  # noqa: PLC0415 - 0.2 s that a database in its newest form does not need

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _migrate(connection: Connection, found: str | None) -> None:
    from alembic import command  # noqa: PLC0415 - as above
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - as above

    config = alembic_config(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise DatabaseTooNew(
            f"A newer release of voicewright has changed the tables (revision {found}, this one knows "
            f"{HEAD}). Nothing was changed. Install that release, or restore a backup from before."
        )
    command.upgrade(config, HEAD)
    _LOG.info("migrated the database from %s to %s", found or "nothing", HEAD)


def _check_server(connection: Connection) -> None:
    number = int(connection.scalar(text("SHOW server_version_num")) or 0)
    if number < OLDEST_SERVER * _PER_MAJOR:
        raise DatabaseTooOld(
            f"The server is PostgreSQL {number // _PER_MAJOR}, and voicewright needs {OLDEST_SERVER} or "
            "later. Upgrade it, or unset DATABASE_URL to use the embedded one."
        )
