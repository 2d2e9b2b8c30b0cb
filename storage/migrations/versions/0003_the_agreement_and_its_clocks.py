"""The quality agreement, whose each clock is, fair time, morning lists, and who speaks in a channel."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WEEK = "Mon Tue Wed Thu Fri"
# The terms by which clocks ran until now, and the defaults of those that are new: (row, kind, class, clock,
# length, unit, at most so many hours, since, whose).
TERMS = (
    (1, "deviation", "Critical", "notify", 1, "working days", 24, "awareness", "the CMO"),
    (2, "deviation", "Major", "notify", 2, "working days", None, "awareness", "the CMO"),
    (3, "oos", None, "notify", 1, "working days", None, "awareness", "the CMO"),
    (4, "deviation", None, "acknowledge", 1, "working days", None, "logging", "the other company"),
    (5, "oos", None, "acknowledge", 1, "working days", None, "logging", "the other company"),
    (6, "deviation", "Critical", "close", 45, "calendar days", None, "detection", "the owner"),
    (7, "deviation", "Major", "close", 45, "calendar days", None, "detection", "the owner"),
    (8, "deviation", "Minor", "close", 30, "calendar days", None, "detection", "the owner"),
    (9, "deviation", None, "review", 5, "working days", None, "submission", "the approver"),
    (10, "oos", None, "phase I result", 5, "working days", None, "the result", "the owner"),
    (11, "oos", None, "close", 30, "working days", None, "the result", "the owner"),
    (12, "oos", None, "review", 5, "working days", None, "submission", "the approver"),
    (13, "capa", None, "accept", 2, "working days", None, "assignment", "the owner"),
    (14, "capa", None, "plan", 5, "working days", None, "approval of the source", "the owner"),
    (15, "capa", "Critical", "close", 30, "calendar days", None, "the plan", "the owner"),
    (16, "capa", "Major", "close", 60, "calendar days", None, "the plan", "the owner"),
    (17, "capa", "Minor", "close", 90, "calendar days", None, "the plan", "the owner"),
    (18, "capa", None, "check effectiveness", 90, "calendar days", None, "implementation", "QA, not the owner"),
    (19, "capa", None, "check again", 30, "calendar days", None, "an inconclusive check", "QA, not the owner"),
)
NAMES = ("row", "kind", "class", "clock", "length", "unit", "at_most_hours", "since", "duty")
DUTIES = {
    "acknowledge": "the other company",
    "check effectiveness": "QA, not the owner",
    "field alert": "the sponsor",
    "biological product deviation": "the sponsor",
    "EU quality defect": "the sponsor",
}


def upgrade() -> None:
    op.create_table(
        "agreement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("moves_clocks", sa.Boolean(), nullable=False),
        sa.Column("proposed_by_id", sa.Integer(), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sponsor_agreed_by_id", sa.Integer(), nullable=True),
        sa.Column("cmo_agreed_by_id", sa.Integer(), nullable=True),
        sa.Column("in_force_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dropped_by_id", sa.Integer(), nullable=True),
        sa.Column("moved_up_to", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["cmo_agreed_by_id"], ["person.id"], name=op.f("fk_agreement_cmo_agreed_by_id")),
        sa.ForeignKeyConstraint(["dropped_by_id"], ["person.id"], name=op.f("fk_agreement_dropped_by_id")),
        sa.ForeignKeyConstraint(["partnership_id"], ["partnership.id"], name=op.f("fk_agreement_partnership_id")),
        sa.ForeignKeyConstraint(["proposed_by_id"], ["person.id"], name=op.f("fk_agreement_proposed_by_id")),
        sa.ForeignKeyConstraint(
            ["sponsor_agreed_by_id"], ["person.id"], name=op.f("fk_agreement_sponsor_agreed_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
    )
    op.create_index("ix_agreement_version", "agreement", ["partnership_id", "version"], unique=True)
    _partial_index(
        "ix_agreement_proposed",
        "agreement",
        ["partnership_id"],
        "in_force_at IS NULL AND dropped_at IS NULL",
        unique=True,
    )
    _partial_index("ix_agreement_moving", "agreement", ["moved_up_to"], "moved_up_to IS NOT NULL")
    _partnerships()
    _people()
    _clocks()
    _records()
    op.execute(_references("outbox", "person_id", "person"))
    op.add_column("outbox", sa.Column("in_doubt", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.drop_index("ix_outbox_claimed", table_name="outbox")
    op.create_index("ix_request_answered", "request", ["partnership_id", "what", "answered_at"])
    _addressees()
    _agreements()


def _references(table: str, column: str, other: str) -> str:
    """Add a column that names a row of another table, in the words that both databases take."""
    key = f"CONSTRAINT fk_{table}_{column} REFERENCES {other} (id)"
    return f"ALTER TABLE {table} ADD COLUMN {column} INTEGER {key}"


def _partial_index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    only = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=only, postgresql_where=only)


def _partnerships() -> None:
    op.add_column("partnership", sa.Column("digest_days", sa.String(length=32), server_default=WEEK, nullable=False))
    op.add_column("partnership", sa.Column("figures_on", sa.String(length=3), server_default="Mon", nullable=False))
    op.add_column("partnership", sa.Column("speaker", sa.String(length=32), nullable=True))
    op.add_column("partnership", sa.Column("speaking_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("partnership", sa.Column("muted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("partnership", sa.Column("muted_because", sa.String(length=64), nullable=True))
    op.add_column("company", sa.Column("region", sa.String(length=32), server_default=sa.text("''"), nullable=False))
    op.add_column("company", sa.Column("closing_days", sa.String(), server_default=sa.text("''"), nullable=False))


def _people() -> None:
    op.add_column("person", sa.Column("left_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("person", sa.Column("away_until", sa.Date(), nullable=True))
    op.execute(_references("person", "stand_in_id", "person"))
    op.add_column(
        "person",
        sa.Column("list_mode", sa.String(length=32), server_default="When something needs me", nullable=False),
    )
    op.add_column("person", sa.Column("list_at", sa.Time(), server_default="08:00:00", nullable=False))
    op.add_column("person", sa.Column("next_list_at", sa.DateTime(timezone=True), nullable=True))
    _partial_index("ix_person_list", "person", ["next_list_at"], "next_list_at IS NOT NULL")
    # The first pass finds out when each is due.
    op.execute("UPDATE person SET next_list_at = joined_at WHERE active")


def _clocks() -> None:
    with op.batch_alter_table("clock") as clock:
        clock.add_column(sa.Column("duty", sa.String(length=32), nullable=True))
        clock.add_column(sa.Column("agreement_version", sa.Integer(), nullable=True))
        clock.add_column(sa.Column("agreement_row", sa.Integer(), nullable=True))
        clock.add_column(sa.Column("first_due_at", sa.DateTime(timezone=True), nullable=True))
        clock.add_column(sa.Column("extensions", sa.Integer(), nullable=True))
        clock.add_column(sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))
        clock.add_column(sa.Column("pause_ends_on", sa.Date(), nullable=True))
        clock.add_column(sa.Column("paused_seconds", sa.Integer(), nullable=True))
    op.execute("UPDATE clock SET first_due_at = due_at, extensions = 0, paused_seconds = 0, duty = 'the owner'")
    for name, duty in DUTIES.items():
        op.execute(f"UPDATE clock SET duty = '{duty}' WHERE name = '{name}'")  # noqa: S608 - nothing comes from outside
    # A due date that was extended says so in its rule.
    op.execute("UPDATE clock SET extensions = 1 WHERE rule LIKE 'extended%'")
    with op.batch_alter_table("clock") as clock:
        for name, kind in (
            ("duty", sa.String(length=32)),
            ("first_due_at", sa.DateTime(timezone=True)),
            ("extensions", sa.Integer()),
            ("paused_seconds", sa.Integer()),
        ):
            clock.alter_column(name, existing_type=kind, nullable=False)
    op.create_table(
        "snooze",
        sa.Column("clock_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("wake_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["clock_id"], ["clock.id"], name=op.f("fk_snooze_clock_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_snooze_person_id")),
        sa.PrimaryKeyConstraint("clock_id", "person_id", name=op.f("pk_snooze")),
    )
    op.create_index(op.f("ix_snooze_wake_at"), "snooze", ["wake_at"], unique=False)


def _records() -> None:
    op.add_column("record", sa.Column("turn", sa.String(length=32), nullable=True))
    op.add_column("record", sa.Column("turn_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("record", sa.Column("sponsor_seconds", sa.Integer(), server_default="0", nullable=False))
    op.add_column("record", sa.Column("cmo_seconds", sa.Integer(), server_default="0", nullable=False))
    # Whose turn it is shows fully with the next change; until then nothing is counted.
    op.execute(
        "UPDATE record SET turn = COALESCE((SELECT side FROM person WHERE person.id = record.owner_id), logged_side) "
        "WHERE closed_at IS NULL"
    )


def _addressees() -> None:
    """Note beside what waits to be sent to a person whom it is for."""
    connection = op.get_bind()
    outbox = sa.table(
        "outbox", sa.column("id"), sa.column("about", sa.JSON()), sa.column("person_id"), sa.column("done_at")
    )
    for row_id, about in connection.execute(
        sa.select(outbox.c.id, outbox.c.about).where(outbox.c.done_at.is_(None))
    ).all():
        if "person_id" in about:
            connection.execute(outbox.update().where(outbox.c.id == row_id).values(person_id=about["person_id"]))


def _agreements() -> None:
    """Write down, as version 1 of each partnership, the terms that applied until now."""
    connection = op.get_bind()
    agreement = sa.table(
        "agreement",
        sa.column("partnership_id"), sa.column("version"), sa.column("revision"), sa.column("content", sa.JSON()),
        sa.column("reason"), sa.column("moves_clocks"), sa.column("proposed_at"), sa.column("in_force_at"),
    )  # fmt: skip
    partnerships = "SELECT id, time_zone, digest_at, set_up_at FROM partnership"
    for partnership_id, zone, digest_at, set_up_at in connection.execute(sa.text(partnerships)).all():
        sides = "SELECT side, country FROM company WHERE partnership_id = :id"
        countries = connection.execute(sa.text(sides), {"id": partnership_id}).all()
        settings = {"time zone": zone, "digest at": str(digest_at)[:5], "digest days": WEEK, "figures on": "Mon"}
        for side, country in countries:
            settings |= {f"{side} country": country, f"{side} region": "", f"{side} closing days": ""}
        content = {"terms": [dict(zip(NAMES, term, strict=True)) for term in TERMS], "settings": settings}
        row = {"partnership_id": partnership_id, "version": 1, "revision": 1, "content": content, "reason": ""}
        connection.execute(
            agreement.insert(), row | {"moves_clocks": False, "proposed_at": set_up_at, "in_force_at": set_up_at}
        )
