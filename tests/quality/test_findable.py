"""Records are found by what was typed into them at any time, not only at the first."""

from sqlmodel import Session

from quality import capa
from quality import record as records
from storage import search
from storage.partnership import Partnership
from storage.record import Outcome, Record
from tests import support
from tests.support import ANNA, CARLA, DAY, ELIF, FINN, NOW, actor, ref


def found(session: Session, words: str) -> list[int]:
    session.flush()
    return search.find(session, 1, words, 10)


def found_all(session: Session, record: Record, *words: str) -> None:
    for word in words:
        assert found(session, word) == [record.id], word


def test_an_investigation_is_found(session: Session, there: Partnership) -> None:
    """By root cause and conclusion; an investigation in its place is found instead of it."""
    made = support.submit(session, support.log_deviation(session), root_cause="A zirconium splinter.")
    found_all(session, made, "zirconium", "worn seal", "bubble point", "AB-1001", "DEV-2026-0001")
    support.request.send_back(session, actor(session, ELIF), ref(made), "Look again.", NOW)
    support.submit(session, made, root_cause="A ceramic splinter.")
    found_all(session, made, "ceramic")
    assert found(session, "zirconium") == []


def test_phases_plans_and_retests_are_found(session: Session, there: Partnership) -> None:
    """Every part of an OOS result's life."""
    made = support.phase_1(session, support.log_oos(session))
    found_all(session, made, "laboratory explains")
    support.plan_retests(session, made, hypothesis="Quartz cuvette scratched.")
    found_all(session, made, "cuvette scratched")
    for who in (ELIF, ANNA):
        support.sign(session, who, made, "approve_plan")
    support.retest(session, made, "77.7")
    found_all(session, made, "77")
    support.phase_2(session, made, manufacturing_review="Blender speed low.")
    found_all(session, made, "blender speed", "cuvette", "Assay")


def test_plans_implementation_and_checks_are_found(session: Session, there: Partnership) -> None:
    """Every part of a CAPA's life."""
    made = support.log_capa(session)
    plan = capa.PlanForm("Fit a titanium housing.")
    capa.change_plan(session, actor(session, FINN), ref(made), plan, NOW)
    found_all(session, made, "titanium")
    support.implement(session, support.begin_capa(session, made))
    found_all(session, made, "report 7")
    support.check(session, ELIF, made, Outcome.INCONCLUSIVE, NOW + 91 * DAY)
    found_all(session, made, "leak since", "titanium")


def test_a_comment_is_found(session: Session, there: Partnership) -> None:
    """With all that was said before it."""
    made = support.log_deviation(session)
    records.comment(session, actor(session, CARLA), ref(made), "The vanadium pump is back.", NOW)
    records.comment(session, actor(session, CARLA), ref(made), "Mapping done.", NOW)
    found_all(session, made, "vanadium", "mapping", "bubble")


def test_another_partnership_finds_nothing_of_it(session: Session, there: Partnership) -> None:
    """The index entry stays its partnership's own."""
    support.submit(session, support.log_deviation(session), root_cause="A zirconium splinter.")
    assert search.find(session, 2, "zirconium", 10) == []
