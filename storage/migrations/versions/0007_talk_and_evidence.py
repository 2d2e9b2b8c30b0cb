"""Replies and files that are kept with records, and the files that are still to be fetched."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

KEPT = ("evidence", "evidence_content")  # nothing of a file changes once it is there
KEYS = {"evidence": "id", "evidence_content": "evidence_id"}


def upgrade() -> None:
    op.add_column("partnership", sa.Column("captures_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("record", sa.Column("files", sa.Integer(), server_default="0", nullable=False))
    op.add_column("record", sa.Column("replies", sa.Integer(), server_default="0", nullable=False))
    op.create_index("ix_message_ts", "message", ["channel_id", "ts"])
    _evidence()
    _downloads()
    _replies()
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    for table in KEPT:
        for statement in _kept_by_postgresql(table) if on_postgresql else _kept_by_sqlite(table):
            op.execute(statement)


def _kept_by_sqlite(table: str) -> list[str]:
    refused = "BEGIN SELECT RAISE(ABORT, 'evidence is kept as it is'); END"
    refusals = [
        f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} {refused}" for verb in ("update", "delete")
    ]
    taken = f"EXISTS (SELECT 1 FROM {table} WHERE {KEYS[table]} = NEW.{KEYS[table]})"  # noqa: S608 - our own names
    return [*refusals, f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {taken} {refused}"]


def _kept_by_postgresql(table: str) -> list[str]:
    refused = "FOR EACH STATEMENT EXECUTE FUNCTION refuse('evidence is kept as it is')"
    return [f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} {refused}"]


def _evidence() -> None:
    op.create_table(
        "evidence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=150), nullable=False),
        sa.Column("declared_type", sa.String(length=150), nullable=False),
        sa.Column("media_type", sa.String(length=150), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("added_by_id", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file_id", sa.String(length=32), nullable=False),
        sa.Column("message_ts", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["added_by_id"], ["person.id"], name=op.f("fk_evidence_added_by_id")),
        sa.ForeignKeyConstraint(["partnership_id"], ["partnership.id"], name=op.f("fk_evidence_partnership_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_evidence_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
        sa.UniqueConstraint("record_id", "file_id", name=op.f("uq_evidence_record_id_file_id")),
    )
    op.create_index("ix_evidence_file", "evidence", ["file_id"])
    op.create_table(
        "evidence_content",
        sa.Column("evidence_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name=op.f("fk_evidence_content_evidence_id")),
        sa.PrimaryKeyConstraint("evidence_id", name=op.f("pk_evidence_content")),
    )


def _downloads() -> None:
    op.create_table(
        "download",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=150), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("message_ts", sa.String(length=32), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(length=300), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["partnership_id"], ["partnership.id"], name=op.f("fk_download_partnership_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_download_person_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_download_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_download")),
        sa.UniqueConstraint("key", name=op.f("uq_download_key")),
    )
    waiting = sa.text("done_at IS NULL")
    op.create_index("ix_download_pending", "download", ["next_at"], sqlite_where=waiting, postgresql_where=waiting)
    op.create_index("ix_download_record", "download", ["record_id"])


def _replies() -> None:
    op.create_table(
        "reply",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.String(length=32), nullable=False),
        sa.Column("ts", sa.String(length=32), nullable=False),
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["partnership_id"], ["partnership.id"], name=op.f("fk_reply_partnership_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_reply_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply")),
        sa.UniqueConstraint("channel_id", "ts", name=op.f("uq_reply_channel_id_ts")),
    )
    op.create_index("ix_reply_record", "reply", ["record_id", "id"])
