"""Dispositions of lots, and since when each lot is known."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0011"
branch_labels = None
depends_on = None

OWN = ("disposition", "lot")
NOW = "NULLIF(current_setting('qualbridge.partnership', true), '')::int"
DECISIONS = ("Release", "Rework", "Reprocess", "Reject", "Not applicable")
# Lots were named by records, and by results.
NAMED = """
    SELECT b.partnership_id, b.lot_key, b.lot, r.recorded_at AS named_at, b.record_id AS first
    FROM record_batch b JOIN record r ON r.id = b.record_id
    UNION ALL
    SELECT partnership_id, lot_key, lot, recorded_at, id FROM result
"""
KNOWN = f"""
    INSERT INTO lot (partnership_id, lot_key, lot, named_at)
    SELECT partnership_id, lot_key, lot, named_at FROM (
        SELECT partnership_id, lot_key, lot, named_at,
               ROW_NUMBER() OVER (PARTITION BY partnership_id, lot_key ORDER BY named_at, first) AS place
        FROM ({NAMED}) AS named
    ) AS placed WHERE place = 1
"""  # noqa: S608 - our own words


def upgrade() -> None:
    op.create_table(
        "disposition",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column("lot", sa.String(length=60), nullable=False),
        sa.Column("lot_key", sa.String(length=200), nullable=False),
        sa.Column("decision", sa.Enum(*DECISIONS, name="disposition", native_enum=False, length=32), nullable=False),
        sa.Column("justification", sa.String(), nullable=False),
        sa.Column("certificate", sa.String(length=150), nullable=False),
        sa.ForeignKeyConstraint(["partnership_id"], ["partnership.id"], name=op.f("fk_disposition_partnership_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_disposition_record_id")),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_disposition")),
    )
    op.create_index("ix_disposition_lot", "disposition", ["partnership_id", "lot_key", "record_id"])
    op.create_table(
        "lot",
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column("lot_key", sa.String(length=200), nullable=False),
        sa.Column("lot", sa.String(length=60), nullable=False),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disposition_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["disposition_id"], ["record.id"], name=op.f("fk_lot_disposition_id")),
        sa.ForeignKeyConstraint(["partnership_id"], ["partnership.id"], name=op.f("fk_lot_partnership_id")),
        sa.PrimaryKeyConstraint("partnership_id", "lot_key", name=op.f("pk_lot")),
    )
    waiting = sa.text("disposition_id IS NULL")
    op.create_index(
        "ix_lot_waiting", "lot", ["partnership_id", "named_at"], sqlite_where=waiting, postgresql_where=waiting
    )
    op.execute(KNOWN)
    if op.get_bind().dialect.name == "postgresql":
        for table in OWN:
            _secure(table, f"COALESCE(partnership_id = {NOW}, true)")


def _secure(table: str, condition: str) -> None:
    op.execute(f"CREATE POLICY within_partnership ON {table} USING ({condition}) WITH CHECK ({condition})")
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")  # the bot owns its tables
