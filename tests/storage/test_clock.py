"""Clocks are found, stopped and due."""

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from storage import clock, record
from storage.clock import Clock, ClockName
from storage.partnership import Partnership
from storage.record import Record
from tests import support
from tests.support import DAY, NOW


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
