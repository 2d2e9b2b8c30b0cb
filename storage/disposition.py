"""Dispositions: what is proposed, and by a signature decided, about one lot."""

from collections.abc import Sequence

from sqlalchemy import Index, bindparam
from sqlmodel import Field, Session, col, select

from storage import prepared
from storage.database import locked
from storage.investigation import Disposition
from storage.record import LONGEST_LOT, Record, State, each_once, lot_key
from storage.table import Table, words

IN_PLAY = (State.PROPOSED, State.DECIDED)  # neither void nor superseded: at most one of each for a lot


class BatchDisposition(Table, table=True):
    """The disposition of one lot: 21 CFR 211.22(a)."""

    __tablename__ = "disposition"
    __table_args__ = (Index("ix_disposition_lot", "partnership_id", "lot_key", "record_id"),)

    record_id: int = Field(primary_key=True, foreign_key="record.id")
    partnership_id: int = Field(foreign_key="partnership.id")
    lot: str = Field(max_length=LONGEST_LOT)
    lot_key: str = Field(max_length=200)  # the lot as lots are compared
    decision: Disposition = Field(sa_type=words(Disposition))
    justification: str
    certificate: str = Field(default="", max_length=150)  # its number, or where it is kept


def get(session: Session, record_id: int) -> BatchDisposition:
    """Get the disposition of a record."""
    return session.get_one(BatchDisposition, record_id)


def list_of_lot(
    session: Session, partnership_id: int, lot: str, limit: int, offset: int = 0
) -> list[tuple[BatchDisposition, Record]]:
    """List the dispositions of a lot, void and superseded ones too, the newest first."""
    of = select(BatchDisposition, Record).join(Record, col(Record.id) == BatchDisposition.record_id)
    of = of.where(BatchDisposition.partnership_id == partnership_id, BatchDisposition.lot_key == lot_key(lot))
    newest = of.order_by(col(BatchDisposition.record_id).desc()).offset(offset).limit(limit)
    return list(session.exec(newest).all())


NAMING = (
    select(BatchDisposition.record_id)
    .where(BatchDisposition.partnership_id == bindparam("of"), BatchDisposition.lot_key == bindparam("lot"))
    .limit(1)
)


def list_in_play(session: Session, partnership_id: int, lots: Sequence[str]) -> list[Record]:
    """List the dispositions of lots that are proposed or in force, locked where they may be changed."""
    keys = [key for key in each_once(lots) if _has_any(session, partnership_id, key)]
    if not keys:
        return []  # nearly always, when a record is logged
    of = select(Record).join(BatchDisposition, col(BatchDisposition.record_id) == Record.id)
    of = of.where(BatchDisposition.partnership_id == partnership_id, col(BatchDisposition.lot_key).in_(keys))
    of = of.where(col(Record.state).in_(IN_PLAY)).order_by(col(Record.id))
    return list(session.exec(locked(session, of)).all())


def _has_any(session: Session, partnership_id: int, key: str) -> bool:
    return bool(prepared.ask(session, NAMING, {"of": partnership_id, "lot": key}))
