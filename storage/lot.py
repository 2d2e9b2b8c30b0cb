"""Lots: since when each is known, by a record or a result that names it, and the disposition in force for it."""

from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import Index, func, text, update
from sqlmodel import Field, Session, col, select

from storage.record import LONGEST_LOT, each_once, lot_key
from storage.table import Moment, Table
from storage.upsert import Row, begin_new, insert_missing

WAITING = text("disposition_id IS NULL")


class Lot(Table, table=True):
    """A lot of a partnership, by the form in which lots are compared."""

    __table_args__ = (
        Index("ix_lot_waiting", "partnership_id", "named_at", sqlite_where=WAITING, postgresql_where=WAITING),
    )

    partnership_id: int = Field(primary_key=True, foreign_key="partnership.id")
    lot_key: str = Field(primary_key=True, max_length=200)
    lot: str = Field(max_length=LONGEST_LOT)  # as it was first written
    named_at: datetime = Field(sa_type=Moment)
    disposition_id: int | None = Field(default=None, foreign_key="record.id")  # in force


def note(session: Session, partnership_id: int, lots: Iterable[str], now: datetime) -> None:
    """Note that lots are named; one that is known stays as it is."""
    insert_missing(session, Lot, _named(partnership_id, lots, now))


def note_known(session: Session, partnership_id: int, lots: Iterable[str], now: datetime) -> Callable[[], list[str]]:
    """Note that lots are named, together with the next question; gives what gives those that were known before."""
    noted = [(str(one["lot"]), begin_new(session, Lot, one)) for one in _named(partnership_id, lots, now)]
    return lambda: [lot for lot, is_new in noted if not is_new()]


def _named(partnership_id: int, lots: Iterable[str], now: datetime) -> list[Row]:
    of = {"partnership_id": partnership_id, "named_at": now}
    # In one order for everybody, so that two who name the same lots do not wait for each other.
    return [{"lot_key": key, "lot": lot, **of} for key, lot in sorted(each_once(lots).items())]


def find(session: Session, partnership_id: int, lot: str) -> Lot | None:
    """Find a lot."""
    return session.get(Lot, (partnership_id, lot_key(lot)))


def decide(session: Session, partnership_id: int, lot: str, disposition_id: int) -> None:
    """Note which disposition is in force for a lot."""
    same = (col(Lot.partnership_id) == partnership_id, col(Lot.lot_key) == lot_key(lot))
    session.execute(update(Lot).where(*same).values(disposition_id=disposition_id))


def count_waiting(session: Session, partnership_id: int, named_before: datetime) -> int:
    """Count the lots that were first named before a moment and have no disposition yet."""
    waiting = (Lot.partnership_id == partnership_id, WAITING, Lot.named_at < named_before)
    return session.exec(select(func.count()).select_from(Lot).where(*waiting)).one()


def list_waiting(
    session: Session, partnership_id: int, named_before: datetime, limit: int, offset: int = 0
) -> list[Lot]:
    """List the lots that were first named before a moment and have no disposition yet, the longest known first."""
    waiting = select(Lot).where(Lot.partnership_id == partnership_id, WAITING, Lot.named_at < named_before)
    order = (col(Lot.named_at), col(Lot.lot_key))
    return list(session.exec(waiting.order_by(*order).offset(offset).limit(limit)).all())
