"""Who acts and whether they may: strangers, guests, viewers, removed and unknown people."""

from dataclasses import replace

import pytest
from sqlmodel import Session

from quality import partnership, people
from quality.people import Profile
from quality.refusal import NotOnRoster, NotSetUp
from storage import person
from storage.partnership import Partnership, Side
from storage.person import Role
from tests import support
from tests.support import (
    ANNA,
    CARLA,
    CHANNEL,
    CMO_TEAM,
    ELIF,
    GITA,
    NOBODY,
    NOW,
    SET_UP,
    SPONSOR_TEAM,
    STRANGER,
    actor,
    profile,
)

GUEST = profile("Gus Guest", SPONSOR_TEAM, guest=True)


def in_channel(session: Session, who: Profile) -> object:
    return people.actor_in_channel(session, CHANNEL, who.identity)


def enrol(session: Session, who: Profile, partnership_id: int = 1) -> None:
    people.enrol(session, partnership_id, who, NOW)


@pytest.mark.parametrize(
    ("who", "company", "other", "side"),
    [(ANNA, "Aurora", "Borealis", Side.SPONSOR), (GITA, "Borealis", "Aurora", Side.CMO)],
    ids=["sponsor", "CMO"],
)
def test_an_actor_acts_for_their_company(
    session: Session, there: Partnership, who: Profile, company: str, other: str, side: Side
) -> None:
    """A person on the roster comes with partnership and both companies."""
    found = actor(session, who)
    assert (found.company.name, found.other_company.name, found.person.side) == (company, other, side)
    assert people.actor_of(session, there.id, who.identity).person is found.person


def test_the_journal_names_an_actor_readably(session: Session, there: Partnership) -> None:
    """Name, company, side and Slack identity."""
    assert actor(session, GITA).signature() == {
        "name": "Gita Rao",
        "company": "Borealis",
        "side": "CMO",
        "team": CMO_TEAM,
        "user": "U0GITA",
    }


def test_a_channel_that_is_not_set_up_has_no_actors(session: Session, there: Partnership) -> None:
    """It says how to set it up."""
    with pytest.raises(NotSetUp):
        people.actor_in_channel(session, "C0NONE", ANNA.identity)


def test_an_unknown_person_of_a_company_is_not_on_the_roster(session: Session, there: Partnership) -> None:
    """They may be enrolled, so this is a refusal of its own."""
    with pytest.raises(NotOnRoster) as caught:
        in_channel(session, NOBODY)
    assert caught.value.partnership_id == there.id


def test_a_stranger_is_told_whose_records_these_are(session: Session, there: Partnership) -> None:
    """Somebody of a third workspace learns both names and whom to ask."""
    told = support.refused(session, in_channel, STRANGER)
    assert told.startswith("This channel's records belong to Aurora and Borealis")
    assert told.endswith(
        "ask QA: Anna Berg (Aurora), Ben Ortiz (Aurora), Elif Kaya (Borealis), Finn Larsen (Borealis)."
    )


def test_a_removed_person_is_told_so(session: Session, there: Partnership) -> None:
    """They are refused, and coming back by themselves is not possible."""
    support.remove(session, GITA)
    told = support.refused(session, in_channel, GITA)
    assert told.startswith("You are no longer on the roster of Aurora and Borealis in this channel.")
    enrol(session, GITA)
    support.refused(session, in_channel, GITA)


def test_the_same_user_id_of_another_team_is_somebody_else(session: Session, there: Partnership) -> None:
    """Team and user together are a person."""
    with pytest.raises(NotOnRoster):
        in_channel(session, profile("Anna Berg", CMO_TEAM))


def test_enrolling_makes_a_member_of_ones_company(session: Session, there: Partnership) -> None:
    """The roster and the journal know the person; nothing is announced."""
    support.empty_outbox(session)
    enrol(session, NOBODY)
    row = support.row_of(session, NOBODY)
    assert (row.side, row.roles, row.joined_at, row.time_zone) == (Side.CMO, [Role.MEMBER], NOW, "Europe/Berlin")
    entry = support.last_entry(session)
    assert (entry.event, entry.content["by"]["name"]) == ("person.added", "Nora Quist")
    assert entry.content["changes"]["roles"] == [None, "member"]
    assert support.newly_queued(session) == []


def test_enrolling_again_changes_nothing(session: Session, there: Partnership) -> None:
    """Who is on the roster keeps their roles."""
    before = len(support.events(session))
    enrol(session, ANNA)
    assert support.row_of(session, ANNA).roles == [Role.QA]
    assert len(support.events(session)) == before


@pytest.mark.parametrize("team_id", [SPONSOR_TEAM, CMO_TEAM])
def test_a_guest_is_for_qa_to_enrol(session: Session, there: Partnership, team_id: str) -> None:
    """Slack cannot say for which company a guest works."""
    told = support.refused(session, enrol, profile("Gus Guest", team_id, guest=True))
    assert told.startswith("You are a guest here")


def test_a_full_member_of_a_shared_workspace_is_the_sponsors(session: Session) -> None:
    """Where the CMO's people are guests of the sponsor's workspace, who is no guest works for the sponsor."""
    made = partnership.set_up(session, ANNA, replace(SET_UP, cmo_qa=(GUEST,)), NOW)
    enrol(session, CARLA, made.id)
    assert support.row_of(session, CARLA).side is Side.SPONSOR
    other_guest = profile("Uma Guest", SPONSOR_TEAM, guest=True)
    assert support.refused(session, enrol, other_guest, made.id).startswith("You are a guest here")


def test_of_many_those_who_can_be_are_enrolled(session: Session, there: Partnership) -> None:
    """Guests and strangers keep nobody else off the roster."""
    people.enrol_all(session, there.id, (GUEST, STRANGER, NOBODY), NOW)
    assert support.row_of(session, NOBODY).roles == [Role.MEMBER]
    for who in (GUEST, STRANGER):
        assert person.find(session, there.id, who.identity.team_id, who.identity.user_id) is None


def test_an_unknown_time_zone_becomes_utc(session: Session, there: Partnership) -> None:
    """Whatever Slack says of a person's clock, reminders can be reckoned."""
    lost = profile("Lee Lost", CMO_TEAM, time_zone="Mars/Olympus_Mons")
    enrol(session, lost)
    assert support.row_of(session, lost).time_zone == "UTC"


def test_a_stranger_cannot_enrol(session: Session, there: Partnership) -> None:
    """A third workspace's people stay outside and are told whose records these are."""
    assert support.refused(session, enrol, STRANGER).startswith("This channel's records belong to Aurora and Borealis")
    assert person.find(session, there.id, "T0ELSEWHERE", "U0SAM") is None


def test_a_long_name_is_cut_to_fit(session: Session, there: Partnership) -> None:
    """Slack's longest names fit the column."""
    enrol(session, profile("N" * 120, CMO_TEAM))
    assert support.row_of(session, profile("N" * 120, CMO_TEAM)).name == "N" * 80


@pytest.mark.parametrize("held", Role)
@pytest.mark.parametrize("wanted", Role)
def test_an_act_needs_one_of_its_roles(session: Session, there: Partnership, held: Role, wanted: Role) -> None:
    """Who holds the role may; everybody else is told who may."""
    support.give_roles(session, GITA, held)

    def act(opened: Session) -> None:
        people.require(opened, actor(opened, GITA), (wanted,), "act")

    if held is wanted:
        act(session)
    else:
        assert support.refused(session, act).startswith(f"Only {wanted} may act: ")


def test_a_refusal_names_those_who_may_or_nobody(session: Session, there: Partnership) -> None:
    """Names come with companies; where nobody holds the role, that is said."""

    def act(opened: Session, role: Role) -> None:
        people.require(opened, actor(opened, GITA), (role,), "act")

    assert support.refused(session, act, Role.HEAD) == "Only head of quality may act: nobody yet."
    assert support.refused(session, act, Role.QA).endswith("Elif Kaya (Borealis), Finn Larsen (Borealis).")


@pytest.mark.parametrize(
    ("role", "may"), [(Role.QA, True), (Role.MEMBER, True), (Role.HEAD, True), (Role.VIEWER, False)]
)
def test_all_but_viewers_take_part(session: Session, there: Partnership, role: Role, *, may: bool) -> None:
    """A viewer reads."""
    support.give_roles(session, ELIF, role)
    assert people.may_take_part(actor(session, ELIF).person) is may


def test_people_are_named_once(session: Session, there: Partnership) -> None:
    """A person who stands in a list twice is named once."""
    anna = actor(session, ANNA)
    assert people.named([anna.person, anna.person], anna.companies) == "Anna Berg (Aurora)"
