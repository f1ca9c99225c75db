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


def downgrade() -> None:
    for name in _CHECKS:
        op.drop_constraint(op.f(f"ck_voice_models_{name}"), "voice_models", type_="check")
    for name in ("stored_bytes", "revision", "status", "metadata", "code_version", "parent_id"):
        op.drop_column("voice_models", name)
