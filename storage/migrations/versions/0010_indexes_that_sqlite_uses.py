"""Indexes over flags in the words in which SQLite's queries ask for them: by others it passes them over."""

from alembic import op
from sqlalchemy import text

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

FLAGS = {"ix_record_holding": "holds_batches", "ix_record_sponsor": "awaits_sponsor", "ix_record_cmo": "awaits_cmo"}


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    for name, flag in FLAGS.items():
        op.drop_index(name, "record")
        op.create_index(name, "record", ["partnership_id"], sqlite_where=text(f"{flag} = 1"))
