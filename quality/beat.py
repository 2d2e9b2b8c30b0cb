"""What is due now: one pass decides reminders and digests and queues them; nothing is sent from here.

Each pass asks the database for what is due, so it costs what is due and not what exists; a pass that is
missed loses nothing, and a second one at the same time repeats nothing, for every message has a unique key.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, partial

from sqlmodel import Session

from quality import digest, ladder
from quality.authority import REPORTS
from quality.ladder import Audience, Step
from quality.sheet import Sheet
from quality.working_time import calendar_of
from storage import clock, draft, outbox, partnership, person, receipt, record
from storage.clock import Clock, ClockName
from storage.partnership import Company, Partnership, Side
from storage.person import Person, Role
from storage.record import Record

log = logging.getLogger(__name__)

BATCH = 50  # decided in one transaction, so that people's clicks get their turn between
LATER = timedelta(hours=1)  # when to look again at what could not be decided
RECEIPTS_KEPT = timedelta(days=7)
DRAFTS_KEPT = timedelta(days=1)


@dataclass(frozen=True)
class Setting:
    """A partnership with the people who are told of lateness, read once for a pass."""

    partnership: Partnership
    companies: dict[Side, Company]
    qa: list[Person]
    heads: list[Person]


def beat(session: Session, now: datetime) -> bool:
    """Decide what is due, at most a batch of each kind; True when there may be more."""
    read = cache(lambda partnership_id: _setting(session, partnership_id))
    clocks = clock.list_due(session, now, BATCH)
    for due in clocks:
        if not _decided(session, partial(_remind, session, read, due, now)):
            due.next_at = now + LATER
    digests = partnership.list_digests_due(session, now, BATCH)
    for there in digests:
        if not _decided(session, partial(decide_digest, session, there, now)):
            there.next_digest_at = now + LATER
    receipt.forget(session, now - RECEIPTS_KEPT)
    draft.forget(session, now - DRAFTS_KEPT)
    return BATCH in (len(clocks), len(digests))


def _decided(session: Session, decide: Callable[[], None]) -> bool:
    """Decide one thing; what goes wrong with it keeps no other from being decided."""
    try:
        with session.begin_nested():
            decide()
    except Exception:
        log.exception("a due thing could not be decided; it is looked at again in %s", LATER)
        return False
    return True


def _setting(session: Session, partnership_id: int) -> Setting:
    people = person.list_active(session, partnership_id)
    return Setting(
        partnership.get(session, partnership_id),
        partnership.companies(session, partnership_id),
        [who for who in people if who.has(Role.QA)],
        [who for who in people if who.has(Role.HEAD)],
    )


def _remind(session: Session, read: Callable[[int], Setting], due: Clock, now: datetime) -> None:
    decide_reminder(session, read(due.partnership_id), due, now)


def decide_reminder(session: Session, there: Setting, due: Clock, now: datetime) -> None:
    """Queue the latest reminder that a clock has reached and set when it is looked at next.

    After a pause only the latest is sent, for the earlier ones say nothing that it does not.
    """
    about = record.get(session, due.partnership_id, due.record_id)
    owner = _owner(session, about)
    calendar = calendar_of(there.partnership, there.companies, owner.time_zone if owner else None)
    if not calendar.is_working_hour(now):
        due.next_at = calendar.next_working_hour(now)
        return
    due_on, today = calendar.day_of(due.due_at), calendar.day_of(now)
    step = ladder.latest(due_on, today, calendar)
    if step is not None:
        _queue(session, due, step, _recipients(there, about, owner, due.name, step), now)
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


def _recipients(there: Setting, about: Record, owner: Person | None, name: ClockName, step: Step) -> list[Person]:
    audiences = {
        Audience.OWNER: _first_told(there, about, owner, name),
        Audience.QA: there.qa,
        Audience.HEADS: there.heads,
    }
    told = {who.id: who for audience in step.audience for who in audiences[audience]}
    return list(told.values())


def _first_told(there: Setting, about: Record, owner: Person | None, name: ClockName) -> list[Person]:
    """Tell first who has to act: the owner; of a check, QA who are not; of a report, the sponsor's QA."""
    if name in REPORTS:
        return [who for who in there.qa if who.side is Side.SPONSOR]
    side = owner.side if owner else about.logged_side
    if name is ClockName.CHECK:
        return [who for who in there.qa if who.side is side and who.id != about.owner_id]
    # Nobody owns it: the company that logged it has to say who does.
    return [owner] if owner else [who for who in there.qa if who.side is side]


def _queue(session: Session, due: Clock, step: Step, told: list[Person], now: datetime) -> None:
    for who in told:
        # By the due time as well: a date that was moved has reminders of its own.
        key = f"reminder:{due.id}:{due.due_at:%Y%m%d}:{step.day}:{who.id}"
        about = {"record_id": due.record_id, "person_id": who.id, "step": step.day.isoformat(), "clock": due.name}
        outbox.put(session, due.partnership_id, "reminder", key, now, **about)


def is_latest(sheet: Sheet, due: Clock, step: date, now: datetime) -> bool:
    """Whether a queued reminder is still the latest rung: one that waited for Slack may have been overtaken."""
    calendar = calendar_of(sheet.partnership, sheet.companies, sheet.owner_zone)
    reached = ladder.latest(calendar.day_of(due.due_at), calendar.day_of(now), calendar)
    return reached is not None and reached.day == step
