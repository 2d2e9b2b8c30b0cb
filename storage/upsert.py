"""Inserting what is new: a key that stands already is left as it is, whoever else inserts at the same time."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from storage.table import Table


def insert_if_new(session: Session, table: type[Table], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, leaving out those with a unique key that stands already."""
    if not rows:
        return
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(dialect.insert(table).on_conflict_do_nothing(), list(rows))
