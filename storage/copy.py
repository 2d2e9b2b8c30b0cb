"""A whole database, row by row, into another one, of either engine, and the two held against each other."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, LargeBinary, String, Table, bindparam, collate, select, text
from sqlmodel import Session

from storage import search
from storage.database import Database
from storage.schema import METADATA

ROWS = 2_000  # at once; files one by one, for each may take many megabytes


class Differs(Exception):  # noqa: N818 - what was found
    """A copy that is not what it was made from; nothing of it is kept."""


def is_empty(database: Database) -> bool:
    """Whether no table of a database at the present schema holds a row."""
    with database.reading() as session:
        return not any(session.execute(select(1).select_from(one).limit(1)).first() for one in METADATA.sorted_tables)


def vacuum_into(database: Database, path: Path) -> None:
    """Write an SQLite database, as it is at this moment, into a new file; others may write to it meanwhile."""
    with database.engine.connect() as connection:
        connection.rollback()  # VACUUM runs outside a transaction
        raw = connection.connection.driver_connection
        assert raw is not None  # noqa: S101 - it is connected
        raw.execute("VACUUM INTO ?", (str(path),))


def copy(source: Database, target: Database) -> dict[str, int]:
    """Copy all rows into an empty database at the same schema, in one transaction; gives their number by table.

    What is written to the source meanwhile is not in the copy. Differs where the copy is not the same, row by row.
    """
    with source.reading() as taken, target.writing() as given:
        read, write = taken.connection(), given.connection()
        numbers = {table.name: _copy(read, write, table) for table in METADATA.sorted_tables}
        for record_id, partnership_id, content in search.every(taken):
            search.add(given, partnership_id, record_id, content)
        _go_on_counting(write)
        for table in METADATA.sorted_tables:
            _compare(read, write, table)
        _compare_search(taken, given)
    return numbers


def _copy(read: Connection, write: Connection, table: Table) -> int:
    # A row may refer to a later one of its own table: such a reference is set when all are there.
    own = [column for column in table.columns if any(key.column.table is table for key in column.foreign_keys)]
    number, later = 0, list[dict[str, Any]]()
    for rows in _parts(read, table):
        given = [dict(row) for row in rows]
        for row in given:
            if any(row[column.name] is not None for column in own):
                later.append({f"of_{key.name}": row[key.name] for key in table.primary_key})
                later[-1] |= {f"to_{column.name}": row[column.name] for column in own}
                row.update(dict.fromkeys((column.name for column in own), None))
        write.execute(table.insert(), given)
        number += len(given)
    if later:
        same = (key == bindparam(f"of_{key.name}") for key in table.primary_key)
        set_to: dict[str, Any] = {column.name: bindparam(f"to_{column.name}") for column in own}
        write.execute(table.update().where(*same).values(set_to), later)
    return number


def _parts(connection: Connection, table: Table) -> Iterator[Sequence[Any]]:
    """Give a table's rows in the order of its key, some at a time."""
    some = 1 if any(isinstance(column.type, LargeBinary) for column in table.columns) else ROWS
    # Both engines in one order, byte by byte, whatever a server's collation is.
    by_bytes = "C" if connection.dialect.name == "postgresql" else "BINARY"
    keys = [collate(key, by_bytes) if isinstance(key.type, String) else key for key in table.primary_key]
    ordered = select(table).order_by(*keys)
    found = connection.execution_options(yield_per=some).execute(ordered)
    yield from found.mappings().partitions(some)


def _rows(connection: Connection, table: Table) -> Iterator[Any]:
    for part in _parts(connection, table):
        yield from part


def _compare(read: Connection, write: Connection, table: Table) -> None:
    for before, after in zip_longest(_rows(read, table), _rows(write, table)):
        if before is None or after is None or dict(before) != dict(after):
            key = {column.name: (before or after)[column.name] for column in table.primary_key}
            raise Differs(f"{table.name} {key} is not the same in the copy")


def _compare_search(taken: Session, given: Session) -> None:
    for before, after in zip_longest(search.every(taken), search.every(given)):
        if before is None or after is None or before[:2] != after[:2]:
            raise Differs(f"the search index of record {(before or after)[0]} is not the same in the copy")


def _go_on_counting(connection: Connection) -> None:
    """Let PostgreSQL number new rows after those that are there; SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    for table in METADATA.sorted_tables:
        if "id" in table.columns:
            last = f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), max(id)) FROM {table.name}"  # noqa: S608 - our own names
            connection.execute(text(f"{last} HAVING max(id) IS NOT NULL"))
