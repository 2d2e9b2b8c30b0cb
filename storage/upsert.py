"""Rows that somebody else may be writing at the same moment: the table's keys decide, on either engine."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from storage.table import Table

Insert = sqlite.Insert | postgresql.Insert


def insert(session: Session, table: type[Table]) -> Insert:
    """Begin an INSERT that may say what to do about a key that is taken, in the words of the session's engine."""
    session.flush()  # what it refers to may still be waiting to be written
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    made: Insert = dialect.insert(inspect(table).local_table)
    return made


def insert_if_new(session: Session, rows: Sequence[Table]) -> int:
    """Insert those rows, of one table, whose keys are free; gives how many that were.

    A key that another transaction is just writing is waited for: it is taken if that one is committed.
    """
    if not rows:
        return 0
    statement = insert(session, type(rows[0])).values([_values(row) for row in rows]).on_conflict_do_nothing()
    # SQLAlchemy keeps the number of an INSERT only when it is told to.
    return session.connection().execute(statement, execution_options={"preserve_rowcount": True}).rowcount


def _values(row: Table) -> dict[str, Any]:
    # An id that was not given is left to the database.
    values = {column.name: getattr(row, column.name) for column in inspect(type(row)).local_table.columns}
    return {name: value for name, value in values.items() if (name, value) != ("id", None)}
