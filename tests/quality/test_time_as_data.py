"""Time as data: every minute around changes of clocks, the year's end and a leap day, held against other reckonings.

The calendar is reckoned by numpy's business days, due times and reminders by plain loops over days.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
import numpy as np
import pytest

from quality import ladder
from quality.terms import Term, Unit
from quality.working_time import DAY_ENDS, Calendar, Site
from storage.clock import ClockName

MINUTE = timedelta(minutes=1)
# Two companies, the zone of their partnership, weekends as numpy writes them (Monday first), and where clocks change.
PAIRS = {
    "US and DE": (("US", ""), ("DE", ""), "Europe/Berlin", "1111100"),
    "US and DE in Bavaria, from New York": (("US", ""), ("DE", "BY"), "America/New_York", "1111100"),
    "IL and US": (("IL", ""), ("US", ""), "Asia/Jerusalem", "1111000"),
    "AE and IN": (("AE", ""), ("IN", ""), "Asia/Dubai", "1111100"),
}
# The days around which every minute is passed: both changes of clocks, the year's end, a leap day.
SPANS = {
    "spring": date(2028, 3, 24),  # the 26th in Europe, the 24th in Israel; New York's was on the 12th
    "New York's spring": date(2028, 3, 11),
    "autumn": date(2028, 10, 28),
    "New York's autumn": date(2028, 11, 4),
    "the year's end": date(2027, 12, 30),
    "the leap day": date(2028, 2, 27),
}
DAYS = 4


@lru_cache
def numpy_calendar(pair: str) -> np.busdaycalendar:
    """Reckon the working days of two companies by numpy, from both countries' holidays."""
    first, second, _, week = PAIRS[pair]
    off = [
        day
        for country, region in (first, second)
        for year in range(2026, 2031)
        for day in holidays.country_holidays(country, subdiv=region or None, years=year)
    ]
    return np.busdaycalendar(weekmask=week, holidays=off)


def calendar(pair: str) -> Calendar:
    first, second, zone, _ = PAIRS[pair]
    return Calendar(ZoneInfo(zone), (Site(*first), Site(*second)))


def works(pair: str, day: date) -> bool:
    return bool(np.is_busday(day, busdaycal=numpy_calendar(pair)))


def after(pair: str, day: date, number: int) -> date:
    """Give the nth working day after a day."""
    found: date = np.busday_offset(day, number, roll="backward", busdaycal=numpy_calendar(pair)).astype(date)
    return found


def ends(pair: str, day: date, hour: int) -> datetime:
    """Give a local hour of a day in UTC, by trying each UTC hour; hours after a change exist once."""
    zone = ZoneInfo(PAIRS[pair][2])
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    tried = (midnight + timedelta(hours=number) for number in range(-14, 27))
    (found,) = [one for one in tried if (here := one.astimezone(zone)).date() == day and here.hour == hour]
    return found


def minutes(pair: str, first: date) -> Iterator[tuple[datetime, date, int]]:
    """Pass every minute of some days, with the local day and minute of the day as a wall clock shows them."""
    zone = ZoneInfo(PAIRS[pair][2])
    moment = datetime(first.year, first.month, first.day, tzinfo=UTC)
    for _ in range(DAYS * 24 * 60):
        here = moment.astimezone(zone)
        yield moment, here.date(), here.hour * 60 + here.minute
        moment += MINUTE


CASES = [(pair, name) for pair in PAIRS for name in SPANS]


@pytest.mark.parametrize("pair", PAIRS)
def test_every_day_of_five_years_works_or_not(pair: str) -> None:
    """Weekends and holidays of both companies are off, in leap years too, and nothing else is."""
    days = [date(2026, 2, 1) + timedelta(days=number) for number in range(365 * 4 + 300)]
    here = calendar(pair)
    assert [day for day in days if here.is_working(day) is not works(pair, day)] == []


@pytest.mark.parametrize(("pair", "span"), CASES)
def test_every_minute_is_a_working_hour_or_waits_for_one(pair: str, span: str) -> None:
    """From eight to five of a working day, by the wall clock; else until eight of the next one."""
    here = calendar(pair)
    opens: dict[date, datetime] = {}
    for moment, day, minute in minutes(pair, SPANS[span]):
        within = works(pair, day) and 8 * 60 <= minute < 17 * 60
        assert here.is_working_hour(moment) is within
        if within:
            assert here.next_working_hour(moment) == moment
            continue
        today = works(pair, day) and minute < 8 * 60
        following = day if today else after(pair, day, 1)
        if following not in opens:
            opens[following] = ends(pair, following, 8)
        assert here.next_working_hour(moment) == opens[following]


TERMS = [
    Term(1, Unit.WORKING_DAYS, "x"),
    Term(5, Unit.WORKING_DAYS, "x"),
    Term(30, Unit.CALENDAR_DAYS, "x"),
    Term(1, Unit.WORKING_DAYS, "x", 24),
    Term(24, Unit.HOURS, "x"),
]


def due(pair: str, term: Term, moment: datetime, day: date) -> datetime:
    """Reckon when a term ends."""
    if term.unit is Unit.HOURS:
        return datetime.fromtimestamp(moment.timestamp() + term.length * 3600, UTC)
    last = after(pair, day, term.length) if term.unit is Unit.WORKING_DAYS else day + timedelta(days=term.length)
    end = known_end(pair, last)
    capped = moment.timestamp() + (term.at_most_hours or 10**6) * 3600
    return datetime.fromtimestamp(min(end.timestamp(), capped), UTC)


@lru_cache(None)
def known_end(pair: str, day: date) -> datetime:
    return ends(pair, day, 17)


@pytest.mark.parametrize(("pair", "span"), CASES)
def test_a_term_from_every_minute_is_due_when_it_should(pair: str, span: str) -> None:
    """Days count from the local day of the moment and end at five by the wall clock; hours are real hours."""
    here = calendar(pair)
    for number, (moment, day, _) in enumerate(minutes(pair, SPANS[span])):
        for term in TERMS if number % 15 == 0 else TERMS[number % 5 : number % 5 + 1]:
            assert term.due(moment, here) == due(pair, term, moment, day), (term, moment)


BEFORE = {ClockName.CLOSE: (7, 3, 1, 0), ClockName.REVIEW: (1, 0), ClockName.ACKNOWLEDGE: (0,)}


def reminded(pair: str, name: ClockName, due_on: date) -> dict[date, int]:
    """Reckon on which days a due date is reminded of, and how late it is then: fifteen days of it."""
    told: dict[date, int] = {}
    for days in BEFORE[name]:
        day = due_on - timedelta(days=days)
        while not works(pair, day):
            day -= timedelta(days=1)
        told[day] = -days
    for late in range(1, 15):
        if works(pair, due_on + timedelta(days=late)):
            told[due_on + timedelta(days=late)] = late
    return told


def level(late: int) -> int:
    """Tell how many audiences are told: who has to act, both QA from day 4, the heads of quality from day 8."""
    return 1 + (late >= 4) + (late >= 8)


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("name", BEFORE)
def test_every_day_of_a_year_is_reminded_of_on_its_days(pair: str, name: ClockName) -> None:
    """For each due date from the end of 2027 to that of 2028, leap day included, and each day around it."""
    here = calendar(pair)
    for number in range(0, 400, 3):
        due_on = date(2027, 12, 20) + timedelta(days=number)
        told = reminded(pair, name, due_on)
        for offset in range(-9, 15):
            today = due_on + timedelta(days=offset)
            reached = max((day for day in told if day <= today), default=None)
            step = ladder.latest(name, due_on, today, here)
            assert (step and (step.day, step.days_late)) == (reached and (reached, told[reached])), (due_on, today)
            assert step is None or len(step.audience) == level(step.days_late)


@pytest.mark.parametrize(("pair", "span"), CASES)
def test_a_reminder_comes_at_eight_by_the_wall_clock(pair: str, span: str) -> None:
    """For a clock that starts at any minute: today's while people still work, else the next one's."""
    here, first = calendar(pair), SPANS[span]
    due_on = first + timedelta(days=6)
    told = sorted(reminded(pair, ClockName.CLOSE, due_on))
    at = {day: ends(pair, day, 8) for day in told}
    for moment, day, minute in minutes(pair, first):
        over = minute >= 17 * 60
        expected = next(one for one in told if one > day or (one == day and not over))
        assert ladder.first_at(ClockName.CLOSE, here.at(due_on, DAY_ENDS), moment, here) == at[expected], moment
