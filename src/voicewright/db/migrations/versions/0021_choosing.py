"""By which rule one of a person's voices speaks, where several engines made one."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "speech_preferences", sa.Column("choose", sa.Text(), server_default="named", nullable=False)
    )
    op.create_check_constraint(
        op.f("ck_speech_preferences_choose_known"),
        "speech_preferences",
        "choose IN ('named', 'best', 'cost', 'latency')",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_speech_preferences_choose_known"), "speech_preferences")
    op.drop_column("speech_preferences", "choose")
