"""What only a deviation has."""

from sqlmodel import Field, Session

from storage.record import Distributed
from storage.table import Table, words


class Deviation(Table, table=True):
    """A deviation's first report."""

    record_id: int = Field(primary_key=True, foreign_key="record.id")
    happened: str
    expected: str = ""
    location: str = Field(default="", max_length=150)
    distributed: Distributed = Field(sa_type=words(Distributed))
    immediate_action: str = ""


def get(session: Session, record_id: int) -> Deviation:
    """Get the deviation of a record."""
    return session.get_one(Deviation, record_id)
