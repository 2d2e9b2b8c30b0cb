"""Clocks: due times of records, whose each is, and when the next reminder about it is to be decided."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import Index, bindparam, func, text, update
from sqlmodel import Field, Session, col, select

from storage.prepared import once
from storage.table import Moment, Table, words
from storage.upsert import Row, insert_all

TICKING = text("next_at IS NOT NULL")
RUNNING = text("stopped_at IS NULL")


class ClockName(StrEnum):
    """What a clock measures."""

    CLOSE = "close"
    NOTIFY = "notify"
    ACKNOWLEDGE = "acknowledge"
    PHASE_1 = "phase I result"
    REVIEW = "review"
    ACCEPT = "accept"
    PLAN = "plan"
    CHECK = "check effectiveness"
    FIELD_ALERT = "field alert"
    BIOLOGIC = "biological product deviation"
    EU_DEFECT = "EU quality defect"


class Duty(StrEnum):
    """Whose a clock is: who has to act before it is due."""

    OWNER = "the owner"
    APPROVER = "the approver"
    CHECKER = "QA, not the owner"
    OTHER = "the other company"
    SPONSOR = "the sponsor"
    CMO = "the CMO"


class ClockState(StrEnum):
    """How a clock stands."""

    RUNNING = "running"
    EXTENDED = "running, extended"
    STOPPED = "stopped"  # for a while, by both companies' agreement
    MET = "met"
    MISSED = "missed"


REPORTING = (ClockName.FIELD_ALERT, ClockName.BIOLOGIC, ClockName.EU_DEFECT)  # the authorities'
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
    duty: Duty = Field(sa_type=words(Duty))
    agreement_version: int | None = None  # of the quality agreement that made it; None: a law, or a person's own date
    agreement_row: int | None = None
    started_at: datetime = Field(sa_type=Moment)  # the moment that its term counts from
    due_at: datetime = Field(sa_type=Moment)
    first_due_at: datetime = Field(sa_type=Moment)  # before any extension: what "on time" is measured by
    extensions: int = 0
    paused_at: datetime | None = Field(default=None, sa_type=Moment)
    pause_ends_on: date | None = None
    paused_seconds: int = 0  # in all, pauses that are over
    stopped_at: datetime | None = Field(default=None, sa_type=Moment)  # for good: what it measured happened
    next_at: datetime | None = Field(default=None, sa_type=Moment)  # None: nothing more to remind of

    def stood(self, now: datetime) -> timedelta:
        """Give for how long it stood still in all, up to now."""
        standing = now - self.paused_at if self.paused_at else timedelta()
        return timedelta(seconds=self.paused_seconds) + standing

    def state(self, now: datetime) -> ClockState:
        """Tell how it stands."""
        if self.stopped_at is not None:
            return ClockState.MET if self.stopped_at <= self.due_at else ClockState.MISSED
        if self.paused_at is not None:
            return ClockState.STOPPED
        if self.due_at < now:
            return ClockState.MISSED
        return ClockState.EXTENDED if self.extensions else ClockState.RUNNING


def find(session: Session, record_id: int, name: ClockName) -> Clock | None:
    """Find a record's clock by what it measures."""
    return session.exec(select(Clock).where(Clock.record_id == record_id, Clock.name == name)).first()


def add_all(session: Session, rows: Sequence[Row]) -> None:
    """Add the clocks of a record that has none of these yet, all with the same columns."""
    insert_all(session, Clock, rows)


OF_RECORD = once(select(Clock).where(Clock.record_id == bindparam("of")))
RUNNING_OF_RECORD = once(
    select(Clock).where(Clock.record_id == bindparam("of"), col(Clock.stopped_at).is_(None)).order_by(col(Clock.due_at))
)


def list_of_record(session: Session, record_id: int) -> list[Clock]:
    """List a record's clocks, stopped ones too."""
    return list(session.exec(OF_RECORD, params={"of": record_id}).all())


def list_running(session: Session, record_id: int) -> list[Clock]:
    """List a record's running clocks, the soonest due first."""
    return list(session.exec(RUNNING_OF_RECORD, params={"of": record_id}).all())


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
            _end_pause(clock, now)
            clock.stopped_at, clock.next_at = now, None


def look_again(session: Session, now: datetime) -> None:
    """Let something be decided now about every clock that runs; one that stands goes on when it was to."""
    ahead = (col(Clock.next_at) > now, col(Clock.stopped_at).is_(None), col(Clock.paused_at).is_(None))
    session.execute(update(Clock).where(*ahead).values(next_at=now))


def _end_pause(clock: Clock, now: datetime) -> None:
    """Let what is done while its clock stands be due later by so long as it stood: it is not late by that."""
    if clock.paused_at is None:
        return
    stood = now - clock.paused_at
    clock.due_at, clock.first_due_at = clock.due_at + stood, clock.first_due_at + stood
    clock.paused_seconds += int(stood.total_seconds())
    clock.paused_at, clock.pause_ends_on = None, None


def list_following(session: Session, partnership_id: int, after: int, limit: int) -> list[Clock]:
    """List the running clocks that an agreement made and nobody extended or stopped, by id, those after an id."""
    made = (Clock.partnership_id == partnership_id, Clock.id > after, col(Clock.agreement_row).is_not(None))
    running = (col(Clock.stopped_at).is_(None), col(Clock.paused_at).is_(None))
    plain = (Clock.extensions == 0, Clock.paused_seconds == 0)
    following = select(Clock).where(*made, *running, *plain).order_by(col(Clock.id)).limit(limit)
    return list(session.exec(following).all())


def count_late(session: Session, now: datetime) -> int:
    """Count the running clocks whose due time has passed."""
    running = (col(Clock.stopped_at).is_(None), col(Clock.paused_at).is_(None), col(Clock.next_at).is_not(None))
    return session.exec(select(func.count()).select_from(Clock).where(Clock.due_at < now, *running)).one()
