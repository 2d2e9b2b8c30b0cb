"""What only a deviation has."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Field, Session, col, select

from storage.record import Distributed
from storage.table import Table, words
from storage.upsert import insert_all


class Deviation(Table, table=True):
    """A deviation's first report."""

    record_id: int = Field(primary_key=True, foreign_key="record.id")
    happened: str
    expected: str = ""
    location: str = Field(default="", max_length=150)
    distributed: Distributed = Field(sa_type=words(Distributed))
    immediate_action: str = ""


def add(session: Session, record_id: int, **details: Any) -> None:
    """Add the first report of a record."""
    insert_all(session, Deviation, [{"record_id": record_id, **details}])


def get(session: Session, record_id: int) -> Deviation:
    """Get the deviation of a record."""
    return session.get_one(Deviation, record_id)


def list_by_ids(session: Session, record_ids: Sequence[int]) -> list[Deviation]:
    """List the deviations of some records."""
    return list(session.exec(select(Deviation).where(col(Deviation.record_id).in_(record_ids))).all())
