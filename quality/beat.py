"""What is due now: one pass decides reminders and digests and queues them; nothing is sent from here.

Each pass asks the database for what is due, so it costs what is due and not what exists; a pass that is
missed loses nothing, and a second one at the same time repeats nothing, for every message has a unique key.
"""

from datetime import datetime

from sqlmodel import Session

from quality import digest, ladder
from quality.ladder import Audience, Step
from quality.working_time import calendar_of
from storage import clock, outbox, partnership, person, record
from storage.clock import Clock
from storage.person import Person, Role
from storage.record import Record

BATCH = 500


def beat(session: Session, now: datetime) -> bool:
    """Decide what is due, at most a batch of each kind; True when there may be more."""
    clocks = clock.list_due(session, now, BATCH)
    for due in clocks:
        decide_reminder(session, due, now)
    digests = partnership.list_digests_due(session, now, BATCH)
    for there in digests:
        decide_digest(session, there, now)
    return BATCH in (len(clocks), len(digests))


def decide_reminder(session: Session, due: Clock, now: datetime) -> None:
    """Queue the latest reminder that a clock has reached and set when it is looked at next.

    After a pause only the latest is sent, for the earlier ones say nothing that it does not.
    """
    about = record.get(session, due.partnership_id, due.record_id)
    there = partnership.get(session, due.partnership_id)
    both = partnership.companies(session, there.id)
    owner = _owner(session, about)
    calendar = calendar_of(there, both, owner.time_zone if owner else None)
    if not calendar.is_working_hour(now):
        due.next_at = calendar.next_working_hour(now)
        return
    due_on = calendar_of(there, both).day_of(due.due_at)
    today = calendar.day_of(now)
    step = ladder.latest(due_on, today, calendar)
    if step is not None:
        _queue(session, due, step, _recipients(session, about, owner, step), now)
        if step.days_late > 0:
            # From now on the card says so; the key lets it be redrawn once for each due time.
            key = f"late:{due.id}:{due.due_at:%Y%m%d}"
            outbox.put(session, due.partnership_id, "card", key, now, record_id=about.id)
    due.next_at = ladder.next_at(due_on, today, calendar)


def decide_digest(session: Session, there: partnership.Partnership, now: datetime) -> None:
    """Queue today's digest when its time has come; the digest of a past day is not posted."""
    calendar = calendar_of(there, partnership.companies(session, there.id))
    today = calendar.day_of(now)
    if calendar.is_working(today) and calendar.at(today, there.digest_at) <= now:
        day = today.isoformat()
        outbox.put(session, there.id, "digest", f"digest:{there.id}:{day}", now, day=day)
    there.next_digest_at = digest.next_at(there, calendar, now)


def _owner(session: Session, about: Record) -> Person | None:
    if about.owner_id is None:
        return None
    owner = person.get(session, about.partnership_id, about.owner_id)
    return owner if owner.active else None


def _recipients(session: Session, about: Record, owner: Person | None, step: Step) -> list[Person]:
    qa = person.list_with_role(session, about.partnership_id, Role.QA)
    audiences = {
        # Nobody owns it: the company that logged it has to say who does.
        Audience.OWNER: [owner] if owner else [who for who in qa if who.side is about.logged_side],
        Audience.QA: qa,
        Audience.HEADS: person.list_with_role(session, about.partnership_id, Role.HEAD),
    }
    told = {who.id: who for audience in step.audience for who in audiences[audience]}
    return list(told.values())


def _queue(session: Session, due: Clock, step: Step, told: list[Person], now: datetime) -> None:
    for who in told:
        # By the due time as well: a date that was moved has reminders of its own.
        key = f"reminder:{due.id}:{due.due_at:%Y%m%d}:{step.day}:{who.id}"
        about = {"clock_id": due.id, "record_id": due.record_id, "person_id": who.id}
        outbox.put(session, due.partnership_id, "reminder", key, now, **about)
