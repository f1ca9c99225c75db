"""The audit trail, the alerts, and the mails that tell of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_REFUSE = """
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$
"""
_TRIGGERS = {
    "audit_events": ("audit_events_append_only", "BEFORE UPDATE OR DELETE OR TRUNCATE", "FOR EACH STATEMENT"),
    "audit_heads": ("audit_heads_stay", "BEFORE DELETE OR TRUNCATE", "FOR EACH STATEMENT"),
}


def upgrade() -> None:
    op.create_table(
        "audit_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("api_key_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=True),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("details", postgresql.JSONB(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "result IN ('done', 'refused', 'failed')", name=op.f("ck_audit_events_result_known")
        ),
        sa.CheckConstraint("sequence >= 1", name=op.f("ck_audit_events_sequence_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
        sa.UniqueConstraint("owner_id", "sequence", name=op.f("uq_audit_events_owner_id_sequence")),
    )
    op.create_index("ix_audit_events_model", "audit_events", ["model_id", sa.literal_column("id DESC")])
    op.create_index("ix_audit_events_actor", "audit_events", ["actor_id", sa.literal_column("id DESC")])
    op.create_index("ix_audit_events_at", "audit_events", ["at"], postgresql_include=["result"])
    op.create_table(
        "audit_heads",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("sequence >= 0", name=op.f("ck_audit_heads_sequence_not_negative")),
        sa.PrimaryKeyConstraint("owner_id", name=op.f("pk_audit_heads")),
    )
    op.execute(_REFUSE)
    for table, (name, when, each) in _TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {when} ON {table} {each} EXECUTE FUNCTION audit_refuse()")
        _always(table, name)
    op.execute(
        "CREATE TRIGGER audit_heads_go_on BEFORE UPDATE ON audit_heads FOR EACH ROW "
        "WHEN (NEW.owner_id <> OLD.owner_id OR NEW.sequence < OLD.sequence) EXECUTE FUNCTION audit_refuse()"
    )
    _always("audit_heads", "audit_heads_go_on")
    _make_alerts()
    _make_mails()
    op.create_index("ix_training_jobs_status", "training_jobs", ["status"])
    op.create_index("ix_voice_usage_at", "voice_usage", ["at"], postgresql_using="brin")
    op.create_index(
        "ix_voice_models_figures",
        "voice_models",
        ["engine"],
        postgresql_include=["owner_id", "quality_score", "stored_bytes", "deleted_at"],
    )


def downgrade() -> None:
    op.drop_index("ix_voice_models_figures", "voice_models")
    op.drop_index("ix_voice_usage_at", "voice_usage")
    op.drop_index("ix_training_jobs_status", "training_jobs")
    for table in ("outgoing_mails", "alerts", "audit_heads", "audit_events"):
        op.drop_table(table)
    op.execute("DROP FUNCTION audit_refuse()")


def _always(table: str, trigger: str) -> None:
    """Also for a session that calls itself a replica, in which triggers rest otherwise."""
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}")


def _make_alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(), nullable=False),
        sa.Column("raised_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("resolved_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("severity IN ('warning', 'critical')", name=op.f("ck_alerts_severity_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index(
        "uq_alerts_open",
        "alerts",
        ["kind", "subject"],
        unique=True,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_index(
        "ix_alerts_raised", "alerts", [sa.literal_column("raised_at DESC"), sa.literal_column("id DESC")]
    )


def _make_mails() -> None:
    op.create_table(
        "outgoing_mails",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("to_address", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("sent_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("given_up_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_outgoing_mails_attempts_not_negative")),
        sa.CheckConstraint("sent_at IS NULL OR given_up_at IS NULL", name=op.f("ck_outgoing_mails_one_end")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_mails")),
    )
    op.create_index(
        "ix_outgoing_mails_due",
        "outgoing_mails",
        ["next_attempt_at"],
        postgresql_where=sa.text("sent_at IS NULL AND given_up_at IS NULL"),
    )
    op.create_index(
        "ix_outgoing_mails_ended",
        "outgoing_mails",
        [sa.literal_column("coalesce(sent_at, given_up_at)")],
        postgresql_where=sa.text("sent_at IS NOT NULL OR given_up_at IS NOT NULL"),
    )
