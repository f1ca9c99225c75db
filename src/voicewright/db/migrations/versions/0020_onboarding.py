"""Voices that applications' own users make in one call."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_TIME = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.add_column("nodes", sa.Column("gpu_type", sa.Text(), nullable=True))
    op.add_column("training_jobs", sa.Column("gpu_type", sa.Text(), nullable=True))
    op.add_column(
        "training_jobs",
        sa.Column(
            "voice_metadata", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
    )
    op.add_column(
        "training_jobs",
        sa.Column("may_activate", sa.Boolean(), server_default=sa.text("true"), nullable=False),
    )
    _add_tokens()
    _add_jobs()


def _add_tokens() -> None:
    op.create_table(
        "onboarding_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("api_key_id", sa.Uuid(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("end_user", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("max_clones", sa.Integer(), nullable=False),
        sa.Column("clones", sa.Integer(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("revoked_at", _TIME, nullable=True),
        sa.CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_onboarding_tokens_digest_form")),
        sa.CheckConstraint("clones BETWEEN 0 AND max_clones", name=op.f("ck_onboarding_tokens_clones_range")),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name=op.f("fk_onboarding_tokens_owner_id_users"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["api_key_id"],
            ["api_keys.id"],
            name=op.f("fk_onboarding_tokens_api_key_id_api_keys"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["user_sessions.id"],
            name=op.f("fk_onboarding_tokens_session_id_user_sessions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_onboarding_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_onboarding_tokens_digest")),
    )
    op.create_index("ix_onboarding_tokens_owner", "onboarding_tokens", ["owner_id"])
    op.create_index("ix_onboarding_tokens_expiry", "onboarding_tokens", ["expires_at"])


def _add_jobs() -> None:
    op.create_table(
        "onboarding_jobs",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("end_user", sa.Text(), nullable=False),
        sa.Column("voice_name", sa.Text(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("recording_digest", sa.Text(), nullable=False),
        sa.Column("sample_text", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("synthesis_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["training_jobs.id"],
            name=op.f("fk_onboarding_jobs_job_id_training_jobs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_onboarding_jobs")),
    )
    op.create_index(
        "ix_onboarding_jobs_end_user",
        "onboarding_jobs",
        ["owner_id", "end_user", sa.text("created_at DESC"), sa.text("job_id DESC")],
    )


def downgrade() -> None:
    op.drop_table("onboarding_jobs")
    op.drop_table("onboarding_tokens")
    op.drop_column("training_jobs", "may_activate")
    op.drop_column("training_jobs", "voice_metadata")
    op.drop_column("training_jobs", "gpu_type")
    op.drop_column("nodes", "gpu_type")
