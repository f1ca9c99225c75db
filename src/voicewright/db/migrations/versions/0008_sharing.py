"""Shared voices, and the runs of the cleanup."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_OPEN = sa.text("revoked_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "voice_shares",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("target_user_id", sa.Uuid(), nullable=False),
        sa.Column("permission", sa.Text(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("revoked_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("permission IN ('read', 'use')", name=op.f("ck_voice_shares_permission_known")),
        sa.CheckConstraint("owner_id <> target_user_id", name=op.f("ck_voice_shares_target_is_another")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voice_shares")),
    )
    op.create_index(
        "uq_voice_shares_open",
        "voice_shares",
        ["model_id", "target_user_id"],
        unique=True,
        postgresql_where=_OPEN,
    )
    op.create_index(
        "ix_voice_shares_target",
        "voice_shares",
        ["target_user_id", sa.literal_column("created_at DESC"), "id"],
        postgresql_where=_OPEN,
    )
    op.create_index("ix_voice_shares_owner", "voice_shares", ["owner_id"])


def downgrade() -> None:
    op.drop_table("voice_shares")
