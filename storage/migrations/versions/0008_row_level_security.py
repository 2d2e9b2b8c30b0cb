"""On PostgreSQL: row-level security, so that a session that acts for a partnership sees its rows alone."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

OWN = (
    *("company", "agreement", "person", "record", "record_batch", "clock", "request", "authority_report", "signature"),
    *("journal", "journal_head", "outbox", "message", "sequence", "evidence", "download", "reply"),
)
OF_RECORD = (
    *("record_link", "deviation", "investigation", "oos", "phase_one", "retest_plan", "retest", "phase_two", "capa"),
    *("implementation", "effectiveness_check", "record_author", "draft", "own_number", "private_note", "record_text"),
)
NOW = "NULLIF(current_setting('qualbridge.partnership', true), '')::int"


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    _within("partnership", "id")
    for table in OWN:
        _within(table, "partnership_id")
    for table in OF_RECORD:
        _among(table, "record_id", "record")
    _among("evidence_content", "evidence_id", "evidence")
    _among("snooze", "clock_id", "clock")


def _within(table: str, column: str) -> None:
    # Without a setting it is the bot's own work, about everybody.
    _secure(table, f"COALESCE({column} = {NOW}, true)")


def _among(table: str, column: str, other: str) -> None:
    _secure(table, f"{NOW} IS NULL OR EXISTS (SELECT 1 FROM {other} WHERE {other}.id = {table}.{column})")  # noqa: S608 - ours


def _secure(table: str, condition: str) -> None:
    op.execute(f"CREATE POLICY within_partnership ON {table} USING ({condition}) WITH CHECK ({condition})")
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")  # the bot owns its tables
