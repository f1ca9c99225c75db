"""Long texts and batches: what is to be spoken in parts and chunks, and what was spoken of it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TIME = postgresql.TIMESTAMP(timezone=True)
_DIGEST = "~ '^[0-9a-f]{64}$'"


def upgrade() -> None:
    _speeches("long_speeches")
    _parts("long_speech_parts")
    _chunks("long_speech_chunks")


def _speeches(name: str) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text_digest", sa.Text(), nullable=False),
        sa.Column("markup", sa.Text(), nullable=False),
        sa.Column("characters", sa.Integer(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(), nullable=False),
        sa.Column("output_format", sa.Text(), nullable=False),
        sa.Column("paragraphs", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("ticket", sa.BigInteger(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("node", sa.Text(), nullable=True),
        sa.Column("heartbeat_at", _TIME, nullable=True),
        sa.Column("takeovers", sa.Integer(), nullable=False),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("audio_s", sa.Double(), nullable=True),
        sa.Column("file_digest", sa.Text(), nullable=True),
        sa.Column("file_bytes", sa.BigInteger(), nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("started_at", _TIME, nullable=True),
        sa.Column("finished_at", _TIME, nullable=True),
        sa.CheckConstraint("kind IN ('text', 'batch')", name=op.f(f"ck_{name}_kind_known")),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'paused', 'completed', 'failed', 'cancelled')",
            name=op.f(f"ck_{name}_state_known"),
        ),
        sa.CheckConstraint(
            "(state IN ('completed', 'failed', 'cancelled')) = (finished_at IS NOT NULL)",
            name=op.f(f"ck_{name}_finished_has_time"),
        ),
        sa.CheckConstraint(f"file_digest {_DIGEST}", name=op.f(f"ck_{name}_file_digest_form")),
        sa.CheckConstraint(
            "(file_digest IS NULL) = (file_bytes IS NULL)", name=op.f(f"ck_{name}_file_whole")
        ),
        sa.CheckConstraint(
            "characters >= 0 AND attempt >= 0 AND takeovers >= 0 AND audio_s >= 0 AND file_bytes >= 0",
            name=op.f(f"ck_{name}_amounts_not_negative"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index(f"ix_{name}_owner", name, ["owner_id", sa.text("created_at DESC"), "id"])
    op.create_index(f"ix_{name}_created", name, ["created_at"])
    op.create_index(
        f"ix_{name}_open",
        name,
        ["state"],
        postgresql_where=sa.text("state IN ('queued', 'running', 'paused')"),
    )


def _parts(name: str) -> None:
    op.create_table(
        name,
        sa.Column("speech_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("voice_model_id", sa.Uuid(), nullable=True),
        sa.Column("voice_owner_id", sa.Uuid(), nullable=True),
        sa.Column("voice_name", sa.Text(), nullable=True),
        sa.Column("voice_version", sa.Integer(), nullable=True),
        sa.Column("engine", sa.Text(), nullable=True),
        sa.Column("engine_version", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("speed", sa.Double(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("audio_s", sa.Double(), nullable=True),
        sa.Column("file_digest", sa.Text(), nullable=True),
        sa.Column("file_bytes", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'completed', 'failed')", name=op.f(f"ck_{name}_state_known")
        ),
        sa.CheckConstraint(f"file_digest {_DIGEST}", name=op.f(f"ck_{name}_file_digest_form")),
        sa.CheckConstraint(
            "(file_digest IS NULL) = (file_bytes IS NULL)", name=op.f(f"ck_{name}_file_whole")
        ),
        sa.ForeignKeyConstraint(
            ["speech_id"],
            ["long_speeches.id"],
            name=op.f(f"fk_{name}_speech_id_long_speeches"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("speech_id", "number", name=op.f(f"pk_{name}")),
    )


def _chunks(name: str) -> None:
    op.create_table(
        name,
        sa.Column("speech_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("pieces", postgresql.JSONB(), nullable=False),
        sa.Column("characters", sa.Integer(), nullable=False),
        sa.Column("pause_before_s", sa.Double(), nullable=False),
        sa.Column("pause_after_s", sa.Double(), nullable=True),
        sa.Column("ends_paragraph", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("sample_rate_hz", sa.Integer(), nullable=True),
        sa.Column("audio_s", sa.Double(), nullable=True),
        sa.Column("loudness_lufs", sa.Double(), nullable=True),
        sa.Column("words", postgresql.JSONB(), nullable=True),
        sa.Column("words_estimated", sa.Boolean(), nullable=False),
        sa.Column("checks", postgresql.JSONB(), nullable=False),
        sa.Column("took_s", sa.Double(), nullable=True),
        sa.Column("synthesis_s", sa.Double(), nullable=True),
        sa.Column("cost_usd", sa.Numeric(14, 6), nullable=True),
        sa.Column("cached_pieces", sa.Integer(), nullable=False),
        sa.Column("retried_pieces", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'spoken', 'failed')", name=op.f(f"ck_{name}_state_known")),
        sa.CheckConstraint(f"digest {_DIGEST}", name=op.f(f"ck_{name}_digest_form")),
        sa.CheckConstraint(
            "(state = 'spoken') = (digest IS NOT NULL)", name=op.f(f"ck_{name}_spoken_has_sound")
        ),
        sa.ForeignKeyConstraint(
            ["speech_id", "part"],
            ["long_speech_parts.speech_id", "long_speech_parts.number"],
            name=op.f(f"fk_{name}_part"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("speech_id", "number", name=op.f(f"pk_{name}")),
    )
    op.create_index(f"ix_{name}_digest", name, ["digest"])


def downgrade() -> None:
    op.drop_table("long_speech_chunks")
    op.drop_table("long_speech_parts")
    op.drop_table("long_speeches")
