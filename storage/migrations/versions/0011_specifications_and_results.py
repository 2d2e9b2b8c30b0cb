"""Specifications with their tests, the results that are judged against them, and the files that bring both."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

OWN = ("specification", "specification_test", "result")
NOW = "NULLIF(current_setting('qualbridge.partnership', true), '')::int"
VERDICTS = ("Complies", "OOT", "OOS")
STATES = ("Recorded", "To confirm", "Confirmed", "Discarded")


def upgrade() -> None:
    _specifications()
    _tests()
    _results()
    op.add_column("download", sa.Column("purpose", sa.String(length=16), server_default="evidence", nullable=False))
    op.add_column("download", sa.Column("given", sa.JSON(), nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        for table in OWN:
            _secure(table, f"COALESCE(partnership_id = {NOW}, true)")


def _secure(table: str, condition: str) -> None:
    op.execute(f"CREATE POLICY within_partnership ON {table} USING ({condition}) WITH CHECK ({condition})")
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")  # the bot owns its tables


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))


def _specifications() -> None:
    op.create_table(
        "specification",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column("product_key", sa.String(length=300), nullable=False),
        sa.Column("sample_type", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("in_force_from", sa.Date(), nullable=True),
        sa.Column("in_force_until", sa.Date(), nullable=True),
        sa.Column("retires_on", sa.Date(), nullable=True),
        _key("specification", "record_id", "record"),
        _key("specification", "partnership_id", "partnership"),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_specification")),
        sa.UniqueConstraint(
            "partnership_id", "product_key", "sample_type", "version",
            name=op.f("uq_specification_partnership_id_product_key_sample_type_version"),
        ),
    )  # fmt: skip
    ending = sa.text("retires_on IS NOT NULL")
    op.create_index(
        "ix_specification_retiring", "specification", ["retires_on"], sqlite_where=ending, postgresql_where=ending
    )


def _tests() -> None:
    limits = ("lower", "upper", "unit", "alert_lower", "alert_upper", "action_lower", "action_upper", "quantitation")
    op.create_table(
        "specification_test",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("test", sa.String(length=100), nullable=False),
        sa.Column("test_key", sa.String(length=200), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("method", sa.String(length=150), nullable=False),
        *(sa.Column(name, sa.String(length=40), nullable=False) for name in limits),
        sa.Column("lower_inclusive", sa.Boolean(), nullable=False),
        sa.Column("upper_inclusive", sa.Boolean(), nullable=False),
        sa.Column("criterion", sa.String(length=300), nullable=False),
        sa.Column("decimals", sa.Integer(), nullable=True),
        sa.Column("removed_by_id", sa.Integer(), nullable=True),
        _key("specification_test", "partnership_id", "partnership"),
        _key("specification_test", "record_id", "record"),
        _key("specification_test", "removed_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_specification_test")),
        sa.UniqueConstraint("record_id", "number", name=op.f("uq_specification_test_record_id_number")),
    )


def _results() -> None:
    keys = {
        "partnership_id": "partnership",
        "specification_id": "record",
        "test_id": "specification_test",
        "recorded_by_id": "person",
        "decided_by_id": "person",
        "record_id": "record",
    }
    texts = {
        "specification": 60,
        "test": 100,
        "test_key": 200,
        "product": 150,
        "product_key": 300,
        "sample_type": 40,
        "time_point": 40,
        "lot": 60,
        "lot_key": 200,
        "reported": 150,
        "rounded": 150,
        "unit": 40,
        "why": 1000,
        "analyst": 150,
        "source": 200,
    }
    op.create_table(
        "result",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=name in ("decided_by_id", "record_id")) for name in keys),
        *(sa.Column(name, sa.String(length=length), nullable=False) for name, length in texts.items()),
        sa.Column("verdict", sa.Enum(*VERDICTS, name="verdict", native_enum=False, length=32), nullable=False),
        sa.Column("state", sa.Enum(*STATES, name="resultstate", native_enum=False, length=32), nullable=False),
        sa.Column("analysed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        *(_key("result", name, other) for name, other in keys.items()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result")),
    )
    op.create_index("ix_result_lot", "result", ["partnership_id", "lot_key", "id"])
    op.create_index("ix_result_trend", "result", ["partnership_id", "product_key", "test_key", "analysed_at"])
    op.create_index("ix_result_specification", "result", ["specification_id", "id"])
    op.create_index("ix_result_record", "result", ["record_id"])
    op.create_index("ix_result_recorded", "result", ["partnership_id", "recorded_at"])
    waiting = sa.text("state = 'To confirm'")
    op.create_index(
        "ix_result_waiting", "result", ["partnership_id", "id"], sqlite_where=waiting, postgresql_where=waiting
    )
