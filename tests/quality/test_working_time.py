"""Working days of two countries, local hours, and what changes of clocks do to them."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.working_time import (
    DAY_STARTS,
    Calendar,
    Site,
    calendar_at,
    calendar_of,
    known_zone,
    regions_of,
    site_of,
    supported_countries,
)
from storage.partnership import Company, Partnership, Side
from tests.support import NOW

BOTH = Calendar(ZoneInfo("Europe/Berlin"), (Site("DE"), Site("US")))
DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2026, 11, 24), True),
        (date(2026, 11, 27), True),
        (date(2026, 11, 28), False),  # Saturday
        (date(2026, 11, 29), False),  # Sunday
        (date(2026, 11, 26), False),  # Thanksgiving, US alone
        (date(2026, 5, 1), False),  # Labour Day, DE alone
        (date(2026, 7, 3), False),  # 4 July falls on a Saturday and is observed on Friday
        (date(2026, 12, 25), False),
        (date(2026, 12, 31), True),
        (date(2027, 1, 1), False),
        (date(2021, 12, 31), False),  # New Year 2022, a Saturday, is observed in the year before
        (date(2026, 10, 31), False),
    ],
)
def test_a_day_works_when_both_companies_work(day: date, *, working: bool) -> None:
    """Weekends and the public holidays of either country are off."""
    assert BOTH.is_working(day) is working


@pytest.mark.parametrize(
    ("countries", "working"), [((), True), (("DE",), True), (("US",), False), (("DE", "US"), False)]
)
def test_only_the_companies_countries_count(countries: tuple[str, ...], *, working: bool) -> None:
    """Thanksgiving is a holiday only where a company is American."""
    assert Calendar(ZoneInfo("UTC"), tuple(Site(one) for one in countries)).is_working(date(2026, 11, 26)) is working


@pytest.mark.parametrize(
    ("site", "day", "working"),
    [
        (Site("DE", "BY"), date(2026, 1, 6), False),  # Epiphany, in Bavaria
        (Site("DE", "BE"), date(2026, 1, 6), True),
        (Site("DE", "BE"), date(2027, 3, 8), False),  # Women's Day, in Berlin
        (Site("DE", "BY"), date(2027, 3, 8), True),
        (Site("DE"), date(2027, 3, 8), True),
        (Site("DE", "BY"), date(2026, 10, 3), False),  # of the whole country
        (Site("GB", "ENG"), date(2026, 11, 30), True),
        (Site("GB", "SCT"), date(2026, 11, 30), False),  # Saint Andrew's Day
        (Site("US", "TX"), date(2026, 3, 2), False),  # Texas Independence Day
        (Site("US"), date(2026, 3, 2), True),
        (Site("IL"), date(2026, 11, 27), False),  # Friday
        (Site("IL"), date(2026, 11, 28), False),  # Saturday
        (Site("IL"), date(2026, 11, 29), True),  # Sunday
        (Site("IL"), date(2026, 9, 21), False),  # Yom Kippur, a Monday
        (Site("SA"), date(2026, 11, 27), False),
        (Site("SA"), date(2026, 11, 29), True),
        (Site("AE"), date(2026, 11, 27), True),  # since 2022 the weekend there is Saturday and Sunday
        (Site("AE"), date(2026, 11, 29), False),
        (Site("AE"), date(2026, 12, 2), False),  # National Day, a Wednesday
        (Site("DE", closing_days=frozenset({date(2026, 11, 24)})), date(2026, 11, 24), False),
        (Site("DE", closing_days=frozenset({date(2026, 11, 24)})), date(2026, 11, 25), True),
    ],
    ids=str,
)
def test_a_site_has_its_own_days_off(site: Site, day: date, *, working: bool) -> None:
    """The holidays of its region, the weekend of its country, and the days on which the company closes."""
    assert site.is_off(day) is not working
    assert Calendar(ZoneInfo("UTC"), (site,)).is_working(day) is working


def test_two_weekends_leave_four_days() -> None:
    """Where one company rests on Friday and Saturday and the other on Saturday and Sunday, both work Mon to Thu."""
    both = Calendar(ZoneInfo("UTC"), (Site("IL"), Site("US")))
    week = [date(2026, 11, 15) + timedelta(days=number) for number in range(7)]
    assert [day.strftime("%a") for day in week if both.is_working(day)] == ["Mon", "Tue", "Wed", "Thu"]
    assert both.add_working_days(date(2026, 11, 19), 1) == date(2026, 11, 23)


@pytest.mark.parametrize(
    ("first", "last", "number"),
    [
        (date(2026, 11, 24), date(2026, 11, 24), 0),
        (date(2026, 11, 24), date(2026, 11, 25), 1),
        (date(2026, 11, 24), date(2026, 11, 27), 2),  # over Thanksgiving
        (date(2026, 11, 27), date(2026, 11, 29), 0),  # a weekend
        (date(2026, 11, 28), date(2026, 11, 30), 1),
        (date(2026, 12, 23), date(2027, 1, 4), 6),  # 24, 28, 29, 30, 31, 4
        (date(2026, 11, 25), date(2026, 11, 24), 0),
    ],
)
def test_working_days_between_two_days(first: date, last: date, number: int) -> None:
    """Those after the first, up to and including the last."""
    assert BOTH.working_days_between(first, last) == number


@pytest.mark.parametrize(
    ("moment", "is_later"),
    [
        (utc(2026, 11, 24, 22, 59), True),
        (utc(2026, 11, 24, 23), False),  # tomorrow in Berlin
        (utc(2026, 11, 24, 9), False),  # now
        (utc(2026, 11, 24, 8), False),
        (None, False),
    ],
)
def test_what_comes_later_today(moment: datetime | None, *, is_later: bool) -> None:
    """Today is where people are; what has come is not still to come."""
    assert BOTH.is_later_today(moment, utc(2026, 11, 24, 9)) is is_later


@given(day=DAYS, number=st.integers(1, 30))
def test_between_a_day_and_its_nth_working_day_lie_n(day: date, number: int) -> None:
    """Counting forward and counting between agree."""
    assert BOTH.working_days_between(day, BOTH.add_working_days(day, number)) == number


def test_a_company_works_where_it_says() -> None:
    """Country, region and closing days come from its row."""
    made = Company(
        partnership_id=1, side=Side.CMO, name="B", team_id="T", country="DE", region="BY",
        closing_days="2026-12-28 2026-12-29",
    )  # fmt: skip
    assert site_of(made) == Site("DE", "BY", frozenset({date(2026, 12, 28), date(2026, 12, 29)}))
    assert calendar_at(made, "Asia/Tokyo") == Calendar(ZoneInfo("Asia/Tokyo"), (site_of(made),))


def test_regions_are_those_whose_holidays_differ() -> None:
    """By their codes; a country without them has none."""
    assert {"BY", "BE"} <= set(regions_of("DE"))
    assert regions_of("IL") == ()
    assert regions_of("XX") == ()


@pytest.mark.parametrize(
    ("start", "number", "end"),
    [
        (date(2026, 11, 24), 0, date(2026, 11, 24)),
        (date(2026, 11, 24), 1, date(2026, 11, 25)),
        (date(2026, 11, 25), 1, date(2026, 11, 27)),  # over Thanksgiving
        (date(2026, 11, 27), 1, date(2026, 11, 30)),  # over a weekend
        (date(2026, 11, 28), 1, date(2026, 11, 30)),  # from a day off
        (date(2026, 12, 24), 1, date(2026, 12, 28)),  # over Christmas
        (date(2026, 12, 31), 1, date(2027, 1, 4)),  # over the year's end
        (date(2026, 11, 30), -1, date(2026, 11, 27)),
        (date(2026, 11, 27), -1, date(2026, 11, 25)),
        (date(2027, 1, 4), -2, date(2026, 12, 30)),
    ],
)
def test_working_days_are_counted(start: date, number: int, end: date) -> None:
    """The nth working day after or before a day, days off left out."""
    assert BOTH.add_working_days(start, number) == end


@given(day=DAYS, number=st.integers(1, 30))
def test_counting_passes_exactly_so_many_working_days(day: date, number: int) -> None:
    """Between a day and its nth working day lie n working days."""
    end = BOTH.add_working_days(day, number)
    between = [day + timedelta(days=n) for n in range(1, (end - day).days + 1)]
    assert sum(BOTH.is_working(one) for one in between) == number
    assert BOTH.is_working(end)


@given(day=DAYS, step=st.sampled_from([1, -1]))
def test_the_nearest_working_day_is_a_working_day(day: date, step: int) -> None:
    """A working day is its own; a day off goes in the direction asked for."""
    found = BOTH.working_day_from(day, step)
    assert BOTH.is_working(found)
    assert (found - day).days * step >= 0
    assert found == day or not BOTH.is_working(day)


@pytest.mark.parametrize(
    ("day", "clock", "moment"),
    [
        (date(2026, 11, 24), time(17), utc(2026, 11, 24, 16)),
        (date(2026, 7, 24), time(17), utc(2026, 7, 24, 15)),
        (date(2026, 10, 25), time(2, 30), utc(2026, 10, 25, 0, 30)),  # happens twice: the first
        (date(2026, 3, 29), time(2, 30), utc(2026, 3, 29, 1, 30)),  # is skipped: by the clock before the change
    ],
)
def test_local_times_are_moments(day: date, clock: time, moment: datetime) -> None:
    """A local time is one moment in UTC, summer or winter."""
    assert BOTH.at(day, clock) == moment


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (utc(2026, 11, 24, 22, 59), date(2026, 11, 24)),
        (utc(2026, 11, 24, 23, 0), date(2026, 11, 25)),
        (utc(2026, 7, 24, 22, 0), date(2026, 7, 25)),
    ],
)
def test_a_moment_has_a_local_day(moment: datetime, day: date) -> None:
    """The day changes at local midnight."""
    assert BOTH.day_of(moment) == day


HOURS = [
    (utc(2026, 11, 24, 6, 59), False, utc(2026, 11, 24, 7)),
    (utc(2026, 11, 24, 7, 0), True, utc(2026, 11, 24, 7)),
    (utc(2026, 11, 24, 15, 59), True, utc(2026, 11, 24, 15, 59)),
    (utc(2026, 11, 24, 16, 0), False, utc(2026, 11, 25, 7)),
    (utc(2026, 11, 25, 16, 0), False, utc(2026, 11, 27, 7)),  # Thanksgiving between
    (utc(2026, 11, 28, 5, 0), False, utc(2026, 11, 30, 7)),  # Saturday before eight
    (utc(2026, 11, 28, 10, 0), False, utc(2026, 11, 30, 7)),
    (utc(2026, 11, 28, 20, 0), False, utc(2026, 11, 30, 7)),
    (utc(2026, 3, 27, 16, 0), False, utc(2026, 3, 30, 6)),  # summer time began in between
    (utc(2026, 12, 31, 20, 0), False, utc(2027, 1, 4, 7)),
]


@pytest.mark.parametrize(("moment", "within", "following"), HOURS, ids=[str(moment) for moment, _, _ in HOURS])
def test_working_hours_are_eight_to_five(moment: datetime, following: datetime, *, within: bool) -> None:
    """Eight counts, five does not; outside, the next working hour is at eight of the next working day."""
    assert BOTH.is_working_hour(moment) is within
    assert BOTH.next_working_hour(moment) == following


@given(moment=st.datetimes(datetime(2020, 1, 1), datetime(2035, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds
def test_the_next_working_hour_is_a_working_hour_not_before(moment: datetime) -> None:
    """It is the moment itself or the start of a working day after it."""
    found = BOTH.next_working_hour(moment)
    assert found >= moment
    assert BOTH.is_working_hour(found)
    assert found == moment or found.astimezone(BOTH.zone).time() == DAY_STARTS


def test_a_partnerships_calendar_has_both_countries_and_its_zone() -> None:
    """A person's zone may take the place of the partnership's; the holidays stay."""
    there = Partnership(
        channel_id="C",
        home_team_id="T",
        time_zone="Europe/Berlin",
        digest_at=time(8),
        set_up_at=NOW,
        next_digest_at=NOW,
    )
    both = {
        side: Company(partnership_id=1, side=side, name=side, team_id="T", country=country)
        for side, country in ((Side.SPONSOR, "US"), (Side.CMO, "DE"))
    }
    sites = (Site("US"), Site("DE"))
    assert calendar_of(there, both) == Calendar(ZoneInfo("Europe/Berlin"), sites)
    assert calendar_of(there, both, "Asia/Tokyo") == Calendar(ZoneInfo("Asia/Tokyo"), sites)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("UTC", "UTC"),
        ("Mars/Olympus_Mons", "UTC"),
        ("", "UTC"),
        ("Europe", "UTC"),
        ("../../etc/passwd", "UTC"),
        ("/etc/passwd", "UTC"),
        ("a\0b", "UTC"),
    ],
)
def test_a_zone_that_is_none_is_utc(name: str, known: str) -> None:
    """What is no time zone, a folder or a path included, counts as UTC."""
    assert known_zone(name) == known


def test_countries_are_offered_by_name() -> None:
    """Each country whose holidays are known stands under its code, sorted by name."""
    offered = supported_countries()
    assert (offered["DE"], offered["US"], offered["CH"]) == ("Germany", "United States", "Switzerland")
    assert list(offered.values()) == sorted(offered.values())
