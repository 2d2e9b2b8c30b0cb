"""Installations by OAuth, each company's own number of a record, and its private notes, which are kept as written."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEPT = "a note is kept as it was written"
SQLITE = tuple(
    f"CREATE TRIGGER private_note_no_{verb} BEFORE {verb.upper()} ON private_note "
    f"BEGIN SELECT RAISE(ABORT, '{KEPT}'); END"
    for verb in ("update", "delete")
)
POSTGRESQL = (
    (
        "CREATE TRIGGER private_note_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON private_note "
        f"FOR EACH STATEMENT EXECUTE FUNCTION refuse('{KEPT}')"
    ),
)


def upgrade() -> None:
    op.add_column("message", sa.Column("is_pinned", sa.Boolean(), nullable=True))
    undressed = sa.text("permalink IS NULL OR is_pinned IS FALSE")
    op.create_index(
        "ix_message_undressed", "message", ["partnership_id"], sqlite_where=undressed, postgresql_where=undressed
    )
    op.add_column("person", sa.Column("other_team_id", sa.String(length=32), nullable=True))
    op.add_column("person", sa.Column("dm_team_id", sa.String(length=32), nullable=True))
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("serves", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("bot_user_id", sa.String(length=32), nullable=False),
        sa.Column("bot_id", sa.String(length=32), nullable=False),
        sa.Column("scopes", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("refresh_token", sa.String(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("installed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("installed_by", sa.String(length=32), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_because", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    live = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_installation_live", "installation", ["serves"], unique=True, sqlite_where=live, postgresql_where=live
    )
    op.create_table(
        "pending_installation",
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_pending_installation")),
    )
    op.create_index("ix_pending_installation_expires_at", "pending_installation", ["expires_at"])
    op.create_table(
        "open_home",
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "team_id", name=op.f("pk_open_home")),
    )
    side = sa.Enum("sponsor", "CMO", name="side", native_enum=False, length=32)
    op.create_table(
        "own_number",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("side", side, nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_own_number_record_id")),
        sa.PrimaryKeyConstraint("record_id", "side", name=op.f("pk_own_number")),
    )
    op.create_table(
        "private_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("side", side, nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_private_note_person_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_private_note_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_private_note")),
    )
    op.create_index("ix_private_note_record", "private_note", ["record_id", "side", "id"])
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE if is_sqlite else POSTGRESQL:
        op.execute(statement)
