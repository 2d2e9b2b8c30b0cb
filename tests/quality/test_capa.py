"""CAPAs: sources, owner and due date, the plan and who signs it, carrying it out, and checking whether it worked."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from quality import capa, change, request
from quality import record as records
from quality.capa import CapaForm, PlanForm
from quality.people import Profile
from quality.terms import LONGEST_AGO
from storage import clock, draft, record
from storage.capa import ActionType, Implementation
from storage.clock import ClockName
from storage.partnership import Partnership
from storage.person import Role
from storage.record import Class, Outcome, Record, State
from tests import support
from tests.support import ANNA, CARLA, DAY, ELIF, FINN, GITA, NOW, actor, ref


def form(session: Session, **changes: Any) -> CapaForm:
    made = CapaForm(
        title="Replace",
        problem="Leak",
        action_type=ActionType.CORRECTIVE,
        owner_id=support.row_of(session, FINN).id,
        due_on=date(2026, 12, 22),
        plan="Order.",
    )
    return replace(made, **changes)


def test_a_capa_is_planned_owned_and_due(session: Session, there: Partnership) -> None:
    """It is due at the end of the day that was set, and nobody has to acknowledge it."""
    logged = support.log_capa(session)
    assert (logged.number, logged.state, logged.holds_batches) == ("CAPA-2026-0001", State.PLANNED, False)
    assert logged.owner_id == support.row_of(session, FINN).id
    close = clock.find(session, logged.id, ClockName.CLOSE)
    assert close is not None
    assert (close.due_at, close.rule) == (datetime(2026, 12, 22, 16, tzinfo=UTC), "set with the CAPA")
    assert clock.find(session, logged.id, ClockName.ACKNOWLEDGE) is None


def test_sources_are_linked_and_say_so(session: Session, there: Partnership) -> None:
    """Each source's history, version and card show the CAPA."""
    sources = [support.log_deviation(session), support.log_oos(session)]
    logged = support.log_capa(session, sources=("DEV-2026-0001", "oos-2026-0001"))
    assert record.sources_of(session, logged.id) == sources
    assert [source.version for source in sources] == [2, 2]
    assert support.events(session, sources[0])[-1] == "deviation.linked"
    assert support.events(session, logged) == ["capa.logged", "capa.linked", "capa.linked"]
    assert support.last_entry(session).content["changes"] == {"link": [None, "CAPA-2026-0001"]}


def test_logging_is_journalled_and_queued(session: Session, there: Partnership) -> None:
    """The CAPA's card, both cards and lines of the link, and the owner's message."""
    source = support.log_deviation(session)
    support.empty_outbox(session)
    logged = support.log_capa(session, sources=(source.number,))
    assert support.events(session, logged) == ["capa.logged", "capa.linked"]
    found = {(row.kind, row.about["record_id"]) for row in support.newly_queued(session)}
    both = {(kind, one.id) for kind in ("card", "line") for one in (logged, source)}
    assert found == both | {("owner", logged.id)}


FARTHEST = NOW.date() + LONGEST_AGO
DUE_ON = [
    (NOW.date(), True),
    (NOW.date() - timedelta(days=1), False),
    (FARTHEST, True),
    (FARTHEST + timedelta(days=1), False),
]


@pytest.mark.parametrize(("due_on", "allowed"), DUE_ON)
def test_a_due_date_is_today_or_within_five_years(
    session: Session, there: Partnership, due_on: date, *, allowed: bool
) -> None:
    """A day that is past, or so far ahead that the year is a slip, is refused at its field."""
    given = form(session, due_on=due_on)
    if allowed:
        assert capa.log(session, actor(session, GITA), given, NOW).number == "CAPA-2026-0001"
    else:
        assert set(support.field_errors(session, capa.log, actor(session, GITA), given, NOW)) == {"due_on"}


def test_a_source_named_twice_is_linked_once(session: Session, there: Partnership) -> None:
    """It has one line in its history."""
    source = support.log_deviation(session)
    logged = support.log_capa(session, sources=(source.number, source.number))
    assert record.sources_of(session, logged.id) == [source]
    assert support.events(session, source) == ["deviation.logged", "deviation.linked"]


def test_an_unknown_source_is_refused(session: Session, there: Partnership) -> None:
    """Nothing is saved when one of the sources is not there, and the message names it."""
    support.log_deviation(session)
    given = form(session, sources=("DEV-2026-0001", "DEV-2026-0009"))
    errors = support.field_errors(session, capa.log, actor(session, GITA), given, NOW)
    assert "DEV-2026-0009" in errors["sources"]


def test_another_channels_record_is_no_source(session: Session, there: Partnership) -> None:
    """Numbers are looked for in this partnership alone."""
    support.set_up(session, "C0OTHER")
    support.log_deviation(session, channel_id="C0OTHER")
    given = form(session, sources=("DEV-2026-0001",))
    assert set(support.field_errors(session, capa.log, actor(session, GITA), given, NOW)) == {"sources"}


def test_the_owner_has_to_take_part(session: Session, there: Partnership) -> None:
    """A viewer, a removed person and an unknown one cannot own."""
    support.give_roles(session, FINN, Role.VIEWER)
    gone = support.remove(session, support.ELIF).id
    for owner_id in (support.row_of(session, FINN).id, gone, 999):
        given = form(session, owner_id=owner_id) if owner_id != 999 else replace(form(session), owner_id=999)
        assert set(support.field_errors(session, capa.log, actor(session, GITA), given, NOW)) == {"owner"}


def test_a_viewer_cannot_log(session: Session, there: Partnership) -> None:
    """A viewer is told who may."""
    support.give_roles(session, GITA, Role.VIEWER)
    assert "may log CAPAs" in support.refused(session, capa.log, actor(session, GITA), form(session), NOW)


TODAY = NOW.date()

# Accepting


@pytest.fixture
def planned(session: Session, there: Partnership) -> Record:
    """Log a CAPA that Finn owns, everything so far sent."""
    made = support.log_capa(session)
    support.empty_outbox(session)
    return made


@pytest.fixture
def implemented(session: Session, planned: Record) -> Record:
    """Carry it out today."""
    return support.implement(session, support.begin_capa(session, planned))


def accept(session: Session, who: Profile, record: Record) -> Record:
    return records.accept(session, actor(session, who), ref(record), NOW)


def implement(session: Session, who: Profile, record: Record, on: date = TODAY) -> Record:
    return capa.implement(session, actor(session, who), ref(record), "Report 7.", on, NOW)


def change_plan(session: Session, who: Profile, record: Record, plan: str = "Order two.") -> Record:
    return capa.change_plan(session, actor(session, who), ref(record), PlanForm(plan), NOW)


def clocks(session: Session, record: Record) -> dict[ClockName, datetime]:
    session.flush()
    return {one.name: one.due_at for one in clock.list_running(session, record.id)}


def test_the_owner_accepts_within_two_working_days(session: Session, planned: Record) -> None:
    """Thanksgiving is none; accepting stops the clock and names the person, once."""
    assert clocks(session, planned)[ClockName.ACCEPT] == datetime(2026, 11, 27, 16, tzinfo=UTC)
    for who in (ANNA, ELIF, GITA):
        told = support.refused(session, accept, who, planned)
        assert told.endswith("is for the owner: Finn Larsen (Borealis).")
    accept(session, FINN, planned)
    assert (planned.acknowledged_at, planned.state) == (NOW, State.PLANNED)
    assert ClockName.ACCEPT not in clocks(session, planned)
    assert "Finn Larsen (Borealis) accepted it" in support.refused(session, accept, FINN, planned)


def test_a_new_owner_accepts_anew(session: Session, planned: Record) -> None:
    """What the old one accepted, the new one did not."""
    accept(session, FINN, planned)
    later = NOW + 7 * DAY
    support.assign(session, planned, GITA, now=later)
    assert clocks(session, planned)[ClockName.ACCEPT] == datetime(2026, 12, 3, 16, tzinfo=UTC)
    accept(session, GITA, planned)
    support.refused(session, accept, FINN, planned)


def test_who_was_reassigned_back_needs_not_accept_twice(session: Session, planned: Record) -> None:
    """Whoever accepted it last owns it again."""
    accept(session, FINN, planned)
    support.assign(session, planned, GITA)
    support.assign(session, planned, FINN)
    support.refused(session, accept, FINN, planned)


def test_once_implemented_a_new_owner_accepts_nothing(session: Session, implemented: Record) -> None:
    """What is left is the check."""
    support.assign(session, implemented, GITA)
    assert set(clocks(session, implemented)) == {ClockName.CHECK}
    support.refused(session, accept, GITA, implemented)


# The plan


def sources_of(session: Session, kind: str) -> tuple[str, ...]:
    """Log the source of a CAPA; gives its number."""
    if kind == "none":
        return ()
    made = support.log_oos(session) if kind == "OOS" else support.log_deviation(session, class_=Class(kind))
    return (made.number,)


@pytest.mark.parametrize(
    ("source", "both"), [("none", False), ("Minor", False), ("Major", True), ("Critical", True), ("OOS", True)]
)
@pytest.mark.parametrize(("owner", "signer"), [(FINN, ELIF), (CARLA, ANNA)], ids=["the CMO's", "the sponsor's"])
def test_the_plan_is_signed_by_the_owners_company_or_by_both(
    session: Session, there: Partnership, owner: Profile, signer: Profile, source: str, *, both: bool
) -> None:
    """Both where a source is major, critical or an OOS; the last signature starts it."""
    made = support.log_capa(session, owner=owner, sources=sources_of(session, source))
    other = ANNA if signer is ELIF else ELIF
    if not both:
        support.sign_refused(session, other, made, "approve_plan")
    support.sign(session, signer, made, "approve_plan")
    assert made.state is (State.PLANNED if both else State.IN_PROGRESS)
    if both:
        assert (made.awaits_sponsor, made.awaits_cmo) == (other is ANNA, other is ELIF)
        support.sign(session, other, made, "approve_plan")
    assert made.state is State.IN_PROGRESS
    assert support.last_entry(session).event == "capa.begun"
    assert support.sheet_of(session, made).signatures[-1].meaning == "Approval of the action plan"


def test_a_changed_plan_is_signed_anew(session: Session, there: Partnership) -> None:
    """The signature it had is void, visibly."""
    made = support.log_capa(session, sources=sources_of(session, "Major"))
    support.sign(session, ELIF, made, "approve_plan")
    change_plan(session, FINN, made)
    assert [one.counts for one in support.sheet_of(session, made).signatures] == [False]
    assert support.events(session, made)[-2:] == ["capa.signatures_voided", "capa.plan_changed"]
    assert support.last_entry(session).content["changes"] == {"plan": ["Order, fit, qualify.", "Order two."]}
    assert (made.awaits_sponsor, made.awaits_cmo) == (True, True)


def test_a_plan_that_is_not_changed_is_no_change(session: Session, planned: Record) -> None:
    """The field says so."""
    errors = support.field_errors(session, change_plan, FINN, planned, "Order, fit, qualify.")
    assert set(errors) == {"plan"}


@pytest.mark.parametrize(
    ("who", "allowed"), [(FINN, True), (ELIF, True), (ANNA, True), (GITA, False), (CARLA, False)], ids=str
)
def test_the_owner_or_qa_changes_the_plan(session: Session, planned: Record, who: Profile, *, allowed: bool) -> None:
    """As long as it is planned."""
    if allowed:
        change_plan(session, who, planned)
    else:
        support.refused(session, change_plan, who, planned)


def test_an_approved_plan_is_not_changed(session: Session, planned: Record) -> None:
    """What was signed is carried out."""
    support.begin_capa(session, planned)
    assert "CAPA-2026-0001 is In progress" in support.refused(session, change_plan, FINN, planned)


def test_who_changed_the_plan_does_not_approve_it(session: Session, planned: Record) -> None:
    """Nobody approves their own work, QA included."""
    change_plan(session, ELIF, planned)
    support.sign_refused(session, ELIF, planned, "approve_plan")
    support.assign(session, planned, GITA)
    support.sign(session, FINN, planned, "approve_plan")
    assert planned.state is State.IN_PROGRESS


def test_raising_a_source_asks_the_other_company(session: Session, there: Partnership) -> None:
    """The list of what waits for its QA has the CAPA at once."""
    source = support.log_deviation(session, class_=Class.MINOR)
    made = support.log_capa(session, sources=(source.number,))
    assert (made.awaits_sponsor, made.awaits_cmo) == (False, True)
    request.reclassify(session, actor(session, ELIF), ref(source), Class.MAJOR, "Worse.", NOW)
    assert (made.awaits_sponsor, made.awaits_cmo) == (True, True)


def test_lowering_a_source_lets_an_approved_plan_begin(session: Session, there: Partnership) -> None:
    """No signature is missing any more, so none is waited for."""
    source = support.log_deviation(session)
    made = support.log_capa(session, sources=(source.number,))
    support.sign(session, ELIF, made, "approve_plan")
    request.reclassify(session, actor(session, ELIF), ref(source), Class.MINOR, "Better.", NOW)
    request.agree(session, actor(session, ANNA), ref(source), NOW)
    assert (made.state, made.awaits_sponsor, made.awaits_cmo) == (State.IN_PROGRESS, False, False)
    assert "capa.let_begin" in support.events(session, made)


def test_a_weighty_source_is_not_linked_with_a_plan_that_one_company_approved(
    session: Session, planned: Record
) -> None:
    """From whichever side; a minor one is."""
    support.begin_capa(session, planned)
    source, minor = support.log_deviation(session), support.log_deviation(session, class_=Class.MINOR)
    by = actor(session, GITA)
    for one, other in ((planned, source), (source, planned)):
        errors = support.field_errors(session, records.link_records, by, ref(one), [other.number], NOW)
        assert "needs both" in errors["numbers"]
    records.link_records(session, by, ref(planned), [minor.number], NOW)


# Carrying out


@pytest.mark.parametrize("who", [ANNA, ELIF, GITA], ids=["sponsor QA", "CMO QA", "member"])
def test_only_the_owner_marks_it_implemented(session: Session, planned: Record, who: Profile) -> None:
    """And only once its plan is approved."""
    assert "CAPA-2026-0001 is Planned" in support.refused(session, implement, FINN, planned)
    support.begin_capa(session, planned)
    support.refused(session, implement, who, planned)
    assert implement(session, FINN, planned).state is State.IMPLEMENTED


@pytest.mark.parametrize(("days", "allowed"), [(-1, True), (0, True), (1, False), (-1830, True), (-1831, False)])
def test_a_day_of_implementation_is_past(session: Session, planned: Record, days: int, *, allowed: bool) -> None:
    """A day to come is refused at its field, and one so long ago that the year is a slip."""
    support.begin_capa(session, planned, NOW + min(days, 0) * DAY)  # approved in time
    on = NOW.date() + days * DAY
    if allowed:
        implement(session, FINN, planned, on)
        found = support.sheet_of(session, planned).part(Implementation)
        assert found is not None
        assert (found.implemented_on, found.evidence) == (on, "Report 7.")
    else:
        assert set(support.field_errors(session, implement, FINN, planned, on)) == {"implemented_on"}


def test_implementing_starts_the_clock_to_the_check(session: Session, planned: Record) -> None:
    """90 days after the day it was carried out; what ran before stops, accepted or not."""
    support.begin_capa(session, planned, NOW - 10 * DAY)
    implement(session, FINN, planned, NOW.date() - 10 * DAY)
    assert clocks(session, planned) == {ClockName.CHECK: datetime(2027, 2, 12, 16, tzinfo=UTC)}
    found = clock.find(session, planned.id, ClockName.CHECK)
    assert found is not None
    assert found.rule == "90 calendar days from implementation"


# Checking

CHECK_DAY = datetime(2027, 2, 21, 23, 0, tzinfo=UTC)  # midnight in Berlin: 90 days after implementation, a Monday


@pytest.mark.parametrize(("now", "allowed"), [(CHECK_DAY - timedelta(seconds=1), False), (CHECK_DAY, True)], ids=str)
def test_effectiveness_is_checked_from_its_day_on(
    session: Session, implemented: Record, now: datetime, *, allowed: bool
) -> None:
    """Before, it shows nothing."""
    if allowed:
        assert support.check(session, ELIF, implemented, now=now).state is State.CLOSED
    else:
        told = support.refused(session, change.may, actor(session, ELIF), implemented.id, "check", now)
        assert told.startswith("The effectiveness of CAPA-2026-0001 can be checked from Mon 22 Feb 2027 on")


@pytest.mark.parametrize(
    ("who", "allowed"), [(ANNA, True), (ELIF, True), (FINN, False), (GITA, False), (CARLA, False)], ids=str
)
def test_qa_checks_but_never_the_owner(session: Session, implemented: Record, who: Profile, *, allowed: bool) -> None:
    """Of either company."""
    if allowed:
        assert support.check(session, who, implemented, now=CHECK_DAY).state is State.CLOSED
    else:
        support.refused(session, change.may, actor(session, who), implemented.id, "check", CHECK_DAY)


def test_who_carried_it_out_does_not_check_it(session: Session, implemented: Record) -> None:
    """Also when somebody else owns it by then."""
    support.assign(session, implemented, GITA)
    support.refused(session, change.may, actor(session, FINN), implemented.id, "check", CHECK_DAY)


def test_an_effective_one_is_closed(session: Session, implemented: Record) -> None:
    """With its outcome and the check, and nothing follows."""
    support.check(session, ELIF, implemented, now=CHECK_DAY)
    assert (implemented.state, implemented.outcome, implemented.closed_at) == (
        State.CLOSED,
        Outcome.EFFECTIVE,
        CHECK_DAY,
    )
    (one,) = support.sheet_of(session, implemented).checks
    assert (one.number, one.outcome, one.evidence) == (1, Outcome.EFFECTIVE, "No leak since.")
    assert clocks(session, implemented) == {}
    assert support.sheet_of(session, implemented).followers == []
    entry = support.last_entry(session)
    assert (entry.event, entry.content["changes"]["outcome"]) == ("capa.closed", [None, "Effective"])


def test_an_inconclusive_one_is_checked_again(session: Session, implemented: Record) -> None:
    """30 days later and by the same rules, with a second check beside the first; both signatures count."""
    support.check(session, ELIF, implemented, Outcome.INCONCLUSIVE, CHECK_DAY)
    assert (implemented.state, implemented.outcome) == (State.IMPLEMENTED, None)
    assert clocks(session, implemented) == {ClockName.CHECK: datetime(2027, 3, 24, 16, tzinfo=UTC)}
    support.refused(session, change.may, actor(session, ELIF), implemented.id, "check", CHECK_DAY + DAY)
    support.check(session, ANNA, implemented, Outcome.EFFECTIVE, CHECK_DAY + 31 * DAY)
    found = support.sheet_of(session, implemented)
    assert [(one.number, one.outcome) for one in found.checks] == [
        (1, Outcome.INCONCLUSIVE),
        (2, Outcome.EFFECTIVE),
    ]
    assert [(one.scope, one.counts) for one in found.signatures] == [
        ("plan", True),
        ("check 1", True),
        ("check 2", True),
    ]


@pytest.mark.parametrize("outcome", [Outcome.CONFIRMED, Outcome.INVALIDATED])
def test_an_outcome_is_one_of_a_capa(session: Session, implemented: Record, outcome: Outcome) -> None:
    """An OOS's are none of them, and nothing of the attempt stays but its entry."""
    who = support.row_of(session, ELIF).id
    draft_id = draft.save(session, implemented.id, who, {"outcome": outcome, "evidence": "None."}, CHECK_DAY)
    support.sign_refused(session, ELIF, implemented, "check", CHECK_DAY, draft_id=draft_id)


@pytest.fixture
def ineffective(session: Session, there: Partnership) -> Record:
    """Find a CAPA of two sources not effective."""
    sources = (*sources_of(session, "Major"), *sources_of(session, "OOS"))
    made = support.log_capa(session, sources=sources)
    support.implement(session, support.begin_capa(session, made))
    return support.check(session, ELIF, made, Outcome.NOT_EFFECTIVE, CHECK_DAY)


def test_one_that_is_not_effective_is_followed_by_another(session: Session, ineffective: Record) -> None:
    """It is closed so, and a new one is planned, of the same owner, linked with it and with its sources."""
    assert (ineffective.state, ineffective.outcome) == (State.CLOSED, Outcome.NOT_EFFECTIVE)
    (follower,) = support.sheet_of(session, ineffective).followers
    assert (follower.number, follower.state) == ("CAPA-2027-0001", State.PLANNED)
    assert follower.title == "Follow-up of CAPA-2026-0001: Replace the filter housing"
    assert follower.owner_id == ineffective.owner_id
    numbers = [one.number for one in support.sheet_of(session, follower).sources]
    assert numbers == ["DEV-2026-0001", "OOS-2026-0001", "CAPA-2026-0001"]
    assert clocks(session, follower)[ClockName.CLOSE] == datetime(2027, 4, 23, 15, tzinfo=UTC)
    # Its plan is still to be written, so nobody signs it yet.
    assert (follower.awaits_sponsor, follower.awaits_cmo) == (False, False)
    owner = [row for row in support.queued(session, "owner") if row.about["record_id"] == follower.id]
    assert [support.told(session, row) for row in owner] == ["Finn Larsen"]


def test_a_follow_ups_plan_has_to_be_written_first(session: Session, ineffective: Record) -> None:
    """What stands there until then is nothing to approve."""
    (follower,) = support.sheet_of(session, ineffective).followers
    told = support.sign_refused(session, ELIF, follower, "approve_plan", CHECK_DAY)
    assert told == "The plan of CAPA-2027-0001 is still to be written. Press *Change plan* first."
    change_plan(session, FINN, follower)
    support.sign(session, ELIF, follower, "approve_plan", CHECK_DAY)


@pytest.mark.parametrize("gone", [support.remove, lambda s, w: support.give_roles(s, w, Role.VIEWER)])
def test_a_follow_up_needs_an_owner_who_can(
    session: Session, implemented: Record, gone: Callable[[Session, Profile], object]
) -> None:
    """Where the owner has left or only reads, whoever checked owns it until QA reassigns."""
    gone(session, FINN)
    support.check(session, ELIF, implemented, Outcome.NOT_EFFECTIVE, CHECK_DAY)
    (follower,) = support.sheet_of(session, implemented).followers
    assert follower.owner_id == support.row_of(session, ELIF).id


def test_a_long_title_is_followed_by_one_that_fits(session: Session, there: Partnership) -> None:
    """The follow-up of a follow-up as well."""
    made = support.log_capa(session, title="T" * 150)
    support.implement(session, support.begin_capa(session, made))
    support.check(session, ELIF, made, Outcome.NOT_EFFECTIVE, CHECK_DAY)
    (follower,) = support.sheet_of(session, made).followers
    assert len(follower.title) == 150


def test_nothing_is_implemented_before_its_plan_was_approved(session: Session, there: Partnership) -> None:
    """The day is held against the plan's last signature, at the field and with that day."""
    source = support.log_deviation(session)
    made = support.log_capa(session, sources=(source.number,))
    support.sign(session, ELIF, made, "approve_plan")
    support.sign(session, ANNA, made, "approve_plan", NOW + 2 * DAY)
    on, later = date(2026, 11, 25), NOW + 5 * DAY
    told = support.field_errors(session, capa.implement, actor(session, FINN), ref(made), "Done.", on, later)
    why = "The plan was approved on Thu 26 Nov 2026, and nothing of it is done before."
    assert told == {"implemented_on": f"{why} Give that day or a later one."}
    capa.implement(session, actor(session, FINN), ref(made), "Done.", date(2026, 11, 26), later)
    assert made.state is State.IMPLEMENTED
