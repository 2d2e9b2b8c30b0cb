"""The clocks of a record: started by the agreement's terms, and started and stopped with its states."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlmodel import Session

from quality import ladder, terms
from quality.people import Actor
from quality.terms import Due, Terms
from quality.working_time import Calendar
from storage import clock, person
from storage import record as records
from storage.clock import Clock, ClockName, Duty
from storage.partnership import Side
from storage.record import Kind, Record, State

# The clocks that run while a record is in a state: started on coming into it, stopped on leaving.
OF_STATE: Mapping[tuple[Kind, State], tuple[ClockName, str]] = MappingProxyType(
    {
        (Kind.DEVIATION, State.PENDING_APPROVAL): (ClockName.REVIEW, "submission"),
        (Kind.OOS, State.PENDING_APPROVAL): (ClockName.REVIEW, "submission"),
        (Kind.OOS, State.PHASE_1): (ClockName.PHASE_1, "being sent back"),
        (Kind.CAPA, State.PLANNED): (ClockName.PLAN, "being planned again"),
    }
)


def start(session: Session, actor: Actor, record: Record, name: ClockName, due: Due, now: datetime) -> None:
    """Start a clock of a record, or start it anew, and set when it is first reminded of."""
    values = _values(session, actor, record, name, due, now)
    running = clock.find(session, record.id, name)
    if running is None:
        session.add(Clock(partnership_id=record.partnership_id, record_id=record.id, name=name, **values))
    else:
        running.sqlmodel_update(values)


def start_first(session: Session, actor: Actor, record: Record, agreed: Terms, due: Due | None = None) -> Due | None:
    """Start the clocks that every record begins with, for one just logged; gives when it is due to be closed.

    That is by the agreement's terms from its detection, unless a due time is given; None where neither tells.
    """
    now = record.recorded_at
    due = due or _due(actor, record, ClockName.CLOSE, record.detected_at, agreed)
    answer = ClockName.ACCEPT if record.kind is Kind.CAPA else ClockName.ACKNOWLEDGE
    notice = _notice(actor, record, agreed)
    first = {ClockName.CLOSE: due, answer: _due(actor, record, answer, now, agreed), ClockName.NOTIFY: notice}
    rows = [
        {"name": name, "partnership_id": record.partnership_id, "record_id": record.id}
        | _values(session, actor, record, name, one, now)
        | ({"stopped_at": now, "next_at": None} if name is ClockName.NOTIFY else {})  # by logging it here
        for name, one in first.items()
        if one is not None
    ]
    clock.add_all(session, rows)
    return due


def _values(session: Session, actor: Actor, record: Record, name: ClockName, due: Due, now: datetime) -> dict[str, Any]:
    return {
        "rule": due.rule,
        "duty": due.duty,
        "agreement_version": due.version,
        "agreement_row": due.row,
        "started_at": due.since,
        "due_at": due.at,
        "first_due_at": due.at,
        "extensions": 0,
        "paused_at": None,
        "pause_ends_on": None,
        "paused_seconds": 0,
        "stopped_at": None,
        "next_at": ladder.first_at(name, due.at, now, _reminding(session, actor, record, name)),
    }


def _reminding(session: Session, actor: Actor, record: Record, name: ClockName) -> Calendar:
    owner = person.get(session, record.partnership_id, record.owner_id) if record.owner_id else None
    zone = owner.time_zone if owner and owner.active else None
    return ladder.calendar_for(name, actor.partnership, actor.companies, zone)


def remind_anew(session: Session, actor: Actor, record: Record, now: datetime) -> None:
    """Let the running clocks of a record be reminded of as its new owner's days and hours are; late ones at once."""
    for one in clock.list_running(session, record.id):
        if one.next_at is not None and one.paused_at is None:
            one.next_at = ladder.first_at(one.name, one.due_at, now, _reminding(session, actor, record, one.name))


def start_by_terms(
    session: Session, actor: Actor, record: Record, name: ClockName, since: datetime, now: datetime, *,
    instead: str = "", term: str = "", agreed: Terms | None = None,
) -> Due | None:  # fmt: skip
    """Start a clock by the agreement's row for it; gives when it is due, None where the agreement has no such row.

    Who starts several reads the terms that were agreed once, and hands them on.
    """
    agreed = agreed or terms.of(session, record.partnership_id)
    due = _due(actor, record, term or name, since, agreed, instead)
    if due is not None:
        start(session, actor, record, name, due, now)
    return due


def _due(actor: Actor, record: Record, term: str, since: datetime, agreed: Terms, instead: str = "") -> Due | None:
    row = agreed.find(record.kind, term, record.class_)
    return agreed.due(row, since, actor.calendar, instead) if row is not None else None


def start_again(
    session: Session, actor: Actor, record: Record, name: ClockName, since: datetime, now: datetime, agreed: Terms
) -> Due | None:
    """Start a clock by other terms, from the moment it counted from; the days for which it stood still stay granted."""
    before = clock.find(session, record.id, name)
    stood = before.stood(now) if before else timedelta()
    due = start_by_terms(session, actor, record, name, since, now, agreed=agreed)
    if before is None or due is None or not stood:
        return due
    local = due.at.astimezone(actor.calendar.zone)
    day = local.date() + timedelta(days=round(stood / timedelta(days=1)))
    if "working day" in due.rule:
        day = actor.calendar.working_day_from(day)
    later = replace(due, at=actor.calendar.at(day, local.time()))
    start(session, actor, record, name, later, now)
    before.paused_seconds = int(stood.total_seconds())
    return later


def notified(session: Session, actor: Actor, record: Record, agreed: Terms) -> None:
    """Note when the other company was notified: by logging it here, against the agreement's time for that."""
    notice = _notice(actor, record, agreed)
    if notice is not None:
        start(session, actor, record, ClockName.NOTIFY, notice, record.recorded_at)
        session.flush()
        clock.stop(session, record.id, record.recorded_at, ClockName.NOTIFY)


def _notice(actor: Actor, record: Record, agreed: Terms) -> Due | None:
    """Give when the other company was to be notified, where that is due by the company that logged the record."""
    notice = _due(actor, record, ClockName.NOTIFY, record.detected_at, agreed)
    owed_by = DUTY_OF.get(notice.duty, record.logged_side) if notice is not None else None
    return notice if owed_by is record.logged_side else None


DUTY_OF = MappingProxyType({Duty.CMO: Side.CMO, Duty.SPONSOR: Side.SPONSOR})


def follow_state(session: Session, actor: Actor, record: Record, before: State, now: datetime) -> None:
    """Stop the clock of the state that was left, start the one of the state that came."""
    if left := OF_STATE.get((record.kind, before)):
        clock.stop(session, record.id, now, left[0])
    if came := OF_STATE.get((record.kind, record.state)):
        name, since = came
        start_by_terms(session, actor, record, name, now, now, instead=since)


def begin_plans(session: Session, actor: Actor, source: Record, now: datetime) -> None:
    """Let the time for their plans begin for the CAPAs that waited for the approval of their source."""
    for capa in records.followers_of(session, source.id):
        if capa.state is State.PLANNED and clock.find(session, capa.id, ClockName.PLAN) is None:
            start_by_terms(session, actor, capa, ClockName.PLAN, now, now)
