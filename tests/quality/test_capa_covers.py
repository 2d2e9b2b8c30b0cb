"""Which CAPA closes a deviation: one whose plan has, or has still to get, the signatures that it asks for."""

from datetime import timedelta

from sqlmodel import Session

from quality import deviation, request, turn
from quality import record as records
from storage.partnership import Partnership
from storage.record import Asked, Class, Outcome, Record, State
from tests import support
from tests.support import ANNA, DEVIATION, ELIF, FINN, GITA, NOW, actor, ref

ITS_OWN = "Log a CAPA of its own with *Add CAPA*."
ONE_COMPANY = f"The plan of CAPA-2026-0001 was approved by one company, and DEV-2026-0001 needs both. {ITS_OWN}"


def begun(session: Session, **changes: object) -> Record:
    """Log a CAPA of Finn's and begin it on the signature of the CMO alone."""
    made = support.log_capa(session, **changes)
    support.sign(session, ELIF, made, "approve_plan")
    assert made.state is State.IN_PROGRESS
    return made


def pending(session: Session, made: Record) -> Record:
    """Bring a deviation that needs a CAPA to its last signature."""
    support.submit(session, made, capa_needed=True, no_capa_reason="")
    return support.sign(session, ELIF, made)


def test_a_new_critical_deviation_names_no_capa_of_one_company(session: Session, there: Partnership) -> None:
    """Source records of Log deviation are held to the same as Link record."""
    capa = begun(session)
    form = support.replace(DEVIATION, class_=Class.CRITICAL, sources=(capa.number,))
    told = support.field_errors(session, deviation.log, actor(session, GITA), form, NOW)
    assert told == {
        "sources": f"The plan of {capa.number} was approved by one company, and this one needs both. {ITS_OWN}"
    }


def test_a_minor_deviation_may_name_it(session: Session, there: Partnership) -> None:
    """The owner's company alone approves the plan of a minor one."""
    capa = begun(session)
    made = support.log_deviation(session, class_=Class.MINOR, sources=(capa.number,))
    support.submit(session, made, capa_needed=True, no_capa_reason="")
    assert support.sign(session, ELIF, made).state is State.CLOSED


def test_a_class_raised_after_the_link_needs_another_capa(session: Session, there: Partnership) -> None:
    """The record does not close on a plan that the sponsor never approved; a CAPA of its own is an answer."""
    made = support.log_deviation(session, class_=Class.MINOR)
    begun(session, sources=(made.number,))
    request.reclassify(session, actor(session, ELIF), ref(made), Class.CRITICAL, "Worse.", NOW)
    pending(session, made)
    assert support.sign_refused(session, ANNA, made) == ONE_COMPANY
    assert turn.next_step(support.sheet_of(session, made), NOW).startswith("Aurora acknowledges")
    assert "A CAPA has to be added or linked" in turn.next_step(support.sheet_of(session, made), NOW)
    support.log_capa(session, sources=(made.number,))
    assert support.sign(session, ANNA, made).state is State.CLOSED


def test_a_plan_that_both_signed_before_the_class_was_raised_counts(session: Session, there: Partnership) -> None:
    """What both companies approved stays approved when the class falls and rises again."""
    made = support.log_deviation(session)
    capa = support.begin_capa(session, support.log_capa(session, sources=(made.number,)))
    support.ask(session, ELIF, made, Asked.LOWER)
    request.agree(session, actor(session, ANNA), ref(made), NOW)
    request.reclassify(session, actor(session, ELIF), ref(made), Class.CRITICAL, "Worse.", NOW)
    pending(session, made)
    assert (support.sign(session, ANNA, made).state, capa.state) == (State.CLOSED, State.IN_PROGRESS)


def test_a_check_of_effectiveness_is_no_approval_of_the_plan(session: Session, there: Partnership) -> None:
    """The sponsor's signature of a check says nothing of the plan, so the link is refused."""
    capa = begun(session)
    support.implement(session, capa)
    support.check(session, ANNA, capa, Outcome.INCONCLUSIVE, NOW + timedelta(days=91))
    made = support.log_deviation(session, class_=Class.CRITICAL)
    told = support.field_errors(session, records.link_records, actor(session, GITA), ref(made), [capa.number], NOW)
    assert told == {"numbers": ONE_COMPANY}


def test_a_capa_of_one_company_links_no_critical_deviation(session: Session, there: Partnership) -> None:
    """The same from the CAPA's side."""
    capa, made = begun(session), support.log_deviation(session, class_=Class.CRITICAL)
    told = support.field_errors(session, records.link_records, actor(session, FINN), ref(capa), [made.number], NOW)
    assert told == {"numbers": ONE_COMPANY}


def test_a_plan_still_to_be_approved_counts(session: Session, there: Partnership) -> None:
    """Before it begins, both companies have to sign it, whatever becomes of the deviation."""
    made = support.log_deviation(session)
    capa = support.log_capa(session, sources=(made.number,))
    pending(session, made)
    assert support.sign(session, ANNA, made).state is State.CLOSED
    support.sign(session, ELIF, capa, "approve_plan")
    assert capa.state is State.PLANNED
    assert support.sign(session, ANNA, capa, "approve_plan").state is State.IN_PROGRESS
