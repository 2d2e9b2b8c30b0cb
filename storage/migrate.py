"""Brings a database to the present schema, and tells whether it is there."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from storage.database import Database

ADDED_TO = ("journal", "evidence", "evidence_content")  # rows that are never changed nor removed
LOCK = 7_126_004_551  # any number will do, as long as it stays the same


def migrate(database: Database) -> str:
    """Apply the migrations that are missing, one process at a time; gives the schema's revision afterwards."""
    with database.engine.execution_options(writing=True).begin() as connection:
        if connection.dialect.name == "postgresql":  # SQLite's transaction is the lock
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        command.upgrade(_config(connection), "head")
    return newest()


def revision(database: Database) -> str | None:
    """Give the revision the database is at; None when it is empty."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def bypasses_policies(database: Database) -> bool:
    """Whether the database's user is one for whom PostgreSQL applies no row-level security."""
    with database.engine.connect() as connection:
        asked = text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        return bool(connection.execute(asked).scalar_one())


def grant(database: Database, role: str) -> None:
    """Let a role of PostgreSQL run the bot: not own the tables, nor change or remove what is only ever added to."""
    quoted = database.engine.dialect.identifier_preparer.quote_identifier(role)
    with database.engine.begin() as connection:
        for order in (
            f"GRANT USAGE ON SCHEMA public TO {quoted}",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {quoted}",
            f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {quoted}",
            f"REVOKE UPDATE, DELETE, TRUNCATE ON {', '.join(ADDED_TO)} FROM {quoted}",
            f"REVOKE DELETE, TRUNCATE ON signature FROM {quoted}",  # it may be voided
            f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON alembic_version FROM {quoted}",
        ):
            connection.exec_driver_sql(order)


def newest() -> str:
    """Give the revision this program needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise LookupError("no migrations found")
    return head


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config
