"""Which records were logged by the button on another's card."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Of what is linked already nobody knows: it counts as linked by hand, so its own questions are asked.
    op.add_column("record_link", sa.Column("logged_from", sa.Boolean(), server_default=sa.false(), nullable=False))
