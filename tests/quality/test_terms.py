"""The default terms, and the due times they make."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from quality.terms import ACKNOWLEDGE, CLOSE, Term, Unit
from quality.working_time import Calendar
from storage.record import Class, Kind
from tests.support import NOW

BOTH = Calendar(ZoneInfo("Europe/Berlin"), ("DE", "US"))
TABLE = {
    (Kind.DEVIATION, Class.MINOR): ("30 calendar days from detection", datetime(2026, 12, 24, 16, tzinfo=UTC)),
    (Kind.DEVIATION, Class.MAJOR): ("45 calendar days from detection", datetime(2027, 1, 8, 16, tzinfo=UTC)),
    (Kind.DEVIATION, Class.CRITICAL): ("45 calendar days from detection", datetime(2027, 1, 8, 16, tzinfo=UTC)),
    (Kind.OOS, None): ("30 working days from the result", datetime(2027, 1, 8, 16, tzinfo=UTC)),
}


def test_every_term_is_in_the_table() -> None:
    """No kind and class has a term that is not tested here."""
    assert set(CLOSE) == set(TABLE)


@pytest.mark.parametrize(("kind", "class_"), TABLE)
def test_a_term_has_a_rule_and_a_due_time(kind: Kind, class_: Class | None) -> None:
    """A record of a Tuesday in November is due at the end of the term's last day."""
    rule, due = TABLE[kind, class_]
    assert (CLOSE[kind, class_].rule, CLOSE[kind, class_].due(NOW, BOTH)) == (rule, due)


def test_acknowledging_takes_a_working_day() -> None:
    """What is logged before Thanksgiving is to be acknowledged the day after it."""
    assert ACKNOWLEDGE.rule == "1 working day from logging"
    before = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
    assert ACKNOWLEDGE.due(before, BOTH) == datetime(2026, 11, 27, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("term", "rule"),
    [
        (Term(1, Unit.CALENDAR_DAYS, "x"), "1 calendar day from x"),
        (Term(2, Unit.CALENDAR_DAYS, "x"), "2 calendar days from x"),
        (Term(1, Unit.WORKING_DAYS, "x"), "1 working day from x"),
        (Term(5, Unit.WORKING_DAYS, "x"), "5 working days from x"),
    ],
)
def test_rules_read_as_words(term: Term, rule: str) -> None:
    """One day is singular."""
    assert term.rule == rule


def test_a_term_counts_local_days() -> None:
    """A result of 23:30 UTC is of the next day in Berlin, and the end of day follows the change of clocks."""
    term = Term(30, Unit.CALENDAR_DAYS, "x")
    assert term.due(datetime(2026, 3, 1, 23, 30, tzinfo=UTC), BOTH) == datetime(2026, 4, 1, 15, tzinfo=UTC)
