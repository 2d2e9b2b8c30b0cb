"""The disposition of a lot: proposed by QA of either company, decided by the signature of the sponsor's QA alone.

21 CFR 211.22(a): the sponsor's quality unit approves or rejects product made under contract. A lot that is on hold is
not released; a lot that is put on hold after its release says so, and its next disposition takes the place of that one.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlmodel import Session

from quality import change, guards
from quality import record as records
from quality.change import Ref
from quality.people import Actor, require_confirmed
from quality.refusal import FieldErrors, Refusal
from quality.sheet import Sheet
from storage import disposition, journal, lot
from storage import record as stored
from storage.disposition import BatchDisposition
from storage.investigation import Disposition
from storage.person import Role
from storage.record import LONGEST_LOT, Kind, Outcome, Record, State, lot_key

OUTCOMES: Mapping[Disposition, Outcome] = MappingProxyType(
    {
        Disposition.RELEASE: Outcome.RELEASED,
        Disposition.REWORK: Outcome.REWORK,
        Disposition.REPROCESS: Outcome.REPROCESS,
        Disposition.REJECT: Outcome.REJECTED,
    }
)


@dataclass(frozen=True)
class ProposalForm:
    """What Change proposal asks."""

    decision: Disposition
    justification: str
    certificate: str = ""


@dataclass(frozen=True)
class DispositionForm:
    """What Propose disposition asks."""

    lot: str
    decision: Disposition
    justification: str
    certificate: str = ""
    product: str = ""


def require_qa(actor: Actor) -> None:
    """Refuse who may not propose a disposition."""
    if not actor.person.has(Role.QA):
        raise Refusal(
            "Only QA of either company may propose the disposition of a batch; the sponsor's QA decides it. Ask the QA "
            f"of {actor.company.name}: `/quality people` names them."
        )


def propose(session: Session, actor: Actor, form: DispositionForm, now: datetime) -> Record:
    """Propose what becomes of a lot; whoever proposes it owns it, and does not sign it."""
    require_qa(actor)
    require_confirmed(actor, "propose a disposition")
    _check(session, actor, form.decision, form.lot)
    known = lot.find(session, actor.partnership.id, form.lot)
    written = known.lot if known else form.lot
    record = records.new(
        actor, Kind.DISPOSITION, State.PROPOSED, now, title=f"{form.decision} of batch {written}",
        product=form.product, detected_at=now, owner_id=actor.person.id,
    )  # fmt: skip
    given: dict[str, Any] = {name: getattr(form, name) for name in ("decision", "justification", "certificate")}
    records.log(session, actor, record, now=now, details=given, lots=[written])
    _check_single(session, record, written)  # after its number, for which everybody who proposes one waits
    row: dict[str, Any] = {"lot": written, "lot_key": lot_key(written), **given}
    session.add(BatchDisposition(record_id=record.id, partnership_id=record.partnership_id, **row))
    change.worked(session, actor.person.id, record)
    change.settle(session, record, now)
    return record


def _check(session: Session, actor: Actor, decision: Disposition, of_lot: str) -> None:
    if decision not in OUTCOMES:
        raise FieldErrors({"decision": "Choose one of the list."})
    if len(of_lot) > LONGEST_LOT:
        raise FieldErrors({"lot": f"A batch has at most {LONGEST_LOT} characters. Give one batch alone."})
    if decision is Disposition.RELEASE:
        held = stored.holders_of(session, actor.partnership.id, of_lot)
        if held:
            raise FieldErrors({"decision": guards.held(of_lot, held)})


def _check_single(session: Session, record: Record, of_lot: str) -> None:
    others = disposition.list_in_play(session, record.partnership_id, [of_lot])
    proposed = [one.number for one in others if one.state is State.PROPOSED]
    if proposed:
        raise FieldErrors(
            {"lot": f"{proposed[0]} is proposed for batch {of_lot} already. Change it, or have it signed or void."}
        )


def change_proposal(session: Session, actor: Actor, ref: Ref, form: ProposalForm, now: datetime) -> Record:
    """Change what is proposed; whoever changes it does not sign it either."""
    found = change.begin(session, actor, ref, "change_proposal", now)
    record, details = found.record, disposition.get(session, found.record.id)
    before = {name: getattr(details, name) for name in asdict(form)}
    if before == asdict(form):
        raise FieldErrors({"justification": "Nothing is changed here. Change it, or cancel."})
    _check(session, actor, form.decision, details.lot)
    change.worked(session, actor.person.id, record)
    details.sqlmodel_update(asdict(form))
    record.title = f"{form.decision} of batch {details.lot}"
    changes = {name: [before[name], value] for name, value in asdict(form).items() if value != before[name]}
    change.finish(session, actor, record, "proposal_changed", now, changes=changes)
    return record


def proposed(found: Sheet) -> BatchDisposition:
    """Give what a disposition proposes."""
    part = found.part(BatchDisposition)
    if part is None:
        raise LookupError(f"{found.record.number} proposes nothing")
    return part


def hold_still(session: Session, actor: Actor, found: Sheet, now: datetime) -> Sheet:
    """Look once more, while nobody else can change anything, whether a lot may be decided on.

    Whoever puts a lot on hold journals it: the end of the journal is locked, so that either that hold is seen here, or
    it comes after the decision and says that the lot was released before.
    """
    journal.lock(session, actor.partnership.id)
    found = change.sheet(session, actor, found.record.id)
    if missing := guards.RELEASABLE.fails(found, now):
        raise Refusal(missing)
    return found


def decide(session: Session, actor: Actor, found: Sheet, signed: dict[str, Any], now: datetime) -> None:
    """Let a disposition be in force by its signature, in place of the one before."""
    record, details = found.record, disposition.get(session, found.record.id)
    before = [one for one in disposition.list_in_play(session, record.partnership_id, [details.lot])
              if one.state is State.DECIDED]  # fmt: skip
    record.outcome = OUTCOMES[details.decision]
    changes: dict[str, Any] = {"outcome": [None, record.outcome], "lot": [None, details.lot]}
    changes |= {"replaces": [None, ", ".join(one.number for one in before)]} if before else {}
    lot.decide(session, record.partnership_id, details.lot, record.id)
    change.move(session, actor, record, State.DECIDED, "decided", now, changes=changes, signed=signed)
    for one in before:
        one.state = State.SUPERSEDED
        superseded = {"state": [State.DECIDED, State.SUPERSEDED], "successor": [None, record.number]}
        change.finish(session, actor, one, "superseded", now, changes=superseded)
