"""A page of somebody's jobs in a state, and how many are in each, without reading the jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_training_jobs_owner_status",
        "training_jobs",
        ["owner_id", "status", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
    )


def downgrade() -> None:
    op.drop_index("ix_training_jobs_owner_status", table_name="training_jobs")
