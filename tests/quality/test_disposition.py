"""Dispositions: proposed by QA of either company, decided by the sponsor's QA alone, never over a hold."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import Session

from quality import disposition, request, signature
from quality import result as results
from quality.disposition import ProposalForm
from quality.people import Profile
from quality.refusal import Refusal
from quality.result import ResultForm
from quality.turn import next_step
from storage import lot, specification
from storage import record as stored
from storage.database import Database
from storage.investigation import Disposition
from storage.partnership import Partnership
from storage.person import Role
from storage.record import Class, Outcome, Record, State
from tests import support
from tests.support import ANNA, BEN, CARLA, DAY, ELIF, FINN, GITA, NOW, actor, ref, sheet_of

Act = Callable[[Session, int], str]


@pytest.fixture(autouse=True)
def there(session: Session) -> Partnership:
    """Set a partnership up."""
    return support.set_up(session)


def of_lot(session: Session, record: Record) -> int | None:
    """Give the disposition that is in force for the lot of the examples."""
    session.expire_all()
    found = lot.find(session, record.partnership_id, "ab-1001")
    assert found is not None
    return found.disposition_id


def test_the_sponsors_signature_decides(session: Session) -> None:
    """Proposed by the CMO's QA, signed by the sponsor's: the lot is released, and nothing is left to do."""
    record = support.dispose(session)
    assert (record.number, record.state, record.title) == ("DIS-2026-0001", State.PROPOSED, "Release of batch AB-1001")
    assert (record.awaits_sponsor, record.awaits_cmo, record.outcome) == (True, False, None)
    assert next_step(sheet_of(session, record), NOW) == "Anna Berg or Ben Ortiz (Aurora) decides by signature."
    support.sign(session, ANNA, record)
    assert (record.state, record.outcome, record.is_open) == (State.DECIDED, Outcome.RELEASED, False)
    assert (record.awaits_sponsor, of_lot(session, record)) == (False, record.id)
    assert support.events(session, record) == ["disposition.logged", "disposition.decided"]
    assert support.entries(session, record)[-1].content["signature"]["meaning"] == "Disposition of the batch: Release"


@pytest.mark.parametrize(
    ("decision", "outcome"),
    [
        (Disposition.REWORK, Outcome.REWORK),
        (Disposition.REPROCESS, Outcome.REPROCESS),
        (Disposition.REJECT, Outcome.REJECTED),
    ],
)
def test_a_lot_on_hold_can_have_another_decision(session: Session, decision: Disposition, outcome: Outcome) -> None:
    """A hold keeps a lot from being released, from nothing else."""
    support.log_deviation(session)
    record = support.sign(session, ANNA, support.dispose(session, decision=decision))
    assert (record.state, record.outcome) == (State.DECIDED, outcome)


def test_a_cmo_never_takes_the_sponsors_decision(session: Session) -> None:
    """21 CFR 211.22(a): no QA of the CMO signs, whoever proposed it."""
    record = support.dispose(session, ANNA)
    for who in (ELIF, FINN):
        assert "QA of the company whose signature is next" in support.sign_refused(session, who, record)
    support.sign(session, BEN, record)
    assert record.state is State.DECIDED


@pytest.mark.parametrize("who", [CARLA, GITA])
def test_only_qa_propose(session: Session, who: Profile) -> None:
    """A member of either company is told who may."""
    told = support.refused(session, disposition.propose, actor(session, who), support.DISPOSITION, NOW)
    assert "Only QA of either company may propose the disposition" in told


def test_who_proposed_or_changed_it_does_not_sign(session: Session) -> None:
    """Nor does another owner let them; where the sponsor has one QA, the CMO's QA propose."""
    record = support.dispose(session, ANNA)
    support.assign(session, record, FINN)
    assert "nor who worked on it" in support.sign_refused(session, ANNA, record)
    form = ProposalForm(Disposition.REJECT, "It looks wrong.")
    disposition.change_proposal(session, actor(session, BEN), ref(record), form, NOW)
    support.sign_refused(session, BEN, record)
    assert "another than Finn Larsen" in next_step(sheet_of(session, record), NOW)
    support.give_roles(session, CARLA, Role.QA)
    assert support.sign(session, CARLA, record).outcome is Outcome.REJECTED


def test_no_release_is_proposed_over_a_hold(session: Session) -> None:
    """The fault stands at the decision and names what holds the lot, however it is written."""
    held = support.log_deviation(session)
    form = support.DISPOSITION
    errors = support.field_errors(session, disposition.propose, actor(session, ELIF), form, NOW)
    assert errors == {
        "decision": f"Batch AB-1001 is on hold because of {held.number}, so it cannot be released. "
        "Close what holds it first, or propose another decision."
    }
    other = support.dispose(session, decision=Disposition.REJECT)
    change = ProposalForm(Disposition.RELEASE, "After all.")
    errors = support.field_errors(session, disposition.change_proposal, actor(session, ELIF), ref(other), change, NOW)
    assert held.number in errors["decision"]


def test_a_hold_that_comes_after_the_proposal(session: Session) -> None:
    """Its release is refused at opening the form and at signing; once the hold is over, it can be signed."""
    record = support.dispose(session)
    held = support.log_deviation(session, lots=("ab-1001 ",), class_=Class.CRITICAL)
    assert support.events(session, record)[-1] == "disposition.held"
    assert support.entries(session, record)[-1].content["changes"]["holder"] == [None, held.number]
    with pytest.raises(Refusal, match=held.number):
        signature.state(session, actor(session, ANNA), record.id, "approve", NOW)
    assert held.number in support.sign_refused(session, ANNA, record)
    assert "has to be closed first" in next_step(sheet_of(session, record), NOW)
    request.void(session, actor(session, ELIF), ref(held), "Logged twice.", NOW)
    assert support.sign(session, ANNA, record).outcome is Outcome.RELEASED


def test_an_oos_that_nobody_confirmed_keeps_a_lot_too(session: Session) -> None:
    """A result outside its limits is a record only once it is confirmed, and nobody releases past it until then."""
    record = support.dispose(session)
    spec = support.effective(session)
    test = specification.list_tests(session, spec.id)[0]
    form = ResultForm(spec.id, test.id, "AB-1001", "94.2", NOW)
    found = results.record(session, actor(session, GITA), form, NOW)
    assert "Assay 94.2" in support.sign_refused(session, ANNA, record)
    results.discard(session, actor(session, ELIF), found.id, "Of another batch.", NOW)
    assert support.sign(session, ANNA, record).outcome is Outcome.RELEASED


def test_a_released_lot_that_is_put_on_hold(session: Session) -> None:
    """The disposition stays what it was, says so, and another one takes its place."""
    released = support.sign(session, ANNA, support.dispose(session))
    held = support.log_deviation(session, now=NOW + DAY)
    assert support.events(session, released)[-1] == "disposition.held"
    assert (released.state, released.outcome) == (State.DECIDED, Outcome.RELEASED)
    assert [one.number for one in sheet_of(session, released).holders] == [held.number]
    rejected = support.dispose(session, now=NOW + DAY, decision=Disposition.REJECT)
    assert (released.state, of_lot(session, released)) == (State.DECIDED, released.id)
    support.sign(session, BEN, rejected, now=NOW + DAY)
    assert (released.state, rejected.state, of_lot(session, rejected)) == (
        State.SUPERSEDED, State.DECIDED, rejected.id,
    )  # fmt: skip
    assert support.events(session, released)[-1] == "disposition.superseded"
    assert all(one.counts for one in sheet_of(session, released).signatures)
    assert [fault for fault in signature.verify(session) if fault] == []


def test_a_minor_deviation_that_becomes_major_holds_it(session: Session) -> None:
    """The disposition hears of each hold, and its card of each end of one."""
    record = support.dispose(session)
    minor = support.log_deviation(session, class_=Class.MINOR)
    assert support.events(session, record) == ["disposition.logged"]
    request.reclassify(session, actor(session, ELIF), ref(minor), Class.MAJOR, "It is worse.", NOW)
    assert support.events(session, record)[-1] == "disposition.held"


def test_one_is_proposed_at_a_time(session: Session) -> None:
    """Another one for the same lot, however it is written, is refused; a void one is in nobody's way."""
    record = support.dispose(session)
    other = disposition.DispositionForm("ab-1001", Disposition.REJECT, "No.")
    with pytest.raises(Refusal, match="DIS-2026-0001 is proposed for batch AB-1001 already"), session.begin_nested():
        disposition.propose(session, actor(session, BEN), other, NOW)
    request.void(session, actor(session, ELIF), ref(record), "Too early.", NOW)
    assert support.dispose(session).number == "DIS-2026-0002"


def test_a_change_voids_nothing_but_is_seen(session: Session) -> None:
    """What is signed is what is proposed by then; a change that changes nothing is refused."""
    record = support.dispose(session)
    same = ProposalForm(Disposition.RELEASE, support.DISPOSITION.justification, support.DISPOSITION.certificate)
    errors = support.field_errors(session, disposition.change_proposal, actor(session, ELIF), ref(record), same, NOW)
    assert errors == {"justification": "Nothing is changed here. Change it, or cancel."}
    old = ref(record)
    form = ProposalForm(Disposition.REWORK, "Mixed too short.")
    disposition.change_proposal(session, actor(session, FINN), old, form, NOW)
    assert record.title == "Rework of batch AB-1001"
    assert "was changed meanwhile" in support.sign_refused(session, ANNA, record, ref=old)


def test_lots_that_wait_for_a_disposition(session: Session) -> None:
    """Since a record or a result first named them, until a disposition is decided."""
    pid = support.log_deviation(session, lots=("L1", "L2"), class_=Class.MINOR).partnership_id
    support.log_oos(session, now=NOW + 5 * DAY, lots=("l1", "L3"))
    late = NOW + 31 * DAY
    assert [one.lot for one in lot.list_waiting(session, pid, late, 10)] == ["L1", "L2", "L3"]
    assert lot.count_waiting(session, pid, late - timedelta(days=30)) == 2
    support.sign(session, ANNA, support.dispose(session, lot="l2"))
    assert lot.count_waiting(session, pid, late - timedelta(days=30)) == 1


def hold(session: Session, _record_id: int) -> str:
    """Put the lot on hold."""
    return support.log_deviation(session).number


def release(session: Session, record_id: int) -> str:
    """Sign the release; gives what came of it."""
    try:
        return str(support.sign(session, ANNA, stored.get(session, 1, record_id)).outcome)
    except Refusal as refusal:
        return str(refusal)


@pytest.mark.both_engines
@pytest.mark.parametrize(("first", "second"), [(hold, release), (release, hold)])
def test_a_hold_at_the_same_moment_is_not_lost(database: Database, session: Session, first: Act, second: Act) -> None:
    """Each waits for the other: the release is refused for the hold, or the disposition says that the hold followed."""
    record_id = support.dispose(session).id
    session.commit()

    def run() -> str:
        with database.writing() as own:
            return second(own, record_id)

    with ThreadPoolExecutor(1) as pool:
        with database.writing() as own:
            told = [first(own, record_id)]
            own.flush()
            other = pool.submit(run)
            with pytest.raises(TimeoutError):
                other.result(0.3)
        told.append(other.result(20))
    with database.reading() as after:
        events = [entry.event for entry in support.entries(after) if entry.record_id == record_id]
    if first is hold:
        assert f"because of {told[0]}" in told[1]
        assert events == ["disposition.logged", "disposition.held", "disposition.signature_refused"]
    else:
        assert told[0] == "Released"
        assert events == ["disposition.logged", "disposition.decided", "disposition.held"]
