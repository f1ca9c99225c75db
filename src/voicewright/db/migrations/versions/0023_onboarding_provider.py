"""Which engine the voices of an onboarding token are made with."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("onboarding_tokens", sa.Column("provider", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("onboarding_tokens", "provider")
