"""The roster: who is on it, with which roles, in which partnerships."""

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from storage import person
from storage.partnership import Partnership
from storage.person import Person, Role
from tests import support
from tests.support import ANNA, CMO_TEAM, ELIF, GITA, NOW, SPONSOR_TEAM, give_roles, remove, row_of

pytestmark = pytest.mark.both_engines


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("held", Role)
def test_a_person_has_the_roles_they_were_given(session: Session, there: Partnership, role: Role, held: Role) -> None:
    """A role read back from the database is the one that was stored, and no other."""
    give_roles(session, GITA, held)
    session.expunge_all()
    assert row_of(session, GITA).has(role) is (role is held)


def test_a_removed_person_has_no_roles(session: Session, there: Partnership) -> None:
    """Roles end with the place on the roster."""
    assert not remove(session, ELIF).has(Role.QA)


def test_a_person_is_found_by_slack_identity(session: Session, there: Partnership) -> None:
    """Team and user id both count."""
    found = person.find(session, there.id, SPONSOR_TEAM, "U0ANNA")
    assert found is not None
    assert found.name == "Anna Berg"
    assert person.find(session, there.id, CMO_TEAM, "U0ANNA") is None
    assert person.find(session, there.id + 1, SPONSOR_TEAM, "U0ANNA") is None


def test_a_person_is_got_inside_their_partnership(session: Session, there: Partnership) -> None:
    """Another partnership's person and an unknown one are LookupErrors alike."""
    anna = row_of(session, ANNA)
    assert person.get(session, there.id, anna.id) is anna
    for partnership_id, person_id in ((there.id + 1, anna.id), (there.id, 999)):
        with pytest.raises(LookupError):
            person.get(session, partnership_id, person_id)


def test_a_person_stands_on_a_roster_once(session: Session, there: Partnership) -> None:
    """The table refuses the same Slack person twice in a partnership."""
    session.add(Person(**row_of(session, ANNA).model_dump(exclude={"id"}, warnings=False)))
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()


def test_the_active_roster_is_sorted_by_company_and_name(session: Session, there: Partnership) -> None:
    """The sponsor's people come first; who was removed is left out."""
    remove(session, support.BEN)
    names = [who.name for who in person.list_active(session, there.id)]
    assert names == ["Anna Berg", "Carla Diaz", "Elif Kaya", "Finn Larsen", "Gita Rao"]


def test_people_are_listed_by_role(session: Session, there: Partnership) -> None:
    """Only active holders of the role are listed."""
    remove(session, support.BEN)
    give_roles(session, GITA, Role.MEMBER, Role.HEAD)
    assert [who.name for who in person.list_with_role(session, there.id, Role.QA)] == [
        "Anna Berg",
        "Elif Kaya",
        "Finn Larsen",
    ]
    assert [who.name for who in person.list_with_role(session, there.id, Role.HEAD)] == ["Gita Rao"]


def test_a_persons_partnerships_are_listed(session: Session, there: Partnership) -> None:
    """One row for each partnership a person is active in, by identity or by user id alone."""
    other = support.set_up(session, "C0OTHER")
    remove(session, GITA)
    for found in (
        person.list_identities(session, SPONSOR_TEAM, "U0ANNA"),
        person.list_of_user(session, "U0ANNA"),
    ):
        assert [row.partnership_id for row in found] == [there.id, other.id]
    assert [row.partnership_id for row in person.list_of_user(session, "U0GITA")] == [other.id]
    assert person.list_identities(session, CMO_TEAM, "U0ANNA") == []


def test_a_direct_channel_is_remembered(session: Session, there: Partnership) -> None:
    """Where a person's direct messages go is kept with the person."""
    person.save_direct_channel(session, row_of(session, ANNA).id, "D1", "T1")
    session.flush()
    session.expire_all()
    assert row_of(session, ANNA).dm_channel_id == "D1"


def test_a_person_who_joined_keeps_their_zone_and_time(session: Session, there: Partnership) -> None:
    """Zone and joining time are what Slack and the clock said."""
    assert (row_of(session, GITA).time_zone, row_of(session, GITA).joined_at) == ("Europe/Berlin", NOW)


def test_lists_due_come_longest_waiting_first(session: Session, there: Partnership) -> None:
    """From their moment on; who has none never."""
    anna, elif_row, gita = (row_of(session, who) for who in (ANNA, ELIF, GITA))
    for who in person.list_active(session, there.id):
        who.next_list_at = None
    anna.next_list_at, elif_row.next_list_at = NOW, NOW - support.DAY
    session.flush()
    assert person.list_lists_due(session, NOW, 10) == [elif_row, anna]
    assert person.list_lists_due(session, NOW, 1) == [elif_row]
    assert person.list_lists_due(session, NOW - 2 * support.DAY, 10) == []
    assert gita.next_list_at is None


def test_rosters_are_read_together(session: Session, there: Partnership) -> None:
    """By partnership and person, also who left, for their work is still theirs to name: one statement."""
    here, other, gone = there.id, support.set_up(session, "C0OTHER").id, remove(session, GITA).id
    session.expire_all()
    with support.statements(session) as seen:
        found = person.list_of_all(session, {here, other})
    assert len(seen) == 1
    assert {partnership_id: len(people) for partnership_id, people in found.items()} == {here: 6, other: 6}
    assert not found[here][gone].active
