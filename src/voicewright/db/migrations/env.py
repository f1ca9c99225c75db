"""Alembic's entry: runs the steps on the connection, and in the transaction, that `db.migrate` gives it."""

from alembic import context

from voicewright.db.base import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()
