"""Moments and days in words."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from quality import words
from storage.record import Asked


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2026, 11, 3, 9, 5, tzinfo=UTC), "3 Nov 2026 09:05 UTC"),
        (datetime(2026, 11, 24, 0, 30, tzinfo=timezone(timedelta(hours=1))), "23 Nov 2026 23:30 UTC"),
    ],
)
def test_a_moment_is_given_in_utc(at: datetime, expected: str) -> None:
    """Whatever its zone, the evidence is in UTC."""
    assert words.moment(at) == expected


def test_a_due_time_is_given_where_people_work() -> None:
    """A due time reads as local day, time and city."""
    at = datetime(2026, 12, 3, 16, 0, tzinfo=UTC)
    assert words.due(at, "Europe/Berlin") == "Thu 3 Dec 2026, 17:00 Berlin"
    assert words.due(at, "America/New_York") == "Thu 3 Dec 2026, 11:00 New York"


@pytest.mark.parametrize(("number", "expected"), [(0, "0 days"), (1, "1 day"), (2, "2 days")])
def test_days_are_counted_in_words(number: int, expected: str) -> None:
    """One day is singular."""
    assert words.days(number) == expected


@pytest.mark.parametrize(
    ("zone", "expected"),
    [("Europe/Berlin", "Berlin"), ("America/Argentina/Buenos_Aires", "Buenos Aires"), ("UTC", "UTC")],
)
def test_a_zone_is_its_city(zone: str, expected: str) -> None:
    """The last part of the name, as people write it."""
    assert words.city(zone) == expected


def test_a_day_is_short() -> None:
    """Weekday, day, month, year."""
    assert words.day(date(2026, 12, 3)) == "Thu 3 Dec 2026"


@pytest.mark.parametrize(
    ("start", "end", "zone", "expected"),
    [
        (datetime(2026, 11, 24, 9, tzinfo=UTC), datetime(2026, 11, 24, 22, tzinfo=UTC), "UTC", 0),
        (datetime(2026, 11, 24, 9, tzinfo=UTC), datetime(2026, 11, 24, 23, tzinfo=UTC), "Europe/Berlin", 1),
        (datetime(2026, 11, 24, 23, tzinfo=UTC), datetime(2026, 11, 25, 9, tzinfo=UTC), "Europe/Berlin", 0),
        (datetime(2026, 12, 3, 16, tzinfo=UTC), datetime(2026, 12, 1, 16, tzinfo=UTC), "UTC", -2),
    ],
)
def test_days_between_are_those_of_the_calendar(start: datetime, end: datetime, zone: str, expected: int) -> None:
    """A night where people are is a day, however few hours it is; backwards they are negative."""
    assert words.days_between(start, end, zone) == expected


@pytest.mark.parametrize(
    ("what", "wanted", "told"),
    [
        (Asked.EXTEND, "2026-12-03", "extend the due date to Thu 3 Dec 2026"),
        (Asked.STOP, "2026-12-03", "stop the clock until Thu 3 Dec 2026"),
        (Asked.LOWER, "Minor", "lower the class to Minor"),
        (Asked.VOID, "", "void"),
        (Asked.REOPEN, "", "reopen"),
    ],
)
def test_a_request_is_told_in_words(what: Asked, wanted: str, told: str) -> None:
    """What is asked, and to which day or class."""
    assert words.request(what, wanted) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0 minutes"),
        (59, "0 minutes"),
        (60, "1 minute"),
        (40 * 60, "40 minutes"),
        (3600, "1 hour"),
        (86400 + 60, "1 day 1 minute"),
        (12 * 86400 + 3 * 3600 + 5 * 60, "12 days 3 hours"),
    ],
)
def test_a_span_is_told_by_its_two_largest_parts(seconds: int, told: str) -> None:
    """Nobody needs the minutes of days."""
    assert words.span(seconds) == told


def test_a_reminders_moment_is_given_with_its_weekday() -> None:
    """Where somebody is; the year stands beside it."""
    assert words.weekday(datetime(2026, 12, 15, 7, 0, tzinfo=UTC), "Europe/Berlin") == "Tue 15 Dec 08:00"
