"""Objects that plain statements write and read: the ORM's own way to them costs more than all the rest of an act.

Afterwards they are like any other object of the session, which writes what changes in them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, TypeVar

from sqlalchemy import Dialect, inspect
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.sql.elements import ClauseElement
from sqlmodel import Session

from storage import prepared
from storage.table import Table
from storage.upsert import defaults, insert_one

Row = TypeVar("Row", bound=Table)
Converting = Callable[[Any], Any] | None


def made(table: type[Row], values: Mapping[str, Any]) -> Row:
    """Give a new object, which no session knows yet; columns that are left out have the table's defaults."""
    return _object(table, {**defaults(table), **values})


def add(session: Session, row: Row, coming: int | None = None) -> None:
    """Insert an object that was made, under the id that is coming to it; from now on it is the session's."""
    values = {name: row.__dict__[name] for name in _columns(type(row))}
    row.__dict__["id"] = insert_one(session, type(row), values, coming)
    make_transient_to_detached(row)
    session.add(row)


class Read:
    """A query for objects of some tables, each with an id; a statement that is made once, such as a module's own."""

    def __init__(self, statement: Any, *tables: type[Table]) -> None:
        every = [getattr(table, column.key) for table in tables for column in inspect(table).columns]
        self._statement: ClauseElement = statement.with_only_columns(*every, maintain_column_froms=True)
        self._tables = tables

    def rows(self, session: Session, **given: Any) -> Iterator[tuple[Any, ...]]:
        """Give the objects of each row found, None for those that an outer join did not find.

        The session's scope does not reach it: it names itself whose rows it finds.
        """
        session.flush()
        readers = _readers(session.connection().dialect, self._tables)
        for row in prepared.ask(session, self._statement, given):
            yield tuple(reader.object(session, row) for reader in readers)


class Reader:
    """What makes objects of a table from a part of a row."""

    def __init__(self, dialect: Dialect, table: type[Table], begins: int) -> None:
        columns = inspect(table).columns
        self._table, self._part = table, slice(begins, begins + len(columns))
        self._names = [column.key for column in columns]
        self._id = begins + self._names.index("id")
        types = (column.type.dialect_impl(dialect) for column in columns)
        converting: Iterator[tuple[str, Converting]] = (
            (name, one.result_processor(dialect, None)) for name, one in zip(self._names, types, strict=True)
        )
        self._converting = [(name, convert) for name, convert in converting if convert is not None]
        self._key = inspect(table).identity_key_from_primary_key

    def object(self, session: Session, row: Sequence[Any]) -> Table | None:
        """Give the object of a row: the one that the session has already, as it is, else a new one."""
        if row[self._id] is None:
            return None
        known: Table | None = session.identity_map.get(self._key((row[self._id],)))
        if known is not None:
            return known
        values = dict(zip(self._names, row[self._part], strict=True))
        for name, convert in self._converting:
            values[name] = convert(values[name])
        read = _object(self._table, values)
        make_transient_to_detached(read)
        session.add(read)
        return read


def _object(table: type[Row], values: Mapping[str, Any]) -> Row:
    row: Row = inspect(table).class_manager.new_instance()
    row.__dict__.update(values)
    return row


@cache
def _columns(table: type[Table]) -> tuple[str, ...]:
    return tuple(column.key for column in inspect(table).columns if column.key != "id")


@lru_cache(64)
def _readers(dialect: Dialect, tables: tuple[type[Table], ...]) -> list[Reader]:
    ends = [sum(len(inspect(table).columns) for table in tables[:place]) for place in range(len(tables))]
    return [Reader(dialect, table, begins) for table, begins in zip(tables, ends, strict=True)]
