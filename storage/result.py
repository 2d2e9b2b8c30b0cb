"""Laboratory results: each judged against a test of a specification, kept as it was reported."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, and_, func, or_, text
from sqlmodel import Field, Session, col, select

from storage.database import locked
from storage.record import LONGEST_LOT, Outcome, Record, State, lot_key
from storage.table import Moment, Table, words


class Verdict(StrEnum):
    """What a result comes to when it is held against its test."""

    COMPLIES = "Complies"
    OOT = "OOT"
    OOS = "OOS"


class ResultState(StrEnum):
    """How far a result has come; one outside its limits or its trend waits until a person confirms it."""

    RECORDED = "Recorded"
    TO_CONFIRM = "To confirm"
    CONFIRMED = "Confirmed"
    DISCARDED = "Discarded"


WAITING = text("state = 'To confirm'")


class LabResult(Table, table=True):
    """A laboratory result; numbers stand as they were reported, digit by digit."""

    __tablename__ = "result"
    __table_args__ = (
        Index("ix_result_lot", "partnership_id", "lot_key", "id"),
        # Of one test of a product, across the versions of its specification, in order of time.
        Index("ix_result_trend", "partnership_id", "product_key", "test_key", "analysed_at"),
        Index("ix_result_specification", "specification_id", "id"),
        Index("ix_result_record", "record_id"),
        Index("ix_result_waiting", "partnership_id", "id", sqlite_where=WAITING, postgresql_where=WAITING),
        Index("ix_result_recorded", "partnership_id", "recorded_at"),
    )

    id: int = Field(default=None, primary_key=True)
    partnership_id: int = Field(foreign_key="partnership.id")
    specification_id: int = Field(foreign_key="record.id")
    test_id: int = Field(foreign_key="specification_test.id")
    specification: str = Field(max_length=60)  # its number and version
    test: str = Field(max_length=100)  # its name
    test_key: str = Field(max_length=200)  # its name as names are compared
    product: str = Field(max_length=150)
    product_key: str = Field(max_length=300)
    sample_type: str = Field(max_length=40)
    time_point: str = Field(default="", max_length=40)  # of a stability study
    lot: str = Field(max_length=LONGEST_LOT)
    lot_key: str = Field(max_length=200)
    reported: str = Field(max_length=150)
    rounded: str = Field(max_length=150)  # as it was compared, in the unit of the specification
    unit: str = Field(default="", max_length=40)  # as reported
    verdict: Verdict = Field(sa_type=words(Verdict))
    why: str = Field(max_length=1000)
    state: ResultState = Field(sa_type=words(ResultState))
    analyst: str = Field(default="", max_length=150)
    analysed_at: datetime = Field(sa_type=Moment)
    source: str = Field(default="", max_length=200)  # the file and line it came from
    recorded_by_id: int = Field(foreign_key="person.id")
    recorded_at: datetime = Field(sa_type=Moment)  # the server's time, never edited
    decided_by_id: int | None = Field(default=None, foreign_key="person.id")  # who confirmed or discarded it
    decided_at: datetime | None = Field(default=None, sa_type=Moment)
    reason: str = ""  # why it was discarded
    record_id: int | None = Field(default=None, foreign_key="record.id")  # the OOS record that it led to

    @property
    def amount(self) -> str:
        """The result with its unit, as they were reported."""
        return f"{self.reported} {self.unit}".strip()


# Results that count: what was discarded is kept and shown, and judged no more.
DECIDED = (ResultState.RECORDED, ResultState.CONFIRMED)
COUNTING = (*DECIDED, ResultState.TO_CONFIRM)


def get(session: Session, partnership_id: int, result_id: int) -> LabResult:
    """Get a result of a partnership, locked when it may be changed; LookupError when there is none."""
    wanted = select(LabResult).where(LabResult.id == result_id, LabResult.partnership_id == partnership_id)
    found = session.exec(locked(session, wanted)).first()
    if found is None:
        raise LookupError(f"result {result_id}")
    return found


def list_of_lot(
    session: Session, partnership_id: int, lot: str, limit: int, offset: int = 0, product: str | None = None
) -> list[LabResult]:
    """List the results of a lot, the newest first; of one product alone where it is named."""
    of = select(LabResult).where(LabResult.partnership_id == partnership_id, LabResult.lot_key == lot_key(lot))
    if product is not None:
        of = of.where(LabResult.product_key == lot_key(product))
    return list(session.exec(of.order_by(col(LabResult.id).desc()).offset(offset).limit(limit)).all())


def list_doubtful(session: Session, partnership_id: int, lot: str, limit: int) -> list[LabResult]:
    """List the results of a lot outside their limits that nobody confirmed or discarded yet, the oldest first."""
    of = select(LabResult).where(LabResult.partnership_id == partnership_id, LabResult.lot_key == lot_key(lot))
    of = of.where(LabResult.state == ResultState.TO_CONFIRM, LabResult.verdict == Verdict.OOS)
    return list(session.exec(of.order_by(col(LabResult.id)).limit(limit)).all())


def list_of_test(
    session: Session, partnership_id: int, product: str, test: str, sample_type: str, limit: int, time_point: str = ""
) -> list[LabResult]:
    """List the newest results of a test of a product that are decided and stand, the oldest of them first.

    Those that wait or were discarded are not among them, nor those whose record was invalidated or voided.
    """
    stands = and_(col(Record.state) != State.VOID, col(Record.outcome).is_distinct_from(Outcome.INVALIDATED))
    of = select(LabResult).outerjoin(Record, col(Record.id) == LabResult.record_id)
    of = of.where(
        or_(col(LabResult.record_id).is_(None), stands),
        LabResult.partnership_id == partnership_id,
        LabResult.product_key == lot_key(product),
        LabResult.test_key == lot_key(test),
        LabResult.sample_type == sample_type,
        LabResult.time_point == time_point,
        col(LabResult.state).in_(DECIDED),
    )
    newest = of.order_by(col(LabResult.analysed_at).desc(), col(LabResult.id).desc()).limit(limit)
    return list(session.exec(newest).all())[::-1]


def list_time_points(
    session: Session, partnership_id: int, product: str, test: str, sample_type: str, limit: int
) -> list[str]:
    """List the time points of which there are results of a test of a product, those last analysed first."""
    points = select(LabResult.time_point).where(
        LabResult.partnership_id == partnership_id,
        LabResult.product_key == lot_key(product),
        LabResult.test_key == lot_key(test),
        LabResult.sample_type == sample_type,
        LabResult.time_point != "",
        col(LabResult.state).in_(DECIDED),
    )
    newest = func.max(col(LabResult.analysed_at)).desc()
    points = points.group_by(col(LabResult.time_point)).order_by(newest, col(LabResult.time_point))
    return list(session.exec(points.limit(limit)).all())


def list_waiting(session: Session, partnership_id: int, limit: int, offset: int = 0) -> list[LabResult]:
    """List the results that a person has still to confirm, the oldest first."""
    # In the words of the index, for SQLite compares them.
    waiting = select(LabResult).where(LabResult.partnership_id == partnership_id, WAITING)
    return list(session.exec(waiting.order_by(col(LabResult.id)).offset(offset).limit(limit)).all())


def count_waiting(session: Session, partnership_id: int) -> int:
    """Count the results that a person has still to confirm."""
    waiting = select(func.count(col(LabResult.id))).where(LabResult.partnership_id == partnership_id, WAITING)
    return session.exec(waiting).one()


def find_of_record(session: Session, record_id: int) -> LabResult | None:
    """Find the result that led to a record."""
    return session.exec(select(LabResult).where(LabResult.record_id == record_id).limit(1)).first()


def find_same(session: Session, row: LabResult) -> LabResult | None:
    """Find a result that counts of the same test, lot, time point, value and moment: most likely the same one."""
    same = select(LabResult).where(
        LabResult.partnership_id == row.partnership_id,
        LabResult.lot_key == row.lot_key,
        LabResult.test_id == row.test_id,
        LabResult.reported == row.reported,
        LabResult.time_point == row.time_point,
        LabResult.analysed_at == row.analysed_at,
        col(LabResult.state).in_(COUNTING),
    )
    return session.exec(same.limit(1)).first()
