"""The daily digest: what it says, and when the next one is due."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session

from quality import setting
from quality.authority import REPORTS
from quality.due import deciding
from quality.working_time import WEEKDAYS, Calendar, calendar_of
from storage import journal, message, outbox, partnership, record, result
from storage.clock import ClockName
from storage.outbox import Said
from storage.partnership import Company, Partnership, Side
from storage.person import Role
from storage.record import Row
from storage.result import LabResult

LOOKS = 60  # days in which a digest day is looked for
MOST = 6  # rows in a section: with every section full, a message still holds them; the rest is a click away


@dataclass(frozen=True)
class Section:
    """A heading and its rows; more says that rows were left out."""

    title: str
    rows: list[Row]
    more: bool = False


@dataclass(frozen=True)
class Digest:
    """The state of a partnership on a day."""

    partnership: Partnership
    companies: dict[Side, Company]
    at: datetime
    sections: list[Section]
    to_confirm: list[LabResult]  # out of limits or trend, the oldest first; one more than is shown where there are more
    on_hold: dict[str, list[str]]  # lot -> numbers of the records that hold it
    links: dict[int, str]  # record id -> address of its card
    journal_seq: int
    journal_hash: str

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not self.on_hold and not self.to_confirm and not any(section.rows for section in self.sections)


def collect(session: Session, there: Partnership, now: datetime) -> Digest:
    """Gather a partnership's digest as of now, by queries over open work and what is new since an earlier day's."""
    both = partnership.companies(session, there.id)
    calendar = calendar_of(there, both)
    today = calendar.day_of(now)
    tomorrow = calendar.at(today + timedelta(days=1), there.digest_at.min)
    in_a_week = calendar.at(today + timedelta(days=8), there.digest_at.min)
    posted = outbox.find_last_sent(session, there.id, _key(there, ""), _key(there, today.isoformat()))
    last = posted.done_at if posted and posted.done_at else there.set_up_at
    one = MOST + 1
    pid = there.id
    sections = [
        _section("Overdue", record.list_rows(session, pid, limit=one, overdue_at=now)),
        _section("Due today", record.list_due(session, pid, now, tomorrow, one)),
        _section("Due in 7 days", record.list_due(session, pid, tomorrow, in_a_week, one)),
        _section("Waiting for acknowledgement", record.list_unacknowledged(session, pid, one)),
        *[
            _section(f"Waiting for approval by {company.name}", record.list_awaiting(session, pid, side, one))
            for side, company in both.items()
        ],
        _section("Not accepted", record.list_due_by(session, pid, [ClockName.ACCEPT], one, before=now)),
        _section("Reports to authorities", record.list_due_by(session, pid, tuple(REPORTS), one)),
        _section("New", record.list_recorded_since(session, pid, last, one)),
        _section("Closed", record.list_closed_since(session, pid, last, one)),
    ]
    head = journal.head_of(session, pid)
    shown = {row.record.id for section in sections for row in section.rows}
    links = message.permalinks(session, pid, [f"card:{record_id}" for record_id in shown])
    by_id = {int(subject.removeprefix("card:")): url for subject, url in links.items()}
    doubtful = result.list_waiting(session, pid, MOST + 1)
    return Digest(there, both, now, sections, doubtful, _on_hold(session, pid), by_id, head.seq, head.hash)


def decide_due(session: Session, now: datetime, limit: int) -> bool:
    """Queue the digests whose time has come, at most so many; True when there may be more."""
    due = partnership.list_digests_due(session, now, limit)
    if not due:
        return False
    both = {there.id: companies for there, companies in partnership.list_by_ids(session, {one.id for one in due})}
    said = []
    for there in due:
        with deciding(there, "next_digest_at", f"the digest of partnership {there.id}", now):
            said += _decide(session, there, both[there.id], now)
    outbox.put_all(session, said, now)
    return len(due) == limit


def _decide(session: Session, there: Partnership, both: dict[Side, Company], now: datetime) -> list[Said]:
    """Say today's digest when its time has come; the digest of a past day is not posted."""
    calendar = calendar_of(there, both)
    today = calendar.day_of(now)
    there.next_digest_at = next_at(there, calendar, now)
    if not is_day(there, calendar, today) or calendar.at(today, there.digest_at) > now:
        return []
    day = today.isoformat()
    return [Said(there.id, "digest", _key(there, day), now, {"day": day}), *_unconfirmed(session, there, both, now)]


def _unconfirmed(session: Session, there: Partnership, both: dict[Side, Company], now: datetime) -> list[Said]:
    """Remind the named QA of a company that has still to confirm the partnership, each digest day."""
    late = [side for side, company in both.items() if company.confirmed_at is None]
    if not late:
        return []
    found = setting.of(session, there.id)
    told = found.reached((who for side in late for who in found.holding(Role.QA, side)), now)
    day = calendar_of(there, both).day_of(now)
    return [Said(there.id, "unconfirmed", f"unconfirmed:{day}:{one}", now, {}, one) for one in told]


def _key(there: Partnership, day: str) -> str:
    return f"digest:{there.id}:{day}"  # in the order of the days


def is_day(there: Partnership, calendar: Calendar, day: date) -> bool:
    """Whether a day has a digest: a working day of both companies, of those that they agreed on."""
    return WEEKDAYS[day.weekday()] in there.digest_days.split() and calendar.is_working(day)


def next_at(there: Partnership, calendar: Calendar, after: datetime) -> datetime:
    """Give the first digest time after a moment; where no day has one, when to look again."""
    today = calendar.day_of(after)
    days = (today + timedelta(days=number) for number in range(LOOKS))
    moments = (calendar.at(day, there.digest_at) for day in days if is_day(there, calendar, day))
    return next((moment for moment in moments if moment > after), after + timedelta(days=LOOKS))


def moved_at(there: Partnership, calendar: Calendar, now: datetime) -> datetime:
    """Give when to look for a digest whose time was changed; today's that was still to come is not lost by it."""
    return now if calendar.is_later_today(there.next_digest_at, now) else next_at(there, calendar, now)


def _section(title: str, rows: list[Row]) -> Section:
    return Section(title, rows[:MOST], more=len(rows) > MOST)


def _on_hold(session: Session, partnership_id: int) -> dict[str, list[str]]:
    lots: dict[str, list[str]] = {}
    written: dict[str, str] = {}  # one batch may be written in several ways: the first one names it
    for lot, number in record.list_holding(session, partnership_id):
        name = written.setdefault(record.lot_key(lot), lot)
        lots.setdefault(name, []).append(number)
    return lots
