"""Guards: what each condition tells where it does not hold, and that none has nothing to tell."""

from typing import Any

import pytest
from sqlmodel import Session

from quality import guards, request
from quality.guards import Guard
from quality.transitions import LIVES
from storage.investigation import Cause, Investigation
from storage.partnership import Partnership
from storage.record import Asked, Distributed, Record, State
from tests import support
from tests.support import ANNA, DAY, ELIF, FINN, GITA, NOW, actor, ref

ALL = {name: one for name, one in vars(guards).items() if isinstance(one, Guard)}


@pytest.fixture
def pending(session: Session, there: Partnership) -> Record:
    """Bring a major deviation to its approval."""
    return support.submit(session, support.log_deviation(session))


HOLES: list[tuple[dict[str, Any], bool]] = [
    ({}, False),
    ({"root_cause": ""}, True),
    ({"other_batches": ""}, True),
    ({"impact": ""}, True),
    ({"conclusion": ""}, True),
    ({"no_capa_reason": ""}, True),
    ({"no_capa_reason": "", "capa_needed": True}, False),
    ({"category": Cause.PEOPLE}, True),
    ({"category": Cause.PEOPLE, "human_error": "All else was excluded."}, False),
]


@pytest.mark.parametrize(("changes", "hole"), HOLES, ids=[str(changes) for changes, _ in HOLES])
def test_nothing_is_approved_with_a_hole(
    session: Session, pending: Record, changes: dict[str, Any], *, hole: bool
) -> None:
    """However it came to be empty: 21 CFR 211.192 lets nothing of it be."""
    session.get_one(Investigation, pending.id).sqlmodel_update(changes)
    session.flush()
    if hole:
        told = support.sign_refused(session, ELIF, pending)
        assert told == "The investigation of DEV-2026-0001 is not complete. Send it back."
    else:
        support.sign(session, ELIF, pending)


def test_nothing_is_approved_without_an_investigation(session: Session, pending: Record) -> None:
    """It is asked for by name."""
    session.delete(session.get_one(Investigation, pending.id))
    session.flush()
    assert support.sign_refused(session, ELIF, pending) == "DEV-2026-0001 has no investigation yet."


@pytest.mark.parametrize("name", ALL)
def test_every_guard_stands_in_a_table(name: str) -> None:
    """One that no button asks would guard nothing."""
    assert any(ALL[name] in act.guards for life in LIVES.values() for act in life)


def test_every_guard_says_itself_in_words_of_its_own() -> None:
    """The manual shows them."""
    words = [one.words for one in ALL.values()]
    assert all(words)
    assert len(set(words)) == len(words)


@pytest.mark.parametrize("log", [support.log_deviation, support.log_oos, support.log_capa], ids=lambda f: f.__name__)
@pytest.mark.parametrize("name", ALL)
def test_every_guard_can_be_asked_of_every_record(session: Session, there: Partnership, name: str, log: Any) -> None:
    """It gives nothing or a sentence, never an error, at the beginning and at the end of every life."""
    made = log(session)
    for now in (NOW, NOW + 100 * DAY):
        told = ALL[name].fails(support.sheet_of(session, made), now)
        assert told is None or told.endswith(".")
        if made.state is not State.CLOSED:
            support.close(session, made)


def test_what_is_asked_is_told(session: Session, pending: Record) -> None:
    """Who asked for what, and what to do about it."""
    support.ask(session, GITA, pending, Asked.EXTEND)
    told = guards.NOTHING_ASKED.fails(support.sheet_of(session, pending), NOW)
    assert told == (
        "Gita Rao (Borealis) already asked about DEV-2026-0001: extend the due date. "
        "That has to be answered, or withdrawn, first."
    )
    assert guards.EXTENSION_ASKED.fails(support.sheet_of(session, pending), NOW) is None
    assert guards.CONSENT_ASKED.fails(support.sheet_of(session, pending), NOW) is not None


def test_open_reports_keep_a_record_from_being_voided(session: Session, there: Partnership) -> None:
    """Whoever wants to void it is told who has to do what."""
    made = support.log_deviation(session, distributed=Distributed.YES)
    told = support.refused(session, request.void, actor(session, ANNA), ref(made), "Logged twice.", NOW)
    assert told.endswith("The sponsor's QA says first that it is not needed, and why, or records its filing.")


def test_a_deviation_rests_on_no_deviation(session: Session, there: Partnership) -> None:
    """Only CAPAs cover a closed record: a deviation that follows a closed OOS may be voided."""
    source = support.phase_1(session, support.log_oos(session))
    support.phase_2(session, source)
    made = support.log_deviation(session, sources=(source.number,))
    for who in (ELIF, ANNA):
        support.sign(session, who, source)
    assert request.void(session, actor(session, FINN), ref(made), "Logged twice.", NOW).state is State.VOID
