"""The keys of the owners' files, and whose the trees are that were kept without being registered."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "user_keys",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("master_key_id", sa.Text(), nullable=True),
        sa.Column("token", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("sealed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("destroyed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(token IS NULL) = (destroyed_at IS NOT NULL) AND (token IS NULL) = (master_key_id IS NULL)",
            name=op.f("ck_user_keys_there_or_destroyed"),
        ),
        sa.PrimaryKeyConstraint("owner_id", name=op.f("pk_user_keys")),
    )
    op.add_column("kept_trees", sa.Column("owner_id", sa.Uuid(), nullable=True))
    op.execute(
        "UPDATE kept_trees SET owner_id = training_jobs.owner_id FROM training_jobs "
        "WHERE training_jobs.id = kept_trees.training_job_id"
    )
    op.execute("DELETE FROM kept_trees WHERE owner_id IS NULL")
    op.alter_column("kept_trees", "owner_id", nullable=False)


def downgrade() -> None:
    op.drop_column("kept_trees", "owner_id")
    op.drop_table("user_keys")
