"""Statements to the points of a product's annual review, kept as they were made."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TABLE = "review_statement"
WITHIN = "COALESCE(partnership_id = NULLIF(current_setting('qualbridge.partnership', true), '')::int, true)"
KEPT = "a statement is kept as it was made"
SQLITE = tuple(
    f"CREATE TRIGGER {TABLE}_no_{verb} BEFORE {verb.upper()} ON {TABLE} BEGIN SELECT RAISE(ABORT, '{KEPT}'); END"
    for verb in ("update", "delete")
)
POSTGRESQL = (
    (
        f"CREATE TRIGGER {TABLE}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION refuse('{KEPT}')"
    ),
    f"CREATE POLICY within_partnership ON {TABLE} USING ({WITHIN}) WITH CHECK ({WITHIN})",
    f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY",
    f"ALTER TABLE {TABLE} FORCE ROW LEVEL SECURITY",  # the bot owns its tables
)

# Pinned front doors get the buttons that came since.
FRONT_DOORS = (
    "INSERT INTO outbox (key, partnership_id, kind, about, created_at, next_at, attempts) "
    "SELECT 'front door:' || id || '-0017', id, 'front door', '{}', set_up_at, set_up_at, 0 FROM partnership"
)


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column("product", sa.String(length=150), nullable=False),
        sa.Column("product_key", sa.String(length=300), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("point", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("stated_by_id", sa.Integer(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["partnership_id"], ["partnership.id"], name=op.f("fk_review_statement_partnership_id")
        ),
        sa.ForeignKeyConstraint(["stated_by_id"], ["person.id"], name=op.f("fk_review_statement_stated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_statement")),
    )
    op.create_index("ix_review_statement", TABLE, ["partnership_id", "product_key", "year", "id"])
    for statement in POSTGRESQL if op.get_bind().dialect.name == "postgresql" else SQLITE:
        op.execute(statement)
    op.execute(FRONT_DOORS)
