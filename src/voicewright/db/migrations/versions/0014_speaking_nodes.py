"""What a machine can speak with, so that a text whose engine is nowhere says why it waits."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("nodes", sa.Column("speaks", postgresql.JSONB(), server_default="[]", nullable=False))
    op.alter_column("nodes", "speaks", server_default=None)


def downgrade() -> None:
    op.drop_column("nodes", "speaks")
