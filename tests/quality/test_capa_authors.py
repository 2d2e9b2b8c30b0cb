"""Who wrote a CAPA's plan, and therefore does not approve it."""

from sqlmodel import Session

from storage.capa import Capa
from storage.partnership import Partnership
from storage.record import Kind, Outcome, State
from tests import support
from tests.support import ELIF, FINN, GITA, NOW


def test_whoever_logs_a_capa_does_not_approve_its_plan(session: Session, there: Partnership) -> None:
    """The plan is part of the form, so its author is who logged it, whoever owns it."""
    made = support.log_capa(session, ELIF, owner=GITA)
    told = support.sign_refused(session, ELIF, made, "approve_plan")
    assert told.endswith("(never the owner, nor who worked on it): Finn Larsen (Borealis).")
    assert support.sign(session, FINN, made, "approve_plan").state is State.IN_PROGRESS


def test_it_is_no_work_on_what_was_carried_out(session: Session, there: Partnership) -> None:
    """Who wrote the plan may check whether it worked: neither owner nor who implemented it."""
    made = support.log_capa(session, ELIF, owner=GITA)
    support.sign(session, FINN, made, "approve_plan")
    support.implement(session, made, owner=GITA)
    assert support.check(session, ELIF, made, now=NOW + 91 * support.DAY).state is State.CLOSED


def test_the_follow_up_of_a_check_has_no_author_yet(session: Session, there: Partnership) -> None:
    """Its plan is still to be written; the checker wrote nothing of it and may approve what another writes."""
    made = support.log_capa(session)
    support.sign(session, ELIF, made, "approve_plan")
    support.implement(session, made)
    support.check(session, ELIF, made, Outcome.NOT_EFFECTIVE, NOW + 91 * support.DAY)
    (follower,) = support.sheet_of(session, made).followers
    found = support.sheet_of(session, follower)
    assert (follower.kind, found.authors) == (Kind.CAPA, [])
    plan = found.part(Capa)
    assert plan is not None
    assert plan.plan.startswith("To be written")
