"""All voices of a batch in the history; stand-ins, uses and further takes of long texts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "voice_synthesis_history",
        sa.Column("voices", postgresql.JSONB(), server_default="[]", nullable=False),
    )
    op.alter_column("voice_synthesis_history", "voices", server_default=None)
    op.add_column("long_speech_parts", sa.Column("wanted_model_id", sa.Uuid(), nullable=True))
    op.add_column("long_speech_parts", sa.Column("fallback_reason", sa.Text(), nullable=True))
    op.add_column("long_speech_chunks", sa.Column("first_audio_ms", sa.Double(), nullable=True))
    # until now each was a use by itself
    op.add_column(
        "long_speech_chunks", sa.Column("counted", sa.Boolean(), server_default=sa.true(), nullable=False)
    )
    op.alter_column("long_speech_chunks", "counted", server_default=None)
    op.execute("UPDATE long_speech_chunks SET counted = (state = 'spoken')")
    op.add_column("long_speech_chunks", sa.Column("takes", sa.Integer(), server_default="0", nullable=False))
    op.alter_column("long_speech_chunks", "takes", server_default=None)


def downgrade() -> None:
    for column in ("takes", "counted", "first_audio_ms"):
        op.drop_column("long_speech_chunks", column)
    for column in ("fallback_reason", "wanted_model_id"):
        op.drop_column("long_speech_parts", column)
    op.drop_column("voice_synthesis_history", "voices")
