"""The week's figures of a partnership: which day tells them, and what they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from statistics import fmean, median

from sqlmodel import Session

from quality.digest import is_day as has_digest
from quality.working_time import WEEKDAYS, Calendar, calendar_of
from storage import figures, measure
from storage.measure import Span, Within
from storage.partnership import Company, Partnership, Side
from storage.record import Kind

AGES = (15, 30, 60, 90)  # days: the last ones of each band of ages; what is older is the band after them
WEEKS = 8  # told beside each other
WEEK = timedelta(days=7)
HUNDREDTH = 0.01
LOOK_BACK = 90  # days in which what ended counts


@dataclass(frozen=True)
class Share:
    """How many of how many; of none there is no share."""

    some: int
    of: int

    @property
    def part(self) -> float | None:
        """What part of all it is, from 0 to 1; None where there is nothing that it could be a part of."""
        return self.some / self.of if self.of else None


@dataclass(frozen=True)
class Week:
    """What was logged and closed in the seven days from a day on."""

    starts_on: date
    logged: int
    closed: int


@dataclass(frozen=True)
class Lives:
    """How many calendar days records took from detection to closing; without records there is no figure."""

    number: int
    mean: float | None
    median: float | None


@dataclass(frozen=True)
class Figures:
    """The figures of a partnership; weeks are whole ones, the latest last."""

    at: datetime
    companies: dict[Side, Company]
    ages: dict[Kind, tuple[int, ...]]  # open records by band of ages, of each kind that has some
    overdue: Share  # of the open records
    weeks: tuple[Week, ...]
    since: date  # of this and the later days are all that follow
    on_time: Share  # closed by the first due date, of those closed that had one
    lives: Lives
    notified: Share
    acknowledged: dict[Side, Share]  # by the company that had to
    extensions: Share  # granted, of those asked for
    invalidated: Share  # of the closed OOS
    seconds: dict[Side, Share]  # counted to each company, of both companies'

    @property
    def number_open(self) -> int:
        """How many records are open."""
        return sum(sum(numbers) for numbers in self.ages.values())


def of_day(session: Session, there: Partnership, both: dict[Side, Company], now: datetime) -> Figures | None:
    """Collect the figures where today's digest tells them."""
    calendar = calendar_of(there, both)
    return collect(session, there, both, now) if is_day(there, calendar, calendar.day_of(now)) else None


def is_day(there: Partnership, calendar: Calendar, day: date) -> bool:
    """Whether a day's digest tells the figures: the first digest of the week that begins on the agreed weekday."""
    if not there.figures_on:
        return False
    first = week_of(there, day)
    days = (first + timedelta(days=number) for number in range((day - first).days + 1))
    return next((one for one in days if has_digest(there, calendar, one)), None) == day


def week_of(there: Partnership, day: date) -> date:
    """Give the first day of a day's week; where no weekday was agreed on for figures, weeks begin on Monday."""
    first = WEEKDAYS.index(there.figures_on) if there.figures_on else 0
    return day - timedelta(days=(day.weekday() - first) % 7)


def collect(session: Session, there: Partnership, both: dict[Side, Company], now: datetime) -> Figures:
    """Gather the figures as of now, by aggregates: as many statements for a thousand records as for one."""
    calendar, pid = calendar_of(there, both), there.id
    today = calendar.day_of(now)
    first = today - timedelta(days=LOOK_BACK)
    since = calendar.at(first, time.min)
    ages = _ages(session, pid, calendar, today)
    within = Within(pid, since, calendar.at(today + timedelta(days=1), time.min), now)
    seconds = figures.time_spent(session, pid, since)

    def share(name: str) -> Share:
        return Share(*measure.count(session, name, within))

    return Figures(
        at=now,
        companies=both,
        ages=ages,
        overdue=share("overdue"),
        weeks=_weeks(session, pid, calendar, week_of(there, today)),
        since=first,
        on_time=share("on_time"),
        lives=lives_of(measure.lives(session, within), calendar),
        notified=share("notified"),
        acknowledged={side: share(f"acknowledged_{side}") for side in both},
        extensions=Share(*figures.count_extensions(session, pid, since)),
        invalidated=share("invalidated"),
        seconds={side: Share(seconds[side], sum(seconds.values())) for side in both},
    )


def _ages(session: Session, pid: int, calendar: Calendar, today: date) -> dict[Kind, tuple[int, ...]]:
    """Count the open records by age: the calendar days since detection, where the partnership is."""
    found = figures.count_open(session, pid, age_spans(calendar, today))
    return {kind: tuple(found[kind]) for kind in Kind if kind in found}


def age_spans(calendar: Calendar, today: date) -> list[Span]:
    """Give the spans of detection that make the bands of ages, the youngest first."""
    starts = [calendar.at(today - timedelta(days=days), time.min) for days in AGES]
    return list(zip([*starts, None], [None, *starts], strict=True))


def bands(between: str) -> tuple[str, ...]:
    """Name the bands of ages, the youngest first, with what stands between two days: `0-15`, `over 90`."""
    first, last = f"0{between}{AGES[0]}", f"over {AGES[-1]}"
    return first, *(f"{younger + 1}{between}{older}" for younger, older in pairwise(AGES)), last


def percent(part: float) -> str:
    """Round to a whole number; 0% and 100% are said of none and of all alone."""
    if 0 < part < HUNDREDTH:
        return "under 1%"
    return "over 99%" if 1 - HUNDREDTH < part < 1 else f"{part:.0%}"


def _weeks(session: Session, pid: int, calendar: Calendar, this: date) -> tuple[Week, ...]:
    """Count what was logged and closed in the whole weeks before the one that has just begun."""
    days = [this - WEEK * number for number in range(WEEKS, -1, -1)]
    moments = [calendar.at(day, time.min) for day in days]
    spans: list[Span] = list(pairwise(moments))
    logged, closed = (count(session, pid, spans) for count in (figures.count_logged, figures.count_closed))
    return tuple(Week(*week) for week in zip(days, logged, closed, strict=False))


def lives_of(lives: Sequence[tuple[datetime, datetime]], calendar: Calendar) -> Lives:
    """Give the calendar days from detection to closing, where the partnership is."""
    days = [(calendar.day_of(closed_at) - calendar.day_of(detected_at)).days for detected_at, closed_at in lives]
    return summed_up(days)


def summed_up(lengths: Sequence[float]) -> Lives:
    """Give how many lengths of time there are, with their mean and median."""
    if not lengths:
        return Lives(0, None, None)
    return Lives(len(lengths), fmean(lengths), float(median(lengths)))
