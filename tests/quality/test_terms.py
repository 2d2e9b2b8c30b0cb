"""The default terms, how they are kept as data, and the due times they make."""

import json
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session

from quality import terms
from quality.terms import DEFAULTS, Row, Term, Unit
from quality.working_time import Calendar, Site
from storage import agreement
from storage.clock import Duty
from storage.partnership import Partnership
from storage.record import Class, Kind
from tests.support import NOW

BERLIN = ZoneInfo("Europe/Berlin")
BOTH = Calendar(BERLIN, (Site("DE"), Site("US")))
CRITICAL, MAJOR, MINOR = Class.CRITICAL, Class.MAJOR, Class.MINOR
DEVIATION, OOS, CAPA = Kind.DEVIATION, Kind.OOS, Kind.CAPA
# Row, kind, class, clock, rule, whose; and when it is due that starts on Tuesday 24 November 2026 at 10:00 in Berlin:
# Thursday the 26th is Thanksgiving, the 25th and 26th of December and the 1st of January are holidays.
TABLE = [
    (1, DEVIATION, CRITICAL, "notify", "1 working day, at most 24 hours from awareness", "the CMO", (11, 25, 9)),
    (2, DEVIATION, MAJOR, "notify", "2 working days from awareness", "the CMO", (11, 27, 16)),
    (3, OOS, None, "notify", "1 working day from awareness", "the CMO", (11, 25, 16)),
    (4, DEVIATION, None, "acknowledge", "1 working day from logging", "the other company", (11, 25, 16)),
    (5, OOS, None, "acknowledge", "1 working day from logging", "the other company", (11, 25, 16)),
    (6, DEVIATION, CRITICAL, "close", "45 calendar days from detection", "the owner", (13, 8, 16)),
    (7, DEVIATION, MAJOR, "close", "45 calendar days from detection", "the owner", (13, 8, 16)),
    (8, DEVIATION, MINOR, "close", "30 calendar days from detection", "the owner", (12, 24, 16)),
    (9, DEVIATION, None, "review", "5 working days from submission", "the approver", (12, 2, 16)),
    (10, OOS, None, "phase I result", "5 working days from the result", "the owner", (12, 2, 16)),
    (11, OOS, None, "close", "30 working days from the result", "the owner", (13, 8, 16)),
    (12, OOS, None, "review", "5 working days from submission", "the approver", (12, 2, 16)),
    (13, CAPA, None, "accept", "2 working days from assignment", "the owner", (11, 27, 16)),
    (14, CAPA, None, "plan", "5 working days from approval of the source", "the owner", (12, 2, 16)),
    (15, CAPA, CRITICAL, "close", "30 calendar days from the plan", "the owner", (12, 24, 16)),
    (16, CAPA, MAJOR, "close", "60 calendar days from the plan", "the owner", (13, 23, 16)),
    (17, CAPA, MINOR, "close", "90 calendar days from the plan", "the owner", (14, 22, 16)),
    (18, CAPA, None, "check effectiveness", "90 calendar days from implementation", "QA, not the owner", (14, 22, 16)),
    (19, CAPA, None, "check again", "30 calendar days from an inconclusive check", "QA, not the owner", (12, 24, 16)),
]


def moment(month: int, day: int, hour: int) -> datetime:
    """Give a moment of 2026; months from 13 on are of 2027."""
    return datetime(2026 + (month > 12), month - 12 * (month > 12), day, hour, tzinfo=UTC)


def test_every_default_row_is_in_the_table() -> None:
    """No row is there that is not tested here, none is missing, and rows are numbered from 1 on."""
    assert [(row.row, row.kind, row.class_, row.clock) for row in DEFAULTS] == [line[:4] for line in TABLE]


@pytest.mark.parametrize("line", TABLE, ids=[f"{line[1]} {line[2] or ''} {line[3]}" for line in TABLE])
def test_a_default_row_has_its_rule_its_duty_and_its_due_time(line: tuple[object, ...]) -> None:
    """How long it is, since when, whose it is, and when it ends."""
    number, _, _, _, rule, duty, due = line
    row = next(one for one in DEFAULTS if one.row == number)
    assert (row.term.rule, str(row.duty), row.term.due(NOW, BOTH)) == (rule, duty, moment(*due))  # type: ignore[misc]


@pytest.mark.parametrize(
    ("number", "title", "words"),
    [
        (7, "Major deviation: close", "45 calendar days from detection, the owner"),
        (9, "Deviation: review", "5 working days from submission, the approver"),
        (11, "OOS result: close", "30 working days from the result, the owner"),
        (15, "Critical CAPA: close", "30 calendar days from the plan, the owner"),
        (18, "CAPA: check effectiveness", "90 calendar days from implementation, QA, not the owner"),
    ],
)
def test_a_row_is_named_in_words(number: int, title: str, words: str) -> None:
    """What it is for, and what it says."""
    row = DEFAULTS[number - 1]
    assert (row.title, row.words) == (title, words)


# As an agreement keeps them


def test_a_row_is_kept_as_plain_data() -> None:
    """Nothing in it but words, numbers and nothing, by names that do not change."""
    assert terms.as_data(DEFAULTS[0]) == {
        "row": 1, "kind": "deviation", "class": "Critical", "clock": "notify", "length": 1, "unit": "working days",
        "at_most_hours": 24, "since": "awareness", "duty": "the CMO",
    }  # fmt: skip


@pytest.mark.parametrize("row", [*DEFAULTS, Row(20, OOS, None, "review", Term(12, Unit.HOURS, "x"), Duty.SPONSOR)])
def test_what_is_kept_is_read_as_it_was(row: Row) -> None:
    """Through JSON and back it is the same row."""
    assert terms.from_data(json.loads(json.dumps(terms.as_data(row)))) == row


def test_the_terms_of_a_partnership_are_those_in_force(session: Session, there: Partnership) -> None:
    """Version 1 holds the defaults, as its database gives them back."""
    session.expire_all()
    found = terms.of(session, there.id)
    assert (found.version, found.rows) == (1, DEFAULTS)
    assert terms.read(agreement.in_force(session, there.id)) == found


@pytest.mark.parametrize(
    ("kind", "clock", "class_", "number"),
    [
        (DEVIATION, "notify", CRITICAL, 1),
        (DEVIATION, "notify", MINOR, None),  # is seen at once, and stands in the digest
        (DEVIATION, "notify", None, None),
        (DEVIATION, "close", MINOR, 8),
        (DEVIATION, "review", CRITICAL, 9),
        (OOS, "close", None, 11),
        (OOS, "accept", None, None),
        (CAPA, "check again", None, 19),
        (CAPA, "close", MAJOR, 16),
    ],
)
def test_a_row_is_found_for_a_clock(
    session: Session, there: Partnership, kind: Kind, clock: str, class_: Class | None, number: int | None
) -> None:
    """By kind and clock, and by class where the row is of one class."""
    row = terms.of(session, there.id).find(kind, clock, class_)
    assert (row and row.row) == number


def test_a_due_time_cites_its_version_and_row(session: Session, there: Partnership) -> None:
    """Every due date says what made it; another event may stand in the place of the row's own."""
    agreed = terms.of(session, there.id)
    row = agreed.find(DEVIATION, "close", MAJOR)
    assert row is not None
    due = agreed.due(row, NOW, BOTH)
    assert (due.version, due.row, due.duty, due.since) == (1, 7, Duty.OWNER, NOW)
    assert (due.at, due.rule) == (moment(13, 8, 16), "45 calendar days from detection")
    assert agreed.due(row, NOW, BOTH, "reopening").rule == "45 calendar days from reopening"


# How they count


@pytest.mark.parametrize(
    ("term", "rule"),
    [
        (Term(1, Unit.CALENDAR_DAYS, "x"), "1 calendar day from x"),
        (Term(2, Unit.CALENDAR_DAYS, "x"), "2 calendar days from x"),
        (Term(1, Unit.WORKING_DAYS, "x"), "1 working day from x"),
        (Term(5, Unit.WORKING_DAYS, "x"), "5 working days from x"),
        (Term(1, Unit.HOURS, "x"), "1 hour from x"),
        (Term(48, Unit.HOURS, "x"), "48 hours from x"),
        (Term(1, Unit.WORKING_DAYS, "x", 24), "1 working day, at most 24 hours from x"),
        (Term(2, Unit.CALENDAR_DAYS, "x", 36), "2 calendar days, at most 36 hours from x"),
    ],
)
def test_rules_read_as_words(term: Term, rule: str) -> None:
    """One of a unit is singular."""
    assert term.rule == rule


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


DUES = [
    # A result of 23:30 UTC is of the next day in Berlin; summer time begins on 29 March 2026, and ends on 25 October.
    (Term(30, Unit.CALENDAR_DAYS, "x"), utc(2026, 3, 1, 23, 30), utc(2026, 4, 1, 15)),
    (Term(1, Unit.CALENDAR_DAYS, "x"), utc(2026, 3, 28, 12), utc(2026, 3, 29, 15)),
    (Term(1, Unit.CALENDAR_DAYS, "x"), utc(2026, 10, 24, 12), utc(2026, 10, 25, 16)),
    (Term(1, Unit.WORKING_DAYS, "x"), utc(2026, 3, 27, 12), utc(2026, 3, 30, 15)),
    (Term(1, Unit.WORKING_DAYS, "x"), utc(2026, 10, 23, 12), utc(2026, 10, 26, 16)),
    # Hours are of the clock that everybody shares, to the minute, on any day of the week.
    (Term(24, Unit.HOURS, "x"), utc(2026, 3, 28, 12, 30), utc(2026, 3, 29, 12, 30)),
    (Term(24, Unit.HOURS, "x"), utc(2026, 10, 24, 23, 59), utc(2026, 10, 25, 23, 59)),
    (Term(72, Unit.HOURS, "x"), utc(2026, 11, 25, 9), utc(2026, 11, 28, 9)),
    # At most 24 hours: the end of the next working day, where that is sooner; else to the minute.
    (Term(1, Unit.WORKING_DAYS, "x", 24), utc(2026, 11, 24, 9), utc(2026, 11, 25, 9)),
    (Term(1, Unit.WORKING_DAYS, "x", 24), utc(2026, 11, 24, 21), utc(2026, 11, 25, 16)),
    (Term(1, Unit.WORKING_DAYS, "x", 24), utc(2026, 11, 25, 9), utc(2026, 11, 26, 9)),  # Thanksgiving or not
    (Term(1, Unit.WORKING_DAYS, "x", 24), utc(2026, 12, 24, 10), utc(2026, 12, 25, 10)),
    (Term(1, Unit.WORKING_DAYS, "x", 24), utc(2026, 3, 28, 22, 30), utc(2026, 3, 29, 22, 30)),
    # The year's end and the leap day.
    (Term(1, Unit.WORKING_DAYS, "x"), utc(2026, 12, 31, 12), utc(2027, 1, 4, 16)),
    (Term(1, Unit.CALENDAR_DAYS, "x"), utc(2028, 2, 28, 12), utc(2028, 2, 29, 16)),
    (Term(2, Unit.WORKING_DAYS, "x"), utc(2028, 2, 28, 12), utc(2028, 3, 1, 16)),
    (Term(365, Unit.CALENDAR_DAYS, "x"), utc(2028, 2, 28, 12), utc(2029, 2, 27, 16)),
]


@pytest.mark.parametrize(("term", "start", "due"), DUES, ids=[f"{term.rule} at {at}" for term, at, _ in DUES])
def test_a_term_ends(term: Term, start: datetime, due: datetime) -> None:
    """Days end at 17:00 of the last one where the partnership is, summer and winter; hours to the minute."""
    assert term.due(start, BOTH) == due


def test_a_companys_closing_days_count_as_days_off() -> None:
    """A term passes over them."""
    closed = frozenset({date(2026, 11, 25), date(2026, 11, 27)})
    calendar = Calendar(BERLIN, (Site("DE", closing_days=closed), Site("US")))
    assert Term(1, Unit.WORKING_DAYS, "x").due(NOW, calendar) == utc(2026, 11, 30, 16)
