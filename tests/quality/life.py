"""What has to be true of every record at any moment, in words of the product; asked after each step of a walk."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable

from sqlmodel import Session, col, select

from quality import approval, signature
from quality.content import content
from quality.sheet import Sheet, of_record
from quality.working_time import calendar_of
from storage import journal, request
from storage import record as records
from storage.capa import Capa
from storage.clock import ClockName
from storage.deviation import Deviation
from storage.investigation import Cause, Investigation
from storage.journal import JournalEntry, JournalHead
from storage.oos import Oos, PhaseOne, PhaseTwo, ResultKind, RetestPlan
from storage.partnership import Side
from storage.person import Person
from storage.record import Asked, Class, Kind, Outcome, Record, RecordBatch, State
from storage.request import Request
from storage.signature import Signature

OPEN_STATES = {
    Kind.DEVIATION: {State.OPEN, State.UNDER_INVESTIGATION, State.PENDING_APPROVAL},
    Kind.OOS: {State.PHASE_1, State.PHASE_2, State.PENDING_APPROVAL},
    Kind.CAPA: {State.PLANNED, State.IN_PROGRESS, State.IMPLEMENTED},
}
DONE = {State.CLOSED, State.VOID}
# Who did one of these worked on what is signed under a scope.
WORK = {
    "record": {"submitted", "phase_1", "retests_planned", "retested", "phase_2", "implemented"},
    "plan": {"retests_planned", "plan_changed"},
}


def check(session: Session, partnership_id: int, ids: Iterable[int]) -> None:
    """Hold records against every rule."""
    for record_id in ids:
        found = of_record(session, partnership_id, record_id)
        for rule in RULES:
            rule(session, found)


def check_all(session: Session, partnership_id: int) -> None:
    """Hold every record, and what they are together, against every rule."""
    everything = session.exec(select(Record).where(Record.partnership_id == partnership_id)).all()
    check(session, partnership_id, [record.id for record in everything])
    check_numbers(everything)
    check_holds(session, partnership_id)
    assert [fault for fault in signature.verify(session) if fault] == []
    check_journal(session)


def check_journal(session: Session) -> None:
    """The journal verifies, link by link, without a gap."""
    assert all(isinstance(head, JournalHead) for head in journal.verify(session))


def check_numbers(everything: Iterable[Record]) -> None:
    """Numbers are given without gaps, by kind and year, in the order of logging."""
    by_year: dict[str, list[int]] = defaultdict(list)
    for record in sorted(everything, key=lambda one: one.id):
        year, _, number = record.number.rpartition("-")
        by_year[year].append(int(number))
    for given in by_year.values():
        assert given == list(range(1, len(given) + 1))


def check_holds(session: Session, partnership_id: int) -> None:
    """A batch is on hold while a record that holds it names it, whatever the case it is written in."""
    lots = session.exec(select(RecordBatch).where(RecordBatch.partnership_id == partnership_id)).all()
    expected = {
        (batch.lot, found.record.number)
        for batch in lots
        if holds(found := of_record(session, partnership_id, batch.record_id))
    }
    assert set(records.list_holding(session, partnership_id)) == expected


def holds(found: Sheet) -> bool:
    """Whether it holds its batches: an open major or critical deviation, an OOS that is open or stands."""
    record = found.record
    if record.kind is Kind.DEVIATION:
        return record.state not in DONE and record.class_ in (Class.MAJOR, Class.CRITICAL)
    details = found.part(Oos)
    if details is None or details.result_kind is ResultKind.OOT or record.state is State.VOID:
        return False
    return record.state is not State.CLOSED or record.outcome in (Outcome.CONFIRMED, Outcome.INCONCLUSIVE)


def _state(_session: Session, found: Sheet) -> None:
    record = found.record
    assert record.state in OPEN_STATES[record.kind] | DONE
    assert (record.closed_at is not None) is (record.state in DONE)
    assert record.is_open is (record.state not in DONE)
    assert record.holds_batches is holds(found)
    assert record.state is not State.VOID or record.void_reason


def _journal(session: Session, found: Sheet) -> None:
    """The last entry of what changed the record tells its version."""
    said = [entry.content["version"] for entry in _entries(session, found)]
    assert said[-1] == found.record.version
    assert said == sorted(said)


def _signatures(session: Session, found: Sheet) -> None:
    """Every signature that counts signs what the record is, and was given by somebody who had no part in it."""
    record = found.record
    for one in found.signatures:
        assert hashlib.sha256(one.content.encode()).hexdigest() == one.hash
        if not one.counts:
            assert one.voided_because
            continue
        assert one.content == content(found, one.scope), f"{record.number}: {one.name} signed something else"
        assert one.person_id != record.owner_id, f"{record.number}: {one.name} owns it and signed {one.scope}"
        scope = "plan" if one.scope == "plan" else "record"
        worked = {user for user, event in _by_whom(session, found) if event in WORK[scope]}
        assert one.user_id not in worked, f"{record.number}: {one.name} worked on it and signed {one.scope}"
    for scope in ("record", "plan"):
        given = _given(found, scope)
        assert len({one.user_id for one in given}) == len({one.side for one in given}) == len(given)


def _approvals(_session: Session, found: Sheet) -> None:
    """What a list says of whose QA has to sign is so, and the sponsor's signs a record only after the CMO's."""
    record, details = found.record, found.part(Capa)
    unwritten = details is not None and details.plan.startswith("To be written")
    waiting = () if unwritten else approval.open_sides(found)
    assert (record.awaits_sponsor, record.awaits_cmo) == (Side.SPONSOR in waiting, Side.CMO in waiting)
    given = [one.side for one in _given(found, "record")]
    assert given == [Side.CMO, Side.SPONSOR][: len(given)]
    if record.state not in (State.PENDING_APPROVAL, State.CLOSED, State.VOID):
        assert given == []
    assert record.state is not State.PENDING_APPROVAL or waiting, f"{record.number} waits for nobody's signature"
    assert record.state is not State.PLANNED or unwritten or waiting, (
        f"the plan of {record.number} waits for nobody's signature"
    )


def _requests(session: Session, found: Sheet) -> None:
    """A record that is closed waits for no answer but about its reopening, a void one for none."""
    record, asked = found.record, request.find_open(session, found.record.id)
    assert record.asked is (asked.what if asked else None)
    if record.state is State.VOID:
        assert asked is None
    if record.state is State.CLOSED:
        assert record.asked in (None, Asked.REOPEN)
    if record.state is State.IMPLEMENTED:
        assert record.asked is not Asked.EXTEND, f"{record.number} is implemented: there is nothing to extend"
    if record.state not in DONE:
        assert record.asked is not Asked.REOPEN
    agreed = session.exec(select(Request).where(Request.record_id == record.id, col(Request.agreed))).all()
    for one in agreed:
        assert one.answered_by_id not in (None, one.asked_by_id)
        if one.what is not Asked.EXTEND:
            assert _side(session, one.answered_by_id) is not _side(session, one.asked_by_id)
        if one.by_both:
            assert _side(session, one.answered_by_id) is not _side(session, one.first_yes_by_id)


def _clocks(_session: Session, found: Sheet) -> None:
    """One clock drives an open record; none but the authorities' runs on when it is done."""
    record = found.record
    running = {name for name, one in found.clocks.items() if one.stopped_at is None}
    ours = running & {ClockName.CLOSE, ClockName.CHECK, ClockName.ACKNOWLEDGE, ClockName.ACCEPT}
    for one in found.clocks.values():
        assert one.stopped_at is None or one.next_at is None
    for name, one in found.clocks.items():
        if one.paused_at is None:
            assert one.pause_ends_on is None
            continue
        assert name is ClockName.CLOSE
        assert one.stopped_at is None
        assert (record.turn, one.pause_ends_on is not None) == (None, True), f"{record.number} is stopped"
    if record.state in DONE:
        assert not ours, f"{record.number} is {record.state} and {ours} runs"
        return
    assert ours & {ClockName.CLOSE, ClockName.CHECK} == {
        ClockName.CHECK if record.state is State.IMPLEMENTED else ClockName.CLOSE
    }
    if record.kind is Kind.CAPA:
        accepted = record.acknowledged_by_id == record.owner_id
        waits = record.state in (State.PLANNED, State.IN_PROGRESS) and not accepted
        assert (ClockName.ACCEPT in running) is waits, f"{record.number}: accepted {accepted}"
    else:
        assert (ClockName.ACKNOWLEDGE in running) is (record.acknowledged_at is None)


def _fair_time(session: Session, found: Sheet) -> None:
    """Every second of a record's life is one company's, or nobody's while its clock stood or it was done."""
    record = found.record
    stands = any(one.paused_at is not None for one in found.clocks.values())
    assert (record.turn is None) is (record.state in DONE or stands), f"{record.number}: {record.turn}'s turn"
    assert min(record.sponsor_seconds, record.cmo_seconds) >= 0
    last = _entries(session, found)[-1].at
    assert record.turn_since is not None
    assert record.recorded_at <= record.turn_since <= last
    lived = int((record.turn_since - record.recorded_at).total_seconds())
    assert record.sponsor_seconds + record.cmo_seconds <= lived


def _deviation(_session: Session, found: Sheet) -> None:
    """Nothing closes with a hole that an inspector would find (21 CFR 211.192, EU GMP 1.4(xiv))."""
    record = found.record
    if record.kind is not Kind.DEVIATION or record.state is not State.CLOSED:
        return
    report, done = found.part(Deviation), found.part(Investigation)
    assert report is not None
    assert report.distributed
    assert done is not None
    assert all((done.root_cause, done.other_batches, done.impact, done.disposition, done.conclusion))
    assert done.category is not Cause.PEOPLE or done.human_error
    if done.capa_needed:
        capas = [one for one in found.followers if one.kind is Kind.CAPA and one.state is not State.VOID]
        assert capas, f"{record.number} is closed without the CAPA that it needs"
    else:
        assert done.no_capa_reason
    sides = [one.side for one in _given(found, "record")]
    assert sides == ([Side.CMO] if record.class_ is Class.MINOR else [Side.CMO, Side.SPONSOR])


def _oos(_session: Session, found: Sheet) -> None:
    """Retests only under an approved plan and never more than planned; invalidated only with evidence."""
    record = found.record
    if record.kind is not Kind.OOS:
        return
    first, plan, second = found.part(PhaseOne), found.part(RetestPlan), found.part(PhaseTwo)
    approved = plan is not None and plan.approved_at is not None
    if approved:
        assert {one.side for one in _given(found, "plan")} == set(Side)
    if found.retests:
        assert plan is not None
        assert approved
        assert [one.number for one in found.retests] == list(range(1, len(found.retests) + 1))
        assert len(found.retests) <= plan.number
        assert all(one.submitted_at >= plan.approved_at for one in found.retests)
    if record.state is not State.VOID:
        assert (record.outcome is not None) is (record.state in (State.PENDING_APPROVAL, State.CLOSED))
    if record.state is not State.CLOSED:
        return
    assert [one.side for one in _given(found, "record")] == [Side.CMO, Side.SPONSOR]
    assert first is not None
    if record.outcome is Outcome.INVALIDATED:
        if first.cause_found:
            assert first.evidence
        else:
            assert second is not None
            assert second.cause_found
            assert second.evidence
            assert not approved or len(found.retests) == plan.number  # type: ignore[union-attr]
    else:
        assert record.outcome in (Outcome.CONFIRMED, Outcome.INCONCLUSIVE)
        assert not first.cause_found
    if not first.cause_found:
        assert second is not None
        assert second.outcome is record.outcome


def _capa(_session: Session, found: Sheet) -> None:
    """Begun with an approved plan, closed with a signed check by somebody else, not before its date."""
    record = found.record
    if record.kind is not Kind.CAPA:
        return
    plan = _given(found, "plan")
    if record.state in (State.IN_PROGRESS, State.IMPLEMENTED, State.CLOSED):
        assert plan, f"{record.number} began without an approved plan"
    signed = {one.scope: one for one in found.signatures if one.scope.startswith("check")}
    assert set(signed) == {f"check {one.number}" for one in found.checks}
    for one in found.checks:
        assert signed[f"check {one.number}"].counts
        assert signed[f"check {one.number}"].person_id == one.submitted_by_id != record.owner_id
    if record.state is not State.CLOSED:
        assert record.outcome is None
        assert all(one.outcome is Outcome.INCONCLUSIVE for one in found.checks)
        return
    last = found.checks[-1]
    assert record.outcome is last.outcome
    assert last.outcome in (Outcome.EFFECTIVE, Outcome.NOT_EFFECTIVE)
    day_of = calendar_of(found.partnership, found.companies).day_of
    assert day_of(last.submitted_at) >= day_of(found.clocks[ClockName.CHECK].due_at)
    if record.outcome is Outcome.NOT_EFFECTIVE:
        assert any(one.kind is Kind.CAPA for one in found.followers), f"nothing follows {record.number}"


def _side(session: Session, person_id: int | None) -> Side:
    return session.get_one(Person, person_id).side


def _given(found: Sheet, scope: str) -> list[Signature]:
    return [one for one in found.signatures if one.counts and one.scope == scope]


def _entries(session: Session, found: Sheet) -> list[JournalEntry]:
    entries = select(JournalEntry).where(JournalEntry.record_id == found.record.id)
    return list(session.exec(entries.order_by(col(JournalEntry.seq))).all())


def _by_whom(session: Session, found: Sheet) -> list[tuple[str, str]]:
    entries = _entries(session, found)
    return [(entry.content["by"]["user"], entry.event.partition(".")[2]) for entry in entries]


RULES: tuple[Callable[[Session, Sheet], None], ...] = (
    _state,
    _journal,
    _signatures,
    _approvals,
    _requests,
    _clocks,
    _fair_time,
    _deviation,
    _oos,
    _capa,
)
