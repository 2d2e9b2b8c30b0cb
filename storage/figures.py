"""Counts over a partnership's records that its weekly figures alone tell: each a few rows, however many records.

A void record counts in none of them, nor does one of a kind that is no event, such as a specification.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from storage.measure import COUNTED, Span, bounds
from storage.partnership import Side
from storage.record import Asked, Kind, Record, State
from storage.request import Request


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


def time_spent(session: Session, partnership_id: int, since: datetime) -> dict[Side, int]:
    """Add up the seconds that each company had the records closed since a moment."""
    columns = (col(Record.sponsor_seconds), col(Record.cmo_seconds))
    found = select(*(func.coalesce(func.sum(column), 0) for column in columns))
    row = session.execute(found.where(_of(partnership_id), col(Record.closed_at) >= since)).one()
    return {Side.SPONSOR: int(row[0]), Side.CMO: int(row[1])}


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


def _count(session: Session, partnership_id: int, column: Mapped[Any], spans: Sequence[Span]) -> list[int]:
    since, before = spans[0][0], spans[-1][1]
    found = select(*_in_each(column, spans)).where(_of(partnership_id), column >= since, column < before)
    return list(session.execute(found).one())


def _in_each(column: Mapped[Any], spans: Sequence[Span]) -> list[ColumnElement[int]]:
    return [func.count(col(Record.id)).filter(*bounds(column, *span)) for span in spans]
