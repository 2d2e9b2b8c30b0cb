"""When it became known that a record's batch is distributed."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("record", sa.Column("distributed_at", sa.DateTime(timezone=True), nullable=True))
    # Until now the clocks of the authorities counted from the record's own notice, whenever it became known.
    for table in ("deviation", "oos"):
        op.execute(
            f"UPDATE record SET distributed_at = recorded_at WHERE id IN "  # noqa: S608 - our own names
            f"(SELECT record_id FROM {table} WHERE distributed = 'Yes')"
        )
