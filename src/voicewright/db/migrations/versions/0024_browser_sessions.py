"""Sessions of browsers, which show a cookie instead of tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user_sessions", sa.Column("cookie_digest", sa.Text(), nullable=True))
    op.create_unique_constraint(op.f("uq_user_sessions_cookie_digest"), "user_sessions", ["cookie_digest"])
    op.create_check_constraint(
        op.f("ck_user_sessions_cookie_digest_form"), "user_sessions", "cookie_digest ~ '^[0-9a-f]{64}$'"
    )


def downgrade() -> None:
    op.drop_column("user_sessions", "cookie_digest")
