"""The registry of voices."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "voice_models",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("lineage_id", sa.Uuid(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("engine_version", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("sample_rate_hz", sa.Integer(), nullable=True),
        sa.Column("artefact_digest", sa.Text(), nullable=False),
        sa.Column("artefact_bytes", sa.BigInteger(), nullable=False),
        sa.Column("references_digest", sa.Text(), nullable=True),
        sa.Column("speech_s", sa.Double(), nullable=False),
        sa.Column("train_s", sa.Double(), nullable=False),
        sa.Column("evaluation", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("quality_score", sa.Double(), nullable=True),
        sa.Column("options", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("dataset_hash", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("deleted_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("collected_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("version >= 1", name=op.f("ck_voice_models_version_positive")),
        sa.CheckConstraint("name <> '' AND name_key <> ''", name=op.f("ck_voice_models_name_present")),
        sa.CheckConstraint("quality_score BETWEEN 0 AND 1", name=op.f("ck_voice_models_quality_score_range")),
        sa.CheckConstraint("sample_rate_hz > 0", name=op.f("ck_voice_models_sample_rate_positive")),
        sa.CheckConstraint(
            "artefact_bytes >= 0 AND speech_s >= 0 AND train_s >= 0",
            name=op.f("ck_voice_models_amounts_not_negative"),
        ),
        sa.CheckConstraint(
            "artefact_digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_voice_models_artefact_digest_form")
        ),
        sa.CheckConstraint(
            "references_digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_voice_models_references_digest_form")
        ),
        sa.CheckConstraint(
            "NOT (is_active AND deleted_at IS NOT NULL)", name=op.f("ck_voice_models_deleted_not_active")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voice_models")),
        sa.UniqueConstraint(
            "owner_id", "name_key", "version", name=op.f("uq_voice_models_owner_id_name_key_version")
        ),
    )
    op.create_index(
        "uq_voice_models_active",
        "voice_models",
        ["owner_id"],
        unique=True,
        postgresql_where=sa.text("is_active"),
    )
    op.create_index(
        "ix_voice_models_owner",
        "voice_models",
        ["owner_id", sa.literal_column("created_at DESC")],
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index("ix_voice_models_lineage", "voice_models", ["lineage_id", "version"])
    op.create_index(
        "ix_voice_models_to_collect",
        "voice_models",
        ["deleted_at"],
        postgresql_where=sa.text("deleted_at IS NOT NULL AND collected_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("voice_models")
