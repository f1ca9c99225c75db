"""Blind comparisons of voices: who heard what, and what they chose."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_TIME = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    _tests("listening_tests")
    _sides("listening_sides")
    _sounds("listening_sounds")
    _trials("listening_trials")


def _tests(name: str) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("sentences", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("finished_at", _TIME, nullable=True),
        sa.CheckConstraint("name <> ''", name=op.f(f"ck_{name}_name_present")),
        sa.CheckConstraint("jsonb_typeof(sentences) = 'array'", name=op.f(f"ck_{name}_sentences_is_array")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index("ix_listening_tests_user", name, ["user_id", sa.text("created_at DESC"), "id"])
    op.create_index("ix_listening_tests_created", name, ["created_at"])


def _sides(name: str) -> None:
    op.create_table(
        name,
        sa.Column("test_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('voice', 'recording')", name=op.f(f"ck_{name}_kind_known")),
        sa.CheckConstraint("number >= 0", name=op.f(f"ck_{name}_number_not_negative")),
        _of_test(name),
        sa.PrimaryKeyConstraint("test_id", "number", name=op.f(f"pk_{name}")),
    )
    op.create_index("ix_listening_sides_owner", name, ["owner_id"])


def _sounds(name: str) -> None:
    op.create_table(
        name,
        sa.Column("test_id", sa.Uuid(), nullable=False),
        sa.Column("sentence", sa.Integer(), nullable=False),
        sa.Column("side", sa.Integer(), nullable=False),
        sa.Column("clip_digest", sa.Text(), nullable=True),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("clip_digest ~ '^[0-9a-f]{64}$'", name=op.f(f"ck_{name}_clip_digest_form")),
        sa.CheckConstraint("sentence >= 0 AND side >= 0", name=op.f(f"ck_{name}_numbers_not_negative")),
        _of_test(name),
        sa.PrimaryKeyConstraint("test_id", "sentence", "side", name=op.f(f"pk_{name}")),
    )


def _trials(name: str) -> None:
    op.create_table(
        name,
        sa.Column("test_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sentence", sa.Integer(), nullable=False),
        sa.Column("side_a", sa.Integer(), nullable=False),
        sa.Column("side_b", sa.Integer(), nullable=False),
        sa.Column("heard_a_at", _TIME, nullable=True),
        sa.Column("heard_b_at", _TIME, nullable=True),
        sa.Column("choice", sa.Text(), nullable=True),
        sa.Column("naturalness_a", sa.Integer(), nullable=True),
        sa.Column("naturalness_b", sa.Integer(), nullable=True),
        sa.Column("voted_at", _TIME, nullable=True),
        sa.CheckConstraint("choice IN ('a', 'b', 'none')", name=op.f(f"ck_{name}_choice_known")),
        sa.CheckConstraint("(choice IS NULL) = (voted_at IS NULL)", name=op.f(f"ck_{name}_choice_has_time")),
        sa.CheckConstraint("side_a <> side_b", name=op.f(f"ck_{name}_sides_differ")),
        sa.CheckConstraint(
            "naturalness_a BETWEEN 1 AND 5 AND naturalness_b BETWEEN 1 AND 5",
            name=op.f(f"ck_{name}_naturalness_range"),
        ),
        _of_test(name),
        sa.PrimaryKeyConstraint("test_id", "number", name=op.f(f"pk_{name}")),
    )


def _of_test(name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["test_id"],
        ["listening_tests.id"],
        name=op.f(f"fk_{name}_test_id_listening_tests"),
        ondelete="CASCADE",
    )


def downgrade() -> None:
    for name in ("listening_trials", "listening_sounds", "listening_sides", "listening_tests"):
        op.drop_table(name)
