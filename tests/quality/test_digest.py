"""The daily digest: what stands in which section, and when the next one is due."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from quality import authority, digest, request
from quality import record as records
from quality.digest import Digest
from quality.working_time import calendar_of
from storage import clock, journal, message, outbox, partnership
from storage.authority import Answer
from storage.clock import ClockName
from storage.message import Message
from storage.partnership import Partnership
from storage.record import Asked, Class, Distributed, Record
from tests import support
from tests.support import ANNA, DAY, ELIF, FINN, NOW, actor, ref

TITLES = [
    *("Overdue", "Due today", "Due in 7 days", "Waiting for acknowledgement", "Waiting for approval by Aurora"),
    *("Waiting for approval by Borealis", "Not accepted", "Reports to authorities", "New", "Closed"),
]
SECOND = timedelta(seconds=1)


def collect(session: Session, there: Partnership, now: datetime = NOW) -> Digest:
    return digest.collect(session, partnership.get(session, there.id), now)


def section(session: Session, there: Partnership, title: str, now: datetime = NOW) -> list[str]:
    found = {section.title: section.rows for section in collect(session, there, now).sections}
    return [row.record.number for row in found[title]]


def due(session: Session, record: Record, at: datetime) -> Record:
    """Move a record's due time."""
    found = clock.find(session, record.id, ClockName.CLOSE)
    assert found is not None
    found.due_at = at
    session.flush()
    return record


def test_an_empty_digest_says_so(session: Session, there: Partnership) -> None:
    """With no record there is nothing to tell, but all sections and the journal's head."""
    found = collect(session, there)
    assert [section.title for section in found.sections] == TITLES
    assert found.is_empty
    head = journal.head_of(session, there.id)
    assert (found.journal_seq, found.journal_hash) == (head.seq, head.hash)
    assert len(found.journal_hash) == 64


@pytest.mark.parametrize(
    ("due_at", "title"),
    [
        (NOW - DAY, "Overdue"),
        (NOW - SECOND, "Overdue"),
        (NOW, "Due today"),
        (datetime(2026, 11, 24, 22, 59, 59, tzinfo=UTC), "Due today"),
        (datetime(2026, 11, 24, 23, 0, tzinfo=UTC), "Due in 7 days"),  # midnight in Berlin
        (datetime(2026, 12, 1, 22, 59, 59, tzinfo=UTC), "Due in 7 days"),
        (datetime(2026, 12, 1, 23, 0, tzinfo=UTC), None),
    ],
)
def test_a_due_time_stands_in_one_section(
    session: Session, there: Partnership, due_at: datetime, title: str | None
) -> None:
    """Late, today, within seven days, or not yet worth a line."""
    due(session, support.log_deviation(session), due_at)
    found = {one.title for one in collect(session, there).sections[:3] if one.rows}
    assert found == ({title} if title else set())


def test_the_longest_late_comes_first(session: Session, there: Partnership) -> None:
    """Overdue records are sorted by their due time."""
    for days in (1, 3, 2):
        due(session, support.log_deviation(session), NOW - days * DAY)
    assert section(session, there, "Overdue") == ["DEV-2026-0002", "DEV-2026-0003", "DEV-2026-0001"]


def test_what_waits_for_an_answer_is_listed(session: Session, there: Partnership) -> None:
    """An acknowledged record leaves the section."""
    first, _ = support.log_deviation(session), support.log_oos(session)
    records.acknowledge(session, actor(session, ANNA), ref(first), NOW)
    assert section(session, there, "Waiting for acknowledgement") == ["OOS-2026-0001"]


def test_what_waits_for_approval_is_listed(session: Session, there: Partnership) -> None:
    """Under the company whose signature is next: the CMO's, then the sponsor's, then neither."""
    made = support.submit(session, support.log_deviation(session))
    seen = []
    for who in (ELIF, ANNA):
        seen.append([section(session, there, f"Waiting for approval by {name}") for name in ("Borealis", "Aurora")])
        support.sign(session, who, made)
    seen.append([section(session, there, f"Waiting for approval by {name}") for name in ("Borealis", "Aurora")])
    assert seen == [[["DEV-2026-0001"], []], [[], ["DEV-2026-0001"]], [[], []]]


@pytest.mark.parametrize(("later", "shown"), [(2 * DAY, False), (4 * DAY, True)])
def test_a_capa_nobody_accepted_is_listed(
    session: Session, there: Partnership, later: timedelta, *, shown: bool
) -> None:
    """After two working days, Thanksgiving between them; an accepted one never is."""
    support.log_capa(session)
    accepted = support.log_capa(session)
    records.accept(session, actor(session, FINN), ref(accepted), NOW)
    assert section(session, there, "Not accepted", NOW + later) == (["CAPA-2026-0001"] if shown else [])


def test_running_reports_to_authorities_are_listed(session: Session, there: Partnership) -> None:
    """One line for each record as long as one of its questions is open, unanswered ones too."""
    made = support.log_oos(session, distributed=Distributed.YES)
    assert section(session, there, "Reports to authorities") == ["OOS-2026-0001"]
    for name in authority.REPORTS:
        asked = authority.Question(made.id, name, "")
        authority.answer(session, actor(session, ANNA), asked, Answer.NOT_NEEDED, "No NDA.", NOW)
    session.flush()
    assert section(session, there, "Reports to authorities") == []


def posted(session: Session, there: Partnership, at: datetime, outcome: str = "sent") -> None:
    """Post a digest, or fail to."""
    key = f"digest:{there.id}:{at.date()}"
    outbox.put(session, there.id, "digest", key, at, day=at.date().isoformat())
    (row,) = (row for row in support.newly_queued(session) if row.key == key)
    outbox.done(session, [row.id], outcome, at)


def test_after_a_pause_new_and_closed_go_back_over_it(session: Session, there: Partnership) -> None:
    """What happened while nothing could be posted is in no earlier digest; without any, all since the set-up is new."""
    now = datetime(2026, 12, 4, 7, tzinfo=UTC)
    support.log_deviation(session, now=NOW)
    assert section(session, there, "New", now) == ["DEV-2026-0001"]
    posted(session, there, NOW + DAY)
    posted(session, there, NOW + 8 * DAY, "not needed")
    support.log_deviation(session, now=NOW + 2 * DAY)
    support.log_deviation(session, now=NOW + 9 * DAY)
    assert section(session, there, "New", now) == ["DEV-2026-0002", "DEV-2026-0003"]


@pytest.mark.parametrize(
    ("now", "since"),
    [
        (datetime(2026, 11, 25, 7, tzinfo=UTC), datetime(2026, 11, 24, 7, tzinfo=UTC)),
        (datetime(2026, 11, 27, 7, tzinfo=UTC), datetime(2026, 11, 25, 7, tzinfo=UTC)),  # over Thanksgiving
        (datetime(2026, 11, 30, 7, tzinfo=UTC), datetime(2026, 11, 27, 7, tzinfo=UTC)),  # over a weekend
        (datetime(2027, 1, 4, 7, tzinfo=UTC), datetime(2026, 12, 31, 7, tzinfo=UTC)),  # over the year's end
    ],
)
def test_new_and_closed_go_back_to_the_last_digest(
    session: Session, there: Partnership, now: datetime, since: datetime
) -> None:
    """What happened since the last one that was posted is told once, and again with the same day's digest."""
    posted(session, there, since)
    posted(session, there, now - SECOND)
    for at in (since - SECOND, since, now - SECOND):
        support.close(session, support.log_deviation(session, now=at), at)
    new, closed = (section(session, there, title, now) for title in ("New", "Closed"))
    assert new == closed
    assert len(new) == 2


def test_a_closed_record_stands_only_under_closed(session: Session, there: Partnership) -> None:
    """It is neither late, nor waiting, nor holding a batch, though it was new."""
    made = due(session, support.log_deviation(session), NOW - DAY)
    support.close(session, made)
    found = collect(session, there)
    assert [one.title for one in found.sections if one.rows] == ["New", "Closed"]
    assert found.on_hold == {}


def test_batches_on_hold_name_what_holds_them(session: Session, there: Partnership) -> None:
    """Open majors, criticals and OOS hold; a batch written in two ways is one batch."""
    support.log_deviation(session, lots=("AB-1", "AB-2"))
    support.log_deviation(session, lots=("AB-3",), class_=Class.MINOR)
    support.log_oos(session, lots=("ab-1",))
    assert collect(session, there).on_hold == {
        "AB-1": ["DEV-2026-0001", "OOS-2026-0001"],
        "AB-2": ["DEV-2026-0001"],
    }


def test_a_batch_on_hold_is_something_to_tell(session: Session, there: Partnership) -> None:
    """An old open record that is not due stands in no section, but holds its batch."""
    made = support.log_deviation(session)
    records.acknowledge(session, actor(session, ANNA), ref(made), NOW)
    posted(session, there, NOW + DAY)
    found = collect(session, there, NOW + 5 * DAY)
    assert not any(one.rows for one in found.sections)
    assert not found.is_empty


@pytest.mark.parametrize(("number", "more"), [(digest.MOST, False), (digest.MOST + 1, True)])
def test_a_section_says_when_rows_were_left_out(
    session: Session, there: Partnership, number: int, *, more: bool
) -> None:
    """As many rows as fit, and a word that there are more."""
    for _ in range(number):
        support.log_deviation(session)
    new = next(one for one in collect(session, there).sections if one.title == "New")
    assert (len(new.rows), new.more) == (digest.MOST, more)


def test_rows_link_to_their_cards(session: Session, there: Partnership) -> None:
    """Where Slack gave an address, it is there by record."""
    made = support.log_deviation(session)
    place = {"team_id": support.SPONSOR_TEAM, "channel_id": support.CHANNEL, "ts": "1.0"}
    session.add(Message(partnership_id=there.id, subject=f"card:{made.id}", permalink="https://x/1", **place))
    message.save(session, Message(partnership_id=there.id, subject="front door", permalink="https://x/2", **place))
    support.log_deviation(session)
    assert collect(session, there).links == {made.id: "https://x/1"}


def test_another_partnerships_records_are_not_told(session: Session, there: Partnership) -> None:
    """A digest holds one channel's work."""
    support.set_up(session, "C0OTHER")
    due(session, support.log_deviation(session, channel_id="C0OTHER"), NOW - DAY)
    assert collect(session, there).is_empty


@pytest.mark.parametrize(
    ("after", "following"),
    [
        (datetime(2026, 11, 24, 6, 59, tzinfo=UTC), datetime(2026, 11, 24, 7, tzinfo=UTC)),
        (datetime(2026, 11, 24, 7, 0, tzinfo=UTC), datetime(2026, 11, 25, 7, tzinfo=UTC)),
        (datetime(2026, 11, 25, 12, 0, tzinfo=UTC), datetime(2026, 11, 27, 7, tzinfo=UTC)),
        (datetime(2026, 11, 28, 12, 0, tzinfo=UTC), datetime(2026, 11, 30, 7, tzinfo=UTC)),
        (datetime(2026, 12, 31, 12, 0, tzinfo=UTC), datetime(2027, 1, 4, 7, tzinfo=UTC)),
        (datetime(2026, 3, 27, 12, 0, tzinfo=UTC), datetime(2026, 3, 30, 6, tzinfo=UTC)),
    ],
)
def test_the_next_digest_is_on_the_next_working_day(
    session: Session, there: Partnership, after: datetime, following: datetime
) -> None:
    """At the agreed local time, summer and winter, strictly after the moment."""
    calendar = calendar_of(there, partnership.companies(session, there.id))
    assert digest.next_at(there, calendar, after) == following


def test_the_agreed_time_is_of_the_partnerships_zone(session: Session) -> None:
    """Eight in New York is thirteen UTC in November."""
    form = replace(support.SET_UP, channel_id="C0NY", time_zone="America/New_York")
    made = support.partnership.set_up(session, ANNA, form, NOW)
    assert made.next_digest_at == datetime(2026, 11, 24, 13, tzinfo=UTC)


# Digest days


@pytest.mark.parametrize(
    ("days", "after", "following"),
    [
        ("Mon Wed Fri", datetime(2026, 11, 24, 9, tzinfo=UTC), datetime(2026, 11, 25, 7, tzinfo=UTC)),
        ("Mon Wed Fri", datetime(2026, 11, 25, 9, tzinfo=UTC), datetime(2026, 11, 27, 7, tzinfo=UTC)),
        ("Mon", datetime(2026, 11, 24, 9, tzinfo=UTC), datetime(2026, 11, 30, 7, tzinfo=UTC)),
        ("Thu", datetime(2026, 11, 24, 9, tzinfo=UTC), datetime(2026, 12, 3, 7, tzinfo=UTC)),  # over Thanksgiving
        ("Fri", datetime(2026, 12, 21, 9, tzinfo=UTC), datetime(2027, 1, 8, 7, tzinfo=UTC)),  # Christmas, New Year
    ],
)
def test_a_digest_comes_on_the_days_agreed_on(
    session: Session, there: Partnership, days: str, after: datetime, following: datetime
) -> None:
    """Those of them that are working days of both companies; a day off is not made up for on another."""
    there = partnership.get(session, there.id)
    there.digest_days = days
    calendar = calendar_of(there, partnership.companies(session, there.id))
    assert digest.next_at(there, calendar, after) == following


def test_where_no_day_can_have_a_digest_it_is_looked_for_later(session: Session, there: Partnership) -> None:
    """Both companies agreed on a day on which one of them never works: nothing is posted, and nothing runs for ever."""
    there = partnership.get(session, there.id)
    there.digest_days = "Sun"
    calendar = calendar_of(there, partnership.companies(session, there.id))
    assert digest.next_at(there, calendar, NOW) == NOW + 60 * DAY
    there.next_digest_at = NOW
    assert digest.decide_due(session, NOW, 10) is False
    assert support.queued(session, "digest") == []


def test_what_is_new_counts_from_the_digest_before(session: Session, there: Partnership) -> None:
    """With a digest on Mondays alone, a week is told, and nothing of it twice."""
    there = partnership.get(session, there.id)
    there.digest_days = "Mon"
    monday = datetime(2026, 11, 30, 7, tzinfo=UTC)
    posted(session, there, monday - 7 * DAY)
    for at in (monday - 7 * DAY - SECOND, monday - 7 * DAY, monday - SECOND):
        support.log_deviation(session, now=at)
    session.flush()
    assert len(section(session, there, "New", monday)) == 2


def test_a_clock_that_stands_is_neither_late_nor_due(session: Session, there: Partnership) -> None:
    """Until it goes on it stands under no due date."""
    made = support.investigate(session, support.log_deviation(session))
    support.ask(session, ELIF, made, Asked.STOP)
    request.agree(session, actor(session, ANNA), ref(made), NOW)
    for days in (40, 46, 60):
        late = NOW + days * DAY
        assert not any(section(session, there, title, late) for title in ("Overdue", "Due today", "Due in 7 days"))
