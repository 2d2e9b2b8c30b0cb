"""Inspections of one company: participants, requests, and a log that nobody changes."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

OWN = ("inspection", "inspection_participant", "inspection_request", "inspection_entry")
NOW = "NULLIF(current_setting('qualbridge.partnership', true), '')::int"
KEPT = "a log is kept as it was written"
SQLITE = tuple(
    f"CREATE TRIGGER inspection_entry_no_{verb} BEFORE {verb.upper()} ON inspection_entry "
    f"BEGIN SELECT RAISE(ABORT, '{KEPT}'); END"
    for verb in ("update", "delete")
)
POSTGRESQL = (
    (
        "CREATE TRIGGER inspection_entry_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON inspection_entry "
        f"FOR EACH STATEMENT EXECUTE FUNCTION refuse('{KEPT}')"
    ),
)


def upgrade() -> None:
    _inspections()
    _requests()
    _entries()
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    for statement in POSTGRESQL if on_postgresql else SQLITE:
        op.execute(statement)
    if on_postgresql:
        for table in OWN:
            _secure(table, f"COALESCE(partnership_id = {NOW}, true)")


def _secure(table: str, condition: str) -> None:
    op.execute(f"CREATE POLICY within_partnership ON {table} USING ({condition}) WITH CHECK ({condition})")
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")  # the bot owns its tables


def _keys(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))
        for column, other in columns.items()
    ]


def _inspections() -> None:
    op.create_table(
        "inspection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column("side", sa.Enum("sponsor", "CMO", name="side", native_enum=False, length=32), nullable=False),
        sa.Column("authority", sa.String(length=150), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("inspector", sa.String(length=300), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("opened_by_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by_id", sa.Integer(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        *_keys("inspection", partnership_id="partnership", opened_by_id="person", closed_by_id="person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection")),
    )
    is_open = sa.text("closed_at IS NULL")
    op.create_index(
        "ix_inspection_open", "inspection", ["partnership_id", "side"], unique=True, sqlite_where=is_open,
        postgresql_where=is_open,
    )  # fmt: skip
    op.create_index("ix_inspection_side", "inspection", ["partnership_id", "side", "id"])
    table = "inspection_participant"
    op.create_table(
        table,
        sa.Column("inspection_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        *_keys(table, inspection_id="inspection", partnership_id="partnership", person_id="person"),
        sa.PrimaryKeyConstraint("inspection_id", "person_id", name=op.f("pk_inspection_participant")),
    )


def _requests() -> None:
    table = "inspection_request"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column("inspection_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("asked", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        *_keys(table, inspection_id="inspection", owner_id="person", partnership_id="partnership"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_request")),
        sa.UniqueConstraint("inspection_id", "number", name=op.f("uq_inspection_request_inspection_id_number")),
    )
    ticking = sa.text("next_at IS NOT NULL")
    op.create_index("ix_inspection_request_next", table, ["next_at"], sqlite_where=ticking, postgresql_where=ticking)


def _entries() -> None:
    table = "inspection_entry"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column("inspection_id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=True),
        sa.Column("record_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        *_keys(
            table, inspection_id="inspection", partnership_id="partnership", person_id="person", record_id="record",
            request_id="inspection_request",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_entry")),
    )  # fmt: skip
    op.create_index("ix_inspection_entry_log", table, ["inspection_id", "id"])
