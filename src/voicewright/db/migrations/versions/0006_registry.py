"""What the registry of voices knows beyond their files: versions, use, ratings, caches."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_CHECKS = {
    "status_known": "status IN ('pending', 'training', 'completed', 'failed')",
    "metadata_is_object": "jsonb_typeof(metadata) = 'object'",
    "revision_positive": "revision >= 1",
    "stored_bytes_not_negative": "stored_bytes >= 0",
}

_CACHES = ("cache_voice_stats", "cache_voice_analytics")
_FIGURES = ("voice_usage", "voice_ratings", "voice_marks", *_CACHES)


_JOB_INDEX = "uq_voice_models_training_job"
_ONE_OF_A_JOB = """
UPDATE voice_models SET training_job_id = NULL
WHERE training_job_id IS NOT NULL AND id NOT IN (
    SELECT DISTINCT ON (training_job_id) id FROM voice_models
    WHERE training_job_id IS NOT NULL
    ORDER BY training_job_id, deleted_at DESC NULLS FIRST
)
"""


def upgrade() -> None:
    for column in (
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("code_version", sa.Text(), nullable=True),
        sa.Column("metadata", postgresql.JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")),
        sa.Column("status", sa.Text(), nullable=False, server_default="completed"),
        sa.Column("revision", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("stored_bytes", sa.BigInteger(), nullable=False, server_default="0"),
    ):
        op.add_column("voice_models", column)
    for name, rule in _CHECKS.items():
        op.create_check_constraint(op.f(f"ck_voice_models_{name}"), "voice_models", rule)
    op.execute("UPDATE voice_models SET stored_bytes = artefact_bytes")
    _index_voices()
    _add_uploads()
    _add_figures()


def _index_voices() -> None:
    op.create_index(
        "ix_voice_models_quality",
        "voice_models",
        ["owner_id", sa.text("quality_score DESC NULLS LAST"), sa.text("created_at DESC")],
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index("ix_voice_models_state", "voice_models", ["owner_id", "is_active", "deleted_at"])
    op.drop_index(_JOB_INDEX, "voice_models")
    _index_jobs(_JOB_INDEX, "training_job_id IS NOT NULL AND deleted_at IS NULL", unique=True)
    _index_jobs("ix_voice_models_training_job", "training_job_id IS NOT NULL", unique=False)


def _index_jobs(name: str, which: str, *, unique: bool) -> None:
    op.create_index(name, "voice_models", ["training_job_id"], unique=unique, postgresql_where=sa.text(which))


def _add_uploads() -> None:
    op.create_table(
        "voice_uploads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_voice_uploads_digest_form")),
        sa.CheckConstraint("bytes >= 0", name=op.f("ck_voice_uploads_bytes_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voice_uploads")),
    )
    op.create_index("ix_voice_uploads_created", "voice_uploads", ["created_at"])
    op.create_index("ix_voice_uploads_owner", "voice_uploads", ["owner_id"])


def downgrade() -> None:
    op.drop_table("voice_uploads")
    op.drop_index(_JOB_INDEX, "voice_models")
    op.execute(_ONE_OF_A_JOB)
    _index_jobs(_JOB_INDEX, "training_job_id IS NOT NULL", unique=True)
    for name in ("ix_voice_models_training_job", "ix_voice_models_state", "ix_voice_models_quality"):
        op.drop_index(name, "voice_models")
    for table in _FIGURES:
        op.drop_table(table)
    for name in _CHECKS:
        op.drop_constraint(op.f(f"ck_voice_models_{name}"), "voice_models", type_="check")
    for name in ("stored_bytes", "revision", "status", "metadata", "code_version", "parent_id"):
        op.drop_column("voice_models", name)


def _add_figures() -> None:
    op.create_table(
        "voice_usage",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("characters", sa.Integer(), nullable=False),
        sa.Column("audio_s", sa.Double(), nullable=False),
        sa.Column("latency_ms", sa.Double(), nullable=True),
        sa.Column("cost_usd", sa.Numeric(14, 6), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('spoken', 'failed', 'cancelled')", name=op.f("ck_voice_usage_outcome_known")
        ),
        sa.CheckConstraint(
            "characters >= 0 AND audio_s >= 0 AND latency_ms >= 0 AND cost_usd >= 0",
            name=op.f("ck_voice_usage_amounts_not_negative"),
        ),
        sa.CheckConstraint(
            "outcome <> 'spoken' OR latency_ms IS NOT NULL", name=op.f("ck_voice_usage_spoken_is_measured")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voice_usage")),
    )
    of_model = ["outcome", "latency_ms", "cost_usd"]
    op.create_index("ix_voice_usage_model", "voice_usage", ["model_id", "at"], postgresql_include=of_model)
    of_owner = ["outcome", "cost_usd"]
    op.create_index("ix_voice_usage_owner", "voice_usage", ["owner_id", "at"], postgresql_include=of_owner)
    op.create_index("ix_voice_usage_user", "voice_usage", ["user_id"])
    op.create_table(
        "voice_ratings",
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("stars", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name=op.f("ck_voice_ratings_stars_range")),
        sa.PrimaryKeyConstraint("model_id", "user_id", name=op.f("pk_voice_ratings")),
    )
    op.create_index("ix_voice_ratings_user", "voice_ratings", ["user_id"])
    op.create_table(
        "voice_marks",
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("mark", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", name=op.f("pk_voice_marks")),
        prefixes=["UNLOGGED"],
    )
    for name in _CACHES:
        op.create_table(
            name,
            sa.Column("key", sa.Text(), nullable=False),
            sa.Column("subject_id", sa.Uuid(), nullable=False),
            sa.Column("mark", sa.Uuid(), nullable=False),
            sa.Column("value", postgresql.JSONB(), nullable=False),
            sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
            sa.PrimaryKeyConstraint("key", name=op.f(f"pk_{name}")),
            prefixes=["UNLOGGED"],
        )
