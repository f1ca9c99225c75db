"""Whether a training clones: it is queued for nodes that can do that."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("training_jobs", sa.Column("clones", sa.Boolean(), server_default="false", nullable=False))


def downgrade() -> None:
    op.drop_column("training_jobs", "clones")
