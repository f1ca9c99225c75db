"""Shared voices, and the runs of the cleanup."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_OPEN = sa.text("revoked_at IS NULL")
_NOT_COLLECTED = sa.text("deleted_at IS NOT NULL AND collected_at IS NULL")
_MOMENT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    _add_shares()
    _add_retention()
    _add_cleanup()


def downgrade() -> None:
    for table in ("cleanup_notices", "cleanup_runs", "voice_shares"):
        op.drop_table(table)
    for name in ("cleanup", "unsettled", "to_purge"):
        op.drop_index(f"ix_voice_models_{name}", "voice_models")
    op.drop_column("voice_models", "unsettled")
    op.drop_column("voice_models", "undeleted_at")
    op.drop_column("voice_models", "purge_at")
    op.create_index(
        "ix_voice_models_to_collect", "voice_models", ["deleted_at"], postgresql_where=_NOT_COLLECTED
    )


def _add_shares() -> None:
    op.create_table(
        "voice_shares",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("target_user_id", sa.Uuid(), nullable=False),
        sa.Column("permission", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("revoked_at", _MOMENT, nullable=True),
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


def _add_retention() -> None:
    op.add_column("voice_models", sa.Column("purge_at", _MOMENT, nullable=True))
    op.add_column("voice_models", sa.Column("undeleted_at", _MOMENT, nullable=True))
    op.add_column(
        "voice_models", sa.Column("unsettled", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    )
    op.drop_index("ix_voice_models_to_collect", "voice_models")
    op.create_index("ix_voice_models_to_purge", "voice_models", ["purge_at"], postgresql_where=_NOT_COLLECTED)
    op.create_index(
        "ix_voice_models_unsettled",
        "voice_models",
        ["id"],
        postgresql_where=sa.text("unsettled AND collected_at IS NULL"),
    )


def _add_cleanup() -> None:
    op.create_index(
        "ix_voice_models_cleanup",
        "voice_models",
        ["quality_score", "created_at", "id"],
        postgresql_where=sa.text("deleted_at IS NULL AND NOT is_active AND quality_score IS NOT NULL"),
    )
    op.create_table(
        "cleanup_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("started_by", sa.Uuid(), nullable=True),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("finished_at", _MOMENT, nullable=True),
        sa.Column("eligible", sa.Integer(), nullable=False),
        sa.Column("cleaned", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("report", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint(
            "eligible >= 0 AND cleaned >= 0 AND failed >= 0 AND bytes >= 0",
            name=op.f("ck_cleanup_runs_counts_not_negative"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cleanup_runs")),
    )
    op.create_index("ix_cleanup_runs_started", "cleanup_runs", [sa.literal_column("started_at DESC")])
    op.create_table(
        "cleanup_notices",
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("noticed_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("model_id", name=op.f("pk_cleanup_notices")),
    )
    op.create_index("ix_cleanup_notices_owner", "cleanup_notices", ["owner_id"])
