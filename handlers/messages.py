"""What the outbox can say: for each kind of row, how it is drawn from the present state, and where it goes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from handlers import (
    agreement,
    cards,
    digest,
    evidence,
    frontdoor,
    history,
    inspection,
    mine,
    muted,
    reminder,
    result,
    roster,
    setup,
    similar,
)
from handlers import authority as questions
from handlers import device as devices
from handlers import figures as weekly
from handlers.blocks import Screen
from handlers.chart import Chart
from handlers.reminder import Reminded
from quality import digest as digests
from quality import figures, lists, people, reminders, sheet
from quality import inspection as inspections
from quality import similar as similars
from quality.refusal import Refusal
from quality.working_time import calendar_of
from storage import agreement as agreements
from storage import device, disposition, download, journal, message, partnership, person, record
from storage import inspection as stored_inspection
from storage import result as results
from storage.clock import ClockName
from storage.outbox import Outgoing
from storage.person import Person
from storage.record import State
from storage.result import ResultState


@dataclass(frozen=True)
class Post:
    """A message to send: in the partnership's channel, in a thread there, or to one person.

    One with a subject is lasting: sent again it replaces what was sent before. Where Slack does not take its charts,
    it is sent without them, and they follow as pictures in its thread.
    """

    screen: Screen
    subject: str | None = None
    thread_of: str | None = None
    person: Person | None = None
    pin: bool = False
    charts: tuple[Chart, ...] = ()


def gathered(rows: Sequence[Outgoing]) -> list[list[Outgoing]]:
    """Group the rows for one place, in order: what reminds one person of several things is one message, not several."""
    together = [row for row in rows if row.kind in MERGED]
    groups: list[list[Outgoing]] = []
    for row in rows:
        if row.kind not in MERGED:
            groups.append([row])
        elif row is together[0]:
            groups.append(together)
    return groups


def render(session: Session, rows: Sequence[Outgoing], now: datetime) -> Post | None:
    """Draw rows that go together from the present state; None when there is no need to say them any more."""
    if rows[0].kind in MERGED:
        return _morning(session, rows, now)
    return KINDS[rows[0].kind](session, rows[0], now)


def _told(session: Session, row: Outgoing) -> Person:
    return person.get(session, row.partnership_id, row.person_id or 0)


def _front_door(session: Session, row: Outgoing, _now: datetime) -> Post:
    both = partnership.companies(session, row.partnership_id)
    return Post(frontdoor.draw(row.partnership_id, both), subject="front door", pin=True)


def _confirm(session: Session, row: Outgoing, _now: datetime) -> Post:
    both = partnership.companies(session, row.partnership_id)
    return Post(setup.draw_confirm(row.partnership_id, both), subject="confirm")


def _unconfirmed(session: Session, row: Outgoing, _now: datetime) -> Post | None:
    """Remind somebody to confirm, unless their company has by now."""
    told, both = _told(session, row), partnership.companies(session, row.partnership_id)
    if not told.active or both[told.side].confirmed_at is not None:
        return None
    return Post(setup.draw_confirm(row.partnership_id, both), person=told)


def _agreement(session: Session, row: Outgoing, _now: datetime) -> Post:
    found = agreements.get(session, row.partnership_id, row.about["agreement_id"])
    return Post(agreement.draw_proposal(session, found), subject=f"agreement:{found.id}")


def _card(session: Session, row: Outgoing, now: datetime) -> Post:
    found = sheet.of_record(session, row.partnership_id, row.about["record_id"])
    return Post(cards.card(found, now), subject=f"card:{found.record.id}")


def _line(session: Session, row: Outgoing, _now: datetime) -> Post:
    entry = journal.get(session, row.about["entry_id"])
    return Post(history.line(entry), thread_of=f"card:{row.about['record_id']}")


def _owner(session: Session, row: Outgoing, _now: datetime) -> Post | None:
    found = sheet.of_record(session, row.partnership_id, row.about["record_id"])
    told = _told(session, row)
    owner_id = row.about.get("for", told.id)
    if not found.record.is_open or found.record.owner_id != owner_id or not told.active:
        return None
    return Post(reminder.owner(found, told), person=told)


def _held(session: Session, row: Outgoing, _now: datetime) -> Post | None:
    """Tell one of the sponsor's QA that a lot they released is on hold, while it is both."""
    told, released = _told(session, row), record.get(session, row.partnership_id, row.about["released_id"])
    holder = sheet.of_record(session, row.partnership_id, row.about["record_id"])
    if not told.active or released.state is not State.DECIDED or not holder.record.holds_batches:
        return None
    return Post(reminder.held(holder, disposition.get(session, released.id).lot, released.number), person=told)


def _morning(session: Session, rows: Sequence[Outgoing], now: datetime) -> Post | None:
    """Draw what one person is reminded of and what waits for them: a single reminder plainly, more as one list."""
    told = _told(session, rows[0])
    if not told.active:
        return None
    found = [_reminded(session, row, now) for row in rows if row.kind == "reminder"]
    reminded = [one for one in found if one is not None]
    listed = [_list(session, row, now) for row in rows if row.kind == "list"]
    lists_ = [one for one in listed if one is not None and not one.is_empty]
    screen = mine.draw_morning(told, reminded, lists_, now)
    return Post(screen, person=told) if screen else None


def _reminded(session: Session, row: Outgoing, now: datetime) -> Reminded | None:
    found = sheet.of_record(session, row.partnership_id, row.about["record_id"])
    due = found.clocks[ClockName(row.about.get("clock", ClockName.CLOSE))]
    if due.stopped_at is not None or due.paused_at is not None:
        return None
    whom = row.about.get("for") or row.person_id or 0
    if not reminders.still_says(found, due, date.fromisoformat(row.about["step"]), whom, now):
        return None
    away = found.people.get(whom)
    return Reminded(found, due, row.person_id or 0, away if away and away.id != row.person_id else None)


def _list(session: Session, row: Outgoing, now: datetime) -> lists.MorningList | None:
    """Collect a person's list of today; a past day's is not sent."""
    whose = person.get(session, row.partnership_id, row.about["for"])
    there, both = partnership.get(session, row.partnership_id), partnership.companies(session, row.partnership_id)
    if calendar_of(there, both, whose.time_zone).day_of(now).isoformat() != row.about["day"]:
        return None
    return lists.collect(session, people.Actor(there, both, whose), now)


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
    told = _told(session, row)
    if not told.active or all(report.is_settled for report in found.reports):
        return None
    return Post(questions.draw_all(found, now), person=told)


def _notice(session: Session, row: Outgoing, _now: datetime) -> Post | None:
    told = _told(session, row)
    whose = person.get(session, row.partnership_id, row.about["whose"])
    company = partnership.companies(session, row.partnership_id)[whose.side].name
    found = device.get(session, row.about["device_id"])
    if not told.active:
        return None
    return Post(devices.notice(row.about["what"], whose, company, found), person=told)


def _not_kept(session: Session, row: Outgoing, _now: datetime) -> Post | None:
    """Tell one person that a file of theirs could not be kept."""
    told, wanted = _told(session, row), download.get(session, row.about["download_id"])
    if not told.active:
        return None
    return Post(evidence.draw_not_kept(record.get(session, row.partnership_id, wanted.record_id), wanted), person=told)


def _result(session: Session, row: Outgoing, _now: datetime) -> Post | None:
    """Ask one person whether a result of theirs is right; what was asked says what came of it."""
    told, found = _told(session, row), results.get(session, row.partnership_id, row.about["result_id"])
    subject = f"result:{found.id}"
    was_asked = message.find(session, row.partnership_id, subject) is not None
    if not told.active or (found.state is not ResultState.TO_CONFIRM and not was_asked):
        return None
    return Post(result.draw(found), subject=subject, person=told)


def _upload(session: Session, row: Outgoing, _now: datetime) -> Post | None:
    """Tell one person how far the reading of a file of theirs has come, and what became of it."""
    told, wanted = _told(session, row), download.get(session, row.about["download_id"])
    if not told.active:
        return None
    about = record.get(session, row.partnership_id, wanted.record_id)
    waiting = [results.get(session, row.partnership_id, one) for one in (wanted.given or {}).get("waiting", ())]
    waiting = [one for one in waiting if one.state is ResultState.TO_CONFIRM]
    return Post(result.draw_upload(wanted, about, waiting), subject=f"upload:{wanted.id}", person=told)


def _leaver(session: Session, row: Outgoing, now: datetime) -> Post | None:
    """Offer the open work of somebody who left to QA of their company."""
    told = _told(session, row)
    screen = roster.draw_leaver(session, person.get(session, row.partnership_id, row.about["whose"]), now)
    return Post(screen, person=told) if told.active and screen else None


def _roles(session: Session, row: Outgoing, _now: datetime) -> Post:
    """Tell a person what QA of their company let them do from now on."""
    told, both = _told(session, row), partnership.companies(session, row.partnership_id)
    return Post(roster.draw_roles(told, person.get(session, row.partnership_id, row.about["by"]), both), person=told)


def _muted(session: Session, row: Outgoing, _now: datetime) -> Post | None:
    """Tell one person that nothing can be said in the channel."""
    there, told = partnership.get(session, row.partnership_id), _told(session, row)
    if there.muted_because is None or not told.active:
        return None
    return Post(muted.draw(there, partnership.companies(session, there.id)), person=told)


def _digest(session: Session, row: Outgoing, now: datetime) -> Post | None:
    """Draw the digest of today, on the agreed weekday with the week's figures; a past day's is not sent."""
    there = partnership.get(session, row.partnership_id)
    both = partnership.companies(session, there.id)
    if date.fromisoformat(row.about["day"]) != calendar_of(there, both).day_of(now):
        return None
    week = figures.of_day(session, there, both, now)
    charts = weekly.charts(week) if week else ()
    return Post(digest.draw(digests.collect(session, there, now), week), charts=charts)


def _inspection(session: Session, row: Outgoing, now: datetime) -> Post | None:
    """Draw a company's inspection for one of those who take part."""
    told = _told(session, row)
    found = _inspected(session, row, told)
    return Post(inspection.draw(found, now), subject=_place(row), person=told) if found else None


def _inspected(session: Session, row: Outgoing, told: Person) -> inspections.View | None:
    """Gather an inspection for somebody who may still see it."""
    there, both = partnership.get(session, row.partnership_id), partnership.companies(session, row.partnership_id)
    if not told.active:
        return None
    try:
        return inspections.view(session, people.Actor(there, both, told), row.about["inspection_id"])
    except Refusal:
        return None


def _place(row: Outgoing) -> str:
    """Name the card that somebody has of an inspection."""
    return f"inspection:{row.about['inspection_id']}:{row.person_id}"


def _inspection_line(session: Session, row: Outgoing, _now: datetime) -> Post | None:
    """Tell in the thread of somebody's card what happened."""
    told = _told(session, row)
    found = _inspected(session, row, told)
    if found is None:
        return None
    entry = stored_inspection.get_entry(session, row.partnership_id, row.about["entry_id"])
    by = person.get(session, row.partnership_id, entry.person_id)
    return Post(inspection.draw_line(entry, by.name), thread_of=_place(row), person=told)


def _inspection_reminder(session: Session, row: Outgoing, now: datetime) -> Post | None:
    """Remind of a request for which nothing was handed over."""
    told = _told(session, row)
    found = _inspected(session, row, told)
    asked = next((one for one in found.requests if one.id == row.about["request_id"]), None) if found else None
    if found is None or asked is None or not asked.is_waiting or found.inspection.closed_at is not None:
        return None
    return Post(inspection.draw_reminder(found, asked, now), person=told)


MERGED = ("reminder", "list")
KINDS: dict[str, Callable[[Session, Outgoing, datetime], Post | None]] = {
    "front door": _front_door,
    "confirm": _confirm,
    "unconfirmed": _unconfirmed,
    "agreement": _agreement,
    "card": _card,
    "line": _line,
    "owner": _owner,
    "held": _held,
    "similar": _similar,
    "question": _question,
    "questions": _questions,
    "notice": _notice,
    "not kept": _not_kept,
    "result": _result,
    "upload": _upload,
    "leaver": _leaver,
    "inspection": _inspection,
    "inspection line": _inspection_line,
    "inspection reminder": _inspection_reminder,
    "roles": _roles,
    "muted": _muted,
    "digest": _digest,
}
