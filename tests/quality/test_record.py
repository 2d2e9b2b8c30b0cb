"""Acknowledge, assign, comment, link: who may, what follows, every refusal; and how any change ends."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from sqlmodel import Session

from quality import record as records
from quality import request
from quality.change import Ref
from quality.people import Profile
from storage import clock
from storage.clock import ClockName
from storage.partnership import Partnership
from storage.person import Role
from storage.record import Record
from tests import support
from tests.support import ANNA, CARLA, DAY, ELIF, FINN, GITA, NOW, actor, ref

LATER = NOW + timedelta(hours=1)
PEOPLE = {"sponsor QA": ANNA, "sponsor member": CARLA, "CMO QA": ELIF, "CMO member": GITA}
LOG = {"deviation": support.log_deviation, "oos": support.log_oos}


@pytest.fixture
def logged(session: Session, there: Partnership) -> Record:
    """Log a deviation by the CMO's Gita, everything so far sent."""
    made = support.log_deviation(session)
    support.empty_outbox(session)
    return made


def acknowledge(session: Session, who: Profile, record: Record) -> Record:
    return records.acknowledge(session, actor(session, who), ref(record), LATER)


def comment(session: Session, who: Profile, record: Record) -> Record:
    return records.comment(session, actor(session, who), ref(record), "Seen.", LATER)


def assign(session: Session, who: Profile, record: Record, owner: Profile = GITA) -> Record:
    return support.assign(session, record, owner, who, LATER)


def link(session: Session, who: Profile, record: Record) -> Record:
    number = support.log_deviation(session).number
    return records.link_records(session, actor(session, who), ref(record), [number], LATER)


ACTS: dict[str, Callable[[Session, Profile, Record], Record]] = {
    "acknowledge": acknowledge,
    "assign": assign,
    "comment": comment,
}
# Who may do what with a record that the CMO logged.
MAY = {
    "acknowledge": {"sponsor QA", "sponsor member"},
    "assign": {"sponsor QA", "CMO QA"},
    "comment": set(PEOPLE),
}


@pytest.mark.parametrize("kind", LOG)
@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("who", PEOPLE)
def test_who_may_do_what(session: Session, there: Partnership, act: str, who: str, kind: str) -> None:
    """Each act is done by those who may and refused to the others, for every kind of person and record."""
    made = LOG[kind](session)
    if who in MAY[act]:
        ACTS[act](session, PEOPLE[who], made)
        assert support.events(session, made)[1:] != []
    else:
        assert f"on {made.number} is for " in support.refused(session, ACTS[act], PEOPLE[who], made)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("who", [ANNA, GITA], ids=["of the sponsor", "of the CMO"])
def test_a_viewer_only_reads(session: Session, logged: Record, act: str, who: Profile) -> None:
    """A viewer is told who may instead."""
    support.give_roles(session, who, Role.VIEWER)
    record = logged if act != "acknowledge" or who is ANNA else support.log_deviation(session, CARLA)
    assert support.refused(session, ACTS[act], who, record).startswith("*")


@pytest.mark.parametrize(("act", "button"), [("acknowledge", "Acknowledge"), ("assign", "Assign owner")])
def test_a_closed_record_is_left_alone(session: Session, logged: Record, act: str, button: str) -> None:
    """Whoever comes too late is told who closed it and when."""
    support.close(session, logged)
    comment(session, GITA, logged)
    told = support.refused(session, ACTS[act], ANNA, logged)
    assert told == (
        "DEV-2026-0001 is Closed: Anna Berg (Aurora) signed and closed it: Approval of the investigation and its "
        f"conclusion on 24 Nov 2026 09:00 UTC. *{button}* is for records that are Open or Under investigation or "
        "Pending approval."
    )


def test_a_closed_record_can_be_commented_on_and_linked(session: Session, logged: Record) -> None:
    """What is learned later belongs to the history, and voids no signature."""
    support.close(session, logged)
    comment(session, GITA, logged)
    link(session, GITA, logged)
    assert support.events(session, logged)[-2:] == ["deviation.commented", "deviation.linked"]
    assert [one.counts for one in support.sheet_of(session, logged).signatures] == [True, True]


def test_a_void_record_is_only_read_and_commented_on(session: Session, logged: Record) -> None:
    """It stays visible, and nothing links to it from its own card."""
    request.void(session, actor(session, ELIF), ref(logged), "Logged twice.", LATER)
    comment(session, GITA, logged)
    told = support.refused(session, records.link_records, actor(session, GITA), ref(logged), ["DEV-2026-0001"], LATER)
    assert told.startswith("DEV-2026-0001 is Void: Elif Kaya (Borealis) voided it on 24 Nov 2026 10:00 UTC.")


def test_acknowledging_stops_its_clock_and_names_the_person(session: Session, logged: Record) -> None:
    """The closing clock runs on."""
    acknowledge(session, CARLA, logged)
    assert (logged.acknowledged_at, logged.version) == (LATER, 2)
    assert logged.acknowledged_by_id == support.row_of(session, CARLA).id
    stopped = {name: clock.find(session, logged.id, name) for name in ClockName}
    assert {name: found.stopped_at for name, found in stopped.items() if found} == {
        ClockName.CLOSE: None,
        ClockName.ACKNOWLEDGE: LATER,
        ClockName.NOTIFY: NOW,  # the other company knew with the logging
    }


def test_the_company_that_logged_cannot_acknowledge(session: Session, logged: Record) -> None:
    """It is told that the other company has to."""
    told = support.refused(session, acknowledge, ELIF, logged)
    assert told == (
        "*Acknowledge* on DEV-2026-0001 is for the company that did not log it (but viewers): "
        "Anna Berg (Aurora), Ben Ortiz (Aurora), Carla Diaz (Aurora)."
    )


def test_acknowledging_twice_names_the_first(session: Session, logged: Record) -> None:
    """Two people who press at once: one wins, the other is told who did it and when."""
    acknowledge(session, CARLA, logged)
    comment(session, GITA, logged)
    told = support.refused(session, acknowledge, ANNA, logged)
    assert told == (
        "*Acknowledge* is not open on DEV-2026-0001: Carla Diaz (Aurora) acknowledged it on 24 Nov 2026 10:00 UTC."
    )


def test_a_capa_needs_no_acknowledgement(session: Session, there: Partnership) -> None:
    """Its owner accepts it instead."""
    made = support.log_capa(session)
    assert support.refused(session, acknowledge, ANNA, made) == "That cannot be done with CAPA-2026-0001."


def test_an_owner_is_told(session: Session, logged: Record) -> None:
    """Assigning changes owner and version, journals both names, and queues card, line and message."""
    assign(session, ELIF, logged)
    assign(session, ANNA, logged, FINN)
    assert (logged.owner_id, logged.version) == (support.row_of(session, FINN).id, 3)
    assert support.last_entry(session).content["changes"] == {"owner": ["Gita Rao", "Finn Larsen"]}
    rows = support.newly_queued(session)
    assert [row.kind for row in rows] == ["card", "line", "owner"] * 2
    assert [support.told(session, row) for row in rows if row.kind == "owner"] == ["Gita Rao", "Finn Larsen"]


def test_the_owner_cannot_become_owner(session: Session, logged: Record) -> None:
    """The field says that they are already."""
    assign(session, ELIF, logged)
    errors = support.field_errors(session, assign, ELIF, logged)
    assert errors == {"owner": "Gita Rao owns DEV-2026-0001 already."}


@pytest.mark.parametrize("roles", [(Role.VIEWER,), ()], ids=["viewer", "no role"])
def test_who_only_reads_cannot_own(session: Session, logged: Record, roles: tuple[Role, ...]) -> None:
    """The field says to choose another."""
    support.give_roles(session, GITA, *roles)
    assert set(support.field_errors(session, assign, ELIF, logged)) == {"owner"}


@pytest.mark.parametrize("role", [Role.QA, Role.MEMBER, Role.HEAD])
def test_who_takes_part_can_own(session: Session, logged: Record, role: Role) -> None:
    """QA, members and heads of quality own records."""
    support.give_roles(session, GITA, role)
    assert assign(session, ELIF, logged).owner_id == support.row_of(session, GITA).id


def test_a_removed_unknown_or_foreign_person_cannot_own(session: Session, logged: Record) -> None:
    """Only this roster's active people own records."""
    gone = support.remove(session, GITA).id
    support.set_up(session, "C0OTHER")
    foreign = support.row_of(session, GITA, "C0OTHER").id
    for owner_id in (gone, foreign, 999):
        give = partial(records.assign_owner, owner_id=owner_id, now=LATER)
        assert set(support.field_errors(session, give, actor(session, ELIF), ref(logged))) == {"owner"}


def test_a_comment_is_kept_and_changes_nothing_else(session: Session, logged: Record) -> None:
    """The text is in the journal, a line goes to the thread, version and card stay."""
    comment(session, CARLA, logged)
    assert support.last_entry(session).content["reason"] == "Seen."
    assert logged.version == 1
    assert [row.kind for row in support.newly_queued(session)] == ["line"]


def test_linking_says_so_on_both_sides(session: Session, logged: Record) -> None:
    """Both histories, both cards; which one follows is the CAPA, else the one logged later."""
    later, action = support.log_oos(session), support.log_capa(session)
    support.empty_outbox(session)
    numbers = [later.number.lower(), f" {action.number}".strip()]
    records.link_records(session, actor(session, GITA), ref(logged), numbers, LATER)
    assert support.sheet_of(session, logged).followers == [later, action]
    assert [support.events(session, one)[-1] for one in (logged, later, action)] == [
        "deviation.linked",
        "oos.linked",
        "capa.linked",
    ]
    drawn = {row.about["record_id"] for row in support.newly_queued(session) if row.kind == "card"}
    assert drawn == {logged.id, later.id, action.id}


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        (["DEV-2026-0001"], "this record itself"),
        (["DEV-2026-0009"], "There is no record DEV-2026-0009"),
        (["OOS-2026-0001"], "linked with it already"),
    ],
)
def test_what_cannot_be_linked_is_said_at_the_field(
    session: Session, logged: Record, numbers: list[str], said: str
) -> None:
    """Itself, what is not there, and what is linked already."""
    records.link_records(session, actor(session, GITA), ref(logged), [support.log_oos(session).number], LATER)
    by = actor(session, GITA)
    errors = support.field_errors(session, records.link_records, by, ref(logged), numbers, LATER)
    assert said in errors["numbers"]


@pytest.mark.parametrize("act", ACTS)
def test_another_channels_record_is_out_of_reach(session: Session, logged: Record, act: str) -> None:
    """An id from elsewhere is refused like one that does not exist."""
    support.set_up(session, "C0OTHER")
    foreign = support.log_deviation(session, channel_id="C0OTHER")
    assert support.refused(session, ACTS[act], ANNA, foreign) == "That record is not one of this channel's."


def test_a_record_is_looked_up_by_number(session: Session, logged: Record) -> None:
    """Spaces and case do not matter; an unknown number is refused with where to look."""
    assert records.by_number(session, actor(session, GITA), " dev-2026-0001 ") is logged
    told = support.refused(session, records.by_number, actor(session, GITA), "dev-2026-0002")
    assert told == "There is no record DEV-2026-0002 in this channel. Look for it with `/quality search <words>`."


def test_an_unknown_id_is_refused(session: Session, logged: Record) -> None:
    """A button of a record that is not there answers in words."""
    support.refused(session, records.acknowledge, actor(session, ELIF), Ref(999, 1), NOW + DAY)
