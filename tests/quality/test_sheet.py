"""Everything about one record, gathered."""

import pytest
from sqlmodel import Session

from quality import change, request, sheet
from quality import record as records
from storage.capa import Capa, Implementation
from storage.deviation import Deviation
from storage.investigation import Investigation
from storage.message import Message
from storage.oos import Oos, PhaseOne, PhaseTwo, RetestPlan
from storage.partnership import Partnership
from storage.record import Asked, Distributed
from tests import support
from tests.support import ANNA, CARLA, DAY, ELIF, GITA, NOW, actor, ref


@pytest.mark.parametrize(
    ("kind", "details"), [("deviation", Deviation), ("oos", Oos), ("capa", Capa)], ids=["deviation", "OOS", "CAPA"]
)
def test_a_sheet_has_the_details_of_its_kind(
    session: Session, there: Partnership, kind: str, details: type[object]
) -> None:
    """Each kind of record comes with its own table, its closing clock and who logged it."""
    made = getattr(support, f"log_{kind}")(session)
    found = sheet.of_record(session, there.id, made.id)
    assert isinstance(found.details, details)
    assert found.due is not None
    assert found.due.record_id == made.id
    assert found.who(made.logged_by_id) == "Gita Rao (Borealis)"
    assert found.other_company.name == "Aurora"


def test_a_new_records_sheet_is_bare(session: Session, there: Partnership) -> None:
    """Nobody owns, acknowledged or closed it, and it stands nowhere in Slack yet."""
    made = support.log_deviation(session, lots=("B-2", "A-1"))
    found = sheet.of_record(session, there.id, made.id)
    assert (found.owner, found.request, found.permalink) == (None, None, None)
    assert (found.lots, found.links, found.signatures, found.reports) == (["A-1", "B-2"], [], [], [])
    assert found.part(Investigation) is None
    assert found.waits_for_acknowledgement


def test_a_finished_records_sheet_is_full(session: Session, there: Partnership) -> None:
    """Owner, acknowledger, closer and address are there."""
    made = support.log_deviation(session)
    records.acknowledge(session, actor(session, ANNA), ref(made), NOW)
    support.close(session, made)
    place = {"team_id": support.SPONSOR_TEAM, "channel_id": support.CHANNEL, "ts": "1.0"}
    session.add(Message(partnership_id=there.id, subject=f"card:{made.id}", permalink="https://x/1", **place))
    found = records.sheet_by_number(session, actor(session, ANNA), made.number)
    people = [made.owner_id, made.acknowledged_by_id, made.closed_by_id]
    assert [found.who(person_id) for person_id in people] == ["Gita Rao (Borealis)", *["Anna Berg (Aurora)"] * 2]
    assert [one.name for one in found.signatures] == ["Elif Kaya", "Anna Berg"]
    assert found.part(Investigation) is not None
    assert found.permalink == "https://x/1"
    assert not found.waits_for_acknowledgement


def test_links_are_shown_from_both_ends(session: Session, there: Partnership) -> None:
    """A CAPA shows its sources, a source its CAPAs."""
    source = support.log_deviation(session)
    capa = support.log_capa(session, sources=(source.number,))
    assert change.sheet(session, actor(session, ANNA), capa.id).links == [source]
    assert change.sheet(session, actor(session, ANNA), source.id).links == [capa]
    assert not change.sheet(session, actor(session, ANNA), capa.id).waits_for_acknowledgement


def test_a_sheet_holds_every_part_of_a_life(session: Session, there: Partnership) -> None:
    """What was added in its course is there by its table, results and checks in order."""
    made = support.phase_1(session, support.log_oos(session, distributed=Distributed.YES))
    support.plan_retests(session, made)
    for who in (ELIF, ANNA):
        support.sign(session, who, made, "approve_plan")
    for result in ("94.4", "95.1"):
        support.retest(session, made, result)
    support.phase_2(session, made)
    found = support.sheet_of(session, made)
    assert set(found.parts) == {Oos, PhaseOne, RetestPlan, PhaseTwo}
    assert [one.result for one in found.retests] == ["94.4", "95.1"]
    assert [one.name for one in found.reports] == ["field alert", "biological product deviation", "EU quality defect"]
    action = support.log_capa(session)
    support.implement(session, support.begin_capa(session, action))
    support.check(session, ELIF, action, now=NOW + 90 * DAY)
    found = support.sheet_of(session, action)
    assert (set(found.parts), len(found.checks)) == ({Capa, Implementation}, 1)


def test_the_driving_clock_is_the_one_that_runs(session: Session, there: Partnership) -> None:
    """A CAPA's due date, once it is implemented the check's, and when it is closed the last one."""
    made = support.log_capa(session)
    seen = [support.sheet_of(session, made).due]
    support.implement(session, support.begin_capa(session, made))
    seen.append(support.sheet_of(session, made).due)
    support.check(session, ELIF, made, now=NOW + 90 * DAY)
    seen.append(support.sheet_of(session, made).due)
    names = [one.name for one in seen if one]
    assert names == ["close", "check effectiveness", "check effectiveness"]


def test_an_open_request_is_on_the_sheet(session: Session, there: Partnership) -> None:
    """Until it is answered."""
    made = support.investigate(session, support.log_deviation(session))
    support.ask(session, GITA, made, Asked.EXTEND)
    asked = support.sheet_of(session, made).request
    assert asked is not None
    assert asked.what is Asked.EXTEND
    request.grant(session, actor(session, ANNA), ref(made), NOW)
    assert support.sheet_of(session, made).request is None


def test_who_left_is_still_named(session: Session, there: Partnership) -> None:
    """People with a part in the record are on its sheet, but not among those who may act."""
    made = support.close(session, support.log_deviation(session, CARLA))
    for who in (CARLA, GITA, ANNA):
        support.remove(session, who)
    found = support.sheet_of(session, made)
    ids = [made.logged_by_id, made.owner_id, made.closed_by_id]
    assert [found.who(one) for one in ids] == ["Carla Diaz (Aurora)", "Gita Rao (Borealis)", "Anna Berg (Aurora)"]
    assert [who.name for who in found.roster] == ["Ben Ortiz", "Elif Kaya", "Finn Larsen"]


def test_another_channels_record_has_no_sheet(session: Session, there: Partnership) -> None:
    """An actor is refused; delivery gets a LookupError."""
    support.set_up(session, "C0OTHER")
    foreign = support.log_deviation(session, channel_id="C0OTHER")
    support.refused(session, change.sheet, actor(session, ANNA), foreign.id)
    support.refused(session, records.sheet_by_number, actor(session, ANNA), foreign.number)
    with pytest.raises(LookupError):
        sheet.of_record(session, there.id, foreign.id)
