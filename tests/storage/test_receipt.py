"""A delivery of Slack is acted on once."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from storage import receipt
from storage.database import Database
from tests.support import NOW


def test_the_first_delivery_is_new_and_a_repeat_is_not(session: Session) -> None:
    """A key is new once, also within one transaction."""
    assert receipt.first_time(session, "Ev1", NOW) is True
    assert receipt.first_time(session, "Ev1", NOW + timedelta(minutes=1)) is False
    assert receipt.first_time(session, "Ev2", NOW) is True


def test_a_receipt_outlives_its_transaction(database: Database) -> None:
    """A committed key is known to the next transaction."""
    with database.writing() as session:
        receipt.first_time(session, "Ev1", NOW)
    with database.writing() as session:
        assert receipt.first_time(session, "Ev1", NOW) is False


def test_a_delivery_that_failed_may_come_again(database: Database) -> None:
    """A receipt is rolled back with the act it stands for."""

    def fail() -> None:
        with database.writing() as session:
            receipt.first_time(session, "Ev1", NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.writing() as session:
        assert receipt.first_time(session, "Ev1", NOW) is True
