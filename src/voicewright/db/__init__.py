"""The database: the embedded PostgreSQL or another server, its tables' base, sessions and migrations."""
