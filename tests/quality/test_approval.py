"""Approvals: which companies' signatures a record waits for now, and whose work is approved."""

import pytest
from sqlmodel import Session

from quality import approval, request
from quality.people import Profile
from storage.partnership import Partnership, Side
from storage.record import Class, Outcome, Record, State
from tests import support
from tests.support import ANNA, ELIF, FINN, GITA, NOW, actor, ref, sign

CMO, SPONSOR = Side.CMO, Side.SPONSOR


def waits(session: Session, record: Record) -> tuple[tuple[Side, ...], tuple[Side, ...]]:
    """Give whose signatures are missing, and whose QA may sign now."""
    sheet = support.sheet_of(session, record)
    return approval.remaining(sheet), approval.open_sides(sheet)


def names(session: Session, record: Record, scope: str) -> set[str]:
    sheet = support.sheet_of(session, record)
    return {sheet.people[one].name for one in approval.authors(sheet, scope)}


def test_a_record_waits_for_nothing_before_its_approval(session: Session, there: Partnership) -> None:
    """Nor afterwards."""
    made = support.log_deviation(session)
    seen = [waits(session, made), waits(session, support.investigate(session, made))]
    support.submit(session, made)
    for who in (ELIF, ANNA):
        sign(session, who, made)
    assert [*seen, waits(session, made)] == [((), ())] * 3


@pytest.mark.parametrize(
    ("class_", "missing"), [(Class.MINOR, (CMO,)), (Class.MAJOR, (CMO, SPONSOR)), (Class.CRITICAL, (CMO, SPONSOR))]
)
def test_a_deviation_waits_for_the_cmo_first(
    session: Session, there: Partnership, class_: Class, missing: tuple[Side, ...]
) -> None:
    """Minor ones for the CMO alone."""
    made = support.submit(session, support.log_deviation(session, class_=class_))
    assert waits(session, made) == (missing, (CMO,))
    sign(session, ELIF, made)
    assert waits(session, made) == (missing[1:], missing[1:])


@pytest.mark.parametrize("cause", [support.CAUSE, support.NO_CAUSE], ids=["phase I", "phase II"])
def test_an_oos_waits_for_both(session: Session, there: Partnership, cause: support.PhaseOneForm) -> None:
    """Whatever its outcome and whichever phase it came from."""
    made = support.phase_1(session, support.log_oos(session), cause)
    if made.state is State.PHASE_2:
        support.phase_2(session, made, outcome=Outcome.INCONCLUSIVE)
    assert waits(session, made) == ((CMO, SPONSOR), (CMO,))


def test_a_retest_plan_waits_for_both_at_once(session: Session, there: Partnership) -> None:
    """And once it is approved for nobody."""
    made = support.phase_1(session, support.log_oos(session))
    seen = [waits(session, made)]
    support.plan_retests(session, made)
    seen.append(waits(session, made))
    for who in (ANNA, ELIF):
        sign(session, who, made, "approve_plan")
        seen.append(waits(session, made))
    assert seen == [((), ()), ((CMO, SPONSOR),) * 2, ((CMO,),) * 2, ((), ())]


@pytest.mark.parametrize("owner", [FINN, ANNA], ids=["the CMO's", "the sponsor's"])
def test_an_action_plan_follows_its_owners_company(session: Session, there: Partnership, owner: Profile) -> None:
    """Given to the other company, it waits for that one's QA."""
    made = support.log_capa(session, owner=owner)
    its = support.row_of(session, owner).side
    assert waits(session, made) == ((its,), (its,))
    support.assign(session, made, ANNA if owner is FINN else FINN)
    assert waits(session, made) == ((its.other,), (its.other,))


def test_a_signature_that_was_voided_is_missing_again(session: Session, there: Partnership) -> None:
    """From the first on."""
    made = support.submit(session, support.log_deviation(session))
    sign(session, ELIF, made)
    request.reclassify(session, actor(session, ANNA), ref(made), Class.CRITICAL, "Worse.", NOW)
    assert waits(session, made) == ((CMO, SPONSOR), (CMO,))


def test_whoever_worked_on_it_is_an_author(session: Session, there: Partnership) -> None:
    """Those who submitted once, those who owned it while it was investigated, and the owner."""
    made = support.submit(session, support.log_deviation(session))
    request.send_back(session, actor(session, ELIF), ref(made), "Other batches?", NOW)
    support.assign(session, made, FINN)
    support.assign(session, made, ANNA)
    assert names(session, made, approval.RECORD) == {"Gita Rao", "Finn Larsen", "Anna Berg"}


def test_who_only_owned_it_before_it_was_begun_is_none(session: Session, there: Partnership) -> None:
    """They did no work on it."""
    made = support.log_deviation(session)
    for who in (FINN, GITA):
        support.assign(session, made, who)
    assert names(session, made, approval.RECORD) == {"Gita Rao"}


def test_a_plan_has_authors_of_its_own(session: Session, there: Partnership) -> None:
    """Who wrote it; who investigated phase I before them may approve the plan, but not the record."""
    made = support.log_oos(session)
    support.assign(session, made, FINN)
    support.oos.finish_phase_1(session, actor(session, FINN), ref(made), support.NO_CAUSE, NOW)
    support.assign(session, made, GITA)
    support.plan_retests(session, made)
    assert names(session, made, approval.PLAN) == {"Gita Rao"}
    assert names(session, made, approval.RECORD) == {"Gita Rao", "Finn Larsen"}


@pytest.mark.parametrize(
    ("class_", "weighty"), [(Class.MINOR, False), (Class.MAJOR, True), (Class.CRITICAL, True), (None, True)]
)
def test_a_weighty_source(session: Session, there: Partnership, class_: Class | None, *, weighty: bool) -> None:
    """A major or critical deviation, and every OOS."""
    made = support.log_deviation(session, class_=class_) if class_ else support.log_oos(session)
    assert approval.is_weighty(made) is weighty
