"""Datasets with their samples and clips, and consents."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "datasets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("speaker", sa.Text(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("name <> '' AND name_key <> ''", name=op.f("ck_datasets_name_present")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_datasets")),
        sa.UniqueConstraint("owner_id", "name_key", name=op.f("uq_datasets_owner_id_name_key")),
    )
    op.create_table(
        "samples",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("dataset_id", sa.Uuid(), nullable=True),
        sa.Column("speaker", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("container", sa.Text(), nullable=False),
        sa.Column("sound_digest", sa.Text(), nullable=False),
        sa.Column("transcript", sa.Text(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(), nullable=False),
        sa.Column("notes", postgresql.JSONB(), nullable=False),
        sa.Column("duration_s", sa.Double(), nullable=False),
        sa.Column("speech_s", sa.Double(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_samples_digest_form")),
        sa.CheckConstraint(
            "verdict IN ('good', 'usable', 'rejected')", name=op.f("ck_samples_verdict_known")
        ),
        sa.CheckConstraint(
            "size_bytes >= 0 AND duration_s >= 0 AND speech_s >= 0",
            name=op.f("ck_samples_amounts_not_negative"),
        ),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name=op.f("fk_samples_dataset_id_datasets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_samples")),
        sa.UniqueConstraint("dataset_id", "digest", name=op.f("uq_samples_dataset_id_digest")),
    )
    op.create_index(
        "uq_samples_single",
        "samples",
        ["owner_id", "digest"],
        unique=True,
        postgresql_where=sa.text("dataset_id IS NULL"),
    )
    op.create_index(
        "ix_samples_owner",
        "samples",
        ["owner_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
    )
    op.create_index("ix_samples_dataset", "samples", ["dataset_id", "filename", "id"])
    op.create_index("ix_samples_digest", "samples", ["digest"])
    op.create_table(
        "clips",
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("start_s", sa.Double(), nullable=False),
        sa.Column("end_s", sa.Double(), nullable=False),
        sa.Column("speech_s", sa.Double(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(), nullable=False),
        sa.Column("measures", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.CheckConstraint('"index" >= 0', name=op.f("ck_clips_index_not_negative")),
        sa.CheckConstraint(
            "start_s >= 0 AND end_s >= start_s AND speech_s >= 0", name=op.f("ck_clips_times_in_order")
        ),
        sa.CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_clips_digest_form")),
        sa.CheckConstraint("verdict IN ('good', 'usable', 'rejected')", name=op.f("ck_clips_verdict_known")),
        sa.ForeignKeyConstraint(
            ["sample_id"], ["samples.id"], name=op.f("fk_clips_sample_id_samples"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("sample_id", "index", name=op.f("pk_clips")),
    )
    op.create_index("ix_clips_digest", "clips", ["digest"])
    op.create_table(
        "consents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("speaker", sa.Text(), nullable=False),
        sa.Column("speaker_key", sa.Text(), nullable=False),
        sa.Column("scope", postgresql.JSONB(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("asserted_by", sa.Uuid(), nullable=False),
        sa.Column("asserted_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("revoked_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("speaker <> '' AND speaker_key <> ''", name=op.f("ck_consents_speaker_present")),
        sa.CheckConstraint("jsonb_typeof(scope) = 'array'", name=op.f("ck_consents_scope_is_list")),
        sa.CheckConstraint("source IN ('assertion', 'recording')", name=op.f("ck_consents_source_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index("ix_consents_speaker", "consents", ["owner_id", "speaker_key"])
    op.create_index(
        "ix_consents_owner",
        "consents",
        ["owner_id", sa.literal_column("asserted_at DESC"), sa.literal_column("id DESC")],
    )


def downgrade() -> None:
    for table in ("consents", "clips", "samples", "datasets"):
        op.drop_table(table)
