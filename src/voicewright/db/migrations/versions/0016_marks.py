"""What was marked and signed of what was spoken, and fingerprints of parts."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_MARKED = ("voice_synthesis_history", "long_speech_chunks")
_SIGNED = ("voice_synthesis_history", "long_speeches", "long_speech_parts")


def upgrade() -> None:
    for table in _MARKED:
        op.add_column(table, sa.Column("watermark", sa.Text(), nullable=True))
        op.create_check_constraint(
            op.f(f"ck_{table}_watermark_known"), table, "watermark IN ('perth', 'partial', 'none')"
        )
    for table in _SIGNED:
        op.add_column(table, sa.Column("file_signed", sa.Boolean(), nullable=True))
    op.add_column(
        "speech_fingerprints", sa.Column("part", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.drop_constraint(op.f("pk_speech_fingerprints"), "speech_fingerprints")
    op.create_primary_key(op.f("pk_speech_fingerprints"), "speech_fingerprints", ["synthesis_id", "part"])


def downgrade() -> None:
    op.execute("DELETE FROM speech_fingerprints WHERE part > 0")
    op.drop_constraint(op.f("pk_speech_fingerprints"), "speech_fingerprints")
    op.create_primary_key(op.f("pk_speech_fingerprints"), "speech_fingerprints", ["synthesis_id"])
    op.drop_column("speech_fingerprints", "part")
    for table in _SIGNED:
        op.drop_column(table, "file_signed")
    for table in _MARKED:
        op.drop_column(table, "watermark")
