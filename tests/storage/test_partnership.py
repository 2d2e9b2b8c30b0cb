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


def test_partnerships_are_read_together(session: Session, there: Partnership) -> None:
    """With both companies, the sponsor first: two statements, however many."""
    ids = {there.id, *(support.set_up(session, f"C0OTHER{number}").id for number in range(3))}
    session.expire_all()
    with support.statements(session) as seen:
        found = partnership.list_by_ids(session, ids)
    assert len(seen) == 2
    assert {one.id for one, _ in found} == ids
    assert {tuple(both) for _, both in found} == {(Side.SPONSOR, Side.CMO)}


def test_a_channel_is_muted_once(session: Session, there: Partnership) -> None:
    """The first reason stands; heard again, it may fall silent again."""
    assert partnership.mute(session, there.id, "is_archived", NOW)
    assert not partnership.mute(session, there.id, "channel_not_found", NOW + DAY)
    session.expire_all()
    found = partnership.get(session, there.id)
    assert (found.muted_at, found.muted_because, partnership.count_muted(session)) == (NOW, "is_archived", 1)
    assert partnership.unmute(session, there.id)
    assert not partnership.unmute(session, there.id)
    assert partnership.count_muted(session) == 0
    assert partnership.mute(session, there.id, "x" * 100, NOW)
    session.expire_all()
    assert partnership.get(session, there.id).muted_because == "x" * 64
