"""Reminders: which step of the ladder a due clock has reached, whom it is told, and when it is looked at again.

Decided purely over what was read for many clocks together; nothing is sent from here.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from quality import approval, change, ladder, request, setting, words
from quality.change import Ref
from quality.due import deciding
from quality.ladder import Audience, Step
from quality.people import Actor, Machine
from quality.refusal import Refusal
from quality.setting import Setting
from quality.sheet import Sheet, of_record
from quality.working_time import DAY_STARTS
from storage import author, outbox, snooze
from storage import record as stored
from storage.clock import Clock, ClockName, Duty
from storage.outbox import Said
from storage.partnership import Side
from storage.person import Person, Role
from storage.record import Record
from storage.snooze import Snooze


@dataclass(frozen=True)
class Decision:
    """What is said about a clock now, and when it is looked at next."""

    said: list[Said]
    next_at: datetime


def decide_due(session: Session, now: datetime, limit: int) -> bool:
    """Decide about the clocks whose next step has come, at most so many; True when there may be more."""
    due = stored.list_clocks_due(session, now, limit)
    if not due:
        return False
    there = setting.read(session, {record.partnership_id for _, record in due})
    workers = _workers(session, [record.id for one, record in due if one.duty in (Duty.APPROVER, Duty.CHECKER)])
    said: list[Said] = []
    for one, record in due:
        if one.paused_at is not None:
            _go_on(session, one, now)
            continue
        with deciding(one, "next_at", f"clock {one.id}", now):
            decision = decide(there[one.partnership_id], one, record, now, workers.get(record.id, frozenset()))
            said += decision.said
            one.next_at = decision.next_at
    outbox.put_all(session, said, now)
    return len(due) == limit


def _workers(session: Session, record_ids: list[int]) -> dict[int, frozenset[int]]:
    """Give who worked on records that wait for a signature, and therefore does not give it."""
    worked: dict[int, set[int]] = {}
    for one in author.list_of_records(session, record_ids):
        worked.setdefault(one.record_id, set()).add(one.person_id)
    return {record_id: frozenset(people) for record_id, people in worked.items()}


def _go_on(session: Session, stopped: Clock, now: datetime) -> None:
    """Let a stopped clock go on, for the day has come up to which it was to stand."""
    with deciding(stopped, "next_at", f"the stopped clock {stopped.id}", now), session.begin_nested():
        found = of_record(session, stopped.partnership_id, stopped.record_id)
        request.go_on(session, Machine(), found, now, until=stopped.pause_ends_on)


def decide(there: Setting, due: Clock, record: Record, now: datetime, workers: frozenset[int]) -> Decision:
    """Decide which reminder a clock has reached, for whom, and when it is looked at next.

    After a pause only the latest is said, for the earlier ones say nothing that it does not.
    """
    owner = there.find(record.owner_id)
    calendar = there.reminding(due.name, owner)
    if not calendar.is_working_hour(now):
        return Decision([], calendar.next_working_hour(now))
    due_on, today = ladder.due_day(calendar, due.due_at), calendar.day_of(now)
    step = ladder.latest(due.name, due_on, today, calendar)
    next_at = ladder.next_at(due.name, due_on, today, calendar)
    if step is None:
        return Decision([], next_at)
    said = [
        _reminder(there, due, step.day, who, instead, now)
        for who, instead in told(there, due, record, step, now, workers)
    ]
    if step.days_late > 0:
        # From now on the card says so; the key lets it be redrawn once for each due time.
        key = f"late:{due.id}:{due.due_at:%Y%m%d}"
        said.append(Said(due.partnership_id, "card", key, now, {"record_id": record.id}))
    return Decision(said, next_at)


def _reminder(there: Setting, due: Clock, day: date, who: Person, instead: Person, now: datetime) -> Said:
    """Say it to who gets the person's messages, in their own working hours."""
    # By the due time as well: a date that was moved has reminders of its own.
    key = f"reminder:{due.id}:{due.due_at:%Y%m%d}:{day}:{instead.id}"
    about = {"record_id": due.record_id, "step": day.isoformat(), "clock": due.name, "for": who.id}
    at = there.own_calendar(instead).next_working_hour(now)
    return Said(due.partnership_id, "reminder", key, at, about, instead.id)


def told(
    there: Setting, due: Clock, record: Record, step: Step, now: datetime, workers: frozenset[int]
) -> list[tuple[Person, Person]]:
    """List whom a step is for, each with who gets their messages: nobody is told twice."""
    audiences = {
        Audience.OWNER: first_told(there, due.duty, record, workers),
        Audience.QA: there.holding(Role.QA),
        Audience.HEADS: there.holding(Role.HEAD),
    }
    if not audiences[Audience.OWNER]:
        audiences[Audience.OWNER] = audiences[Audience.QA]  # nobody who may act is left: somebody has to know
    found: dict[int, tuple[Person, Person]] = {}
    for who in (who for audience in step.audience for who in audiences[audience]):
        instead = there.stand_in(who, now)
        found.setdefault(instead.id, (who, instead))
    return list(found.values())


def first_told(there: Setting, duty: Duty, record: Record, workers: frozenset[int]) -> list[Person]:
    """List who has to act on a clock: who is reminded first."""
    owner, known = there.find(record.owner_id), there.people.get(record.owner_id or 0)
    side = known.side if known else record.logged_side
    if duty is Duty.OWNER:
        # Nobody owns it any more: their company has to say who does; the one that logged it where nobody ever did.
        return [owner] if owner else there.holding(Role.QA, side)
    if duty in (Duty.APPROVER, Duty.CHECKER):
        sides = [side] if duty is Duty.CHECKER else [one for one in approval.BOTH if _awaits(record, one)]
        able = [who for one in sides for who in there.holding(Role.QA, one)]
        return [who for who in able if who.id != record.owner_id and who.id not in workers]
    return there.holding(Role.QA, {Duty.SPONSOR: Side.SPONSOR, Duty.CMO: Side.CMO}.get(duty, record.logged_side.other))


def _awaits(record: Record, side: Side) -> bool:
    return record.awaits_sponsor if side is Side.SPONSOR else record.awaits_cmo


def decide_snoozed(session: Session, now: datetime, limit: int) -> bool:
    """Say once more what was snoozed up to now, to who snoozed it; True when there may be more."""
    over = snooze.list_due(session, now, limit)
    if not over:
        return False
    clocks = {one.id: one for one, _ in stored.list_clocks(session, {one.clock_id for one in over})}
    there = setting.read(session, {one.partnership_id for one in clocks.values()})
    said = []
    for one in over:
        due = clocks[one.clock_id]
        with deciding(one, "wake_at", f"the snooze of clock {due.id}", now):
            said += _woken(there[due.partnership_id], due, one, now)
            session.delete(one)
    outbox.put_all(session, said, now)
    return len(over) == limit


def _woken(there: Setting, due: Clock, over: Snooze, now: datetime) -> list[Said]:
    who = there.find(over.person_id)
    if who is None or due.stopped_at is not None or due.paused_at is not None:
        return []
    return [_reminder(there, due, over.day, who, there.stand_in(who, now), now)]


def snoozed_to(sheet: Sheet, due: Clock, now: datetime) -> tuple[date, datetime] | None:
    """Give the day and moment to which a clock can be snoozed now; None when it is due by then."""
    calendar = sheet.reminding(due.name)
    day = calendar.add_working_days(calendar.day_of(now), 1)
    wake_at = calendar.at(day, DAY_STARTS)
    return (day, wake_at) if wake_at < due.due_at else None


def days_left(sheet: Sheet, due: Clock, now: datetime) -> int:
    """Count the days to the one on which a clock is due, where its owner is; negative once it is late."""
    calendar = sheet.reminding(due.name)
    return (ladder.due_day(calendar, due.due_at) - calendar.day_of(now)).days


def still_says(sheet: Sheet, due: Clock, step: date, person_id: int, now: datetime) -> bool:
    """Whether a queued reminder still holds: it is the latest, and for a person whom it would be told now."""
    calendar = sheet.reminding(due.name)
    reached = ladder.latest(due.name, ladder.due_day(calendar, due.due_at), calendar.day_of(now), calendar)
    if reached is None or not reached.day <= step <= calendar.day_of(now):
        return False
    there = Setting(sheet.partnership, sheet.companies, sheet.people)
    return person_id in {who.id for who, _ in told(there, due, sheet.record, reached, now, workers_of(sheet, due))}


def workers_of(sheet: Sheet, due: Clock) -> frozenset[int]:
    """Give who worked on a record and so does not give the signature that a clock waits for."""
    is_signed = due.duty in (Duty.APPROVER, Duty.CHECKER)
    return frozenset(one.person_id for one in sheet.authors) if is_signed else frozenset()


def snooze_clock(session: Session, actor: Actor, ref: Ref, name: ClockName, now: datetime) -> tuple[Record, date]:
    """Let a person hear of a clock once more on the next working day; not once it is due."""
    found = change.sheet(session, actor, ref.record_id)
    due = found.clocks.get(name)
    if due is None or due.stopped_at is not None:
        raise Refusal(f"{found.record.number} needs no reminder of that any more: it is done.")
    if due.paused_at is not None:
        raise Refusal(f"The clock of {found.record.number} is stopped, so nobody is reminded of it now.")
    to = snoozed_to(found, due, now)
    if to is None:
        when = words.due(due.due_at, found.partnership.time_zone)
        raise Refusal(
            f"{found.record.number} is due {when}: no snooze any more. Finish it, or press *Ask for more time*."
        )
    day, wake_at = to
    snooze.set_for(session, due.id, actor.person.id, day, wake_at)
    return found.record, day


def coming(there: Setting, due: Clock, sheet: Sheet, now: datetime) -> list[tuple[Step, list[Person]]]:
    """Give the next steps of a running clock, each with who gets it as things stand."""
    record, workers = sheet.record, workers_of(sheet, due)
    owner = there.find(record.owner_id)
    calendar = there.reminding(due.name, owner)
    due_on, today = ladder.due_day(calendar, due.due_at), calendar.day_of(now)
    found: list[tuple[Step, list[Person]]] = []
    audiences: set[tuple[Audience, ...]] = set()
    for step in ladder.steps(due.name, due_on, calendar):
        is_over = step.day < today or (step.day == today and calendar.at(today, DAY_STARTS) <= now)
        if is_over or (step.days_late > 0 and step.audience in audiences):
            continue
        audiences |= {step.audience} if step.days_late > 0 else set()
        found.append((step, [instead for _, instead in told(there, due, record, step, now, workers)]))
        if Audience.HEADS in step.audience:
            return found
    return found
