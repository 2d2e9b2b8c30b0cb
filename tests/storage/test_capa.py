"""What only a CAPA has is kept beside its record."""

import pytest
from sqlalchemy.exc import IntegrityError, NoResultFound
from sqlmodel import Session

from storage import capa
from storage.capa import EffectivenessCheck
from storage.partnership import Partnership
from storage.record import Outcome
from tests import support
from tests.support import NOW


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


def test_checks_are_listed_in_order(session: Session, there: Partnership) -> None:
    """Each record's own, and each number once."""
    made, other = support.log_capa(session), support.log_capa(session)
    given = {"evidence": "None.", "submitted_by_id": 1, "submitted_at": NOW}
    for record, number, outcome in (
        (made, 2, Outcome.EFFECTIVE),
        (other, 1, Outcome.NOT_EFFECTIVE),
        (made, 1, Outcome.INCONCLUSIVE),
    ):
        session.add(EffectivenessCheck(record_id=record.id, number=number, outcome=outcome, **given))
    session.flush()
    found = capa.list_checks(session, made.id)
    assert [one.outcome for one in found] == [Outcome.INCONCLUSIVE, Outcome.EFFECTIVE]
    session.add(EffectivenessCheck(record_id=made.id, number=2, outcome=Outcome.EFFECTIVE, **given))
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()
