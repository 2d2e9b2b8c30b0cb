"""Partnerships are found by channel and by what is due."""

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from storage import partnership
from storage.partnership import Company, Partnership, Side
from tests import support
from tests.support import DAY, NOW


@pytest.mark.parametrize(("side", "other"), [(Side.SPONSOR, Side.CMO), (Side.CMO, Side.SPONSOR)])
def test_each_side_has_another(side: Side, other: Side) -> None:
    """The partner of the sponsor is the CMO, and the reverse."""
    assert side.other is other


def test_a_partnership_is_found_by_its_channel(session: Session, there: Partnership) -> None:
    """A channel without one gives None."""
    found = partnership.find_in_channel(session, support.CHANNEL)
    assert found is not None
    assert found.id == there.id
    assert partnership.find_in_channel(session, "C0NONE") is None


def test_get_gives_a_partnership_or_raises(session: Session, there: Partnership) -> None:
    """An unknown id is a LookupError."""
    assert partnership.get(session, there.id).channel_id == support.CHANNEL
    with pytest.raises(LookupError):
        partnership.get(session, 999)


def test_a_channel_has_one_partnership(session: Session, there: Partnership) -> None:
    """The table refuses a channel twice."""
    same = there.model_dump(exclude={"id"})
    session.add(Partnership(**same))
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()


def test_companies_are_given_by_side(session: Session, there: Partnership) -> None:
    """Both companies of this partnership, and no others."""
    support.set_up(session, "C0OTHER")
    both = partnership.companies(session, there.id)
    assert {side: company.name for side, company in both.items()} == {Side.SPONSOR: "Aurora", Side.CMO: "Borealis"}
    assert {company.partnership_id for company in both.values()} == {there.id}


def test_a_side_is_taken_once(session: Session, there: Partnership) -> None:
    """The table refuses a second sponsor."""
    session.add(Company(partnership_id=there.id, side=Side.SPONSOR, name="X", team_id="T", country="US"))
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()


def test_digests_due_come_longest_waiting_first(session: Session, there: Partnership) -> None:
    """A digest is due from its moment on."""
    first, second = partnership.get(session, there.id), support.set_up(session, "C0OTHER")
    first.next_digest_at, second.next_digest_at = NOW, NOW - DAY
    session.flush()
    assert partnership.list_digests_due(session, NOW, 10) == [second, first]
    assert partnership.list_digests_due(session, NOW, 1) == [second]
    assert partnership.list_digests_due(session, NOW - 2 * DAY, 10) == []
