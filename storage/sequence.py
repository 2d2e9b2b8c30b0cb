"""Record numbers: by partnership, kind and year, without gaps or doubles."""

from sqlmodel import Field, Session

from storage.table import Table


class Sequence(Table, table=True):
    """The last number given."""

    partnership_id: int = Field(primary_key=True, foreign_key="partnership.id")
    prefix: str = Field(primary_key=True, max_length=8)
    year: int = Field(primary_key=True)
    last: int = 0


def take(session: Session, partnership_id: int, prefix: str, year: int) -> str:
    """Take the next number; it is given back when the transaction fails."""
    row = session.get(Sequence, (partnership_id, prefix, year), with_for_update=True)
    if row is None:
        row = Sequence(partnership_id=partnership_id, prefix=prefix, year=year)
        session.add(row)
    row.last += 1
    return f"{prefix}-{year}-{row.last:04d}"
