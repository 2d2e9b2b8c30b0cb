"""Agreements: versions, the one in force, the one proposal, and which clocks have still to follow."""

from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from storage import agreement
from storage.agreement import Agreement
from storage.partnership import Partnership, Side
from tests import support
from tests.support import ANNA, NOW


def add(session: Session, there: Partnership, **changes: Any) -> Agreement:
    made = Agreement(partnership_id=there.id, content={}, proposed_at=NOW, **changes)
    session.add(made)
    session.flush()
    return made


def test_the_highest_version_is_in_force(session: Session, there: Partnership) -> None:
    """Neither a proposal nor what was dropped, nor another partnership's."""
    support.set_up(session, "C0OTHER")
    second = add(session, there, version=2, in_force_at=NOW)
    add(session, there, dropped_at=NOW)
    add(session, there)
    assert agreement.in_force(session, there.id) is second
    assert agreement.in_force(session, there.id + 1).version == 1
    with pytest.raises(LookupError):
        agreement.in_force(session, 999)


def test_a_version_is_given_once(session: Session, there: Partnership) -> None:
    """The table refuses the same number twice."""
    with pytest.raises(IntegrityError):
        add(session, there, version=1, in_force_at=NOW)
    session.rollback()


def test_one_proposal_is_open(session: Session, there: Partnership) -> None:
    """The table refuses a second; what was dropped or came into force is none."""
    assert agreement.find_proposal(session, there.id) is None
    add(session, there, dropped_at=NOW)
    found = add(session, there)
    assert agreement.find_proposal(session, there.id) is found
    with pytest.raises(IntegrityError):
        add(session, there)
    session.rollback()


def test_an_agreement_is_got_inside_its_partnership(session: Session, there: Partnership) -> None:
    """Another partnership's and an unknown one are LookupErrors alike."""
    found = agreement.in_force(session, there.id)
    assert agreement.get(session, there.id, found.id) is found
    for partnership_id, agreement_id in ((there.id + 1, found.id), (there.id, 999)):
        with pytest.raises(LookupError):
            agreement.get(session, partnership_id, agreement_id)


def test_what_a_version_followed_is_found(session: Session, there: Partnership) -> None:
    """A proposal follows the version in force, a version the one before."""
    first = agreement.in_force(session, there.id)
    second = add(session, there, version=2, in_force_at=NOW)
    proposal = add(session, there)
    assert agreement.before(session, second) is first
    assert agreement.before(session, proposal) is second


def test_consent_is_noted_by_company(session: Session, there: Partnership) -> None:
    """And taken back."""
    found, anna = add(session, there), support.row_of(session, ANNA).id
    found.agree(Side.SPONSOR, anna)
    assert (found.agreed_by(Side.SPONSOR), found.agreed_by(Side.CMO)) == (anna, None)
    found.agree(Side.SPONSOR, None)
    assert found.agreed_by(Side.SPONSOR) is None


def test_a_version_that_clocks_follow_is_found_until_it_is_done_or_overtaken(
    session: Session, there: Partnership
) -> None:
    """From the first clock, number nought, on."""
    assert agreement.find_moving(session) is None
    found = add(session, there, version=2, in_force_at=NOW, moved_up_to=0)
    assert agreement.find_moving(session) is found
    agreement.stop_moving(session, there.id + 1)
    assert agreement.find_moving(session) is found
    agreement.stop_moving(session, there.id)
    assert agreement.find_moving(session) is None
