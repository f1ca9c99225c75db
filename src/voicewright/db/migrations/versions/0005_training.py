"""Training jobs with their events and budget, nodes, and the tables of the queue in a schema of their own."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# As the package ships it, kept here because a step must make the same tables whatever is installed; a later
# release of procrastinate brings migrations of its own, which become a step after this one.
_QUEUE = Path(__file__).with_name("procrastinate_3_10.sql")


def upgrade() -> None:
    op.create_table(
        "nodes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("engines", postgresql.JSONB(), nullable=False),
        sa.Column("concurrency", sa.Integer(), nullable=False),
        sa.Column("gpu_memory_mb", sa.BigInteger(), nullable=True),
        sa.Column("gpu_utilization", sa.Double(), nullable=True),
        sa.Column("started_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("seen_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nodes")),
    )
    op.create_table(
        "training_budget_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reserved", sa.Numeric(precision=14, scale=6), nullable=False),
        sa.Column("spent", sa.Numeric(precision=14, scale=6), nullable=False),
        sa.CheckConstraint(
            "reserved >= 0 AND spent >= 0", name=op.f("ck_training_budget_days_amounts_not_negative")
        ),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_training_budget_days")),
    )
    op.create_table(
        "training_jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("request_digest", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("sample_ids", postgresql.JSONB(), nullable=False),
        sa.Column("dataset_id", sa.Uuid(), nullable=True),
        sa.Column("dataset_name", sa.Text(), nullable=True),
        sa.Column("sample_bytes", sa.BigInteger(), nullable=False),
        sa.Column("speech_s", sa.Double(), nullable=False),
        sa.Column("options", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("engine_options", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("quality_threshold", sa.Double(), nullable=False),
        sa.Column("max_training_ms", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("start_after", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("progress", sa.Double(), nullable=False),
        sa.Column("ticket", sa.BigInteger(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("node", sa.Text(), nullable=True),
        sa.Column("attempt_started_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("heartbeat_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("takeovers", sa.Integer(), nullable=False),
        sa.Column("retry_count", sa.Integer(), nullable=False),
        sa.Column("max_retries", sa.Integer(), nullable=False),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("can_retry", sa.Boolean(), nullable=False),
        sa.Column("suggested_actions", postgresql.JSONB(), nullable=False),
        sa.Column("estimated_cost", sa.Numeric(precision=14, scale=6), nullable=False),
        sa.Column("estimated_time_ms", sa.BigInteger(), nullable=False),
        sa.Column("forecast_time_ms", sa.BigInteger(), nullable=False),
        sa.Column("actual_cost", sa.Numeric(precision=14, scale=6), nullable=True),
        sa.Column("actual_time_ms", sa.BigInteger(), nullable=True),
        sa.Column("quality_score", sa.Double(), nullable=True),
        sa.Column("quality", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("voice_model_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("started_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("completed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('queued', 'delayed', 'running', 'completed', 'failed', 'cancelled')",
            name=op.f("ck_training_jobs_status_known"),
        ),
        sa.CheckConstraint(
            "attempt >= 0 AND retry_count >= 0 AND max_retries >= 0", name=op.f("ck_training_jobs_counts")
        ),
        sa.CheckConstraint(
            "estimated_cost >= 0 AND actual_cost >= 0", name=op.f("ck_training_jobs_costs_not_negative")
        ),
        sa.CheckConstraint("priority BETWEEN 0 AND 100", name=op.f("ck_training_jobs_priority_range")),
        sa.CheckConstraint("progress BETWEEN 0 AND 100", name=op.f("ck_training_jobs_progress_range")),
        sa.CheckConstraint(
            "quality_score BETWEEN 0 AND 1", name=op.f("ck_training_jobs_quality_score_range")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_jobs")),
    )
    op.create_index(
        "ix_training_jobs_created",
        "training_jobs",
        [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_training_jobs_open",
        "training_jobs",
        ["status"],
        unique=False,
        postgresql_where=sa.text("status IN ('queued', 'delayed', 'running')"),
    )
    op.create_index(
        "ix_training_jobs_owner",
        "training_jobs",
        ["owner_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "uq_training_jobs_idempotency",
        "training_jobs",
        ["owner_id", "idempotency_key"],
        unique=True,
        postgresql_where=sa.text("idempotency_key IS NOT NULL"),
    )
    op.create_table(
        "training_budget_reservations",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=6), nullable=False),
        sa.Column("booked", sa.Numeric(precision=14, scale=6), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["training_jobs.id"],
            name=op.f("fk_training_budget_reservations_job_id_training_jobs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_training_budget_reservations")),
    )
    op.create_table(
        "training_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('log', 'progress', 'metric', 'status')", name=op.f("ck_training_events_kind_known")
        ),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["training_jobs.id"],
            name=op.f("fk_training_events_job_id_training_jobs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_events")),
    )
    op.create_index("ix_training_events_job", "training_events", ["job_id", "id"], unique=False)

    op.add_column("voice_models", sa.Column("training_job_id", sa.Uuid(), nullable=True))
    op.create_index(
        "uq_voice_models_training_job",
        "voice_models",
        ["training_job_id"],
        unique=True,
        postgresql_where=sa.text("training_job_id IS NOT NULL"),
    )
    op.create_table(
        "kept_trees",
        sa.Column("training_job_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("kept_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('artefact', 'spoken')", name=op.f("ck_kept_trees_kind_known")),
        sa.CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_kept_trees_digest_form")),
        sa.PrimaryKeyConstraint("training_job_id", "kind", name=op.f("pk_kept_trees")),
    )
    op.execute("CREATE SCHEMA queue")
    op.execute("SET LOCAL search_path TO queue")
    # the driver's own cursor: a colon or a per cent sign in this file is no parameter
    raw: Any = op.get_bind().connection.driver_connection
    raw.execute(_QUEUE.read_text(encoding="utf-8"))
    op.execute("SET LOCAL search_path TO DEFAULT")


def downgrade() -> None:
    op.execute("DROP SCHEMA queue CASCADE")
    op.drop_index("uq_voice_models_training_job", "voice_models")
    op.drop_column("voice_models", "training_job_id")
    for table in (
        "training_events",
        "training_budget_reservations",
        "training_jobs",
        "training_budget_days",
        "nodes",
        "kept_trees",
    ):
        op.drop_table(table)
