"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# The journal only grows: no program, and no person with a SQL prompt, edits it by mistake.
REFUSED = tuple(
    f"CREATE TRIGGER journal_no_{verb} BEFORE {verb.upper()} ON journal "
    "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
    for verb in ("update", "delete")
)
# REPLACE deletes without a word where recursive triggers are off, as they are at a plain SQL prompt.
NO_REPLACE = (
    "CREATE TRIGGER journal_no_replace BEFORE INSERT ON journal "
    "WHEN EXISTS (SELECT 1 FROM journal WHERE id = NEW.id) "
    "OR EXISTS (SELECT 1 FROM journal WHERE partnership_id = NEW.partnership_id AND seq = NEW.seq) "
    "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
)
# One row a record, under the record's id; the partnership is a word, so that a search stays inside it.
SEARCH = "CREATE VIRTUAL TABLE record_text USING fts5(partnership, content, tokenize = 'unicode61')"
SQLITE = (*REFUSED, NO_REPLACE, SEARCH)

POSTGRESQL = (
    # A refusal of a trigger is an integrity error, as it is in SQLite.
    (
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'integrity_constraint_violation'; END $$"
    ),
    # There is no REPLACE here; a number that was given is refused by its unique constraint.
    (
        "CREATE TRIGGER journal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse('the journal is append-only')"
    ),
    # Each word is written with its partnership before it, so that the index itself stays inside one.
    "CREATE TABLE record_text (record_id INTEGER CONSTRAINT pk_record_text PRIMARY KEY, words TSVECTOR NOT NULL)",
    # fastupdate keeps new words of everybody in a list that each search reads.
    "CREATE INDEX ix_record_text_words ON record_text USING gin (words) WITH (fastupdate = off)",
)


def upgrade() -> None:
    op.create_table(
        "partnership",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.String(length=32), nullable=False),
        sa.Column("home_team_id", sa.String(length=32), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("digest_at", sa.Time(), nullable=False),
        sa.Column("set_up_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_digest_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partnership")),
        sa.UniqueConstraint("channel_id", name=op.f("uq_partnership_channel_id")),
    )
    op.create_index(op.f("ix_partnership_next_digest_at"), "partnership", ["next_digest_at"], unique=False)

    op.create_table(
        "receipt",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_receipt")),
    )
    op.create_index(op.f("ix_receipt_at"), "receipt", ["at"], unique=False)

    op.create_table(
        "company",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column("side", sa.Enum("sponsor", "CMO", name="side", native_enum=False, length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["partnership_id"], ["partnership.id"], name=op.f("fk_company_partnership_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company")),
        sa.UniqueConstraint("partnership_id", "side", name=op.f("uq_company_partnership_id_side")),
    )
    op.create_table(
        "journal_head",
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["partnership_id"], ["partnership.id"], name=op.f("fk_journal_head_partnership_id")),
        sa.PrimaryKeyConstraint("partnership_id", name=op.f("pk_journal_head")),
    )
    op.create_table(
        "message",
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.Column("channel_id", sa.String(length=32), nullable=False),
        sa.Column("ts", sa.String(length=32), nullable=False),
        sa.Column("permalink", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["partnership_id"], ["partnership.id"], name=op.f("fk_message_partnership_id")),
        sa.PrimaryKeyConstraint("partnership_id", "subject", name=op.f("pk_message")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("about", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(length=200), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["partnership_id"], ["partnership.id"], name=op.f("fk_outbox_partnership_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    op.create_index(
        "ix_outbox_claimed",
        "outbox",
        ["claimed_until"],
        unique=False,
        sqlite_where=sa.text("claimed_until IS NOT NULL"),
        postgresql_where=sa.text("claimed_until IS NOT NULL"),
    )
    op.create_index(
        "ix_outbox_pending",
        "outbox",
        ["next_at"],
        unique=False,
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )

    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("side", sa.Enum("sponsor", "CMO", name="side", native_enum=False, length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("dm_channel_id", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["partnership_id"], ["partnership.id"], name=op.f("fk_person_partnership_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint(
            "partnership_id", "team_id", "user_id", name=op.f("uq_person_partnership_id_team_id_user_id")
        ),
    )
    op.create_index(op.f("ix_person_user_id"), "person", ["user_id"], unique=False)

    op.create_table(
        "sequence",
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column("prefix", sa.String(length=8), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["partnership_id"], ["partnership.id"], name=op.f("fk_sequence_partnership_id")),
        sa.PrimaryKeyConstraint("partnership_id", "prefix", "year", name=op.f("pk_sequence")),
    )
    op.create_table(
        "record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind", sa.Enum("deviation", "oos", "capa", name="kind", native_enum=False, length=32), nullable=False
        ),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "Open",
                "Under investigation",
                "Phase I",
                "Phase II",
                "Planned",
                "In progress",
                "Implemented",
                "Pending approval",
                "Closed",
                "Void",
                name="state",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "class_", sa.Enum("Minor", "Major", "Critical", name="class", native_enum=False, length=32), nullable=True
        ),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("product", sa.String(length=150), nullable=False),
        sa.Column("logged_side", sa.Enum("sponsor", "CMO", name="side", native_enum=False, length=32), nullable=False),
        sa.Column("logged_by_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("holds_batches", sa.Boolean(), nullable=False),
        sa.Column("detected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by_id", sa.Integer(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["acknowledged_by_id"], ["person.id"], name=op.f("fk_record_acknowledged_by_id")),
        sa.ForeignKeyConstraint(["closed_by_id"], ["person.id"], name=op.f("fk_record_closed_by_id")),
        sa.ForeignKeyConstraint(["logged_by_id"], ["person.id"], name=op.f("fk_record_logged_by_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name=op.f("fk_record_owner_id")),
        sa.ForeignKeyConstraint(["partnership_id"], ["partnership.id"], name=op.f("fk_record_partnership_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record")),
    )
    op.create_index("ix_record_all", "record", ["partnership_id", "kind", "id"], unique=False)
    op.create_index("ix_record_closed", "record", ["partnership_id", "closed_at"], unique=False)
    op.create_index("ix_record_number", "record", ["partnership_id", "number"], unique=True)
    op.create_index(
        "ix_record_open",
        "record",
        ["partnership_id", "kind", "id"],
        unique=False,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(
        "ix_record_owner",
        "record",
        ["owner_id", "id"],
        unique=False,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index("ix_record_recorded", "record", ["partnership_id", "recorded_at"], unique=False)

    op.create_table(
        "capa",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column(
            "action_type",
            sa.Enum("Corrective", "Preventive", name="actiontype", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("criterion", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_capa_record_id")),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_capa")),
    )
    op.create_table(
        "clock",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column(
            "name", sa.Enum("close", "acknowledge", name="clockname", native_enum=False, length=32), nullable=False
        ),
        sa.Column("rule", sa.String(length=120), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["partnership_id"], ["partnership.id"], name=op.f("fk_clock_partnership_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_clock_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock")),
    )
    op.create_index(
        "ix_clock_due",
        "clock",
        ["partnership_id", "name", "due_at"],
        unique=False,
        sqlite_where=sa.text("stopped_at IS NULL"),
        postgresql_where=sa.text("stopped_at IS NULL"),
    )
    op.create_index(
        "ix_clock_next",
        "clock",
        ["next_at"],
        unique=False,
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index("ix_clock_record", "clock", ["record_id", "name"], unique=True)

    op.create_table(
        "deviation",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("happened", sa.String(), nullable=False),
        sa.Column("expected", sa.String(), nullable=False),
        sa.Column("location", sa.String(length=150), nullable=False),
        sa.Column(
            "distributed",
            sa.Enum("No", "Yes", "Unknown", name="distributed", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("immediate_action", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_deviation_record_id")),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_deviation")),
    )
    op.create_table(
        "journal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=True),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["partnership_id"], ["partnership.id"], name=op.f("fk_journal_partnership_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_journal_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
        sa.UniqueConstraint("partnership_id", "seq", name=op.f("uq_journal_partnership_id_seq")),
    )
    op.create_index(op.f("ix_journal_record_id"), "journal", ["record_id"], unique=False)

    op.create_table(
        "oos",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.String(length=150), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column(
            "result_kind", sa.Enum("OOS", "OOT", name="resultkind", native_enum=False, length=32), nullable=False
        ),
        sa.Column("sample_type", sa.String(length=40), nullable=False),
        sa.Column("result", sa.String(length=40), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("lower", sa.String(length=40), nullable=False),
        sa.Column("upper", sa.String(length=40), nullable=False),
        sa.Column("method", sa.String(length=150), nullable=False),
        sa.Column("analyst", sa.String(length=150), nullable=False),
        sa.Column("analysed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "distributed",
            sa.Enum("No", "Yes", "Unknown", name="distributed", native_enum=False, length=32),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_oos_record_id")),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_oos")),
    )
    op.create_table(
        "record_batch",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("lot_key", sa.String(length=200), nullable=False),
        sa.Column("lot", sa.String(length=60), nullable=False),
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["partnership_id"], ["partnership.id"], name=op.f("fk_record_batch_partnership_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_record_batch_record_id")),
        sa.PrimaryKeyConstraint("record_id", "lot_key", name=op.f("pk_record_batch")),
    )
    op.create_index("ix_record_batch_lot", "record_batch", ["partnership_id", "lot_key", "record_id"], unique=False)

    op.create_table(
        "record_link",
        sa.Column("capa_id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["capa_id"], ["record.id"], name=op.f("fk_record_link_capa_id")),
        sa.ForeignKeyConstraint(["source_id"], ["record.id"], name=op.f("fk_record_link_source_id")),
        sa.PrimaryKeyConstraint("capa_id", "source_id", name=op.f("pk_record_link")),
    )
    op.create_index(op.f("ix_record_link_source_id"), "record_link", ["source_id"], unique=False)

    for statement in POSTGRESQL if op.get_bind().dialect.name == "postgresql" else SQLITE:
        op.execute(statement)
