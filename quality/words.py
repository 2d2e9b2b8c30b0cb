"""Moments and days in words, the same everywhere; the evidence is always in UTC."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from storage.record import Asked


def moment(at: datetime) -> str:
    """`23 Nov 2026 09:12 UTC`."""
    utc = at.astimezone(UTC)
    return f"{utc.day} {utc:%b %Y %H:%M} UTC"


def signed(at: datetime, zone: str) -> str:
    """`23 Nov 2026 09:12 UTC (10:12 Berlin)`: the evidence, and the signer's own time."""
    return f"{moment(at)} ({at.astimezone(ZoneInfo(zone)):%H:%M} {city(zone)})"


def due(at: datetime, zone: str) -> str:
    """`Thu 3 Dec 2026, 17:00 Berlin`."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{day(local.date())}, {local:%H:%M} {city(zone)}"


def weekday(at: datetime, zone: str) -> str:
    """`Tue 15 Dec 08:00`, where somebody is; the year stands beside it."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b %H:%M}"


def request(what: Asked, wanted: str) -> str:
    """`extend the due date to Thu 3 Dec 2026`, `stop the clock until Thu 3 Dec 2026`, `void`."""
    if not wanted:
        return str(what)
    if what in (Asked.EXTEND, Asked.STOP):
        return f"{what} {'to' if what is Asked.EXTEND else 'until'} {day(date.fromisoformat(wanted))}"
    return f"{what} to {wanted}"


def span(seconds: int) -> str:
    """`12 days 3 hours`, `40 minutes`."""
    minutes = seconds // 60
    parts = [(minutes // 1440, "day"), (minutes // 60 % 24, "hour"), (minutes % 60, "minute")]
    told = [f"{number} {unit}{'' if number == 1 else 's'}" for number, unit in parts if number][:2]
    return " ".join(told) or "0 minutes"


def local_day(at: datetime, zone: str) -> str:
    """`Thu 3 Dec 2026`, where people are."""
    return day(at.astimezone(ZoneInfo(zone)).date())


def day(on: date) -> str:
    """`Thu 3 Dec 2026`."""
    return f"{on:%a} {on.day} {on:%b %Y}"


def city(zone: str) -> str:
    """`America/New_York` is New York."""
    return zone.rpartition("/")[2].replace("_", " ")


def days_between(start: datetime, end: datetime, zone: str) -> int:
    """Count the calendar days from one moment's date to another's, where people are; negative backwards."""
    there = ZoneInfo(zone)
    return (end.astimezone(there).date() - start.astimezone(there).date()).days


def days(number: int) -> str:
    """`1 day`, `2 days`."""
    return f"{number} day" if number == 1 else f"{number} days"
