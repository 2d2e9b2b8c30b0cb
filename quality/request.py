"""Requests: what one person asks about a record and others have to agree to, and what happens then."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlmodel import Session

from quality import change, clocks, deviation, guards, ladder, oos, specification, words
from quality.approval import RECORD, given
from quality.change import Ref
from quality.people import Actor, Doer
from quality.refusal import FieldErrors, Refusal
from quality.sheet import Sheet
from quality.terms import LONGEST_AGO
from quality.transitions import VOIDABLE
from quality.working_time import DAY_ENDS, DAY_STARTS, Calendar, calendar_of
from storage import request
from storage.clock import Clock, ClockName
from storage.record import Asked, Class, Kind, Record, State
from storage.request import Request

LONGEST_STOP = timedelta(days=180)


def ask_extension(session: Session, actor: Actor, ref: Ref, due_on: date, reason: str, now: datetime) -> Record:
    """Ask for a later due date, as the owner and before the present one has passed."""
    found = change.begin(session, actor, ref, "extend", now)
    calendar = actor.calendar
    if found.due is not None and due_on <= calendar.day_of(found.due.due_at):
        when = words.local_day(found.due.due_at, actor.partnership.time_zone)
        raise FieldErrors({"due_on": f"This is not later than the present due date, {when}. Give a later day."})
    if due_on > calendar.day_of(now + LONGEST_AGO):
        raise FieldErrors({"due_on": "This is more than five years ahead. Check the year."})
    again = request.count_agreed(session, found.record.id, Asked.EXTEND) > 0
    _ask(session, actor, found.record, Asked.EXTEND, reason, now, wanted=due_on.isoformat(), by_both=again)
    return found.record


def reclassify(session: Session, actor: Actor, ref: Ref, class_: Class, reason: str, now: datetime) -> Record:
    """Give a deviation another class; a lower one is asked of the other company's QA."""
    record = change.begin(session, actor, ref, "reclassify", now).record
    if record.class_ is class_:
        raise FieldErrors({"class_": f"{record.number} is {class_} already. Choose another class."})
    if deviation.lowers(record, class_):
        _ask(session, actor, record, Asked.LOWER, reason, now, wanted=class_)
    else:
        deviation.reclassify(session, actor, record, class_, reason, now)
    return record


def void(session: Session, actor: Actor, ref: Ref, reason: str, now: datetime) -> Record:
    """Void a record; once it is acknowledged, accepted or signed, that is asked of the other company's QA."""
    found = change.begin(session, actor, ref, "void", now)
    if found.record.acknowledged_at is not None or found.signatures:
        _ask(session, actor, found.record, Asked.VOID, reason, now)
    else:
        _void(session, actor, found, reason, now)
    return found.record


def ask_stop(session: Session, actor: Actor, ref: Ref, until: date, reason: str, now: datetime) -> Record:
    """Ask the other company's QA to stop the clock that drives a record, up to a day on which it goes on by itself."""
    record = change.begin(session, actor, ref, "stop_clock", now).record
    today = actor.calendar.day_of(now)
    if until <= today:
        raise FieldErrors({"until": "Give a day after today: on it the clock goes on."})
    if until > today + LONGEST_STOP:
        raise FieldErrors({"until": f"A clock stands still for {LONGEST_STOP.days} days at most. Give an earlier day."})
    _ask(session, actor, record, Asked.STOP, reason, now, wanted=until.isoformat())
    return record


def resume(session: Session, actor: Actor, ref: Ref, now: datetime) -> Record:
    """Let a stopped clock go on."""
    found = change.may(session, actor, ref.record_id, "resume", now)
    go_on(session, actor, found, now)
    return found.record


def go_on(session: Session, doer: Doer, found: Sheet, now: datetime, until: date | None = None) -> None:
    """Let the clock of a record go on, due later by as many days as it stood still: up to the day agreed, at most."""
    due, calendar = found.due, calendar_of(found.partnership, found.companies)
    if due is None or due.paused_at is None:
        raise LookupError(f"the clock of {found.record.number} is not stopped")
    before, stood = due.due_at, now - due.paused_at
    since, today = calendar.day_of(due.paused_at), calendar.day_of(now)
    if until is not None and until < today:  # it was not looked at in time, which lengthens no stop
        today, stood = until, calendar.at(until, DAY_STARTS) - due.paused_at
    due.due_at = _later(before, since, today, calendar, in_working_days="working day" in due.rule)
    due.first_due_at += due.due_at - before
    due.paused_seconds += int(stood.total_seconds())
    due.paused_at, due.pause_ends_on = None, None
    due.next_at = _first_reminder(found, due, now)
    changes = {"due": [before.isoformat(), due.due_at.isoformat()], "stopped_days": [None, (today - since).days]}
    change.finish(session, doer, found.record, "resumed", now, changes=changes)


def _first_reminder(found: Sheet, due: Clock, now: datetime) -> datetime:
    return ladder.first_at(due.name, due.due_at, now, found.reminding(due.name))


def _later(at: datetime, since: date, today: date, calendar: Calendar, *, in_working_days: bool) -> datetime:
    local = at.astimezone(calendar.zone)
    if in_working_days:
        day = calendar.add_working_days(local.date(), calendar.working_days_between(since, today))
    else:
        day = local.date() + (today - since)
    return calendar.at(day, local.time())


def reopen(session: Session, actor: Actor, ref: Ref, reason: str, now: datetime) -> Record:
    """Ask the other company's QA to reopen a closed record."""
    record = change.begin(session, actor, ref, "reopen", now).record
    _ask(session, actor, record, Asked.REOPEN, reason, now)
    return record


def send_back(session: Session, actor: Actor, ref: Ref, reason: str, now: datetime) -> Record:
    """Send a record back from approval; the signatures of this round are void but kept."""
    found = change.begin(session, actor, ref, "send_back", now)
    changes = _void_signatures(found, f"sent back by {actor.person.name}", now)
    to = _work_again(found)
    found.record.outcome = None
    change.move(session, actor, found.record, to, "sent_back", now, changes=changes, reason=reason)
    return found.record


def grant(session: Session, actor: Actor, ref: Ref, now: datetime) -> Record:
    """Grant an extension."""
    return _agree(session, actor, ref, "grant", now)


def agree(session: Session, actor: Actor, ref: Ref, now: datetime) -> Record:
    """Agree to what is asked; it happens at once."""
    return _agree(session, actor, ref, "agree", now)


def refuse(session: Session, actor: Actor, ref: Ref, now: datetime) -> Record:
    """Refuse what is asked."""
    return _drop(session, actor, ref, "refuse", "refused", now)


def withdraw(session: Session, actor: Actor, ref: Ref, now: datetime) -> Record:
    """Take back what one asked."""
    return _drop(session, actor, ref, "withdraw", "withdrew", now)


def _ask(
    session: Session, actor: Actor, record: Record, what: Asked, reason: str, now: datetime, *,
    wanted: str = "", by_both: bool = False,
) -> None:  # fmt: skip
    record.asked = what
    session.add(
        Request(
            partnership_id=record.partnership_id,
            record_id=record.id,
            what=what,
            wanted=wanted,
            reason=reason,
            by_both=by_both,
            asked_by_id=actor.person.id,
            asked_at=now,
        )
    )
    to = words.request(what, wanted)
    change.finish(session, actor, record, "asked", now, changes={"asked": [None, to]}, reason=reason)


def _agree(session: Session, actor: Actor, ref: Ref, act: str, now: datetime) -> Record:
    found = change.begin(session, actor, ref, act, now)
    asked = _asked(found)
    _check_still_holds(found, asked, now)
    if asked.by_both and asked.first_yes_by_id is None:
        asked.first_yes_by_id = actor.person.id
        changes = {"wanted": [None, words.day(date.fromisoformat(asked.wanted))]}
        change.finish(session, actor, found.record, "half_granted", now, changes=changes)
        return found.record
    _answer(found, actor, asked, agreed=True, now=now)
    HAPPENS[asked.what](session, actor, found, asked, now)
    return found.record


def _drop(session: Session, actor: Actor, ref: Ref, act: str, event: str, now: datetime) -> Record:
    found = change.begin(session, actor, ref, act, now)
    asked = _asked(found)
    _answer(found, actor, asked, agreed=False, now=now)
    change.finish(session, actor, found.record, event, now, changes={"asked": [None, asked.what]})
    return found.record


def _check_still_holds(found: Sheet, asked: Request, now: datetime) -> None:
    """Refuse to agree to what was possible when it was asked and is not any more."""
    if asked.what is Asked.VOID and (missing := VOIDABLE[found.record.kind].fails(found, now)):
        raise Refusal(missing)
    if asked.what is Asked.STOP and (late := guards.NOT_LATE.fails(found, now)):
        raise Refusal(f"{late} Press *Refuse*.")
    if asked.what is Asked.EXTEND and found.due is not None:
        calendar = calendar_of(found.partnership, found.companies)
        if calendar.at(date.fromisoformat(asked.wanted), DAY_ENDS) <= found.due.due_at:
            when = words.due(found.due.due_at, found.partnership.time_zone)
            raise Refusal(
                f"{found.record.number} is due {when} by now, not earlier than was asked for. Press *Refuse*."
            )
    if asked.what in (Asked.EXTEND, Asked.STOP):
        calendar = calendar_of(found.partnership, found.companies)
        wanted, today = date.fromisoformat(asked.wanted), calendar.day_of(now)
        if wanted < today or (asked.what is Asked.STOP and wanted == today):
            raise Refusal(
                f"The day asked for, {words.day(wanted)}, has come: nothing is done backwards. Press *Refuse*."
            )


def _asked(found: Sheet) -> Request:
    if found.request is None:
        raise LookupError(f"{found.record.number} says that something is asked, and there is no request")
    return found.request


def _answer(found: Sheet, actor: Actor, asked: Request, *, agreed: bool, now: datetime) -> None:
    asked.answered_by_id, asked.answered_at, asked.agreed = actor.person.id, now, agreed
    found.record.asked = None


def _extend(session: Session, actor: Actor, found: Sheet, asked: Request, now: datetime) -> None:
    due, calendar = found.due, actor.calendar
    if due is None:
        raise LookupError(f"{found.record.number} has no due date")
    before, due.due_at = due.due_at, calendar.at(date.fromisoformat(asked.wanted), DAY_ENDS)
    due.extensions += 1
    due.next_at = _first_reminder(found, due, now)
    told = f"{_asker(found, asked)}: {asked.reason}"
    changes = {"due": [before.isoformat(), due.due_at.isoformat()]}
    change.finish(session, actor, found.record, "extended", now, changes=changes, reason=told)


def _stop(session: Session, actor: Actor, found: Sheet, asked: Request, now: datetime) -> None:
    due, calendar, until = found.due, actor.calendar, date.fromisoformat(asked.wanted)
    if due is None:
        raise LookupError(f"{found.record.number} has no due date")
    due.paused_at, due.pause_ends_on, due.next_at = now, until, calendar.at(until, DAY_STARTS)
    told = f"{_asker(found, asked)}: {asked.reason}"
    changes = {"stopped_until": [None, words.day(until)]}
    change.finish(session, actor, found.record, "clock_stopped", now, changes=changes, reason=told)


def _lower(session: Session, actor: Actor, found: Sheet, asked: Request, now: datetime) -> None:
    told = f"{_asker(found, asked)}: {asked.reason}"
    deviation.reclassify(session, actor, found.record, Class(asked.wanted), told, now)


def _void_asked(session: Session, actor: Actor, found: Sheet, asked: Request, now: datetime) -> None:
    _void(session, actor, found, f"{_asker(found, asked)}: {asked.reason}", now)


def _void(session: Session, actor: Actor, found: Sheet, reason: str, now: datetime) -> None:
    found.record.void_reason = reason
    change.move(session, actor, found.record, State.VOID, "voided", now, reason=reason)
    if found.record.kind is Kind.SPECIFICATION:
        specification.withdraw(session, actor, found.record, now)


def _reopen(session: Session, actor: Actor, found: Sheet, asked: Request, now: datetime) -> None:
    record = found.record
    changes = _void_signatures(found, "the record was reopened", now)
    record.closed_at, record.closed_by_id, record.outcome = None, None, None
    again = "reopening"
    due = clocks.start_by_terms(session, actor, record, ClockName.CLOSE, now, now, instead=again)
    if record.acknowledged_at is None:
        clocks.start_by_terms(session, actor, record, ClockName.ACKNOWLEDGE, now, now, instead=again)
    changes |= {"due": [None, due.at.isoformat() if due else None]}
    told = f"{_asker(found, asked)}: {asked.reason}"
    change.move(session, actor, record, _work_again(found), "reopened", now, changes=changes, reason=told)


def _work_again(found: Sheet) -> State:
    return State.UNDER_INVESTIGATION if found.record.kind is Kind.DEVIATION else oos.back_to(found)


def _void_signatures(found: Sheet, because: str, now: datetime) -> dict[str, Any]:
    """Void the signatures of the round; gives whose they are, for the journal."""
    signed = given(found, RECORD)
    for one in signed:
        one.voided_at, one.voided_because = now, because
    names = " and ".join(f"{one.name} ({one.company})" for one in signed)
    return {"voided": [None, names]} if names else {}


def _asker(found: Sheet, asked: Request) -> str:
    return f"asked by {found.who(asked.asked_by_id)}"


Happens = Callable[[Session, Actor, Sheet, Request, datetime], None]
HAPPENS: Mapping[Asked, Happens] = MappingProxyType(
    {
        Asked.EXTEND: _extend,
        Asked.STOP: _stop,
        Asked.LOWER: _lower,
        Asked.VOID: _void_asked,
        Asked.REOPEN: _reopen,
    }
)
