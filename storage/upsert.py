"""Rows written as plain values, by statements made once: objects would cost more than the writing.

Where somebody else may be writing the same rows at the same moment, the table's keys decide, on either engine.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Column, Connection, Executable, inspect
from sqlalchemy import Table as SqlTable
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from storage.table import Table

Insert = sqlite.Insert | postgresql.Insert
Row = dict[str, Any]
COUNTING = {"preserve_rowcount": True}  # SQLAlchemy keeps the number of an INSERT only when it is told to


def insert_all(session: Session, table: type[Table], rows: Sequence[Row]) -> None:
    """Insert rows of a table, all with the same columns; those left out have the table's defaults."""
    if rows:
        _connection(session).execute(_plain(_sql(table)), [_defaults(table) | row for row in rows])


def insert_one(session: Session, table: type[Table], row: Row) -> int:
    """Insert a row; gives its id."""
    made = _connection(session).execute(_returning(_sql(table)), _defaults(table) | row)
    return int(made.scalar_one())


def insert_new(session: Session, table: type[Table], rows: Sequence[Row]) -> int:
    """Insert those rows whose keys are free, all with the same columns; gives how many that were.

    A key that another transaction is just writing is waited for: it is taken if that one is committed.
    """
    if not rows:
        return 0
    connection = _connection(session)
    given = [_defaults(table) | row for row in rows]
    return connection.execute(_if_new(connection.dialect.name, _sql(table)), given, execution_options=COUNTING).rowcount


def insert_if_new(session: Session, rows: Sequence[Table]) -> int:
    """Insert those of some objects of one table whose keys are free; gives how many that were."""
    return insert_new(session, type(rows[0]), [_values(row) for row in rows]) if rows else 0


def insert(dialect: str, table: type[Table]) -> Insert:
    """Begin an INSERT that may say what to do about a key that is taken, in the words of an engine."""
    return _insert(dialect, _sql(table))


def _connection(session: Session) -> Connection:
    session.flush()  # what a row refers to may still be waiting to be written
    return session.connection()


def _sql(table: type[Table]) -> SqlTable:
    made: SqlTable = table.__table__  # type: ignore[attr-defined]
    return made


@cache
def _plain(table: SqlTable) -> Executable:
    return table.insert()


@cache
def _returning(table: SqlTable) -> Executable:
    return table.insert().returning(table.c.id)


@cache
def _if_new(dialect: str, table: SqlTable) -> Executable:
    return _insert(dialect, table).on_conflict_do_nothing()


def _insert(dialect: str, table: SqlTable) -> Insert:
    made: Insert = (sqlite if dialect == "sqlite" else postgresql).insert(table)
    return made


@cache
def _defaults(table: type[Table]) -> dict[str, Any]:
    """Give the values of the columns that need not be given: the id is left to the database."""
    fields = table.model_fields
    columns: list[Column[Any]] = [one for one in _sql(table).columns if one.key != "id"]
    known = {one.key: fields[one.key] for one in columns if not fields[one.key].is_required()}
    return {name: field.get_default(call_default_factory=True) for name, field in known.items()}


def _values(row: Table) -> dict[str, Any]:
    # An id that was not given is left to the database.
    values = {column.key: getattr(row, column.key) for column in inspect(type(row)).local_table.columns}
    return {name: value for name, value in values.items() if (name, value) != ("id", None)}
