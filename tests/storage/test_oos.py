"""What only an OOS result has is kept beside its record."""

import pytest
from sqlalchemy.exc import IntegrityError, NoResultFound
from sqlmodel import Session

from storage import oos
from storage.oos import Retest
from storage.partnership import Partnership
from tests import support
from tests.support import NOW

BY = {"submitted_by_id": 1, "submitted_at": NOW}


def test_details_are_got_by_record(session: Session, there: Partnership) -> None:
    """The details of a record are read back as they were logged."""
    logged = support.log_oos(session)
    session.flush()
    session.expire_all()
    assert oos.get(session, logged.id).result == "94.2"


def test_a_record_without_details_is_an_error(session: Session, there: Partnership) -> None:
    """An unknown record has no details to get."""
    with pytest.raises(NoResultFound):
        oos.get(session, 999)


def test_retests_are_listed_in_order(session: Session, there: Partnership) -> None:
    """Each record's own, digit by digit."""
    made, other = support.log_oos(session), support.log_oos(session)
    for record, number, result in ((made, 2, "94,40"), (other, 1, "90"), (made, 1, "95.0")):
        session.add(Retest(record_id=record.id, number=number, result=result, analyst="Max", **BY))
    session.flush()
    session.expire_all()
    assert [one.result for one in oos.list_retests(session, made.id)] == ["95.0", "94,40"]


def test_a_retest_has_a_number_of_its_own(session: Session, there: Partnership) -> None:
    """The table refuses the same number twice, whatever two processes count."""
    made = support.log_oos(session)
    for _ in range(2):
        session.add(Retest(record_id=made.id, number=1, result="94.4", analyst="Max", **BY))
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()
