"""What only an OOS result has is kept beside its record."""

import pytest
from sqlalchemy.exc import NoResultFound
from sqlmodel import Session

from storage import oos
from storage.partnership import Partnership
from tests import support


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
