"""Signing devices are found by person; one at a time is in use."""

from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from storage import device
from storage.database import Database
from storage.device import Device
from storage.partnership import Partnership
from tests import support
from tests.support import NOW

pytestmark = pytest.mark.both_engines

ANNA = ("T0AURORA", "U0ANNA")


def add(session: Session, there: Partnership, user_id: str = "U0ANNA", **fields: Any) -> Device:
    made = Device(
        team_id="T0AURORA", user_id=user_id, partnership_id=there.id, secret="sealed", set_up_at=NOW, **fields
    )
    session.add(made)
    session.flush()
    return made


def test_a_device_counts_once_it_is_confirmed(session: Session, there: Partnership) -> None:
    """Until then it is one being set up."""
    made = add(session, there)
    assert (device.find(session, *ANNA), device.find_unconfirmed(session, *ANNA)) == (None, made)
    made.confirmed_at = NOW
    session.flush()
    assert (device.find(session, *ANNA), device.find_unconfirmed(session, *ANNA)) == (made, None)


def test_whoever_signs_at_once_sees_what_the_other_left(database: Database, there: Partnership) -> None:
    """A code that is being accepted is not accepted a second time: the device is read under a lock, and only then."""
    with database.writing() as session:
        add(session, there, confirmed_at=NOW)

    def accept(session: Session) -> int:
        found = device.find(session, *ANNA)
        assert found is not None
        found.last_step += 1
        return found.last_step

    assert support.one_after_the_other(database, accept) == (1, 2)
    with database.reading() as session:
        assert device.find(session, *ANNA) is not None


def test_a_revoked_device_is_found_no_more(session: Session, there: Partnership) -> None:
    """Its row stays."""
    made = add(session, there, confirmed_at=NOW, revoked_at=NOW)
    assert (device.find(session, *ANNA), device.find_unconfirmed(session, *ANNA)) == (None, None)
    assert device.get(session, made.id) is made


def test_a_device_is_one_persons(session: Session, there: Partnership) -> None:
    """Team and user together are a person."""
    made = add(session, there, confirmed_at=NOW)
    assert device.find(session, *ANNA) is made
    assert device.find(session, "T0AURORA", "U0BEN") is None
    assert device.find(session, "T0BOREALIS", "U0ANNA") is None


def test_one_device_at_a_time_is_in_use(session: Session, there: Partnership) -> None:
    """The table refuses a second one; beside a revoked one and one being set up there may be one."""
    add(session, there, confirmed_at=NOW, revoked_at=NOW)
    add(session, there, confirmed_at=NOW)
    add(session, there)
    add(session, there, "U0BEN", confirmed_at=NOW)
    with pytest.raises(IntegrityError):
        add(session, there, confirmed_at=NOW)
    session.rollback()


def test_an_unknown_device_is_an_error(session: Session, there: Partnership) -> None:
    """There is none to get."""
    with pytest.raises(LookupError):
        device.get(session, 999)
