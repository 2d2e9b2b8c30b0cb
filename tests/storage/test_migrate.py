"""Migrations bring an empty database to the schema of the models, once."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from storage.database import Database
from storage.migrate import migrate, newest, revision
from storage.schema import METADATA


def _not_search(name: str | None, kind: str, _parents: object) -> bool:
    return not (kind == "table" and str(name).startswith("record_text"))


def test_models_and_migrations_agree(database: Database) -> None:
    """A migrated database differs from the models in nothing but the search index's own tables."""
    options = {"compare_type": True, "compare_server_default": True, "include_name": _not_search}
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, METADATA) == []


def test_a_migrated_database_is_at_the_newest_revision(database: Database) -> None:
    """After migrating, the database says the revision this program needs."""
    assert revision(database) == newest() == "0002"


def test_an_empty_database_has_no_revision(tmp_path: Path) -> None:
    """Before the first migration there is no revision."""
    empty = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    assert revision(empty) is None
    empty.close()


def test_migrating_again_changes_nothing(database: Database) -> None:
    """A second run keeps the data and the schema."""
    with database.writing() as session:
        session.execute(text("INSERT INTO receipt (key, at, content) VALUES ('k', '2026-11-24 09:00:00.000000', '')"))
    assert migrate(database) == newest()
    with database.reading() as session:
        assert session.execute(text("SELECT count(*) FROM receipt")).scalar() == 1


def test_foreign_keys_have_an_index_or_a_reason(database: Database) -> None:
    """What is asked by record starts an index; the people who logged, signed and answered are never asked by.

    Drafts are asked by their own id, and forgotten by their time.
    """
    inspector = inspect(database.engine)
    named = {one for one in inspector.get_table_names() if "record_id" in _columns(database, one)}
    assert named >= {"signature", "request", "retest", "effectiveness_check", "authority_report", "journal"}
    for table in named - {"draft"}:
        indexed = [index["column_names"][0] for index in inspector.get_indexes(table)]
        indexed += [unique["column_names"][0] for unique in inspector.get_unique_constraints(table)]
        indexed += inspector.get_pk_constraint(table)["constrained_columns"][:1]
        assert "record_id" in indexed, table


def _columns(database: Database, table: str) -> set[str]:
    return {column["name"] for column in inspect(database.engine).get_columns(table)}
