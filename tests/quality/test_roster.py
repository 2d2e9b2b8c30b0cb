"""Who is there: leaving, coming back, and what becomes of the work."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from threading import Barrier

import pytest
from sqlmodel import Session

from quality import mine, reminders, roster, setting
from quality.people import Identity, Profile
from quality.refusal import Refusal
from storage import person
from storage.clock import Duty
from storage.database import Database
from storage.partnership import Partnership, Side
from storage.person import Role
from tests import support
from tests.support import ANNA, CARLA, DAY, ELIF, FINN, GITA, HOUR, NOW, actor

UNTIL = date(2026, 12, 4)


def leave(session: Session, who: Profile, why: str = "left the channel") -> None:
    row = support.row_of(session, who)
    roster.leave(session, row.partnership_id, row.id, why, NOW)


# Leaving and coming back


def test_who_leaves_is_on_the_roster_no_more(session: Session, there: Partnership) -> None:
    """From that moment on, journaled with the reason and what they were; nothing of theirs is deleted."""
    gita = support.row_of(session, GITA)
    leave(session, GITA, "deactivated in Slack")
    assert (gita.active, gita.left_at, gita.next_list_at) == (False, NOW, None)
    assert gita.roles == [Role.MEMBER]
    entry = support.last_entry(session)
    assert (entry.event, entry.content["by"]["name"]) == ("person.left", "QualBridge")
    assert entry.content["reason"] == "deactivated in Slack"
    assert entry.content["changes"]["person"][0]["user"] == "U0GITA"
    assert entry.content["changes"]["roles"] == ["member", None]


def test_open_work_is_offered_to_qa_of_the_leavers_company(session: Session, there: Partnership) -> None:
    """Each of them by a message, and the cards of what they owned are drawn anew; what is closed is left alone."""
    owned, done = (support.log_deviation(session) for _ in range(2))
    support.assign(session, owned, GITA)
    support.close(session, done)
    support.empty_outbox(session)
    gita = support.row_of(session, GITA).id
    leave(session, GITA)
    rows = support.newly_queued(session)
    assert [(row.kind, support.told(session, row), row.about) for row in rows if row.kind == "leaver"] == [
        ("leaver", "Elif Kaya", {"whose": gita}),
        ("leaver", "Finn Larsen", {"whose": gita}),
    ]
    assert [row.about for row in rows if row.kind == "card"] == [{"record_id": owned.id}]


def test_where_no_qa_is_left_the_other_companys_is_told(session: Session, there: Partnership) -> None:
    """So that no work is forgotten."""
    leave(session, ELIF)
    support.empty_outbox(session)
    leave(session, FINN)
    rows = [row for row in support.newly_queued(session) if row.kind == "leaver"]
    assert [support.told(session, row) for row in rows] == ["Anna Berg", "Ben Ortiz"]


def test_a_stand_in_is_told_of_a_leaver(session: Session, there: Partnership) -> None:
    """Once, also where they are QA themselves."""
    mine.go_away(session, actor(session, ELIF), support.row_of(session, FINN).id, UNTIL, NOW)
    support.empty_outbox(session)
    leave(session, GITA)
    assert [support.told(session, row) for row in support.newly_queued(session) if row.kind == "leaver"] == [
        "Finn Larsen"
    ]


def test_leaving_twice_is_leaving_once(session: Session, there: Partnership) -> None:
    """Slack says it by several events."""
    row = support.row_of(session, GITA)
    leave(session, GITA)
    number = len(support.entries(session))
    roster.leave(session, row.partnership_id, row.id, "deactivated", NOW + HOUR)
    assert (len(support.entries(session)), row.left_at) == (number, NOW)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([Role.VIEWER], [Role.VIEWER]),
        ([Role.MEMBER, Role.QA, Role.HEAD], [Role.MEMBER]),
        ([Role.QA], [Role.MEMBER]),
    ],
)
def test_who_comes_back_has_no_more_than_before(
    session: Session, there: Partnership, before: list[Role], after: list[Role]
) -> None:
    """A viewer only reads, as before; what QA hold is given anew."""
    gita = support.give_roles(session, GITA, *before)
    leave(session, GITA)
    roster.come_back(session, there.id, gita.id, GITA, NOW + DAY)
    assert (gita.active, gita.roles) == (True, after)


def test_a_guest_who_comes_back_stays_off(session: Session, there: Partnership) -> None:
    """Which company a guest acts for is for its QA to say, each time."""
    guest = support.profile("Gus Teller", support.SPONSOR_TEAM, guest=True)
    row = roster.admit(session, actor(session, ELIF), guest, [Role.MEMBER], NOW)
    roster.leave(session, there.id, row.id, "left the channel", NOW)
    roster.come_back(session, there.id, row.id, guest, NOW + DAY)
    assert not row.active
    assert roster.admit(session, actor(session, ELIF), guest, [Role.MEMBER], NOW + DAY).active


def test_a_person_acts_for_one_company_for_good(session: Session, there: Partnership) -> None:
    """What somebody did for the CMO never becomes the sponsor's."""
    guest = support.profile("Gus Teller", support.SPONSOR_TEAM, guest=True)
    row = roster.admit(session, actor(session, ELIF), guest, [Role.MEMBER], NOW)
    support.log_deviation(session, guest)
    roster.remove(session, actor(session, ELIF), row.id, "Moves.", NOW)
    errors = support.field_errors(session, roster.admit, actor(session, ANNA), guest, [Role.QA], NOW)
    assert errors["person"].startswith("Gus Teller acted for Borealis here")


def test_of_two_who_take_each_other_off_one_stays(postgres: Database) -> None:
    """At the same moment, too: a company without QA could put nothing right."""
    with postgres.writing() as opened:
        support.set_up(opened)
        ids = {who.name: support.row_of(opened, who).id for who in (ELIF, FINN)}
    start = Barrier(2)

    def take_off(by: Profile, whom: Profile) -> str:
        with postgres.writing() as own:
            who = actor(own, by)
            roster.get_own(own, who, ids[whom.name])
            start.wait(10)
            roster.remove(own, who, ids[whom.name], "Moves.", NOW)
        return "taken off"

    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(take_off, *pair) for pair in ((ELIF, FINN), (FINN, ELIF))]
    told = [one.exception() for one in both]
    assert sum(isinstance(one, Refusal) for one in told) == 1
    with postgres.reading() as opened:
        assert len([one for one in person.list_with_role(opened, 1, Role.QA) if one.side == "CMO"]) == 1


def test_who_comes_back_is_a_member(session: Session, there: Partnership) -> None:
    """Roles are QA's to give, once more; the morning list comes again."""
    elif_row = support.row_of(session, ELIF)
    leave(session, ELIF)
    roster.come_back(session, there.id, elif_row.id, ELIF, NOW + DAY)
    assert (elif_row.active, elif_row.left_at, elif_row.roles) == (True, None, [Role.MEMBER])
    assert elif_row.next_list_at == datetime(2026, 11, 26, 7, tzinfo=UTC)
    entry = support.last_entry(session)
    assert (entry.event, entry.content["by"]["name"]) == ("person.returned", "Elif Kaya")
    assert entry.content["changes"]["roles"] == [None, "member"]
    assert not support.row_of(session, ELIF).has(Role.QA)


def test_who_leaves_is_not_away_any_more(session: Session, there: Partnership) -> None:
    """An absence ends with the place on the roster."""
    gita = support.row_of(session, GITA)
    mine.go_away(session, actor(session, GITA), support.row_of(session, FINN).id, UNTIL, NOW)
    leave(session, GITA)
    assert (gita.away_until, gita.stand_in_id) == (None, None)


def test_the_work_of_who_left_stays_their_companys(session: Session, there: Partnership) -> None:
    """Its turn and its reminders: QA of the leaver's company are reminded, whoever logged the record."""
    made = support.log_deviation(session, ANNA)
    support.assign(session, made, GITA)
    leave(session, GITA)
    assert made.turn is Side.CMO
    found = setting.read(session, [there.id])[there.id]
    told = reminders.first_told(found, Duty.OWNER, made, frozenset())
    assert [who.name for who in told] == ["Elif Kaya", "Finn Larsen"]


def test_nobody_is_on_both_rosters(session: Session, there: Partnership) -> None:
    """Not by another id of their workspace either."""
    again = Profile(Identity("E0AURORA", CARLA.identity.user_id), "Carla Diaz", "Europe/Berlin", guest=True)
    assert roster.list_addable(session, actor(session, ELIF), [again]) == []
    errors = support.field_errors(session, roster.admit, actor(session, ELIF), again, [Role.QA], NOW)
    assert errors["person"].startswith("Carla Diaz is on the roster of Aurora already")


def test_who_comes_back_from_elsewhere(session: Session, there: Partnership) -> None:
    """A name or time zone that changed meanwhile is journaled as at any other time; the list comes by the new one."""
    gita = support.row_of(session, GITA)
    leave(session, GITA)
    moved = Profile(GITA.identity, "Gita Rao-Lund", "America/New_York")
    roster.come_back(session, there.id, gita.id, moved, NOW + DAY)
    assert support.events(session)[-2:] == ["person.profile_changed", "person.returned"]
    changes = support.entries(session)[-2].content["changes"]
    assert changes == {"name": ["Gita Rao", "Gita Rao-Lund"], "time zone": ["Europe/Berlin", "America/New_York"]}
    assert gita.next_list_at == datetime(2026, 11, 25, 13, tzinfo=UTC)
