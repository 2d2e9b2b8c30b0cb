"""Record numbers: by partnership, kind and year, without gaps or doubles."""

from sqlmodel import Field, Session, col

from storage.table import Table
from storage.upsert import insert


class Sequence(Table, table=True):
    """The last number given."""

    partnership_id: int = Field(primary_key=True, foreign_key="partnership.id")
    prefix: str = Field(primary_key=True, max_length=8)
    year: int = Field(primary_key=True)
    last: int = 0


def take(session: Session, partnership_id: int, prefix: str, year: int) -> str:
    """Take the next number; it is given back when the transaction fails."""
    first = insert(session, Sequence).values(partnership_id=partnership_id, prefix=prefix, year=year, last=1)
    following = first.on_conflict_do_update(
        index_elements=["partnership_id", "prefix", "year"], set_={"last": col(Sequence.last) + 1}
    )
    last = session.connection().execute(following.returning(col(Sequence.last))).scalar_one()
    return f"{prefix}-{year}-{last:04d}"
