"""When a deviation asks no questions of its own: only as the same event as its confirmed OOS, asked there already."""

from datetime import datetime

import pytest
from sqlmodel import Session

from quality import authority, request
from quality import record as records
from quality.authority import REPORTS, Question
from storage import authority as stored
from storage.authority import Answer
from storage.clock import ClockName
from storage.partnership import Partnership
from storage.record import Asked, Class, Distributed, Record, State
from tests import support
from tests.support import ANNA, BEN, CARLA, ELIF, NOW, actor, ref

YES, UNKNOWN = Distributed.YES, Distributed.UNKNOWN


@pytest.fixture
def confirmed(session: Session, there: Partnership) -> Record:
    """Confirm an OOS of a distributed batch, its questions open."""
    return support.phase_2(session, support.phase_1(session, support.log_oos(session, distributed=YES)))


def questions(session: Session, record: Record) -> set[ClockName]:
    session.flush()
    return {one.name for one in stored.list_of_record(session, record.id)}


def follow(session: Session, oos: Record, **changes: object) -> Record:
    """Log a deviation by the button on an OOS's card."""
    given = {"distributed": YES, "sources": (oos.number,), "oos": ref(oos)} | changes
    return support.log_deviation(session, **given)


def say_not_needed(session: Session, record: Record, names: tuple[ClockName, ...] = tuple(REPORTS)) -> None:
    for name in names:
        asked = Question(record.id, name, "")
        authority.answer(session, actor(session, ANNA), asked, Answer.NOT_NEEDED, "Another batch.", NOW)


def test_the_deviation_of_a_confirmed_oos_asks_nothing_twice(session: Session, confirmed: Record) -> None:
    """Logged on the OOS's card about its batches, it is the same event; so it stays when it is submitted."""
    made = follow(session, confirmed)
    support.submit(session, made, distributed=YES)
    assert questions(session, made) == set()


def test_another_batch_is_asked_about(session: Session, confirmed: Record) -> None:
    """What the OOS does not name is no part of its questions."""
    assert questions(session, follow(session, confirmed, lots=("AB-1001", "ZZ-9"))) == set(REPORTS)


def test_a_batch_is_the_same_however_it_is_written(session: Session, confirmed: Record) -> None:
    """The case and the kind of dash of a batch make no other batch of it."""
    assert questions(session, follow(session, confirmed, lots=("ab\u20111001",))) == set()


def test_a_link_typed_by_hand_suppresses_nothing(session: Session, confirmed: Record) -> None:
    """A number under Source records, or a link, tells of no one event."""
    made = support.log_deviation(session, distributed=YES, sources=(confirmed.number,))
    assert questions(session, made) == set(REPORTS)


def test_a_deviation_as_a_source_suppresses_nothing(session: Session, there: Partnership) -> None:
    """Another deviation is another event, even when its questions are open."""
    first = support.log_deviation(session, distributed=YES)
    made = support.log_deviation(session, distributed=YES, sources=(first.number,))
    assert questions(session, made) == set(REPORTS)


def test_a_source_answered_not_needed_suppresses_nothing(session: Session, confirmed: Record) -> None:
    """Not needed was said before the deviation was known, so what was so answered is asked again."""
    field_alert, *others = REPORTS
    say_not_needed(session, confirmed, (field_alert,))
    assert questions(session, follow(session, confirmed)) == {field_alert}
    say_not_needed(session, confirmed, tuple(others))
    assert questions(session, follow(session, confirmed)) == set(REPORTS)


def test_an_answer_of_not_needed_later_brings_the_questions_back(session: Session, confirmed: Record) -> None:
    """They are asked with the deviation's next step, when the OOS's own no longer stand."""
    made = follow(session, confirmed)
    say_not_needed(session, confirmed)
    support.submit(session, made, distributed=YES)
    assert questions(session, made) == set(REPORTS)


def test_a_void_source_suppresses_nothing(session: Session, confirmed: Record) -> None:
    """An OOS that was voided after its deviation was logged speaks for nothing."""
    made = follow(session, confirmed, distributed=UNKNOWN)
    say_not_needed(session, confirmed)
    records.acknowledge(session, actor(session, ANNA), ref(confirmed), NOW)
    support.ask(session, ELIF, confirmed, Asked.VOID)
    request.agree(session, actor(session, ANNA), ref(confirmed), NOW)
    assert confirmed.state is State.VOID
    support.submit(session, made, distributed=YES)
    assert questions(session, made) == set(REPORTS)


def test_another_class_is_asked_about(session: Session, confirmed: Record) -> None:
    """Reclassified, the deviation is more than its OOS was, and asks for itself."""
    made = follow(session, confirmed)
    request.reclassify(session, actor(session, ELIF), ref(made), Class.CRITICAL, "Worse.", NOW)
    assert questions(session, made) == set(REPORTS)


def test_a_minor_deviation_linked_by_hand_is_asked_about_when_it_is_raised(
    session: Session, there: Partnership
) -> None:
    """Neither the link nor the questions of the other record keep it from being asked."""
    first = support.log_deviation(session, distributed=YES)
    made = support.log_deviation(session, class_=Class.MINOR, distributed=YES, lots=("Q-2",))
    records.link_records(session, actor(session, CARLA), ref(made), [first.number], NOW)
    request.reclassify(session, actor(session, ELIF), ref(made), Class.CRITICAL, "Worse.", NOW)
    assert questions(session, made) == set(REPORTS)


def test_the_sponsor_is_told_of_each_round_of_questions(session: Session, confirmed: Record) -> None:
    """Questions that a deviation asks later come by direct message too."""
    made = follow(session, confirmed)
    support.empty_outbox(session)
    later: datetime = NOW + support.DAY
    request.reclassify(session, actor(session, ELIF), ref(made), Class.CRITICAL, "Worse.", later)
    told = [row.person_id for row in support.newly_queued(session) if row.kind == "questions"]
    assert told == [support.row_of(session, who).id for who in (ANNA, BEN)]
