"""What only a CAPA has is kept beside its record."""

import pytest
from sqlalchemy.exc import NoResultFound
from sqlmodel import Session

from storage import capa
from storage.partnership import Partnership
from tests import support


def test_details_are_got_by_record(session: Session, there: Partnership) -> None:
    """The details of a record are read back as they were logged."""
    logged = support.log_capa(session)
    session.flush()
    session.expire_all()
    assert capa.get(session, logged.id).plan == "Order, fit, qualify."


def test_a_record_without_details_is_an_error(session: Session, there: Partnership) -> None:
    """An unknown record has no details to get."""
    with pytest.raises(NoResultFound):
        capa.get(session, 999)
