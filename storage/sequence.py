"""Record numbers: by partnership, kind and year, without gaps or doubles."""

from functools import cache

from sqlalchemy import ClauseElement
from sqlmodel import Field, Session, col

from storage import prepared
from storage.record import Record
from storage.table import Table
from storage.upsert import coming_id, insert


class Sequence(Table, table=True):
    """The last number given."""

    partnership_id: int = Field(primary_key=True, foreign_key="partnership.id")
    prefix: str = Field(primary_key=True, max_length=8)
    year: int = Field(primary_key=True)
    last: int = 0


def take(session: Session, partnership_id: int, prefix: str, year: int) -> tuple[str, int | None]:
    """Take the next number, which is given back when the transaction fails, and the id coming to its record."""
    first = {"partnership_id": partnership_id, "prefix": prefix, "year": year, "last": 1}
    session.flush()
    [(last, coming)] = prepared.ask(session, _following(session.connection().dialect.name), first)
    return f"{prefix}-{year}-{last:04d}", coming


@cache
def _following(dialect: str) -> ClauseElement:
    """Give the statement that adds one to the last number, or begins with the first."""
    one_more = {"last": col(Sequence.last) + 1}
    keys = ["partnership_id", "prefix", "year"]
    following = insert(dialect, Sequence).on_conflict_do_update(index_elements=keys, set_=one_more)
    return following.returning(col(Sequence.last), coming_id(dialect, Record))
