"""Counts over a partnership's records for its weekly figures: each a few rows, however many records there are.

A void record counts in none of them, nor does one of a kind that is no event, such as a specification.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from storage.clock import DRIVING, Clock, ClockName
from storage.oos import Oos, ResultKind
from storage.partnership import Side
from storage.record import Asked, Kind, Outcome, Record, State
from storage.request import Request

COUNTED = (Kind.DEVIATION, Kind.OOS, Kind.CAPA)  # a specification is no event, and nothing of it is late or early
Span = tuple[datetime | None, datetime | None]  # from, and up to but not including; None: without that end
LOGGING = (ClockName.NOTIFY, ClockName.ACKNOWLEDGE)  # what runs when a record is logged, and ends by who is told


@dataclass(frozen=True)
class Closed:
    """Of the records closed since a moment: how many had a due date, met it; were OOS, were invalidated; seconds."""

    dated: int
    on_time: int
    oos: int
    invalidated: int
    seconds: dict[Side, int]


def count_open(session: Session, partnership_id: int, spans: Sequence[Span]) -> dict[Kind, list[int]]:
    """Count the open records of each kind that has some, by the span in which they were detected."""
    counts = _in_each(col(Record.detected_at), spans)
    found = select(col(Record.kind), *counts).where(_of(partnership_id), col(Record.closed_at).is_(None))
    return {row[0]: list(row[1:]) for row in session.execute(found.group_by(col(Record.kind))).all()}


def count_logged(session: Session, partnership_id: int, spans: Sequence[Span]) -> list[int]:
    """Count the records logged in each span; the first span is the earliest."""
    return _count(session, partnership_id, col(Record.recorded_at), spans)


def count_closed(session: Session, partnership_id: int, spans: Sequence[Span]) -> list[int]:
    """Count the records closed in each span; the first span is the earliest."""
    return _count(session, partnership_id, col(Record.closed_at), spans)


def count_overdue(session: Session, partnership_id: int, now: datetime) -> int:
    """Count the open records whose due date has passed; one whose clock is stopped by agreement is not late."""
    running = (col(Clock.stopped_at).is_(None), col(Clock.paused_at).is_(None), col(Clock.due_at) < now)
    late = select(func.count(col(Record.id).distinct())).join(Clock, col(Clock.record_id) == col(Record.id))
    late = late.where(col(Clock.partnership_id) == partnership_id, col(Clock.name).in_(DRIVING), *running)
    return int(session.execute(late.where(col(Record.closed_at).is_(None))).scalar_one())


def of_closed(session: Session, partnership_id: int, since: datetime) -> Closed:
    """Count what the records closed since a moment came to, and the time that each company had them."""
    is_oos = col(Oos.result_kind) == ResultKind.OOS  # a trend is no result outside its limits
    counts = (
        func.count(col(Clock.id)),
        func.count().filter(col(Clock.stopped_at) <= col(Clock.first_due_at)),
        func.count().filter(is_oos),
        func.count().filter(is_oos, col(Record.outcome) == Outcome.INVALIDATED),
        func.coalesce(func.sum(col(Record.sponsor_seconds)), 0),
        func.coalesce(func.sum(col(Record.cmo_seconds)), 0),
    )
    measured = and_(col(Clock.record_id) == col(Record.id), col(Clock.name) == ClockName.CLOSE)
    found = select(*counts).select_from(Record).outerjoin(Clock, measured)
    found = found.outerjoin(Oos, col(Oos.record_id) == col(Record.id))
    row = session.execute(found.where(_closed_since(partnership_id, since))).one()
    return Closed(row[0], row[1], row[2], row[3], {Side.SPONSOR: row[4], Side.CMO: row[5]})


def list_lives(session: Session, partnership_id: int, since: datetime) -> list[tuple[datetime, datetime]]:
    """List when each record closed since a moment was detected and closed; a median needs them all."""
    lives = select(col(Record.detected_at), col(Record.closed_at))
    found = session.execute(lives.where(_closed_since(partnership_id, since))).all()
    return [(detected_at, closed_at) for detected_at, closed_at in found]


def count_told(
    session: Session, partnership_id: int, since: datetime, now: datetime
) -> dict[tuple[ClockName, Side], tuple[int, int]]:
    """Count for the records logged since a moment, by clock and the company that logged: told in time, and of all.

    A clock that still has time says nothing yet, nor does one that ended because the record was closed.
    """
    is_notice = col(Clock.name) == ClockName.NOTIFY
    told_at = case((is_notice, col(Clock.stopped_at)), else_=col(Record.acknowledged_at))
    stopped_late = col(Clock.stopped_at) > col(Clock.due_at)
    late = or_(stopped_late, and_(col(Clock.stopped_at).is_(None), col(Clock.due_at) < now))
    counts = (func.count().filter(told_at <= col(Clock.due_at)), func.count().filter(or_(told_at.is_not(None), late)))
    found = select(col(Clock.name), col(Record.logged_side), *counts).select_from(Record)
    found = found.join(Clock, and_(col(Clock.record_id) == col(Record.id), col(Clock.name).in_(LOGGING)))
    found = found.where(_of(partnership_id), col(Record.recorded_at) >= since)
    rows = session.execute(found.group_by(col(Clock.name), col(Record.logged_side))).all()
    return {(name, side): (in_time, of_all) for name, side, in_time, of_all in rows}


def count_extensions(session: Session, partnership_id: int, since: datetime) -> tuple[int, int]:
    """Count the requests for a later due date that ended since a moment: those granted, and all of them."""
    ended = (
        col(Request.partnership_id) == partnership_id,
        col(Request.what) == Asked.EXTEND,
        col(Request.answered_at) >= since,
    )
    found = select(func.count().filter(col(Request.agreed)), func.count()).select_from(Request)
    found = found.join(Record, col(Record.id) == col(Request.record_id)).where(*ended, _of(partnership_id))
    granted, of_all = session.execute(found).one()
    return granted, of_all


def _of(partnership_id: int) -> ColumnElement[bool]:
    of = (col(Record.partnership_id) == partnership_id, col(Record.state) != State.VOID)
    return and_(*of, col(Record.kind).in_(COUNTED))


def _closed_since(partnership_id: int, since: datetime) -> ColumnElement[bool]:
    return and_(_of(partnership_id), col(Record.closed_at) >= since)


def _count(session: Session, partnership_id: int, column: Mapped[Any], spans: Sequence[Span]) -> list[int]:
    since, before = spans[0][0], spans[-1][1]
    found = select(*_in_each(column, spans)).where(_of(partnership_id), column >= since, column < before)
    return list(session.execute(found).one())


def _in_each(column: Mapped[Any], spans: Sequence[Span]) -> list[ColumnElement[int]]:
    return [func.count(col(Record.id)).filter(*_within(column, *span)) for span in spans]


def _within(column: Mapped[Any], since: datetime | None, before: datetime | None) -> list[ColumnElement[bool]]:
    ends = [column >= since] if since is not None else []
    return ends + ([column < before] if before is not None else [])
