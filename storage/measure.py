"""What is counted of a partnership's records, and which records those are: each measure is defined once, for both.

A void record counts in none, nor does one of a kind that is no event, such as a specification. Each count is one
statement that begins with an index; so is each page of the records behind it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, false, func, not_, or_, select
from sqlalchemy import Select as SqlSelect
from sqlmodel import Session, col

from storage.clock import DRIVING, Clock, ClockName
from storage.deviation import Deviation
from storage.investigation import Cause, Investigation
from storage.oos import Oos, ResultKind
from storage.partnership import Side
from storage.record import Kind, Outcome, Record, Row, State, rows_of
from storage.result import COUNTING, LabResult

COUNTED = (Kind.DEVIATION, Kind.OOS, Kind.CAPA)  # a specification is no event, and nothing of it is late or early
Span = tuple[datetime | None, datetime | None]  # from, and up to but not including; None: without that end
Condition = ColumnElement[bool]
Select = SqlSelect[*tuple[Any, ...]]


@dataclass(frozen=True)
class Within:
    """Which records are looked at: of a partnership, in a span of time, as of now; of one product where it is named."""

    partnership_id: int
    since: datetime
    before: datetime
    now: datetime
    product: str = ""
    ages: Sequence[Span] = field(default=())  # of detection, the youngest first

    def holds(self, column: Any) -> Condition:
        """Whether a moment lies in the span."""
        return and_(column >= self.since, column < self.before)


@dataclass(frozen=True)
class Measure:
    """A part of some records: which they are, and which of them count."""

    of: Callable[[Within], Condition]
    counts: Callable[[Within], Condition]
    joined: Callable[[Select], Select] = lambda records: records


class Part(StrEnum):
    """Which of a measure's records are listed."""

    COUNTED = "counted"
    REST = "rest"


def _open(_: Within) -> Condition:
    return col(Record.closed_at).is_(None)


def _logged(kinds: Sequence[Kind] = COUNTED, side: Side | None = None) -> Callable[[Within], Condition]:
    by = [col(Record.logged_side) == side] if side else []
    return lambda within: and_(within.holds(col(Record.recorded_at)), col(Record.kind).in_(kinds), *by)


def _closed(*more: Condition, kinds: Sequence[Kind] = COUNTED) -> Callable[[Within], Condition]:
    return lambda within: and_(within.holds(col(Record.closed_at)), col(Record.kind).in_(kinds), *more)


def _clock(name: ClockName) -> Callable[[Select], Select]:
    return lambda records: records.join(Clock, and_(col(Clock.record_id) == col(Record.id), col(Clock.name) == name))


def _oos(records: Select) -> Select:
    return records.join(Oos, col(Oos.record_id) == col(Record.id))


def _investigated(records: Select) -> Select:
    return records.join(Investigation, col(Investigation.record_id) == col(Record.id))


def _is(condition: Condition) -> Callable[[Within], Condition]:
    return lambda _: condition


def _aged(band: int) -> Callable[[Within], Condition]:
    """Take the records that were detected in a span of the ages."""
    return lambda within: and_(*bounds(col(Record.detected_at), *within.ages[band]))


def bounds(column: Any, since: datetime | None, before: datetime | None) -> list[Condition]:
    """Give the conditions for a moment to lie in a span."""
    ends = [column >= since] if since is not None else []
    return ends + ([column < before] if before is not None else [])


def _is_late(within: Within) -> Condition:
    """Say whether a clock that drives a record is late; one that is stopped by agreement makes none late."""
    running = (col(Clock.stopped_at).is_(None), col(Clock.paused_at).is_(None), col(Clock.due_at) < within.now)
    return exists().where(col(Clock.record_id) == col(Record.id), col(Clock.name).in_(DRIVING), *running)


TOLD_AT = case((col(Clock.name) == ClockName.NOTIFY, col(Clock.stopped_at)), else_=col(Record.acknowledged_at))


def _told(side: Side | None = None) -> Callable[[Within], Condition]:
    """Take the records logged in the span that were told, or are late.

    A clock that still has time says nothing yet, nor does one that ended because the record was closed.
    """

    def of(within: Within) -> Condition:
        stopped_late = col(Clock.stopped_at) > col(Clock.due_at)
        late = or_(stopped_late, and_(col(Clock.stopped_at).is_(None), col(Clock.due_at) < within.now))
        return and_(_logged(side=side)(within), or_(TOLD_AT.is_not(None), late))

    return of


BANDS = 5
IN_TIME = _is(col(Clock.due_at) >= TOLD_AT)
IS_OOS = col(Oos.result_kind) == ResultKind.OOS  # a trend is no result outside its limits
DEVIATIONS = (Kind.DEVIATION,)
CHECKED = col(Record.outcome).in_((Outcome.EFFECTIVE, Outcome.NOT_EFFECTIVE))

MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        **{f"age_{band}": Measure(_open, _aged(band)) for band in range(BANDS)},
        "overdue": Measure(_open, _is_late),
        "on_time": Measure(
            _closed(), _is(col(Clock.stopped_at) <= col(Clock.first_due_at)), _clock(ClockName.CLOSE)
        ),
        "closed": Measure(_closed(), _is(col(Record.closed_at).is_not(None))),
        "critical": Measure(_logged(DEVIATIONS), _is(func.coalesce(col(Record.class_), "") == "Critical")),
        "notified": Measure(_told(), IN_TIME, _clock(ClockName.NOTIFY)),
        **{
            f"acknowledged_{side}": Measure(_told(side.other), IN_TIME, _clock(ClockName.ACKNOWLEDGE)) for side in Side
        },
        "extended": Measure(_closed(), _is(col(Clock.extensions) > 0), _clock(ClockName.CLOSE)),
        "oos": Measure(_logged((Kind.OOS,)), _is(IS_OOS), _oos),
        "invalidated": Measure(
            _closed(IS_OOS, kinds=(Kind.OOS,)), _is(col(Record.outcome) == Outcome.INVALIDATED), _oos
        ),
        "effective": Measure(
            _closed(CHECKED, kinds=(Kind.CAPA,)), _is(col(Record.outcome) == Outcome.EFFECTIVE)
        ),
        "human": Measure(
            _closed(kinds=DEVIATIONS), _is(col(Investigation.category) == Cause.PEOPLE), _investigated
        ),
    }
)  # fmt: skip


def count(session: Session, name: str, within: Within) -> tuple[int, int]:
    """Count of a measure: those that count, and all."""
    measure = MEASURES[name]
    counted = func.count().filter(measure.counts(within))
    found = measure.joined(select(counted, func.count()).select_from(Record))
    some, of = session.execute(found.where(_of(within), measure.of(within))).one()
    return int(some), int(of)


def list_behind(session: Session, name: str, within: Within, part: Part, limit: int, offset: int = 0) -> list[Row]:
    """List the records behind a measure as rows, the newest first: those that count, or the others."""
    measure = MEASURES[name]
    counts = func.coalesce(measure.counts(within), false())
    wanted = counts if part is Part.COUNTED else not_(counts)
    found = measure.joined(select(Record)).where(_of(within), measure.of(within), wanted)
    page = found.order_by(col(Record.id).desc()).offset(offset).limit(limit)
    return rows_of(session, session.execute(page).scalars().all())


def lives(session: Session, within: Within) -> list[tuple[datetime, datetime]]:
    """List when each record closed in the span was detected and closed; a median needs them all."""
    found = select(col(Record.detected_at), col(Record.closed_at)).where(_of(within), _closed()(within))
    return [(detected_at, closed_at) for detected_at, closed_at in session.execute(found).all()]


def answers(session: Session, within: Within, side: Side) -> list[tuple[datetime, datetime]]:
    """List when each deviation and OOS that a company had to acknowledge was logged and acknowledged."""
    had_to = and_(_logged((Kind.DEVIATION, Kind.OOS), side.other)(within), col(Record.acknowledged_at).is_not(None))
    found = select(col(Record.recorded_at), col(Record.acknowledged_at)).where(_of(within), had_to)
    return [(logged_at, at) for logged_at, at in session.execute(found).all()]


def count_tests(session: Session, within: Within) -> int:
    """Count the tests of the span: results that were recorded, and OOS and OOT that were logged without one."""
    results = select(func.count()).select_from(LabResult).where(
        col(LabResult.partnership_id) == within.partnership_id,
        within.holds(col(LabResult.recorded_at)),
        col(LabResult.state).in_(COUNTING),
        *_of_product(col(LabResult.product), within),
    )  # fmt: skip
    has_result = exists().where(col(LabResult.record_id) == col(Record.id))
    others = select(func.count()).select_from(Record).where(_of(within), _logged((Kind.OOS,))(within), ~has_result)
    return int(session.execute(results).scalar_one()) + int(session.execute(others).scalar_one())


@dataclass(frozen=True)
class Caused:
    """A deviation with what its investigation found: where, of which product, by what class of cause."""

    record_id: int
    product: str
    location: str
    category: Cause
    detected_at: datetime
    closed_at: datetime


def list_caused(session: Session, within: Within) -> list[Caused]:
    """List the deviations closed in the span whose product, place and cause are known, in the order of detection."""
    columns = (col(Record.id), col(Record.product), col(Deviation.location), col(Investigation.category))
    found = _investigated(select(*columns, col(Record.detected_at), col(Record.closed_at)))
    found = found.join(Deviation, col(Deviation.record_id) == col(Record.id))
    found = found.where(_of(within), _closed(kinds=DEVIATIONS)(within))
    found = found.where(col(Record.product) != "", col(Deviation.location) != "")
    rows = session.execute(found.order_by(col(Record.detected_at), col(Record.id))).all()
    return [Caused(*row) for row in rows]


def _of(within: Within) -> Condition:
    of = (col(Record.partnership_id) == within.partnership_id, col(Record.state) != State.VOID)
    return and_(*of, col(Record.kind).in_(COUNTED), *_of_product(col(Record.product), within))


def _of_product(column: Any, within: Within) -> list[Condition]:
    return [func.lower(column) == func.lower(within.product)] if within.product else []
