"""The audio that an evaluation measured, kept with the voice."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_CHECK = "ck_voice_models_spoken_digest_form"


def upgrade() -> None:
    op.add_column("voice_models", sa.Column("spoken_digest", sa.Text(), nullable=True))
    op.create_check_constraint(op.f(_CHECK), "voice_models", "spoken_digest ~ '^[0-9a-f]{64}$'")


def downgrade() -> None:
    op.drop_constraint(op.f(_CHECK), "voice_models", type_="check")
    op.drop_column("voice_models", "spoken_digest")
