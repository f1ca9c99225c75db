"""What providers still keep of voices that were deleted here."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "provider_voices",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("training_job_id", sa.Uuid(), nullable=True),
        sa.Column("artefact_digest", sa.Text(), nullable=True),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unwanted_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_provider_voices_digest_form")),
        sa.CheckConstraint(
            "artefact_digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_provider_voices_artefact_digest_form")
        ),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_provider_voices_tries_not_negative")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_provider_voices")),
    )
    op.create_index(
        "ix_provider_voices_unwanted",
        "provider_voices",
        ["next_try_at"],
        postgresql_where=sa.text("unwanted_since IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("provider_voices")
