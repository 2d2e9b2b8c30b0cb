"""The life of a record: investigations, phases, checks, signatures, requests, reports to authorities."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# A signature stays as it was given; only its voiding is noted, once.
SIGNED = (
    "id, partnership_id, record_id, person_id, scope, meaning, name, company, side, role, team_id, user_id, at, zone, "
    "method, version, content, hash"
)
KEPT_BY_SQLITE = (
    (
        "CREATE TRIGGER signature_no_delete BEFORE DELETE ON signature "
        "BEGIN SELECT RAISE(ABORT, 'a signature is kept'); END"
    ),
    (
        f"CREATE TRIGGER signature_no_update BEFORE UPDATE OF {SIGNED} ON signature "
        "BEGIN SELECT RAISE(ABORT, 'a signature is kept as it was given'); END"
    ),
    (
        "CREATE TRIGGER signature_void_once BEFORE UPDATE ON signature WHEN OLD.voided_at IS NOT NULL "
        "BEGIN SELECT RAISE(ABORT, 'a signature is voided once'); END"
    ),
    (
        "CREATE TRIGGER signature_no_replace BEFORE INSERT ON signature "
        "WHEN EXISTS (SELECT 1 FROM signature WHERE id = NEW.id) "
        "BEGIN SELECT RAISE(ABORT, 'a signature is kept'); END"
    ),
)

KEPT_BY_POSTGRESQL = (
    (
        "CREATE TRIGGER signature_no_delete BEFORE DELETE OR TRUNCATE ON signature "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse('a signature is kept')"
    ),
    (
        f"CREATE TRIGGER signature_no_update BEFORE UPDATE OF {SIGNED} ON signature "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse('a signature is kept as it was given')"
    ),
    (
        "CREATE TRIGGER signature_void_once BEFORE UPDATE ON signature "
        "FOR EACH ROW WHEN (OLD.voided_at IS NOT NULL) EXECUTE FUNCTION refuse('a signature is voided once')"
    ),
)

WEIGHTY = (
    "SELECT link.record_id FROM record_link AS link JOIN record AS source ON source.id = link.source_id "
    "WHERE source.kind = 'oos' OR source.class_ IN ('Major', 'Critical')"
)
# Nothing in these comes from outside.
UPGRADED = (
    # What is closed held nothing whatever this said; from now on it says who holds.
    "UPDATE record SET holds_batches = false WHERE closed_at IS NOT NULL",
    # Plans of CAPAs wait for signatures: of the owner's company, and of both where a source is weighty.
    *(
        f"UPDATE record SET awaits_{side} = true WHERE kind = 'capa' AND state = 'Planned' AND "  # noqa: S608 - as said
        f"(owner_id IN (SELECT id FROM person WHERE side = '{name}') OR id IN ({WEIGHTY}))"
        for side, name in (("sponsor", "sponsor"), ("cmo", "CMO"))
    ),
    # The cards of open records get the buttons of their lives.
    (
        "INSERT INTO outbox (key, partnership_id, kind, about, created_at, next_at, attempts) "
        "SELECT 'card:' || id || '-0002', partnership_id, 'card', {about}, "
        "recorded_at, recorded_at, 0 FROM record WHERE closed_at IS NULL"
    ),
)
# JSON is text to SQLite, and a type of its own to PostgreSQL.
ABOUT = "'{\"record_id\": ' || id || '}'"


def upgrade() -> None:
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    op.execute("ALTER TABLE record_link RENAME COLUMN capa_id TO record_id")
    if on_postgresql:  # SQLite knows no constraint by its name
        op.execute("ALTER TABLE record_link RENAME CONSTRAINT fk_record_link_capa_id TO fk_record_link_record_id")
    op.create_table(
        "signing_device",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column("secret", sa.String(length=500), nullable=False),
        sa.Column("set_up_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("file_id", sa.String(length=32), nullable=True),
        sa.Column("replacement_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replacement_reason", sa.String(length=300), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["partnership_id"], ["partnership.id"], name=op.f("fk_signing_device_partnership_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_device")),
    )
    op.create_index(
        "ix_signing_device_in_use",
        "signing_device",
        ["team_id", "user_id"],
        unique=True,
        sqlite_where=sa.text("confirmed_at IS NOT NULL AND revoked_at IS NULL"),
        postgresql_where=sa.text("confirmed_at IS NOT NULL AND revoked_at IS NULL"),
    )
    op.create_index("ix_signing_device_person", "signing_device", ["team_id", "user_id"], unique=False)
    op.create_table(
        "authority_report",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column(
            "name",
            sa.Enum(
                "close",
                "acknowledge",
                "accept",
                "check effectiveness",
                "field alert",
                "biological product deviation",
                "EU quality defect",
                name="clockname",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column(
            "answer",
            sa.Enum("Needed", "Not needed", "Unknown", name="answer", native_enum=False, length=32),
            nullable=True,
        ),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("filed_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["answered_by_id"], ["person.id"], name=op.f("fk_authority_report_answered_by_id")),
        sa.ForeignKeyConstraint(["filed_by_id"], ["person.id"], name=op.f("fk_authority_report_filed_by_id")),
        sa.ForeignKeyConstraint(
            ["partnership_id"], ["partnership.id"], name=op.f("fk_authority_report_partnership_id")
        ),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_authority_report_record_id")),
        sa.PrimaryKeyConstraint("record_id", "name", name=op.f("pk_authority_report")),
    )
    op.create_table(
        "draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("given", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_draft_person_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_draft_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
    )
    op.create_index(op.f("ix_draft_at"), "draft", ["at"], unique=False)
    op.create_table(
        "effectiveness_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "Confirmed",
                "Invalidated",
                "Inconclusive",
                "Effective",
                "Not effective",
                name="outcome",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("submitted_by_id", sa.Integer(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_effectiveness_check_record_id")),
        sa.ForeignKeyConstraint(
            ["submitted_by_id"], ["person.id"], name=op.f("fk_effectiveness_check_submitted_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_effectiveness_check")),
        sa.UniqueConstraint("record_id", "number", name=op.f("uq_effectiveness_check_record_id_number")),
    )
    op.create_table(
        "implementation",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("implemented_on", sa.Date(), nullable=False),
        sa.Column("submitted_by_id", sa.Integer(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_implementation_record_id")),
        sa.ForeignKeyConstraint(["submitted_by_id"], ["person.id"], name=op.f("fk_implementation_submitted_by_id")),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_implementation")),
    )
    op.create_table(
        "investigation",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column(
            "category",
            sa.Enum(
                "People",
                "Machine",
                "Material",
                "Method",
                "Measurement",
                "Environment",
                name="cause",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("root_cause", sa.String(), nullable=False),
        sa.Column("other_batches", sa.String(), nullable=False),
        sa.Column("impact", sa.String(), nullable=False),
        sa.Column(
            "disposition",
            sa.Enum(
                "Release",
                "Rework",
                "Reprocess",
                "Reject",
                "Not applicable",
                name="disposition",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("capa_needed", sa.Boolean(), nullable=False),
        sa.Column("no_capa_reason", sa.String(), nullable=False),
        sa.Column("human_error", sa.String(), nullable=False),
        sa.Column("conclusion", sa.String(), nullable=False),
        sa.Column("submitted_by_id", sa.Integer(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_investigation_record_id")),
        sa.ForeignKeyConstraint(["submitted_by_id"], ["person.id"], name=op.f("fk_investigation_submitted_by_id")),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_investigation")),
    )
    op.create_table(
        "phase_one",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("checklist", sa.JSON(), nullable=False),
        sa.Column("cause_found", sa.Boolean(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("submitted_by_id", sa.Integer(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_phase_one_record_id")),
        sa.ForeignKeyConstraint(["submitted_by_id"], ["person.id"], name=op.f("fk_phase_one_submitted_by_id")),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_phase_one")),
    )
    op.create_table(
        "phase_two",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("manufacturing_review", sa.String(), nullable=False),
        sa.Column("root_cause", sa.String(), nullable=False),
        sa.Column("other_batches", sa.String(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "Confirmed",
                "Invalidated",
                "Inconclusive",
                "Effective",
                "Not effective",
                name="outcome",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("cause_found", sa.Boolean(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column(
            "disposition",
            sa.Enum(
                "Release",
                "Rework",
                "Reprocess",
                "Reject",
                "Not applicable",
                name="disposition",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("submitted_by_id", sa.Integer(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_phase_two_record_id")),
        sa.ForeignKeyConstraint(["submitted_by_id"], ["person.id"], name=op.f("fk_phase_two_submitted_by_id")),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_phase_two")),
    )
    op.create_table(
        "record_author",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_record_author_person_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_record_author_record_id")),
        sa.PrimaryKeyConstraint("record_id", "person_id", "scope", name=op.f("pk_record_author")),
    )
    op.create_table(
        "request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column(
            "what",
            sa.Enum(
                "extend the due date", "lower the class", "void", "reopen", name="asked", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("wanted", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_both", sa.Boolean(), nullable=False),
        sa.Column("first_yes_by_id", sa.Integer(), nullable=True),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agreed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["answered_by_id"], ["person.id"], name=op.f("fk_request_answered_by_id")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name=op.f("fk_request_asked_by_id")),
        sa.ForeignKeyConstraint(["first_yes_by_id"], ["person.id"], name=op.f("fk_request_first_yes_by_id")),
        sa.ForeignKeyConstraint(["partnership_id"], ["partnership.id"], name=op.f("fk_request_partnership_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_request_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
    )
    op.create_index(
        "ix_request_open",
        "request",
        ["record_id"],
        unique=True,
        sqlite_where=sa.text("answered_at IS NULL"),
        postgresql_where=sa.text("answered_at IS NULL"),
    )
    op.create_index("ix_request_record", "request", ["record_id", "id"], unique=False)
    op.create_table(
        "retest",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("result", sa.String(length=40), nullable=False),
        sa.Column("analyst", sa.String(length=150), nullable=False),
        sa.Column("submitted_by_id", sa.Integer(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_retest_record_id")),
        sa.ForeignKeyConstraint(["submitted_by_id"], ["person.id"], name=op.f("fk_retest_submitted_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retest")),
        sa.UniqueConstraint("record_id", "number", name=op.f("uq_retest_record_id_number")),
    )
    op.create_table(
        "retest_plan",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("hypothesis", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("second_analyst", sa.String(length=150), nullable=False),
        sa.Column("submitted_by_id", sa.Integer(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_retest_plan_record_id")),
        sa.ForeignKeyConstraint(["submitted_by_id"], ["person.id"], name=op.f("fk_retest_plan_submitted_by_id")),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_retest_plan")),
    )
    op.create_table(
        "signature",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("meaning", sa.String(length=150), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("company", sa.String(length=80), nullable=False),
        sa.Column("side", sa.Enum("sponsor", "CMO", name="side", native_enum=False, length=32), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_because", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["partnership_id"], ["partnership.id"], name=op.f("fk_signature_partnership_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_signature_person_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_signature_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature")),
    )
    op.create_index("ix_signature_record", "signature", ["record_id", "id"], unique=False)
    op.add_column(
        "record",
        sa.Column(
            "outcome",
            sa.Enum(
                "Confirmed",
                "Invalidated",
                "Inconclusive",
                "Effective",
                "Not effective",
                name="outcome",
                native_enum=False,
                length=32,
            ),
            nullable=True,
        ),
    )
    op.add_column("record", sa.Column("awaits_sponsor", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("record", sa.Column("awaits_cmo", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column(
        "record",
        sa.Column(
            "asked",
            sa.Enum(
                "extend the due date", "lower the class", "void", "reopen", name="asked", native_enum=False, length=32
            ),
            nullable=True,
        ),
    )
    op.add_column("record", sa.Column("void_reason", sa.String(), nullable=True))
    op.create_index(
        "ix_record_asked",
        "record",
        ["partnership_id"],
        unique=False,
        sqlite_where=sa.text("asked IS NOT NULL"),
        postgresql_where=sa.text("asked IS NOT NULL"),
    )
    op.create_index(
        "ix_record_cmo",
        "record",
        ["partnership_id"],
        unique=False,
        sqlite_where=sa.text("awaits_cmo"),
        postgresql_where=sa.text("awaits_cmo"),
    )
    op.create_index(
        "ix_record_holding",
        "record",
        ["partnership_id"],
        unique=False,
        sqlite_where=sa.text("holds_batches"),
        postgresql_where=sa.text("holds_batches"),
    )
    op.create_index(
        "ix_record_sponsor",
        "record",
        ["partnership_id"],
        unique=False,
        sqlite_where=sa.text("awaits_sponsor"),
        postgresql_where=sa.text("awaits_sponsor"),
    )
    for statement in KEPT_BY_POSTGRESQL if on_postgresql else KEPT_BY_SQLITE:
        op.execute(statement)
    about = f"CAST({ABOUT} AS json)" if on_postgresql else ABOUT
    for statement in UPGRADED:
        op.execute(statement.replace("{about}", about))
