"""New objects that are written by a plain statement: the ORM's making and flushing of one costs more than all its act.

Afterwards they are like any other object of the session, which writes what changes in them.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import inspect
from sqlalchemy.orm import make_transient_to_detached
from sqlmodel import Session

from storage.table import Table
from storage.upsert import defaults, insert_one

Row = TypeVar("Row", bound=Table)


def made(table: type[Row], values: Mapping[str, Any]) -> Row:
    """Give a new object, which no session knows yet; columns that are left out have the table's defaults."""
    row: Row = inspect(table).class_manager.new_instance()
    row.__dict__.update(defaults(table))
    row.__dict__.update(values)
    return row


def add(session: Session, row: Row) -> None:
    """Insert an object that was made; from now on it is the session's, with its id."""
    row.__dict__["id"] = insert_one(session, type(row), {name: row.__dict__[name] for name in _columns(type(row))})
    make_transient_to_detached(row)
    session.add(row)


@cache
def _columns(table: type[Table]) -> tuple[str, ...]:
    return tuple(column.key for column in inspect(table).columns if column.key != "id")
