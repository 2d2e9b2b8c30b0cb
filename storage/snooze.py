"""Snoozed reminders: a person wants to hear of a clock once more, on another day."""

from datetime import date, datetime

from sqlmodel import Field, Session, col, select

from storage.table import Moment, Table


class Snooze(Table, table=True):
    """One reminder more for one person about one clock."""

    clock_id: int = Field(primary_key=True, foreign_key="clock.id")
    person_id: int = Field(primary_key=True, foreign_key="person.id")
    day: date  # the day on which it comes, in the zone that the clock's days are counted in
    wake_at: datetime = Field(sa_type=Moment, index=True)


def set_for(session: Session, clock_id: int, person_id: int, day: date, wake_at: datetime) -> None:
    """Snooze a clock for a person, in place of an earlier snooze."""
    session.merge(Snooze(clock_id=clock_id, person_id=person_id, day=day, wake_at=wake_at))


def list_due(session: Session, now: datetime, limit: int) -> list[Snooze]:
    """List the snoozes that are over, the longest waiting first."""
    due = select(Snooze).where(Snooze.wake_at <= now).order_by(col(Snooze.wake_at))
    return list(session.exec(due.limit(limit).with_for_update(skip_locked=True)).all())
