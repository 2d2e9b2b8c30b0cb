"""Whose turn it is: one sentence for every state, naming who can, or what is missing."""

from datetime import datetime

import pytest
from sqlmodel import Session

from quality import record as records
from quality import request, turn
from quality.people import Profile
from storage.partnership import Partnership, Side
from storage.person import Role
from storage.record import Asked, Class, Outcome, Record
from tests import support
from tests.support import ANNA, BEN, CARLA, DAY, ELIF, FINN, GITA, NOW, actor, ref, sign

ACKNOWLEDGE = "Aurora acknowledges by Wed 25 Nov 2026, 17:00 Berlin."
CMO_SIGNS = "Elif Kaya or Finn Larsen (Borealis) approves by signature. Then QA of Aurora signs."
PLAN_SIGNED = "Elif Kaya (Borealis) approves the plan by signature."
SPONSOR_SIGNS = "Anna Berg or Ben Ortiz (Aurora) approves by signature."


def said(session: Session, record: Record, now: datetime = NOW) -> str:
    return turn.next_step(support.sheet_of(session, record), now)


def acknowledged(session: Session, record: Record) -> Record:
    return records.acknowledge(session, actor(session, CARLA), ref(record), NOW)


def test_the_steps_of_a_major_deviation(session: Session, there: Partnership) -> None:
    """From its logging to its closing."""
    made = support.log_deviation(session)
    told = [said(session, made)]
    acknowledged(session, made)
    told.append(said(session, made))
    support.assign(session, made, GITA)
    for bring in (lambda: made, lambda: support.investigate(session, made), lambda: support.submit(session, made)):
        bring()
        told.append(said(session, made))
    for who in (ELIF, ANNA):
        sign(session, who, made)
        told.append(said(session, made))
    assert told == [
        f"{ACKNOWLEDGE} QA of either company assigns an owner.",
        "QA of either company assigns an owner.",
        "Gita Rao (Borealis) starts the investigation.",
        "Gita Rao (Borealis) investigates and submits it for approval.",
        CMO_SIGNS,
        SPONSOR_SIGNS,
        "Nothing more to do.",
    ]


def test_the_steps_of_an_oos(session: Session, there: Partnership) -> None:
    """With two retests under a plan."""
    made = acknowledged(session, support.log_oos(session))
    support.assign(session, made, GITA)
    told = [said(session, made)]
    support.phase_1(session, made)
    told.append(said(session, made))
    support.plan_retests(session, made)
    told.append(said(session, made))
    for who in (ANNA, ELIF):
        sign(session, who, made, "approve_plan")
        told.append(said(session, made))
    for _ in range(2):
        support.retest(session, made)
        told.append(said(session, made))
    support.phase_2(session, made)
    told.append(said(session, made))
    assert told == [
        "Gita Rao (Borealis) gives the phase I result.",
        "Gita Rao (Borealis) plans retests, or gives the phase II result.",
        "QA of both companies approve the plan by signature.",
        "Elif Kaya or Finn Larsen (Borealis) approves the plan by signature.",
        "Gita Rao (Borealis) records retest 1 of 2.",
        "Gita Rao (Borealis) records retest 2 of 2.",
        "Gita Rao (Borealis) gives the phase II result.",
        CMO_SIGNS,
    ]


def test_the_steps_of_a_capa(session: Session, there: Partnership) -> None:
    """Accepted or not, the plan is signed; the check has its day."""
    made = support.log_capa(session)
    told = [said(session, made)]
    records.accept(session, actor(session, FINN), ref(made), NOW)
    told.append(said(session, made))
    support.begin_capa(session, made)
    told.append(said(session, made))
    support.implement(session, made)
    told += [said(session, made), said(session, made, NOW + 90 * DAY)]
    support.check(session, ELIF, made, Outcome.INCONCLUSIVE, NOW + 90 * DAY)
    told.append(said(session, made, NOW + 90 * DAY))
    assert told == [
        f"Finn Larsen (Borealis) accepts it by Fri 27 Nov 2026, 17:00 Berlin. {PLAN_SIGNED}",
        PLAN_SIGNED,
        "Finn Larsen (Borealis) carries it out and marks it implemented.",
        "QA of either company checks its effectiveness from Mon 22 Feb 2027 on.",
        "QA of either company checks its effectiveness.",
        "QA of either company checks its effectiveness from Wed 24 Mar 2027 on.",
    ]


def test_who_worked_on_it_is_not_asked_to_approve(session: Session, there: Partnership) -> None:
    """Where nobody is left, it says whom it would take."""
    made = acknowledged(session, support.log_deviation(session))
    support.submit(session, made, owner=FINN)
    assert said(session, made).startswith("Elif Kaya (Borealis) approves by signature.")
    support.remove(session, ELIF)
    assert said(session, made).startswith("QA of Borealis (another than Finn Larsen) approves by signature.")


def test_many_who_can_are_named_by_their_company(session: Session, there: Partnership) -> None:
    """More than three names are a list, not a sentence."""
    made = acknowledged(session, support.submit(session, support.log_deviation(session)))
    for who in (CARLA, support.NOBODY):
        if who is support.NOBODY:
            support.people.enrol(session, there.id, who, NOW)
        support.give_roles(session, who, Role.QA)
    assert said(session, made).startswith("Elif Kaya or Finn Larsen or Nora Quist (Borealis) approves")
    another = support.profile("Olga Pohl", support.CMO_TEAM)
    support.people.enrol(session, there.id, another, NOW)
    support.give_roles(session, another, Role.QA)
    assert said(session, made).startswith("QA of Borealis approves by signature.")


def test_a_missing_capa_is_said(session: Session, there: Partnership) -> None:
    """Before the last signature, where one is needed."""
    made = acknowledged(session, support.log_deviation(session, class_=Class.MINOR))
    support.submit(session, made, capa_needed=True, no_capa_reason="")
    assert said(session, made).startswith("A CAPA has to be added or linked; then Elif Kaya or Finn Larsen (Borealis)")
    support.log_capa(session, sources=(made.number,))
    assert said(session, made) == "Elif Kaya or Finn Larsen (Borealis) approves by signature."


def test_an_owner_who_left_is_nobody(session: Session, there: Partnership) -> None:
    """QA assigns another."""
    made = acknowledged(session, support.investigate(session, support.log_deviation(session)))
    support.remove(session, GITA)
    assert said(session, made) == "QA of either company assigns an owner."


GITA_ASKS, ELIF_ASKS = "Gita Rao (Borealis), who asks to", "Elif Kaya (Borealis), who asks to"
REQUESTS = [
    (Asked.EXTEND, GITA, f"QA of either company answers {GITA_ASKS} extend the due date to Fri 29 Jan 2027."),
    (Asked.LOWER, ELIF, f"Anna Berg or Ben Ortiz (Aurora) answers {ELIF_ASKS} lower the class to Minor."),
    (Asked.VOID, ELIF, f"Anna Berg or Ben Ortiz (Aurora) answers {ELIF_ASKS} void."),
]


@pytest.mark.parametrize(("what", "who", "first"), REQUESTS, ids=[what for what, _, _ in REQUESTS])
def test_a_request_comes_first(session: Session, there: Partnership, what: Asked, who: Profile, first: str) -> None:
    """Who can answer whom, and the step of its life goes on beside it."""
    made = acknowledged(session, support.investigate(session, support.log_deviation(session)))
    support.ask(session, who, made, what)
    assert said(session, made) == f"{first} Gita Rao (Borealis) investigates and submits it for approval."


def test_a_closed_record_that_is_to_be_reopened_waits_for_an_answer(session: Session, there: Partnership) -> None:
    """Otherwise there is nothing more to do, as with a void one."""
    made = support.close(session, acknowledged(session, support.log_deviation(session)))
    support.ask(session, ELIF, made, Asked.REOPEN)
    assert said(session, made) == f"Anna Berg or Ben Ortiz (Aurora) answers {ELIF_ASKS} reopen."
    request.refuse(session, actor(session, BEN), ref(made), NOW)
    assert said(session, made) == "Nothing more to do."


def test_half_an_extension_waits_for_the_other_company(session: Session, there: Partnership) -> None:
    """The second one takes both."""
    made = acknowledged(session, support.investigate(session, support.log_deviation(session)))
    for _ in range(2):
        support.ask(session, GITA, made, Asked.EXTEND)
        request.grant(session, actor(session, ANNA), ref(made), NOW)
    assert said(session, made).startswith(
        f"Elif Kaya or Finn Larsen (Borealis) answers {GITA_ASKS} extend the due date"
    )


def test_a_clock_that_stands_is_told(session: Session, there: Partnership) -> None:
    """Who answers first, then until when it stands; the next step is told all the same."""
    made = support.investigate(session, acknowledged(session, support.log_deviation(session)))
    support.ask(session, ELIF, made, Asked.STOP)
    investigates = "Gita Rao (Borealis) investigates and submits it for approval."
    assert said(session, made) == (
        "Anna Berg or Ben Ortiz (Aurora) answers Elif Kaya (Borealis), who asks to stop the clock until "
        f"Tue 8 Dec 2026. {investigates}"
    )
    request.agree(session, actor(session, ANNA), ref(made), NOW)
    assert said(session, made) == f"The clock is stopped until Tue 8 Dec 2026. {investigates}"


def test_the_company_whose_turn_it_is(session: Session, there: Partnership) -> None:
    """The owner's; who signs or answers next; nobody's when its clock stands or it is done."""
    made = support.log_deviation(session, CARLA)
    sides = [turn.side(support.sheet_of(session, made))]
    for step in (
        lambda: support.submit(session, made),
        lambda: sign(session, ELIF, made),
        lambda: support.ask(session, ANNA, made, Asked.LOWER),
        lambda: request.refuse(session, actor(session, ELIF), ref(made), NOW),
        lambda: support.ask(session, GITA, made, Asked.STOP),
        lambda: request.agree(session, actor(session, BEN), ref(made), NOW),
        lambda: request.resume(session, actor(session, GITA), ref(made), NOW),
        lambda: sign(session, ANNA, made),
    ):
        step()
        sides.append(turn.side(support.sheet_of(session, made)))
    sponsor, cmo = Side.SPONSOR, Side.CMO
    assert sides == [sponsor, cmo, sponsor, cmo, sponsor, sponsor, None, sponsor, None]
