"""Requests: one at a time is open, and those agreed to are counted."""

from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from storage import request
from storage.partnership import Partnership
from storage.record import Asked, Record
from storage.request import Request
from tests import support
from tests.support import NOW

pytestmark = pytest.mark.both_engines


@pytest.fixture
def logged(session: Session, there: Partnership) -> Record:
    """Log a deviation."""
    return support.log_deviation(session)


def add(session: Session, logged: Record, what: Asked = Asked.EXTEND, **fields: Any) -> Request:
    by = {"partnership_id": 1, "asked_by_id": logged.logged_by_id, "asked_at": NOW, "reason": "Late part."}
    made = Request(record_id=logged.id, what=what, **by, **fields)
    session.add(made)
    session.flush()
    return made


def test_the_open_request_is_found(session: Session, logged: Record) -> None:
    """Answered ones are not open, nor are another record's."""
    add(session, logged, answered_at=NOW)
    assert request.find_open(session, logged.id) is None
    made = add(session, logged)
    assert request.find_open(session, logged.id) is made
    assert request.find_open(session, logged.id + 1) is None


def test_one_request_at_a_time_is_open(session: Session, logged: Record) -> None:
    """The table refuses a second one, of whatever kind."""
    add(session, logged)
    with pytest.raises(IntegrityError):
        add(session, logged, Asked.VOID)
    session.rollback()


def test_those_agreed_to_are_counted_by_kind(session: Session, logged: Record) -> None:
    """Refused and open ones do not count."""
    for agreed in (True, True, False):
        add(session, logged, answered_at=NOW, agreed=agreed)
    add(session, logged, Asked.LOWER, answered_at=NOW, agreed=True)
    add(session, logged)
    counted = {what: request.count_agreed(session, logged.id, what) for what in Asked}
    assert counted == {Asked.EXTEND: 2, Asked.LOWER: 1, Asked.VOID: 0, Asked.REOPEN: 0, Asked.STOP: 0}
