"""Clocks are found, stopped and due."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from storage import clock, record
from storage.clock import Clock, ClockName, ClockState
from storage.partnership import Partnership
from storage.record import Record
from tests import support
from tests.support import DAY, HOUR, NOW


@pytest.fixture
def logged(session: Session, there: Partnership) -> Record:
    """Log a deviation, which has a clock to its closing and one to its acknowledgement."""
    return support.log_deviation(session)


def of(session: Session, logged: Record, name: ClockName) -> Clock:
    found = clock.find(session, logged.id, name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", [ClockName.CLOSE, ClockName.ACKNOWLEDGE])
def test_a_clock_is_found_by_what_it_measures(session: Session, logged: Record, name: ClockName) -> None:
    """A record has one clock of each name."""
    assert of(session, logged, name).name is name


def test_a_record_without_a_clock_has_none(session: Session, logged: Record) -> None:
    """An unknown record's clock is None."""
    assert clock.find(session, logged.id + 1, ClockName.CLOSE) is None


def test_a_record_has_one_clock_of_a_name(session: Session, logged: Record) -> None:
    """A second clock of the same name is refused by the table."""
    same = of(session, logged, ClockName.CLOSE).model_dump(exclude={"id"})
    session.add(Clock(**same))
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()


def test_get_gives_a_clock_or_raises(session: Session, logged: Record) -> None:
    """A clock is found by its id; an unknown id is a LookupError."""
    found = of(session, logged, ClockName.CLOSE)
    assert clock.get(session, found.id) is found
    with pytest.raises(LookupError):
        clock.get(session, 999)


def test_one_clock_can_be_stopped(session: Session, logged: Record) -> None:
    """The others run on."""
    clock.stop(session, logged.id, NOW, ClockName.ACKNOWLEDGE)
    assert of(session, logged, ClockName.ACKNOWLEDGE).stopped_at == NOW
    assert of(session, logged, ClockName.CLOSE).stopped_at is None


def test_several_clocks_can_be_stopped(session: Session, logged: Record) -> None:
    """A stopped clock reminds of nothing, and one that was stopped before keeps its time."""
    clock.stop(session, logged.id, NOW, ClockName.ACKNOWLEDGE)
    clock.stop(session, logged.id, NOW + DAY, *ClockName)
    assert of(session, logged, ClockName.ACKNOWLEDGE).stopped_at == NOW
    close = of(session, logged, ClockName.CLOSE)
    assert (close.stopped_at, close.next_at) == (NOW + DAY, None)


def test_running_lists_what_is_not_stopped(session: Session, logged: Record) -> None:
    """The soonest due comes first."""
    names = [found.name for found in clock.list_running(session, logged.id)]
    assert names == [ClockName.ACKNOWLEDGE, ClockName.CLOSE]
    clock.stop(session, logged.id, NOW, ClockName.ACKNOWLEDGE)
    assert [found.name for found in clock.list_running(session, logged.id)] == [ClockName.CLOSE]


def test_due_lists_the_longest_waiting_first(session: Session, logged: Record) -> None:
    """A clock is due from its moment on; those without a moment never are."""
    later = support.log_deviation(session)
    first, second = of(session, logged, ClockName.CLOSE), of(session, later, ClockName.CLOSE)
    first.next_at, second.next_at = NOW, NOW - DAY
    session.flush()
    assert record.list_clocks_due(session, NOW, 10) == [(second, later), (first, logged)]
    assert record.list_clocks_due(session, NOW, 1) == [(second, later)]
    assert record.list_clocks_due(session, NOW - DAY, 10) == [(second, later)]
    assert record.list_clocks_due(session, NOW - 2 * DAY, 10) == []


STATES = [
    ({}, NOW, ClockState.RUNNING),
    ({}, NOW + 45 * DAY + 7 * HOUR, ClockState.RUNNING),  # due at 17:00, to the second
    ({}, NOW + 46 * DAY, ClockState.MISSED),
    ({"extensions": 1}, NOW, ClockState.EXTENDED),
    ({"extensions": 1}, NOW + 46 * DAY, ClockState.MISSED),
    ({"paused_at": NOW}, NOW + 46 * DAY, ClockState.STOPPED),
    ({"stopped_at": NOW + 45 * DAY}, NOW + 90 * DAY, ClockState.MET),
    ({"stopped_at": NOW + 46 * DAY}, NOW + 90 * DAY, ClockState.MISSED),
]


@pytest.mark.parametrize(("values", "now", "state"), STATES)
def test_a_clock_says_how_it_stands(
    session: Session, logged: Record, values: dict[str, Any], now: datetime, state: ClockState
) -> None:
    """Running, extended, stopped for a while, met or missed: due on 8 January 2027 at 17:00 in Berlin."""
    found = of(session, logged, ClockName.CLOSE)
    found.sqlmodel_update(values)
    assert found.state(now) is state


def test_those_that_follow_an_agreement_are_listed_by_id(session: Session, logged: Record) -> None:
    """Those after an id; not what is done, stands, stood or was extended, nor a date of somebody's own."""
    rest = [support.log_deviation(session) for _ in range(4)]
    own = of(session, support.log_capa(session), ClockName.CLOSE)
    clocks = [of(session, one, ClockName.CLOSE) for one in (logged, *rest)]
    first, stands, stood, extended, done = clocks
    stands.paused_at, stood.paused_seconds, extended.extensions, done.stopped_at = NOW, 60, 1, NOW
    session.flush()
    found = clock.list_following(session, logged.partnership_id, 0, 100)
    assert [one.id for one in found] == sorted(one.id for one in found)
    assert [one for one in found if one.name is ClockName.CLOSE] == [first]
    assert own not in found
    assert clock.list_following(session, logged.partnership_id, first.id, 1) == found[1:2]
    assert clock.list_following(session, logged.partnership_id + 1, 0, 100) == []


def test_late_ones_are_counted(session: Session, logged: Record) -> None:
    """Those that run, whose due time has passed; neither what is done nor what stands."""
    support.close(session, support.log_deviation(session))
    assert clock.count_late(session, NOW) == 0
    assert clock.count_late(session, NOW + 2 * DAY) == 1  # it waits for its acknowledgement
    late = NOW + 46 * DAY
    number = clock.count_late(session, late)
    of(session, logged, ClockName.CLOSE).paused_at = NOW
    session.flush()
    assert clock.count_late(session, late) == number - 1
