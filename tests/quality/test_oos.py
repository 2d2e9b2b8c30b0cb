"""Laboratory results: what a first report must hold, the phases, retests under a plan, and what an outcome does."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlmodel import Session

from quality import change, oos, request
from quality.oos import RetestForm
from quality.people import Profile
from quality.refusal import FieldErrors
from quality.terms import LONGEST_AGO
from storage import clock
from storage import oos as stored
from storage import record as stored_record
from storage.clock import ClockName
from storage.oos import PhaseOne, ResultKind, RetestPlan
from storage.partnership import Partnership
from storage.person import Role
from storage.record import Distributed, Outcome, Record, State
from tests import support
from tests.support import ANNA, BEN, CARLA, ELIF, FINN, GITA, NOW, OOS, actor, ref

BOTH_KINDS = [ResultKind.OOS, ResultKind.OOT]


def errors_of(**changes: Any) -> dict[str, str]:
    try:
        oos.check(replace(OOS, **changes), NOW)
    except FieldErrors as refused:
        return refused.errors
    return {}


def test_a_result_is_in_phase_one(session: Session, there: Partnership) -> None:
    """Its title says what was found, and its clock counts working days from the result."""
    logged = support.log_oos(session)
    assert (logged.number, logged.state, logged.title) == ("OOS-2026-0001", State.PHASE_1, "Assay: 94.2 %")
    close = clock.find(session, logged.id, ClockName.CLOSE)
    assert close is not None
    assert (close.rule, close.due_at) == ("30 working days from the result", datetime(2027, 1, 8, 16, tzinfo=UTC))


def test_numbers_are_kept_as_they_were_reported(session: Session, there: Partnership) -> None:
    """A comma and trailing zeros stay."""
    logged = support.log_oos(session, result="94,20")
    assert stored.get(session, logged.id).result == "94,20"


@pytest.mark.parametrize(("kind", "result", "holds"), [("OOS", "94.2", True), ("OOT", "96.0", False)])
def test_only_an_oos_holds_its_batches(
    session: Session, there: Partnership, kind: str, result: str, *, holds: bool
) -> None:
    """Out of trend is still within the limits."""
    assert support.log_oos(session, result_kind=ResultKind(kind), result=result).holds_batches is holds


def test_logging_is_journalled_and_queued(session: Session, there: Partnership) -> None:
    """One entry with the values, one card, and one look for similar ones."""
    support.empty_outbox(session)
    support.log_oos(session)
    entry = support.last_entry(session)
    assert entry.event == "oos.logged"
    assert entry.content["changes"]["result"] == [None, "94.2"]
    assert entry.content["changes"]["upper"] == [None, "105.0"]
    assert [row.kind for row in support.newly_queued(session)] == ["card", "similar"]


@pytest.mark.parametrize(
    ("kind", "result", "field"),
    [
        (ResultKind.OOS, "94.94", None),
        (ResultKind.OOS, "94.95", "result"),  # rounds to 95.0 and complies
        (ResultKind.OOS, "95.0", "result"),
        (ResultKind.OOS, "105.04", "result"),
        (ResultKind.OOS, "105.05", None),
        (ResultKind.OOT, "94.94", "result_kind"),
        (ResultKind.OOT, "94.95", None),
        (ResultKind.OOT, "105.0", None),
        (ResultKind.OOT, "105.05", "result_kind"),
    ],
)
def test_the_kind_agrees_with_the_limits(kind: ResultKind, result: str, field: str | None) -> None:
    """An OOS within limits and an OOT outside are refused at the field to correct."""
    assert list(errors_of(result_kind=kind, result=result)) == ([field] if field else [])


@pytest.mark.parametrize("kind", BOTH_KINDS)
def test_without_limits_the_kind_is_believed(kind: ResultKind) -> None:
    """Where no limit is given there is nothing to compare."""
    assert errors_of(result_kind=kind, lower="", upper="") == {}


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"result": "low"}, ["result"]),
        ({"lower": "x"}, ["lower"]),
        ({"upper": "105 %"}, ["upper"]),
        ({"result": "a", "lower": "b", "upper": "c"}, ["result", "lower", "upper"]),
        ({"lower": "105.0", "upper": "95.0"}, ["upper"]),
        ({"analysed_at": NOW + timedelta(minutes=1)}, ["analysed_at"]),
        ({"analysed_at": NOW + timedelta(minutes=1), "result": "low"}, ["result", "analysed_at"]),
        ({"analysed_at": NOW - LONGEST_AGO}, []),
        ({"analysed_at": NOW - LONGEST_AGO - timedelta(minutes=1)}, ["analysed_at"]),  # a slip of the year
        ({"lower": ""}, ["result"]),  # 94.2 is not above 105.0
        ({"upper": ""}, []),
    ],
)
def test_each_wrong_field_is_named(changes: dict[str, Any], fields: list[str]) -> None:
    """All that is wrong is said at once, each at its field."""
    assert list(errors_of(**changes)) == fields


def test_a_refused_result_writes_nothing(session: Session, there: Partnership) -> None:
    """The number is not used up."""
    support.field_errors(session, oos.log, actor(session, GITA), replace(OOS, result="low"), NOW)
    assert support.log_oos(session).number == "OOS-2026-0001"


def test_a_viewer_cannot_log(session: Session, there: Partnership) -> None:
    """A viewer is told who may."""
    support.give_roles(session, GITA, Role.VIEWER)
    told = support.refused(session, oos.log, actor(session, GITA), OOS, NOW)
    assert told.startswith("Only QA or member may log OOS results")


# Phase I


@pytest.fixture
def logged(session: Session, there: Partnership) -> Record:
    """Log an OOS that Gita owns."""
    made = support.log_oos(session)
    support.assign(session, made, GITA)
    return made


@pytest.fixture
def phase_2(session: Session, logged: Record) -> Record:
    """Find no laboratory cause."""
    return support.phase_1(session, logged)


@pytest.fixture
def planned(session: Session, phase_2: Record) -> Record:
    """Plan two retests, which both companies' QA approve."""
    support.plan_retests(session, phase_2)
    for who in (ANNA, ELIF):
        support.sign(session, who, phase_2, "approve_plan")
    return phase_2


def finish(session: Session, who: Profile, record: Record, **changes: Any) -> Record:
    form = replace(support.PHASE_TWO, **changes)
    return oos.finish_phase_2(session, actor(session, who), ref(record), form, NOW)


def retest(session: Session, who: Profile, record: Record) -> Record:
    return oos.record_retest(session, actor(session, who), ref(record), RetestForm("94.4", "Max Mint"), NOW)


def plan(session: Session, who: Profile, record: Record, **changes: Any) -> Record:
    form = replace(support.RETESTS, **changes)
    return oos.plan_retests(session, actor(session, who), ref(record), form, NOW)


def close(session: Session, record: Record) -> Record:
    for who in (ELIF, ANNA):
        support.sign(session, who, record)
    return record


def test_a_laboratory_cause_goes_to_approval_as_invalidated(session: Session, logged: Record) -> None:
    """What was found is kept; the batch stays on hold until both companies have signed."""
    support.phase_1(session, logged, support.CAUSE)
    assert (logged.state, logged.outcome, logged.holds_batches) == (
        State.PENDING_APPROVAL,
        Outcome.INVALIDATED,
        True,
    )
    found = support.sheet_of(session, logged).part(PhaseOne)
    assert found is not None
    assert (found.cause_found, found.evidence, found.checklist) == (
        True,
        "The standard was weighed wrongly.",
        ["Balance"],
    )
    close(session, logged)
    assert (logged.state, logged.outcome, logged.holds_batches) == (State.CLOSED, Outcome.INVALIDATED, False)
    assert support.sheet_of(session, logged).signatures[-1].meaning == (
        "Approval of the investigation and its outcome: Invalidated"
    )


def test_no_laboratory_cause_leads_to_phase_2(session: Session, phase_2: Record) -> None:
    """No outcome yet, nothing to approve yet."""
    assert (phase_2.state, phase_2.outcome) == (State.PHASE_2, None)
    assert (phase_2.awaits_sponsor, phase_2.awaits_cmo) == (False, False)


@pytest.mark.parametrize("who", [ANNA, ELIF, CARLA], ids=["sponsor QA", "CMO QA", "sponsor member"])
def test_only_the_owner_works_on_it(session: Session, logged: Record, who: Profile) -> None:
    """In every phase, QA of either company included."""
    by = actor(session, who)
    support.refused(session, oos.finish_phase_1, by, ref(logged), support.NO_CAUSE, NOW)
    support.phase_1(session, logged)
    for act in (plan, finish):
        support.refused(session, act, who, logged)


# Retests


def test_no_retest_in_phase_1(session: Session, logged: Record) -> None:
    """Neither planned nor recorded."""
    for act in (plan, retest, finish):
        assert "OOS-2026-0001 is Phase I" in support.refused(session, act, GITA, logged)


def test_no_retest_without_an_approved_plan(session: Session, phase_2: Record) -> None:
    """Not without a plan, not before both companies' QA have signed it."""
    assert "No retest of OOS-2026-0001 is planned." in support.refused(session, retest, GITA, phase_2)
    support.plan_retests(session, phase_2)
    for who in (ELIF, ANNA):
        assert "is not approved by both companies' QA yet" in support.refused(session, retest, GITA, phase_2)
        support.sign(session, who, phase_2, "approve_plan")
    retest(session, GITA, phase_2)


@pytest.mark.parametrize(("number", "allowed"), [(0, False), (-1, False), (1, True), (12, True), (13, False)])
def test_a_plan_has_a_number_of_retests(session: Session, phase_2: Record, number: int, *, allowed: bool) -> None:
    """From one to twelve, fixed beforehand."""
    if allowed:
        plan(session, GITA, phase_2, number=number)
    else:
        assert set(support.field_errors(session, partial(plan, number=number), GITA, phase_2)) == {"number"}


def test_an_approved_plan_is_locked(session: Session, planned: Record) -> None:
    """Its number does not grow because a result was not liked."""
    told = support.refused(session, partial(plan, number=5), GITA, planned)
    assert told.startswith("The retest plan of OOS-2026-0001 (2) is approved. It is not changed any more.")
    support.sign_refused(session, BEN, planned, "approve_plan")
    found = support.sheet_of(session, planned).part(RetestPlan)
    assert found is not None
    assert (found.number, found.approved_at) == (2, NOW)


def test_every_result_is_kept_and_no_more_than_planned(session: Session, planned: Record) -> None:
    """As it was reported, in order, with its analyst; a third one is refused."""
    for result in ("94,40", "99.9"):
        support.retest(session, planned, result)
    told = support.refused(session, retest, GITA, planned)
    assert told.startswith("Every planned retest of OOS-2026-0001 is recorded (2). No more were approved.")
    found = support.sheet_of(session, planned).retests
    assert [(one.number, one.result, one.analyst) for one in found] == [
        (1, "94,40", "Max Mint"),
        (2, "99.9", "Max Mint"),
    ]
    entry = support.last_entry(session)
    assert (entry.event, entry.content["changes"]["result"]) == ("oos.retested", [None, "99.9"])


def test_the_plans_signatures_survive_the_results(session: Session, planned: Record) -> None:
    """They are of the plan alone."""
    for result in ("94.4", "99.9"):
        support.retest(session, planned, result)
    finish(session, GITA, planned, distributed=Distributed.UNKNOWN)
    request.send_back(session, actor(session, ANNA), ref(planned), "Other batches?", NOW)
    found = support.sheet_of(session, planned).signatures
    assert [(one.scope, one.counts) for one in found] == [("plan", True), ("plan", True)]


def test_who_recorded_retests_does_not_approve(session: Session, planned: Record) -> None:
    """Also after the record was given to somebody else, and whoever submitted it."""
    support.assign(session, planned, FINN)
    retest(session, FINN, planned)
    support.assign(session, planned, GITA)
    finish(session, GITA, planned)
    support.sign_refused(session, FINN, planned)
    support.sign(session, ELIF, planned)


def test_who_planned_does_not_approve_the_plan(session: Session, phase_2: Record) -> None:
    """Nor as a former owner."""
    support.assign(session, phase_2, FINN)
    plan(session, FINN, phase_2)
    support.sign_refused(session, FINN, phase_2, "approve_plan")
    support.assign(session, phase_2, GITA)
    support.sign_refused(session, FINN, phase_2, "approve_plan")


# Phase II


@pytest.mark.parametrize("recorded", [0, 1, 2])
def test_invalidated_only_after_every_planned_retest(session: Session, planned: Record, recorded: int) -> None:
    """Missing ones are counted; the other outcomes do not wait for them."""
    for _ in range(recorded):
        support.retest(session, planned)
    if recorded < 2:
        give = partial(finish, outcome=Outcome.INVALIDATED)
        errors = support.field_errors(session, give, GITA, planned)
        assert errors["outcome"].startswith(f"{2 - recorded} of 2 planned retests are not recorded yet.")
        assert finish(session, GITA, planned).state is State.PENDING_APPROVAL
    else:
        assert finish(session, GITA, planned, outcome=Outcome.INVALIDATED).outcome is Outcome.INVALIDATED


@pytest.mark.parametrize("outcome", [Outcome.EFFECTIVE, Outcome.NOT_EFFECTIVE])
def test_an_outcome_is_one_of_an_oos(session: Session, phase_2: Record, outcome: Outcome) -> None:
    """A CAPA's are none of them."""
    give = partial(finish, outcome=outcome)
    assert set(support.field_errors(session, give, GITA, phase_2)) == {"outcome"}


@pytest.mark.parametrize(
    ("outcome", "holds"), [(Outcome.CONFIRMED, True), (Outcome.INCONCLUSIVE, True), (Outcome.INVALIDATED, False)]
)
def test_what_stands_keeps_the_batch_on_hold(
    session: Session, there: Partnership, phase_2: Record, outcome: Outcome, *, holds: bool
) -> None:
    """Confirmed: the batch fails. Inconclusive: the result stands. Invalidated: the hold ends with the closing."""
    finish(session, GITA, phase_2, outcome=outcome)
    assert phase_2.holds_batches
    close(session, phase_2)
    assert (phase_2.state, phase_2.outcome, phase_2.holds_batches) == (State.CLOSED, outcome, holds)
    held = [(lot, number) for lot, number in stored_record.list_holding(session, there.id)]
    assert held == ([("AB-1001", "OOS-2026-0001")] if holds else [])


@pytest.mark.parametrize("outcome", oos.OUTCOMES)
def test_a_trend_never_holds(session: Session, there: Partnership, outcome: Outcome) -> None:
    """Whatever comes of it, it was within its limits."""
    made = support.phase_1(session, support.log_oos(session, result_kind=ResultKind.OOT, result="96.0"))
    finish(session, GITA, made, outcome=outcome)
    assert not close(session, made).holds_batches


def test_sent_back_it_goes_to_the_phase_it_came_from(session: Session, logged: Record) -> None:
    """With its outcome open again."""
    support.phase_1(session, logged, support.CAUSE)
    by = actor(session, ANNA)
    request.send_back(session, by, ref(logged), "Which balance?", NOW)
    assert (logged.state, logged.outcome) == (State.PHASE_1, None)
    support.phase_1(session, logged)
    finish(session, GITA, logged)
    request.send_back(session, by, ref(logged), "Other batches?", NOW)
    assert (logged.state, logged.outcome) == (State.PHASE_2, None)


def test_a_confirmed_result_offers_a_deviation(session: Session, phase_2: Record) -> None:
    """Linked with it as its source; the others do not offer one."""
    by = actor(session, GITA)
    support.refused(session, change.may, by, phase_2.id, "deviation", NOW)
    finish(session, GITA, phase_2)
    assert change.may(session, by, phase_2.id, "deviation", NOW).record is phase_2
    made = support.log_deviation(session, sources=(phase_2.number,))
    assert support.sheet_of(session, made).sources == [phase_2]
    assert "deviation.linked" in support.events(session, made)
    request.send_back(session, actor(session, ANNA), ref(phase_2), "Other batches?", NOW)
    finish(session, GITA, phase_2, outcome=Outcome.INCONCLUSIVE)
    support.refused(session, change.may, by, phase_2.id, "deviation", NOW)


def test_invalidated_only_with_a_laboratory_cause(session: Session, planned: Record) -> None:
    """With every retest recorded, but no laboratory cause, the result stands; the form says at which fields."""
    for _ in range(2):
        support.retest(session, planned)
    give = partial(finish, outcome=Outcome.INVALIDATED, cause_found=False)
    errors = support.field_errors(session, give, GITA, planned)
    assert set(errors) == {"outcome", "cause_found"}
    assert planned.state is State.PHASE_2
