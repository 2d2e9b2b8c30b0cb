"""Working days and local times: weekends, both companies' public holidays, one time zone."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays

from storage.partnership import Company, Partnership, Side

DAY_STARTS = time(8)
DAY_ENDS = time(17)
SATURDAY = 5


@dataclass(frozen=True)
class Calendar:
    """The working days of all the countries given, in one time zone."""

    zone: ZoneInfo
    countries: tuple[str, ...] = ()

    def day_of(self, moment: datetime) -> date:
        """Give the local date of a moment."""
        return moment.astimezone(self.zone).date()

    def at(self, day: date, clock: time) -> datetime:
        """Give the moment of a local time, in UTC; one that a change of clocks skips goes by the clock before it."""
        return datetime.combine(day, clock, self.zone).astimezone(UTC)

    def is_working(self, day: date) -> bool:
        """Whether people of both companies work that day."""
        return day.weekday() < SATURDAY and not any(day in _holidays(country, day.year) for country in self.countries)

    def working_day_from(self, day: date, step: int = 1) -> date:
        """Give the day itself when it is a working day, else the next (step 1) or the one before (step -1)."""
        while not self.is_working(day):
            day += timedelta(days=step)
        return day

    def add_working_days(self, day: date, number: int) -> date:
        """Give the nth working day after a day; before it, when number is negative."""
        step = 1 if number >= 0 else -1
        for _ in range(abs(number)):
            day = self.working_day_from(day + timedelta(days=step), step)
        return day

    def is_working_hour(self, moment: datetime) -> bool:
        """Whether a moment lies within working hours."""
        local = moment.astimezone(self.zone)
        return self.is_working(local.date()) and DAY_STARTS <= local.time() < DAY_ENDS

    def next_working_hour(self, moment: datetime) -> datetime:
        """Give the moment itself within working hours, else the start of the next ones."""
        if self.is_working_hour(moment):
            return moment
        local = moment.astimezone(self.zone)
        first = local.date() if local.time() < DAY_STARTS else local.date() + timedelta(days=1)
        return self.at(self.working_day_from(first), DAY_STARTS)


def calendar_of(partnership: Partnership, companies: dict[Side, Company], zone: str | None = None) -> Calendar:
    """Give the calendar of a partnership, in its own time zone or a person's."""
    countries = tuple(sorted({company.country for company in companies.values()}))
    return Calendar(ZoneInfo(zone or partnership.time_zone), countries)


def known_zone(name: str) -> str:
    """Give a time zone's name if it is one; UTC for what is none."""
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "UTC"


@lru_cache
def _holidays(country: str, year: int) -> frozenset[date]:
    # The years around it too: a holiday observed on another day may cross the year's end. A frozen set, for
    # the library's own object fills itself while it is read, which several threads must not see.
    return frozenset(holidays.country_holidays(country, years=(year - 1, year, year + 1)))


@lru_cache
def supported_countries() -> dict[str, str]:
    """Give the countries whose public holidays are known: ISO 3166-1 code to English name, by name."""
    table = (resources.files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8")
    lines = [line.split("\t") for line in table.splitlines() if line and not line.startswith("#")]
    known = holidays.list_supported_countries()
    return {code: name for code, name in sorted(lines, key=lambda line: line[1]) if code in known}
