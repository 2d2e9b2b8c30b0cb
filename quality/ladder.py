"""The ladder: when a due date is reminded of, and whom; pure functions over dates.

A reminder falls at the start of the working day. One that would fall on a day off comes the working day
before; once late, every working day has one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from quality.working_time import DAY_ENDS, DAY_STARTS, Calendar, calendar_of
from storage.clock import REPORTING, ClockName
from storage.partnership import Company, Partnership, Side

# How many days before they are due clocks are reminded of; short ones begin later.
DAYS_BEFORE: Mapping[ClockName, tuple[int, ...]] = MappingProxyType(
    {
        ClockName.CLOSE: (7, 3, 1, 0),
        ClockName.CHECK: (7, 3, 1, 0),
        ClockName.FIELD_ALERT: (7, 3, 1, 0),
        ClockName.BIOLOGIC: (7, 3, 1, 0),
        ClockName.EU_DEFECT: (7, 3, 1, 0),
        ClockName.PHASE_1: (1, 0),
        ClockName.REVIEW: (1, 0),
        ClockName.PLAN: (1, 0),
        ClockName.ACCEPT: (0,),
        ClockName.ACKNOWLEDGE: (0,),
        ClockName.NOTIFY: (0,),
    }
)


class Audience(StrEnum):
    """Who is told."""

    OWNER = "who has to act"
    QA = "both companies' QA"
    HEADS = "heads of quality"


# From so many days late, these are told as well.
ESCALATION = ((1, Audience.OWNER), (4, Audience.QA), (8, Audience.HEADS))


@dataclass(frozen=True)
class Step:
    """One rung: days late (negative: days before), and who is told."""

    day: date
    days_late: int
    audience: tuple[Audience, ...]


def calendar_for(name: ClockName, there: Partnership, both: dict[Side, Company], zone: str | None = None) -> Calendar:
    """Give the working days by which a clock is reminded of, where its owner is: both companies'.

    Reports to authorities are the sponsor's alone, so are their days.
    """
    if name in REPORTING:
        return calendar_of(there, {Side.SPONSOR: both[Side.SPONSOR]})
    return calendar_of(there, both, zone)


def due_day(calendar: Calendar, due_at: datetime) -> date:
    """Give the day whose reminder is the last before something is due: the day before, where it is due in the night."""
    local = due_at.astimezone(calendar.zone)
    return local.date() if local.time() > DAY_STARTS else local.date() - timedelta(days=1)


def steps(name: ClockName, due_on: date, calendar: Calendar) -> Iterator[Step]:
    """Give the rungs of a due date in order; once late they never end."""
    before = {
        calendar.working_day_from(due_on - timedelta(days=days), -1): -days for days in DAYS_BEFORE[name]
    }  # rungs that fall on one working day are one: the nearest to the due date
    for day, days_late in sorted(before.items()):
        yield Step(day, days_late, (Audience.OWNER,))
    day = due_on
    while True:
        day = calendar.add_working_days(day, 1)
        late = (day - due_on).days
        yield Step(day, late, tuple(who for since, who in ESCALATION if late >= since))


def latest(name: ClockName, due_on: date, today: date, calendar: Calendar) -> Step | None:
    """Give the rung that stands on a day: the last one reached."""
    reached = None
    for step in steps(name, due_on, calendar):
        if step.day > today:
            return reached
        reached = step
    return reached


@lru_cache(4096)  # a day's records have few due days among them
def next_at(name: ClockName, due_on: date, after: date, calendar: Calendar) -> datetime:
    """Give the moment of the first rung after a day."""
    day = next(step.day for step in steps(name, due_on, calendar) if step.day > after)
    return calendar.at(day, DAY_STARTS)


def first_at(name: ClockName, due_at: datetime, now: datetime, calendar: Calendar) -> datetime:
    """Give the moment of the first rung for a clock that starts now: today's, while people still work."""
    today = calendar.day_of(now)
    day_is_over = now >= calendar.at(today, DAY_ENDS)
    after = today if day_is_over else today - timedelta(days=1)
    return next_at(name, due_day(calendar, due_at), after, calendar)
