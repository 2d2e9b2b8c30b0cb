"""Clocks: due times of records, and when the next reminder about each is to be decided."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, text
from sqlmodel import Field, Session, col, select

from storage.table import Moment, Table, words

TICKING = text("next_at IS NOT NULL")
RUNNING = text("stopped_at IS NULL")


class ClockName(StrEnum):
    """What a clock measures."""

    CLOSE = "close"
    ACKNOWLEDGE = "acknowledge"
    ACCEPT = "accept"
    CHECK = "check effectiveness"
    FIELD_ALERT = "field alert"
    BIOLOGIC = "biological product deviation"
    EU_DEFECT = "EU quality defect"


DRIVING = (ClockName.CLOSE, ClockName.CHECK)  # one of them runs while a record is open: its due date


class Clock(Table, table=True):
    """A due time of a record, with the rule that made it."""

    __table_args__ = (
        Index("ix_clock_record", "record_id", "name", unique=True),
        Index("ix_clock_next", "next_at", sqlite_where=TICKING, postgresql_where=TICKING),
        Index(
            "ix_clock_due",
            "partnership_id",
            "name",
            "due_at",
            sqlite_where=RUNNING,
            postgresql_where=RUNNING,
        ),
    )

    id: int = Field(default=None, primary_key=True)
    partnership_id: int = Field(foreign_key="partnership.id")
    record_id: int = Field(foreign_key="record.id")
    name: ClockName = Field(sa_type=words(ClockName))
    rule: str = Field(max_length=120)  # "30 calendar days from detection"
    started_at: datetime = Field(sa_type=Moment)
    due_at: datetime = Field(sa_type=Moment)
    stopped_at: datetime | None = Field(default=None, sa_type=Moment)
    next_at: datetime | None = Field(default=None, sa_type=Moment)  # None: nothing more to remind of


def find(session: Session, record_id: int, name: ClockName) -> Clock | None:
    """Find a record's clock by what it measures."""
    return session.exec(select(Clock).where(Clock.record_id == record_id, Clock.name == name)).first()


def list_running(session: Session, record_id: int) -> list[Clock]:
    """List a record's running clocks, the soonest due first."""
    running = select(Clock).where(Clock.record_id == record_id, col(Clock.stopped_at).is_(None))
    return list(session.exec(running.order_by(col(Clock.due_at))).all())


def get(session: Session, clock_id: int) -> Clock:
    """Get a clock; LookupError when there is none."""
    clock = session.get(Clock, clock_id)
    if clock is None:
        raise LookupError(f"clock {clock_id}")
    return clock


def stop(session: Session, record_id: int, now: datetime, *names: ClockName) -> None:
    """Stop a record's running clocks of these names; stopped clocks remind of nothing."""
    for clock in list_running(session, record_id):
        if clock.name in names:
            clock.stopped_at, clock.next_at = now, None


def list_due(session: Session, now: datetime, limit: int) -> list[Clock]:
    """List the clocks about which something is to be decided now, the longest waiting first."""
    due = select(Clock).where(col(Clock.next_at) <= now).order_by(col(Clock.next_at))
    return list(session.exec(due.limit(limit).with_for_update(skip_locked=True)).all())
