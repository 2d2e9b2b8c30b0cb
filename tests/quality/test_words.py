"""Moments and days in words."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from quality import words


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
