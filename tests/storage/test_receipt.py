"""A delivery of Slack is acted on once."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from storage import receipt
from storage.database import Database
from storage.receipt import Receipt
from tests import support
from tests.support import DAY, NOW

pytestmark = pytest.mark.both_engines


def test_the_first_delivery_is_new_and_a_repeat_gives_the_receipt(session: Session) -> None:
    """A key is new once, also within one transaction; the receipt keeps the first delivery's time and content."""
    assert receipt.note(session, "Ev1", NOW, "hash") is None
    earlier = receipt.note(session, "Ev1", NOW + timedelta(minutes=1), "another")
    assert earlier is not None
    assert (earlier.at, earlier.content) == (NOW, "hash")
    assert receipt.note(session, "Ev2", NOW) is None


def test_of_two_deliveries_at_once_one_is_the_first(database: Database) -> None:
    """The second waits until the first is committed, and is given its receipt."""
    first, second = support.one_after_the_other(database, lambda session: receipt.note(session, "Ev1", NOW, "hash"))
    assert first is None
    assert second is not None
    assert second.content == "hash"


def test_of_many_deliveries_at_once_one_is_the_first(database: Database) -> None:
    """However many processes Slack reaches with the same event."""
    noted = support.at_once(database, 8, lambda session: receipt.note(session, "Ev1", NOW))
    assert [one is None for one in noted].count(True) == 1


def test_a_receipt_outlives_its_transaction(database: Database) -> None:
    """A committed key is known to the next transaction."""
    with database.writing() as session:
        receipt.note(session, "Ev1", NOW)
    with database.writing() as session:
        earlier = receipt.note(session, "Ev1", NOW)
        assert earlier is not None
        assert earlier.content == ""


def test_a_delivery_that_failed_may_come_again(database: Database) -> None:
    """A receipt is rolled back with the act it stands for."""

    def fail() -> None:
        with database.writing() as session:
            receipt.note(session, "Ev1", NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.writing() as session:
        assert receipt.note(session, "Ev1", NOW) is None


def test_receipts_from_before_a_moment_are_forgotten(session: Session) -> None:
    """Older ones go, one of that very moment stays."""
    for key, at in (("old", NOW - DAY), ("of the moment", NOW), ("new", NOW + DAY)):
        receipt.note(session, key, at)
    receipt.forget(session, NOW)
    assert set(session.exec(select(Receipt.key)).all()) == {"of the moment", "new"}
    assert receipt.note(session, "old", NOW) is None
