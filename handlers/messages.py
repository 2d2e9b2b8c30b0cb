"""What the outbox can say: for each kind of row, how it is drawn from the present state, and where it goes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from handlers import authority as questions
from handlers import cards, digest, frontdoor, history, reminder, setup, similar
from handlers import device as devices
from handlers.blocks import Screen
from quality import digest as digests
from quality import sheet
from quality import similar as similars
from quality.beat import is_latest
from quality.working_time import calendar_of
from storage import device, journal, message, partnership, person
from storage.clock import ClockName
from storage.outbox import Outgoing
from storage.person import Person


@dataclass(frozen=True)
class Post:
    """A message to send: in the partnership's channel, in a thread there, or to one person.

    One with a subject is lasting: sent again it replaces what was sent before.
    """

    screen: Screen
    subject: str | None = None
    thread_of: str | None = None
    person: Person | None = None
    pin: bool = False


def render(session: Session, row: Outgoing, now: datetime) -> Post | None:
    """Draw a row from the present state; None when there is no need to say it any more."""
    return KINDS[row.kind](session, row, now)


def _front_door(session: Session, row: Outgoing, _now: datetime) -> Post:
    both = partnership.companies(session, row.partnership_id)
    return Post(frontdoor.draw(row.partnership_id, both), subject="front door", pin=True)


def _confirm(session: Session, row: Outgoing, _now: datetime) -> Post:
    both = partnership.companies(session, row.partnership_id)
    return Post(setup.draw_confirm(row.partnership_id, both), subject="confirm")


def _card(session: Session, row: Outgoing, now: datetime) -> Post:
    found = sheet.of_record(session, row.partnership_id, row.about["record_id"])
    return Post(cards.card(found, now), subject=f"card:{found.record.id}")


def _line(session: Session, row: Outgoing, _now: datetime) -> Post:
    entry = journal.get(session, row.about["entry_id"])
    return Post(history.line(entry), thread_of=f"card:{row.about['record_id']}")


def _owner(session: Session, row: Outgoing, _now: datetime) -> Post | None:
    found = sheet.of_record(session, row.partnership_id, row.about["record_id"])
    told = person.get(session, row.partnership_id, row.about["person_id"])
    if not found.record.is_open or found.record.owner_id != told.id or not told.active:
        return None
    return Post(reminder.owner(found), person=told)


def _reminder(session: Session, row: Outgoing, now: datetime) -> Post | None:
    found = sheet.of_record(session, row.partnership_id, row.about["record_id"])
    told = person.get(session, row.partnership_id, row.about["person_id"])
    due = found.clocks[ClockName(row.about.get("clock", ClockName.CLOSE))]
    if due.stopped_at is not None or not told.active:
        return None
    if not is_latest(found, due, date.fromisoformat(row.about["step"]), now):
        return None
    return Post(reminder.reminder(found, due, now, told.id), person=told)


def _similar(session: Session, row: Outgoing, _now: datetime) -> Post | None:
    found = similars.find(session, sheet.of_record(session, row.partnership_id, row.about["record_id"]))
    if not found.found:
        return None
    posted = message.permalinks(session, row.partnership_id, [f"card:{one.id}" for one in found.found])
    links = {int(subject.removeprefix("card:")): url for subject, url in posted.items()}
    return Post(similar.draw(found, links), thread_of=f"card:{row.about['record_id']}")


def _question(session: Session, row: Outgoing, now: datetime) -> Post:
    """Ask about a report in the record's thread, where the question lasts and shows its answer."""
    found = sheet.of_record(session, row.partnership_id, row.about["record_id"])
    report = next(one for one in found.reports if one.name == row.about["name"])
    subject = f"question:{found.record.id}:{report.name}"
    return Post(questions.draw(found, report, now), subject=subject, thread_of=f"card:{found.record.id}")


def _questions(session: Session, row: Outgoing, now: datetime) -> Post | None:
    """Ask one of the sponsor's QA about all reports that a record calls for."""
    found = sheet.of_record(session, row.partnership_id, row.about["record_id"])
    told = person.get(session, row.partnership_id, row.about["person_id"])
    if not told.active or all(report.is_settled for report in found.reports):
        return None
    return Post(questions.draw_all(found, now), person=told)


def _notice(session: Session, row: Outgoing, _now: datetime) -> Post | None:
    told = person.get(session, row.partnership_id, row.about["person_id"])
    whose = person.get(session, row.partnership_id, row.about["whose"])
    company = partnership.companies(session, row.partnership_id)[whose.side].name
    found = device.get(session, row.about["device_id"])
    if not told.active:
        return None
    return Post(devices.notice(row.about["what"], whose, company, found), person=told)


def _digest(session: Session, row: Outgoing, now: datetime) -> Post | None:
    there = partnership.get(session, row.partnership_id)
    today = calendar_of(there, partnership.companies(session, there.id)).day_of(now)
    if date.fromisoformat(row.about["day"]) != today:
        return None
    return Post(digest.draw(digests.collect(session, there, now)))


KINDS: dict[str, Callable[[Session, Outgoing, datetime], Post | None]] = {
    "front door": _front_door,
    "confirm": _confirm,
    "card": _card,
    "line": _line,
    "owner": _owner,
    "reminder": _reminder,
    "similar": _similar,
    "question": _question,
    "questions": _questions,
    "notice": _notice,
    "digest": _digest,
}
