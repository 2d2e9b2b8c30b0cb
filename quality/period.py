"""Spans of days that figures are told of: a month, a quarter, a year, the last twelve months; both ends included."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from quality import words
from quality.refusal import Refusal

MONTHS = 12
QUARTER = 3  # months
SAY = "Say `month`, `quarter`, `year`, a year such as 2026, a quarter such as 2026-Q3, or a month such as 2026-09."
NAMED = re.compile(r"(\d{4})(?:-(?:Q([1-4])|(\d{2})))?", re.IGNORECASE)


@dataclass(frozen=True)
class Period:
    """Days from the first to the last one."""

    first: date
    last: date

    @property
    def words(self) -> str:
        """`1 Jan 2026 to 31 Dec 2026`, with the days of the week."""
        return f"{words.day(self.first)} to {words.day(self.last)}"

    @property
    def code(self) -> str:
        """Write it for a button: `2026-01-01 2026-12-31`."""
        return f"{self.first} {self.last}"


def of_code(code: str) -> Period:
    """Read what a button carries; ValueError for anything else."""
    first, last = (date.fromisoformat(day) for day in code.split(" "))
    if last < first:
        raise ValueError(code)
    return Period(first, last)


def parse(text: str, today: date) -> Period:
    """Read a period as it is typed; nothing is the last twelve months. A Refusal says what can be said."""
    said = text.strip().lower()
    if said in ("", "12 months"):
        return Period(_year_before(today) + timedelta(days=1), today)
    if said in ("month", "quarter", "year"):
        begins = {"month": today.month, "quarter": (today.month - 1) // QUARTER * QUARTER + 1, "year": 1}
        return Period(date(today.year, begins[said], 1), today)
    named = NAMED.fullmatch(said)
    if named is None:
        raise Refusal(f"“{text[:40]}” is no period. {SAY}")
    year, quarter, month = (int(part) if part else None for part in named.groups())
    found = _named(year or 0, quarter, month, text)
    if found.first > today:
        raise Refusal(f"{found.words} has not begun. {SAY}")
    return found


def _named(year: int, quarter: int | None, month: int | None, text: str) -> Period:
    try:
        if quarter:
            return _months(year, (quarter - 1) * QUARTER + 1, QUARTER)
        return _months(year, month, 1) if month is not None else _months(year, 1, MONTHS)
    except ValueError:
        raise Refusal(f"“{text[:40]}” is no period. {SAY}") from None


def _months(year: int, month: int, number: int) -> Period:
    first = date(year, month, 1)
    after = month + number - 1
    following = date(year + after // MONTHS, after % MONTHS + 1, 1)
    return Period(first, following - timedelta(days=1))


def of_year(year: int) -> Period:
    """Give a calendar year."""
    return _months(year, 1, MONTHS)


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # the 29th of February
        return day.replace(year=day.year - 1, day=28)
