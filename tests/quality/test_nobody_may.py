"""What is said where nobody may do what comes next: which company has to act, and what to do about it."""

from sqlmodel import Session

from quality import change, oos, request, turn
from quality import record as records
from storage.partnership import Partnership
from storage.record import Asked, Record
from tests import support
from tests.support import ANNA, BEN, DAY, ELIF, FINN, GITA, NOW, actor, ref

NEXT = "is for QA of the company whose signature is next (never the owner, nor who worked on it): nobody yet."


def told(session: Session, record: Record, act: str = "approve") -> str:
    return support.refused(session, change.may, actor(session, ANNA), record.id, act, NOW)


def test_the_only_qa_who_owns_a_plan_gives_it_away_first(session: Session, there: Partnership) -> None:
    """Another owner is the way out, and it is one: then the plan can be approved."""
    support.remove(session, FINN)
    made = support.log_capa(session, owner=ELIF)
    expected = "Borealis signs next, and Elif Kaya, its only QA, owns it: assign another owner first."
    assert told(session, made, "approve_plan") == f"*Approve plan* on CAPA-2026-0001 {NEXT} {expected}"
    support.assign(session, made, GITA)
    support.sign(session, ELIF, made, "approve_plan")


def test_the_only_qa_who_did_the_work_needs_a_colleague(session: Session, there: Partnership) -> None:
    """Another owner would not help any more, and the answer does not say so."""
    support.remove(session, FINN)
    made = support.submit(session, support.log_deviation(session), owner=ELIF)
    said = told(session, made)
    assert "Elif Kaya, its only QA, owns it and worked on it: it needs another QA." in said
    assert said.endswith("With one QA only, assign another owner first, before the work begins.")
    assert "QA of Borealis (another than Elif Kaya)" in turn.next_step(support.sheet_of(session, made), NOW)


def test_a_company_without_qa_is_named(session: Session, there: Partnership) -> None:
    """It names one first."""
    made = support.submit(session, support.log_deviation(session))
    for who in (ELIF, FINN):
        support.remove(session, who)
    assert told(session, made).endswith("nobody yet. Borealis signs next, and has no QA here: it names one first.")


def test_a_request_that_nobody_can_answer_names_the_company(session: Session, there: Partnership) -> None:
    """The company that was asked, not the one whose signature is next."""
    made = support.log_deviation(session)
    records.acknowledge(session, actor(session, ANNA), ref(made), NOW)
    support.submit(session, made)
    support.ask(session, ELIF, made, Asked.VOID)
    for who in (ANNA, BEN):
        support.remove(session, who)
    assert "QA of Aurora (there is nobody yet) answers" in turn.next_step(support.sheet_of(session, made), NOW)
    said = support.refused(session, change.may, actor(session, ELIF), made.id, "agree", NOW)
    assert said.endswith("nobody yet. Aurora answers, and needs a QA for it.")


def test_an_overdue_acknowledgement_is_late(session: Session, there: Partnership) -> None:
    """The card's next step says so from its due time on."""
    found = support.sheet_of(session, support.log_deviation(session))
    by = "Aurora acknowledges by Wed 25 Nov 2026, 17:00 Berlin"
    assert turn.next_step(found, NOW).startswith(f"{by}.")
    assert turn.next_step(found, NOW + 2 * DAY).startswith(f"{by} (late).")


def test_an_overdue_acceptance_is_late(session: Session, there: Partnership) -> None:
    """The same of a CAPA that its owner has not accepted."""
    found = support.sheet_of(session, support.log_capa(session))
    assert "(late)" not in turn.next_step(found, NOW)
    assert "accepts it by" in turn.next_step(found, NOW + 5 * DAY)
    assert "(late)." in turn.next_step(found, NOW + 5 * DAY)


def test_after_reopening_a_used_up_plan_says_where_more_tests_go(session: Session, there: Partnership) -> None:
    """The number of retests stays fixed: more of them belong to an OOS result of their own, linked."""
    made = support.plan_retests(session, support.phase_1(session, support.log_oos(session)))
    for who in (ELIF, ANNA):
        support.sign(session, who, made, "approve_plan")
    for _ in range(2):
        support.retest(session, made)
    support.phase_2(session, made)
    for who in (ELIF, ANNA):
        support.sign(session, who, made)
    support.ask(session, ELIF, made, Asked.REOPEN)
    request.agree(session, actor(session, ANNA), ref(made), NOW)
    gita = actor(session, GITA)
    for said in (
        support.refused(session, oos.plan_retests, gita, ref(made), support.RETESTS, NOW),
        support.refused(session, oos.record_retest, gita, ref(made), oos.RetestForm("94.4", "Max Mint"), NOW),
    ):
        assert "log an OOS result of its own with *Log OOS result*, plan them there" in said
