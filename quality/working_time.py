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
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class Site:
    """Where people work: weekend and public holidays by country and region, and a company's own closing days."""

    country: str
    region: str = ""
    closing_days: frozenset[date] = frozenset()

    def is_off(self, day: date) -> bool:
        """Whether nobody works here that day."""
        off, weekend = _holidays(self.country, self.region, day.year)
        return day.weekday() in weekend or day in off or day in self.closing_days


@dataclass(frozen=True)
class Calendar:
    """The days on which people of all the sites work, in one time zone."""

    zone: ZoneInfo
    sites: tuple[Site, ...] = ()

    def day_of(self, moment: datetime) -> date:
        """Give the local date of a moment."""
        return moment.astimezone(self.zone).date()

    def at(self, day: date, clock: time) -> datetime:
        """Give the moment of a local time, in UTC; one that a change of clocks skips goes by the clock before it."""
        return datetime.combine(day, clock, self.zone).astimezone(UTC)

    def is_working(self, day: date) -> bool:
        """Whether people work everywhere that day; without any site, Monday to Friday."""
        if not self.sites:
            return day.weekday() < SATURDAY
        return not any(site.is_off(day) for site in self.sites)

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

    def next_time(self, clock: time, after: datetime) -> datetime:
        """Give the first moment after another at which it is a local time of a working day."""
        day = self.working_day_from(self.day_of(after))
        moment = self.at(day, clock)
        return moment if moment > after else self.at(self.add_working_days(day, 1), clock)

    def is_later_today(self, moment: datetime | None, now: datetime) -> bool:
        """Whether a moment is still to come, and comes today."""
        return moment is not None and moment > now and self.day_of(moment) == self.day_of(now)

    def working_days_between(self, first: date, last: date) -> int:
        """Count the working days after a day, up to and including another."""
        days = (first + timedelta(days=number) for number in range(1, (last - first).days + 1))
        return sum(self.is_working(day) for day in days)

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
    return Calendar(ZoneInfo(zone or partnership.time_zone), tuple(site_of(one) for one in companies.values()))


def calendar_at(company: Company, zone: str) -> Calendar:
    """Give the calendar of one company's people, in a time zone of theirs."""
    return Calendar(ZoneInfo(zone), (site_of(company),))


@lru_cache(4096)
def _closing(days: str) -> frozenset[date]:
    return frozenset(date.fromisoformat(day) for day in days.split())


def site_of(company: Company) -> Site:
    """Give where a company works."""
    return Site(company.country, company.region, _closing(company.closing_days))


def known_zone(name: str) -> str:
    """Give a time zone's name if it is one; UTC for what is none."""
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "UTC"


@lru_cache(4096)
def _holidays(country: str, region: str, year: int) -> tuple[frozenset[date], frozenset[int]]:
    """Give the public holidays around a year, and the weekend's days."""
    # The years around it too: a holiday observed on another day may cross the year's end. A frozen set, for
    # the library's own object fills itself while it is read, which several threads must not see.
    known = holidays.country_holidays(country, subdiv=region or None, years=(year - 1, year, year + 1))
    return frozenset(known), frozenset(known.weekend)


def regions_of(country: str) -> tuple[str, ...]:
    """Give the regions of a country whose holidays differ, by their ISO 3166-2 codes without the country."""
    return tuple(holidays.list_supported_countries().get(country, ()))


@lru_cache
def supported_countries() -> dict[str, str]:
    """Give the countries whose public holidays are known: ISO 3166-1 code to English name, by name."""
    table = (resources.files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8")
    lines = [line.split("\t") for line in table.splitlines() if line and not line.startswith("#")]
    known = holidays.list_supported_countries()
    return {code: name for code, name in sorted(lines, key=lambda line: line[1]) if code in known}
