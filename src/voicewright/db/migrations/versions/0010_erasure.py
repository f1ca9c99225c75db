"""Receipts of deleted accounts, how many voices went with them, and signing keys that are sealed.

The signing keys of earlier releases lay open in the database and its backups, and are not trusted any more:
the next sign-in or refresh makes a new one. Whoever is signed in refreshes their access token.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM signing_keys")
    op.drop_column("signing_keys", "private_pem")
    op.add_column("signing_keys", sa.Column("sealed_pem", sa.LargeBinary(), nullable=False))
    op.create_index("ix_user_keys_master_key", "user_keys", ["master_key_id"])
    op.create_table(
        "erasures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=True),
        sa.Column("requested_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("key_destroyed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("deleted", postgresql.JSONB(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("objects", sa.BigInteger(), nullable=True),
        sa.Column("completed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("traces", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("bytes >= 0 AND objects >= 0", name=op.f("ck_erasures_amounts_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
    )
    op.create_index("ix_erasures_requested", "erasures", ["requested_at"])
    op.create_table(
        "erased_voices",
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("voices", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("voices >= 0", name=op.f("ck_erased_voices_voices_not_negative")),
        sa.PrimaryKeyConstraint("engine", name=op.f("pk_erased_voices")),
    )


def downgrade() -> None:
    op.drop_table("erased_voices")
    op.drop_table("erasures")
    op.drop_index("ix_user_keys_master_key", "user_keys")
    op.execute("DELETE FROM signing_keys")
    op.drop_column("signing_keys", "sealed_pem")
    op.add_column("signing_keys", sa.Column("private_pem", sa.Text(), nullable=False))
