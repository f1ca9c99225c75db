"""Whose voice it is, and signs of life of what is being spoken."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("voice_models", sa.Column("speaker_key", sa.Text(), nullable=True))
    op.add_column(
        "voice_synthesis_history",
        sa.Column("heartbeat_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
    )


def downgrade() -> None:
    op.drop_column("voice_synthesis_history", "heartbeat_at")
    op.drop_column("voice_models", "speaker_key")
