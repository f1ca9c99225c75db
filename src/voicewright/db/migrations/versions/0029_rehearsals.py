"""What voices said while they were trained: kept like what was kept of those that were not good enough."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_KNOWN = "ck_kept_trees_kind_known"
_BEFORE = "kind IN ('artefact', 'spoken')"


def upgrade() -> None:
    op.add_column("kept_trees", sa.Column("about", postgresql.JSONB(), nullable=True))
    op.drop_constraint(op.f(_KNOWN), "kept_trees", type_="check")
    op.create_check_constraint(op.f(_KNOWN), "kept_trees", f"{_BEFORE} OR kind ~ '^rehearsal-[0-9]{{1,9}}$'")


def downgrade() -> None:
    op.execute("DELETE FROM kept_trees WHERE kind NOT IN ('artefact', 'spoken')")
    op.drop_constraint(op.f(_KNOWN), "kept_trees", type_="check")
    op.create_check_constraint(op.f(_KNOWN), "kept_trees", _BEFORE)
    op.drop_column("kept_trees", "about")
