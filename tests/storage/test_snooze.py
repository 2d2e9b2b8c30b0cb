"""Snoozes: one for a clock and a person, found when it is over."""

from datetime import date, timedelta

import pytest
from sqlmodel import Session, select

from storage import clock, snooze
from storage.clock import ClockName
from storage.partnership import Partnership
from storage.snooze import Snooze
from tests import support
from tests.support import ELIF, FINN, GITA, HOUR, NOW

TOMORROW = date(2026, 11, 25)


@pytest.fixture
def clock_id(session: Session, there: Partnership) -> int:
    """Log a deviation; gives its clock to the closing."""
    found = clock.find(session, support.log_deviation(session).id, ClockName.CLOSE)
    assert found is not None
    return found.id


def test_a_snooze_is_of_one_person(session: Session, clock_id: int) -> None:
    """A colleague hears of the clock as before."""
    gita, finn = (support.row_of(session, who).id for who in (GITA, FINN))
    snooze.set_for(session, clock_id, gita, TOMORROW, NOW)
    found = session.get(Snooze, (clock_id, gita))
    assert found is not None
    assert (found.day, found.wake_at) == (TOMORROW, NOW)
    assert session.get(Snooze, (clock_id, finn)) is None


def test_a_later_snooze_takes_the_place_of_the_earlier(session: Session, clock_id: int) -> None:
    """A person is told once more, not twice."""
    gita = support.row_of(session, GITA).id
    for days in range(2):
        snooze.set_for(session, clock_id, gita, TOMORROW + timedelta(days=days), NOW + days * HOUR)
        session.flush()
    (found,) = session.exec(select(Snooze)).all()
    assert (found.day, found.wake_at) == (TOMORROW + timedelta(days=1), NOW + HOUR)


def test_those_that_are_over_come_longest_waiting_first(session: Session, clock_id: int) -> None:
    """From their moment on, at most as many as asked for."""
    ids = [support.row_of(session, who).id for who in (GITA, FINN, ELIF)]
    for hours, person_id in enumerate(ids):
        snooze.set_for(session, clock_id, person_id, TOMORROW, NOW - hours * HOUR)
    session.flush()
    assert [one.person_id for one in snooze.list_due(session, NOW, 10)] == ids[::-1]
    assert [one.person_id for one in snooze.list_due(session, NOW, 1)] == ids[2:]
    assert [one.person_id for one in snooze.list_due(session, NOW - HOUR, 10)] == ids[:0:-1]
    assert snooze.list_due(session, NOW - 3 * HOUR, 10) == []
