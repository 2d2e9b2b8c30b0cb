"""Rows written as plain values, by statements made once: objects would cost more than the writing.

Where somebody else may be writing the same rows at the same moment, the table's keys decide, on either engine.
"""

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import ClauseElement, ColumnElement, Connection, Dialect, func, literal, null
from sqlalchemy import Table as SqlTable
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from storage.prepared import Prepared
from storage.table import Table

Insert = sqlite.Insert | postgresql.Insert
Row = dict[str, Any]
Making = Callable[[str, type[Table]], ClauseElement]  # of a statement in the words of a dialect


def insert_all(session: Session, table: type[Table], rows: Sequence[Row]) -> None:
    """Insert rows of a table, all with the same columns; those left out have the table's defaults."""
    _write(session, _plain, table, rows)


def insert_missing(session: Session, table: type[Table], rows: Sequence[Row]) -> None:
    """Insert those rows whose keys are free, all with the same columns.

    A key that another transaction is just writing is waited for: it is taken if that one is committed.
    """
    _write(session, _if_new, table, rows)


def coming_id(dialect: str, table: type[Table]) -> ColumnElement[Any]:
    """Give what gives the id of a row that is about to be inserted, to be asked for with what is asked anyway.

    A server has it waited for but once; SQLite, whose answers cost no waiting, gives none beforehand.
    """
    return func.nextval(f"{_sql(table).name}_id_seq") if dialect == "postgresql" else null()


def insert_one(session: Session, table: type[Table], row: Row, coming: int | None = None) -> int:
    """Insert a row, under the id that is coming to it where one was given; gives its id."""
    if coming is not None:
        insert_all(session, table, [row | {"id": coming}])
        return coming
    connection, given = _connection(session), defaults(table) | row
    [(row_id,)] = _prepared(connection.dialect, _returning, table, tuple(given)).ask(connection, given)
    return int(row_id)


def insert_new(session: Session, table: type[Table], rows: Sequence[Row]) -> int:
    """Insert those rows whose keys are free, as `insert_missing`, one by one; gives how many that were."""
    return sum(is_new() for is_new in [begin_new(session, table, row) for row in rows])


def begin_new(session: Session, table: type[Table], row: Row) -> Callable[[], bool]:
    """Insert a row if its key is free, together with the next question; gives what gives whether it was."""
    connection, given = _connection(session), defaults(table) | row
    asked = _prepared(connection.dialect, _told_if_new, table, tuple(given)).begin(connection, given)
    return lambda: bool(asked())


def insert_if_new(session: Session, rows: Sequence[Table]) -> int:
    """Insert those of some objects of one table whose keys are free; gives how many that were."""
    return insert_new(session, type(rows[0]), [_values(row) for row in rows]) if rows else 0


@cache
def defaults(table: type[Table]) -> dict[str, Any]:
    """Give the values of a table's columns that need not be given: the id is left to the database."""
    fields = table.model_fields
    known = {one.key: fields[one.key] for one in _sql(table).columns if one.key != "id"}
    optional = {name: field for name, field in known.items() if not field.is_required()}
    return {name: field.get_default(call_default_factory=True) for name, field in optional.items()}


def insert(dialect: str, table: type[Table]) -> Insert:
    """Begin an INSERT that may say what to do about a key that is taken, in the words of an engine."""
    made: Insert = (sqlite if dialect == "sqlite" else postgresql).insert(_sql(table))
    return made


def _connection(session: Session) -> Connection:
    session.flush()  # what a row refers to may still be waiting to be written
    return session.connection()


def _sql(table: type[Table]) -> SqlTable:
    made: SqlTable = table.__table__  # type: ignore[attr-defined]
    return made


def _write(session: Session, making: Making, table: type[Table], rows: Sequence[Row]) -> None:
    if rows:
        connection, given = _connection(session), [defaults(table) | row for row in rows]
        _prepared(connection.dialect, making, table, tuple(given[0])).write(connection, given)


@lru_cache(256)
def _prepared(dialect: Dialect, making: Making, table: type[Table], columns: tuple[str, ...]) -> Prepared:
    return Prepared(dialect, making(dialect.name, table), columns)


def _plain(_dialect: str, table: type[Table]) -> ClauseElement:
    return _sql(table).insert()


def _returning(_dialect: str, table: type[Table]) -> ClauseElement:
    return _sql(table).insert().returning(_sql(table).c.id)


def _if_new(dialect: str, table: type[Table]) -> Insert:
    return insert(dialect, table).on_conflict_do_nothing()


def _told_if_new(dialect: str, table: type[Table]) -> ClauseElement:
    return _if_new(dialect, table).returning(literal(1))


def _values(row: Table) -> dict[str, Any]:
    # An id that was not given is left to the database.
    values = {column.key: getattr(row, column.key) for column in _sql(type(row)).columns}
    return {name: value for name, value in values.items() if (name, value) != ("id", None)}
