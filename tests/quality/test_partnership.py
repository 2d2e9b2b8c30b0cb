"""Setting a channel up, who may, and the other company's confirmation."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from threading import Barrier
from typing import Any

import pytest
from sqlmodel import Session, func, select

from quality import partnership, people, roster
from quality.people import Profile
from quality.refusal import Refusal
from storage import journal, person
from storage import partnership as stored
from storage.database import Database
from storage.partnership import Partnership, Side
from storage.person import Role
from tests import support
from tests.support import (
    ANNA,
    BEN,
    CARLA,
    CMO_TEAM,
    ELIF,
    FINN,
    GITA,
    NOW,
    SET_UP,
    SPONSOR_TEAM,
    STRANGER,
    actor,
    profile,
)

GUEST = profile("Gus Guest", SPONSOR_TEAM, guest=True)  # of the CMO, in the sponsor's workspace
OTHER_GUEST = profile("Uma Guest", SPONSOR_TEAM, guest=True)


def of_organisation(name: str, team: str) -> Profile:
    """Give a person of an organisation with two workspaces."""
    return replace(profile(name, team), teams=frozenset({"T1", "T2", "E1"}))


def set_up(session: Session, who: Profile = ANNA, **changes: Any) -> Partnership:
    return partnership.set_up(session, who, replace(SET_UP, **changes), NOW)


def test_setting_up_makes_partnership_companies_and_roster(session: Session) -> None:
    """Names, teams, countries, zone and digest time are what the form said; the QA named are QA."""
    made = set_up(session)
    both = stored.companies(session, made.id)
    assert [(c.name, c.team_id, c.country) for c in both.values()] == [
        ("Aurora", SPONSOR_TEAM, "US"),
        ("Borealis", CMO_TEAM, "DE"),
    ]
    assert [(p.name, p.side, p.roles) for p in person.list_active(session, made.id)] == [
        ("Anna Berg", Side.SPONSOR, [Role.QA]),
        ("Ben Ortiz", Side.SPONSOR, [Role.QA]),
        ("Elif Kaya", Side.CMO, [Role.QA]),
        ("Finn Larsen", Side.CMO, [Role.QA]),
    ]
    assert (made.set_up_at, made.next_digest_at) == (NOW, datetime(2026, 11, 25, 7, tzinfo=UTC))


def test_setting_up_is_journalled_and_announced(session: Session) -> None:
    """The journal says who set up, on what terms, and who was added; front door and confirmation card are queued."""
    made = set_up(session)
    assert support.events(session) == ["partnership.set_up", *["person.added"] * 4]
    first, second = (journal.get(session, number).content for number in (1, 2))
    assert first["by"]["name"] == "Anna Berg"
    began = first["changes"].pop("agreement")[1]
    assert began["version"] == 1
    assert len(began["terms"]) == 19
    assert began["terms"][6] == {
        "row": 7, "kind": "deviation", "class": "Major", "clock": "close", "length": 45, "unit": "calendar days",
        "at_most_hours": None, "since": "detection", "duty": "the owner",
    }  # fmt: skip
    assert began["settings"] == {
        "time zone": "Europe/Berlin", "digest at": "08:00", "digest days": "Mon Tue Wed Thu Fri", "figures on": "Mon",
        "capture of threads": "Off", "sponsor country": "US", "sponsor region": "", "sponsor closing days": "",
        "CMO country": "DE", "CMO region": "", "CMO closing days": "",
    }  # fmt: skip
    assert first["changes"] == {
        "channel": [None, support.CHANNEL],
        "sponsor": [None, "Aurora"],
        "CMO": [None, "Borealis"],
        "sponsor workspace": [None, SPONSOR_TEAM],
        "CMO workspace": [None, CMO_TEAM],
        "sponsor country": [None, "US"],
        "CMO country": [None, "DE"],
        "time zone": [None, "Europe/Berlin"],
        "digest at": [None, "08:00"],
    }
    assert second["by"] == first["by"]
    assert second["changes"]["roles"] == [None, "QA"]
    assert [(row.kind, row.partnership_id) for row in support.queued(session)] == [
        ("front door", made.id),
        ("confirm", made.id),
    ]


@pytest.mark.parametrize(
    ("who", "side"),
    [
        (ANNA, Side.SPONSOR),
        (ELIF, Side.CMO),
        (CARLA, Side.SPONSOR),  # not named, but of the sponsor's workspace
        (GITA, Side.CMO),
    ],
    ids=["sponsor QA", "CMO QA", "sponsor", "CMO"],
)
def test_who_sets_up_confirms_for_their_company(session: Session, who: Profile, side: Side) -> None:
    """The other company has still to confirm."""
    made = set_up(session, who)
    confirmed = {of: company.confirmed_at for of, company in stored.companies(session, made.id).items()}
    assert confirmed == {side: NOW, side.other: None}


def test_a_guest_named_as_qa_sets_up_for_the_cmo(session: Session) -> None:
    """Where the CMO's people are guests of the sponsor's workspace, both companies have its team."""
    made = set_up(session, GUEST, cmo_qa=(GUEST,))
    both = stored.companies(session, made.id)
    assert {company.team_id for company in both.values()} == {SPONSOR_TEAM}
    assert (both[Side.CMO].confirmed_at, both[Side.SPONSOR].confirmed_at) == (NOW, None)
    assert support.row_of(session, GUEST).side is Side.CMO


def test_the_sponsors_people_may_be_guests(session: Session) -> None:
    """In the CMO's workspace: its full members are the CMO's, and further guests are for QA to add."""
    sponsor = profile("Gus Guest", CMO_TEAM, guest=True)
    made = set_up(session, sponsor, sponsor_qa=(sponsor,), sponsor_team_id=CMO_TEAM)
    both = stored.companies(session, made.id)
    assert [company.team_id for company in both.values()] == ["", CMO_TEAM]
    assert (both[Side.SPONSOR].confirmed_at, both[Side.CMO].confirmed_at) == (NOW, None)
    people.enrol(session, made.id, GITA, NOW)
    assert actor(session, GITA).person.side is Side.CMO
    other = profile("Uma Guest", CMO_TEAM, guest=True)
    assert "guest" in support.refused(session, people.enrol, made.id, other, NOW)
    assert roster.admit(session, actor(session, sponsor), other, [Role.MEMBER], NOW).side is Side.SPONSOR
    nobody = profile("Nemo Nobody", "")
    assert "neither company's" in support.refused(session, people.actor_in_channel, made.channel_id, nobody.identity)


def test_a_full_member_of_a_shared_workspace_sets_up_for_the_sponsor(session: Session) -> None:
    """Where both companies use the sponsor's workspace, its own people are the sponsor's."""
    made = set_up(session, CARLA, cmo_qa=(GUEST,))
    both = stored.companies(session, made.id)
    assert (both[Side.SPONSOR].confirmed_at, both[Side.CMO].confirmed_at) == (NOW, None)
    assert journal.get(session, 1).content["changes"]["CMO workspace"] == [None, SPONSOR_TEAM]


def test_a_channel_is_set_up_once(session: Session, there: Partnership) -> None:
    """A second time is refused with the command for the front door."""
    told = support.refused(session, set_up)
    assert told.startswith("This channel is set up already")
    support.refused(session, partnership.require_free, support.CHANNEL)
    partnership.require_free(session, "C0FREE")


REFUSED: list[tuple[str, Profile, dict[str, Any], str]] = [
    ("a stranger sets up", STRANGER, {}, "sponsor_team"),
    ("a guest who is not named sets up", GUEST, {}, "sponsor_qa"),
    ("a guest who is not named sets up in a shared workspace", OTHER_GUEST, {"cmo_qa": (GUEST,)}, "sponsor_qa"),
    ("the sponsor's QA is a guest", ANNA, {"sponsor_qa": (ANNA, GUEST)}, "sponsor_qa"),
    ("a person is QA of both", ANNA, {"cmo_qa": (ANNA,)}, "cmo_qa"),
    ("the sponsor's QA is of the CMO's workspace", ANNA, {"sponsor_qa": (ANNA, GITA)}, "sponsor_qa"),
    ("the CMO's QA is of the sponsor's workspace", ANNA, {"cmo_qa": (ELIF, CARLA)}, "cmo_qa"),
    ("the CMO's QA are of two workspaces", ANNA, {"cmo_qa": (ELIF, STRANGER)}, "cmo_qa"),
    ("the sponsor's workspace is the CMO's", ANNA, {"sponsor_team_id": CMO_TEAM}, "sponsor_qa"),
]


@pytest.mark.parametrize(("who", "changes", "field"), [case[1:] for case in REFUSED], ids=[c[0] for c in REFUSED])
def test_people_who_do_not_fit_are_refused(session: Session, who: Profile, changes: dict[str, Any], field: str) -> None:
    """Each misfit is named at its field, and nothing is set up."""

    def act(opened: Session) -> None:
        set_up(opened, who, **changes)

    assert set(support.field_errors(session, act)) == {field}
    assert session.exec(select(func.count()).select_from(Partnership)).one() == 0


def test_a_guest_may_be_the_cmos_qa_beside_its_own_people(session: Session) -> None:
    """The CMO's workspace is that of its own people."""
    made = set_up(session, cmo_qa=(ELIF, GUEST))
    assert stored.companies(session, made.id)[Side.CMO].team_id == CMO_TEAM
    assert support.row_of(session, GUEST).side is Side.CMO


def test_the_other_companys_qa_confirms(session: Session) -> None:
    """Time, journal and card follow."""
    made = support.set_up(session, confirmed=False)
    support.empty_outbox(session)
    partnership.confirm(session, actor(session, FINN), NOW)
    assert stored.companies(session, made.id)[Side.CMO].confirmed_at == NOW
    entry = support.last_entry(session)
    assert (entry.event, entry.content["by"]["name"]) == ("partnership.confirmed", "Finn Larsen")
    assert entry.content["changes"] == {"confirmed": [None, "Borealis"]}
    assert [row.kind for row in support.newly_queued(session)] == ["confirm"]


def test_only_qa_confirms(session: Session) -> None:
    """A member is told who may."""
    support.set_up(session, confirmed=False)
    told = support.refused(session, partnership.confirm, actor(session, GITA), NOW)
    assert told.startswith("Only QA may confirm for Borealis: ")


def test_the_company_that_set_up_cannot_confirm_for_the_other(session: Session) -> None:
    """It is told that the other company still has to."""
    support.set_up(session, confirmed=False)
    told = support.refused(session, partnership.confirm, actor(session, BEN), NOW)
    assert told == "Aurora has confirmed already; Borealis still has to."


@pytest.mark.parametrize("who", [ANNA, ELIF], ids=["sponsor", "CMO"])
def test_confirming_twice_is_refused(session: Session, there: Partnership, who: Profile) -> None:
    """Both have confirmed, and that is said."""
    assert support.refused(session, partnership.confirm, actor(session, who), NOW).endswith("has too.")


def test_an_organisation_with_several_workspaces_is_one_company(session: Session) -> None:
    """QA of two of them can be named together, and the other company cannot take a colleague of theirs."""
    one, two, third = (of_organisation(*who) for who in (("Una Q", "T1"), ("Tom Q", "T2"), ("Theo R", "T2")))
    made = set_up(session, cmo_qa=(one, two))
    assert stored.companies(session, made.id)[Side.CMO].team_id == "E1"
    errors = support.field_errors(session, roster.admit, actor(session, ANNA), third, [Role.QA], NOW)
    assert errors["person"].startswith("Theo R is of Borealis")
    people.enrol(session, made.id, third, NOW)
    assert actor(session, third).company.name == "Borealis"


def test_every_id_of_an_organisation_is_known_once(session: Session) -> None:
    """Whichever Slack names, it is the same person, and the journal hears of each id once."""
    made = set_up(session, cmo_qa=(of_organisation("Una Q", "E1"),))
    for team in ("T1", "T2"):
        assert people.recognise(session, made.id, of_organisation("Una Q", team), NOW)
    number = len(support.entries(session))
    for team in ("E1", "T1", "T2") * 2:
        assert actor(session, of_organisation("Una Q", team)).person.name == "Una Q"
    assert len(support.entries(session)) == number


def test_two_who_set_up_at_once(postgres: Database) -> None:
    """One wins, the other is told that it is done."""
    start = Barrier(2)

    def run(who: Profile) -> object:
        with postgres.writing() as own:
            partnership.require_free(own, SET_UP.channel_id)
            start.wait(10)
            return set_up(own, who)

    with ThreadPoolExecutor(2) as pool:
        told = [one.exception() for one in [pool.submit(run, who) for who in (ANNA, BEN)]]
    (refusal,) = [one for one in told if one is not None]
    assert isinstance(refusal, Refusal)
    assert "set up already" in str(refusal)
