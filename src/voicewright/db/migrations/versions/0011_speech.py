"""What was spoken, what of it may be kept, and pieces that need not be spoken again."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_HISTORY = "voice_synthesis_history"
_TIME = postgresql.TIMESTAMP(timezone=True)
_DIGEST = "~ '^[0-9a-f]{64}$'"


def upgrade() -> None:
    _history()
    op.create_table(
        "speech_preferences",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("keep_text", sa.Text(), nullable=False),
        sa.Column("keep_audio", sa.Boolean(), nullable=False),
        sa.Column("changed_at", _TIME, nullable=False),
        sa.CheckConstraint(
            "keep_text IN ('whole', 'hash')", name=op.f("ck_speech_preferences_keep_text_known")
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_speech_preferences")),
    )
    op.create_table(
        "speech_cache",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("voice_model_id", sa.Uuid(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("used_at", _TIME, nullable=False),
        sa.CheckConstraint(f"key {_DIGEST}", name=op.f("ck_speech_cache_key_form")),
        sa.CheckConstraint("bytes >= 0", name=op.f("ck_speech_cache_bytes_not_negative")),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_speech_cache")),
    )
    op.create_index("ix_speech_cache_model", "speech_cache", ["voice_model_id"])
    op.create_index("ix_speech_cache_used", "speech_cache", ["user_id", "used_at"])


def _history() -> None:
    op.create_table(
        _HISTORY,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("voice_model_id", sa.Uuid(), nullable=False),
        sa.Column("wanted_model_id", sa.Uuid(), nullable=True),
        sa.Column("fallback_reason", sa.Text(), nullable=True),
        sa.Column("voice_name", sa.Text(), nullable=False),
        sa.Column("voice_version", sa.Integer(), nullable=False),
        sa.Column("voice_owner_id", sa.Uuid(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("engine_version", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("text_digest", sa.Text(), nullable=False),
        sa.Column("markup", sa.Text(), nullable=False),
        sa.Column("characters", sa.Integer(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(), nullable=False),
        sa.Column("output_format", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("audio_s", sa.Double(), nullable=True),
        sa.Column("first_audio_ms", sa.Double(), nullable=True),
        sa.Column("total_ms", sa.Double(), nullable=True),
        sa.Column("synthesis_ms", sa.Double(), nullable=True),
        sa.Column("cost_usd", sa.Numeric(14, 6), nullable=True),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.Column("cached_pieces", sa.Integer(), nullable=False),
        sa.Column("retried_pieces", sa.Integer(), nullable=False),
        sa.Column("checks", postgresql.JSONB(), nullable=False),
        sa.Column("words", postgresql.JSONB(), nullable=True),
        sa.Column("words_estimated", sa.Boolean(), nullable=False),
        sa.Column("file_digest", sa.Text(), nullable=True),
        sa.Column("file_bytes", sa.BigInteger(), nullable=True),
        sa.Column("file_format", sa.Text(), nullable=True),
        sa.Column("file_rate_hz", sa.Integer(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("finished_at", _TIME, nullable=True),
        sa.CheckConstraint(
            "state IN ('speaking', 'completed', 'failed', 'cancelled')",
            name=op.f(f"ck_{_HISTORY}_state_known"),
        ),
        sa.CheckConstraint(
            "(state = 'speaking') = (finished_at IS NULL)", name=op.f(f"ck_{_HISTORY}_finished_has_time")
        ),
        sa.CheckConstraint(f"text_digest {_DIGEST}", name=op.f(f"ck_{_HISTORY}_text_digest_form")),
        sa.CheckConstraint(f"file_digest {_DIGEST}", name=op.f(f"ck_{_HISTORY}_file_digest_form")),
        sa.CheckConstraint(
            "(file_digest IS NULL) = (file_bytes IS NULL) AND (file_digest IS NULL) = (file_format IS NULL) "
            "AND (file_digest IS NULL) = (file_rate_hz IS NULL)",
            name=op.f(f"ck_{_HISTORY}_file_whole"),
        ),
        sa.CheckConstraint(
            "characters >= 0 AND pieces >= 0 AND cached_pieces >= 0 AND retried_pieces >= 0 AND audio_s >= 0 "
            "AND cost_usd >= 0 AND file_bytes >= 0",
            name=op.f(f"ck_{_HISTORY}_amounts_not_negative"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{_HISTORY}")),
    )
    op.create_index(f"ix_{_HISTORY}_user", _HISTORY, ["user_id", sa.text("created_at DESC"), "id"])
    op.create_index(f"ix_{_HISTORY}_model", _HISTORY, ["voice_model_id"])
    op.create_index(f"ix_{_HISTORY}_owner", _HISTORY, ["voice_owner_id"])
    op.create_index(f"ix_{_HISTORY}_created", _HISTORY, ["created_at"])
    op.create_index(
        f"ix_{_HISTORY}_speaking",
        _HISTORY,
        ["created_at"],
        postgresql_where=sa.text("state = 'speaking'"),
    )
    op.create_index(
        f"ix_{_HISTORY}_files",
        _HISTORY,
        ["user_id", "created_at"],
        postgresql_where=sa.text("file_digest IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("speech_cache")
    op.drop_table("speech_preferences")
    op.drop_table(_HISTORY)
