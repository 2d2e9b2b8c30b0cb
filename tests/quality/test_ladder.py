"""When a due date is reminded of, and who is told: before, on the day, and late."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality import ladder
from quality.ladder import Audience, Step
from quality.working_time import DAY_ENDS, Calendar, Site
from storage.clock import ClockName

BERLIN = ZoneInfo("Europe/Berlin")
BOTH = Calendar(BERLIN, (Site("DE"), Site("US")))
CLOSE = ClockName.CLOSE
THURSDAY = date(2026, 12, 17)
OWNER = (Audience.OWNER,)
AND_QA = (*OWNER, Audience.QA)
ALL = (*AND_QA, Audience.HEADS)
DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))


@pytest.mark.parametrize(
    ("zone", "due_at", "day"),
    [
        ("Europe/Berlin", datetime(2026, 12, 17, 16, tzinfo=UTC), 17),  # 17:00 there
        ("Europe/Berlin", datetime(2026, 12, 17, 7, tzinfo=UTC), 16),  # with the morning's reminder it is due
        ("Europe/Berlin", datetime(2026, 12, 17, 7, 1, tzinfo=UTC), 17),
        ("Europe/Berlin", datetime(2026, 12, 17, 4, tzinfo=UTC), 16),  # in the night
        ("Asia/Shanghai", datetime(2026, 12, 18, 1, tzinfo=UTC), 18),  # 17:00 in Los Angeles, nine in the morning there
        ("Europe/Zurich", datetime(2026, 12, 18, 1, tzinfo=UTC), 17),  # the same, in the night
    ],
)
def test_the_day_on_which_something_is_due_is_its_last_morning(zone: str, due_at: datetime, day: int) -> None:
    """Where who has to act is: that morning is before it, the next is not."""
    assert ladder.due_day(Calendar(ZoneInfo(zone)), due_at) == date(2026, 12, day)


def first(due_on: date, number: int) -> list[Step]:
    return list(islice(ladder.steps(CLOSE, due_on, BOTH), number))


def test_every_rung_of_a_plain_due_date() -> None:
    """7, 3, 1 days before, on the day, then each working day; QA from day 4, heads of quality from day 8."""
    assert first(THURSDAY, 11) == [
        Step(date(2026, 12, 10), -7, OWNER),
        Step(date(2026, 12, 14), -3, OWNER),
        Step(date(2026, 12, 16), -1, OWNER),
        Step(date(2026, 12, 17), 0, OWNER),
        Step(date(2026, 12, 18), 1, OWNER),
        Step(date(2026, 12, 21), 4, AND_QA),
        Step(date(2026, 12, 22), 5, AND_QA),
        Step(date(2026, 12, 23), 6, AND_QA),
        Step(date(2026, 12, 24), 7, AND_QA),
        Step(date(2026, 12, 28), 11, ALL),
        Step(date(2026, 12, 29), 12, ALL),
    ]


@pytest.mark.parametrize(
    ("due_on", "before"),
    [
        (date(2026, 11, 23), [(16, -7), (20, -1), (23, 0)]),  # Monday: 3 and 1 days before are one Friday
        (date(2026, 11, 22), [(13, -7), (19, -3), (20, 0)]),  # Sunday: due day and the day before are one Friday
        (date(2026, 11, 21), [(13, -7), (18, -3), (20, 0)]),  # Saturday
        (date(2026, 11, 27), [(20, -7), (24, -3), (25, -1), (27, 0)]),  # the day before is Thanksgiving
        (date(2026, 11, 26), [(19, -7), (23, -3), (25, 0)]),  # Thanksgiving itself
    ],
)
def test_reminders_on_days_off_come_the_working_day_before(due_on: date, before: list[tuple[int, int]]) -> None:
    """Rungs that fall together are one, the nearest to the due date."""
    found = takewhile(lambda step: step.days_late <= 0, ladder.steps(CLOSE, due_on, BOTH))
    assert [(step.day.day, step.days_late) for step in found] == before


@pytest.mark.parametrize(
    ("days_late", "audience"),
    [(1, OWNER), (3, OWNER), (4, AND_QA), (7, AND_QA), (8, ALL), (100, ALL)],
)
def test_escalation_by_days_late(days_late: int, audience: tuple[Audience, ...]) -> None:
    """Calendar days late decide who is told."""
    everyday = Calendar(BERLIN)
    due_on = date(2026, 11, 24) - timedelta(days=days_late)
    step = ladder.latest(CLOSE, due_on, date(2026, 11, 24), everyday)
    assert step is not None
    assert (step.days_late, step.audience) == (days_late, audience)


@pytest.mark.parametrize(
    ("today", "days_late"),
    [
        (date(2026, 12, 9), None),
        (date(2026, 12, 10), -7),
        (date(2026, 12, 13), -7),
        (date(2026, 12, 14), -3),
        (date(2026, 12, 16), -1),
        (date(2026, 12, 17), 0),
        (date(2026, 12, 20), 1),  # Sunday: Friday's stands
        (date(2026, 12, 21), 4),
        (date(2026, 12, 27), 7),
        (date(2027, 12, 17), 365),
    ],
)
def test_the_rung_that_stands_is_the_last_one_reached(today: date, days_late: int | None) -> None:
    """Between rungs the earlier one stands; before the first there is none; after a long pause only the latest."""
    step = ladder.latest(CLOSE, THURSDAY, today, BOTH)
    assert (step.days_late if step else None) == days_late


@pytest.mark.parametrize(
    ("after", "at"),
    [
        (date(2026, 11, 1), datetime(2026, 12, 10, 7, tzinfo=UTC)),
        (date(2026, 12, 10), datetime(2026, 12, 14, 7, tzinfo=UTC)),
        (date(2026, 12, 17), datetime(2026, 12, 18, 7, tzinfo=UTC)),
        (date(2026, 12, 18), datetime(2026, 12, 21, 7, tzinfo=UTC)),
        (date(2026, 12, 24), datetime(2026, 12, 28, 7, tzinfo=UTC)),
    ],
)
def test_the_next_rung_is_at_the_start_of_its_day(after: date, at: datetime) -> None:
    """The first rung after a day, at eight local time."""
    assert ladder.next_at(CLOSE, THURSDAY, after, BOTH) == at


def test_the_start_of_the_day_follows_the_change_of_clocks() -> None:
    """Eight in Berlin is six UTC in summer."""
    assert ladder.next_at(CLOSE, date(2026, 4, 2), date(2026, 3, 26), BOTH) == datetime(2026, 3, 30, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "at"),
    [
        (datetime(2026, 12, 10, 5, tzinfo=UTC), datetime(2026, 12, 10, 7, tzinfo=UTC)),
        (datetime(2026, 12, 10, 15, 59, tzinfo=UTC), datetime(2026, 12, 10, 7, tzinfo=UTC)),
        (datetime(2026, 12, 10, 16, 0, tzinfo=UTC), datetime(2026, 12, 14, 7, tzinfo=UTC)),
        (datetime(2026, 12, 11, 9, 0, tzinfo=UTC), datetime(2026, 12, 14, 7, tzinfo=UTC)),
        (datetime(2027, 1, 11, 9, 0, tzinfo=UTC), datetime(2027, 1, 11, 7, tzinfo=UTC)),
    ],
)
def test_a_new_clock_starts_with_todays_rung_while_people_work(now: datetime, at: datetime) -> None:
    """After five in the evening today's rung is over; what is late from the start is told the same day."""
    assert ladder.first_at(CLOSE, BOTH.at(THURSDAY, DAY_ENDS), now, BOTH) == at


@given(due_on=DAYS)
def test_rungs_are_working_days_in_order(due_on: date) -> None:
    """Days and lateness only grow, every rung is a working day, and the due date is never passed unsaid."""
    found = first(due_on, 15)
    days = [step.day for step in found]
    assert days == sorted(set(days))
    assert [step.days_late for step in found] == sorted({step.days_late for step in found})
    assert all(BOTH.is_working(day) for day in days)
    assert any(step.days_late == 0 for step in found)
    assert all(step.day <= due_on for step in found if step.days_late <= 0)


@given(due_on=DAYS)
def test_once_late_every_working_day_has_its_rung(due_on: date) -> None:
    """No working day after the due date is left out, and nobody told once is left out later."""
    late = [step for step in first(due_on, 20) if step.days_late > 0]
    for step, following in pairwise(late):
        assert BOTH.add_working_days(step.day, 1) == following.day
        assert set(step.audience) <= set(following.audience)
        assert (step.day - due_on).days == step.days_late


@given(due_on=DAYS, offset=st.integers(-30, 60))
def test_latest_and_next_meet(due_on: date, offset: int) -> None:
    """The rung that stands is not after today, the next is, and between them there is none."""
    today = due_on + timedelta(days=offset)
    standing = ladder.latest(CLOSE, due_on, today, BOTH)
    following = BOTH.day_of(ladder.next_at(CLOSE, due_on, today, BOTH))
    assert following > today
    assert ladder.next_at(CLOSE, due_on, today, BOTH).astimezone(BERLIN).time() == time(8)
    assert ladder.latest(CLOSE, due_on, following - timedelta(days=1), BOTH) == standing
    assert standing is None or standing.day <= today


BEFORE = {
    ClockName.CLOSE: [7, 3, 1, 0],
    ClockName.CHECK: [7, 3, 1, 0],
    ClockName.FIELD_ALERT: [7, 3, 1, 0],
    ClockName.BIOLOGIC: [7, 3, 1, 0],
    ClockName.EU_DEFECT: [7, 3, 1, 0],
    ClockName.PHASE_1: [1, 0],
    ClockName.REVIEW: [1, 0],
    ClockName.PLAN: [1, 0],
    ClockName.ACCEPT: [0],
    ClockName.ACKNOWLEDGE: [0],
    ClockName.NOTIFY: [0],
}


@pytest.mark.parametrize("name", ClockName)
def test_each_clock_has_its_ladder(name: ClockName) -> None:
    """Long ones begin a week before, short ones the day before or on the day; late, all are alike."""
    everyday = Calendar(BERLIN)
    found = list(islice(ladder.steps(name, THURSDAY, everyday), len(BEFORE[name]) + 3))
    assert [-step.days_late for step in found] == [*BEFORE[name], -1, -4, -5]
    assert [step.audience for step in found[-3:]] == [OWNER, AND_QA, AND_QA]


def test_a_short_clock_that_starts_today_is_not_reminded_of_at_once() -> None:
    """What is to be acknowledged tomorrow is told of tomorrow."""
    started = datetime(2026, 12, 16, 9, tzinfo=UTC)
    assert ladder.first_at(ClockName.ACKNOWLEDGE, BOTH.at(THURSDAY, DAY_ENDS), started, BOTH) == datetime(
        2026, 12, 17, 7, tzinfo=UTC
    )
    assert ladder.latest(ClockName.ACKNOWLEDGE, THURSDAY, date(2026, 12, 16), BOTH) is None
