"""How many trainings ended lately and what they cost, and those that failed last, without reading the others."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_training_jobs_ended",
        "training_jobs",
        ["completed_at"],
        postgresql_include=["status"],
        postgresql_where=sa.text("completed_at IS NOT NULL"),
    )
    op.create_index(
        "ix_training_jobs_dead",
        "training_jobs",
        [sa.literal_column("completed_at DESC"), sa.literal_column("id DESC")],
        postgresql_where=sa.text("status = 'failed' AND can_retry"),
    )


def downgrade() -> None:
    op.drop_index("ix_training_jobs_dead", table_name="training_jobs")
    op.drop_index("ix_training_jobs_ended", table_name="training_jobs")
