"""How a training makes its voice: by cloning, by training, or as its speech allows."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("training_jobs", sa.Column("method", sa.Text(), server_default="auto", nullable=False))
    op.create_check_constraint(
        op.f("ck_training_jobs_method_known"), "training_jobs", "method IN ('auto', 'clone', 'train')"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_training_jobs_method_known"), "training_jobs")
    op.drop_column("training_jobs", "method")
