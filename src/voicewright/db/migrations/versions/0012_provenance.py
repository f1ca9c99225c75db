"""Fingerprints of what was spoken, and the keys that manifests are signed with."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "speech_fingerprints",
        sa.Column("synthesis_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("model_version", sa.Integer(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("made_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("duration_s", sa.Double(), nullable=False),
        sa.Column("prints", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.CheckConstraint("duration_s >= 0", name=op.f("ck_speech_fingerprints_duration_not_negative")),
        sa.PrimaryKeyConstraint("synthesis_id", name=op.f("pk_speech_fingerprints")),
    )
    op.create_index(
        "ix_speech_fingerprints_prints", "speech_fingerprints", ["prints"], postgresql_using="gin"
    )
    op.create_index("ix_speech_fingerprints_user", "speech_fingerprints", ["user_id"])
    op.create_index("ix_speech_fingerprints_owner", "speech_fingerprints", ["owner_id"])
    op.create_index("ix_speech_fingerprints_model", "speech_fingerprints", ["model_id"])
    op.create_table(
        "provenance_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("instance_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("certificate_pem", sa.Text(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('authority', 'signer')", name=op.f("ck_provenance_keys_role_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provenance_keys")),
    )
    op.create_index("ix_provenance_keys_role", "provenance_keys", ["role", "created_at"])


def downgrade() -> None:
    op.drop_table("provenance_keys")
    op.drop_table("speech_fingerprints")
