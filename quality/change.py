"""How a record changes, whatever the change: whether the actor may, on which version, and what follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from quality import approval, clocks, findable, guards, refused, setting, transitions, turn
from quality.content import content, digest
from quality.events import COUNTED, QUIET, UNSPOKEN
from quality.people import Actor, Doer, require_confirmed
from quality.refusal import Overtaken, Refusal
from quality.sheet import Sheet, of_record
from storage import author, clock, disposition, journal, outbox, request
from storage import record as records
from storage.clock import REPORTING, ClockName
from storage.oos import Oos, ResultKind
from storage.outbox import Said
from storage.partnership import Side
from storage.person import Role
from storage.record import Class, Kind, Outcome, Record, State

WORKING = tuple(name for name in ClockName if name not in REPORTING)  # these stop when a record is done


@dataclass(frozen=True)
class Ref:
    """A record as a button or a modal names it: by id, and by the version it was drawn from."""

    record_id: int
    version: int


def get(session: Session, actor: Actor, record_id: int) -> Record:
    """Get a record of the actor's partnership."""
    try:
        return records.get(session, actor.partnership.id, record_id)
    except LookupError:
        raise Refusal("That record is not one of this channel's.") from None


def sheet(session: Session, actor: Actor, record_id: int) -> Sheet:
    """Gather a record for an actor by its id."""
    return of_record(session, actor.partnership.id, get(session, actor, record_id).id)


def may(session: Session, actor: Actor, record_id: int, name: str, now: datetime) -> Sheet:
    """Gather a record when the actor may do an act with it now; a Refusal says who may, or what is missing."""
    found = sheet(session, actor, record_id)
    act = transitions.find(found.record.kind, name)
    if act is None:
        raise Refusal(f"That cannot be done with {found.record.number}.")
    if found.record.state not in act.states or not act.shown(found.record):
        raise refused.too_late(session, found.record, act)
    if not act.who.allows(actor.person, found):
        raise Refusal(refused.who_may(found, act))
    if act.binds:
        require_confirmed(actor, f"press *{act.button}*")
    for guard in act.guards:
        if missing := guard.fails(found, now):
            raise Refusal(missing)
    return found


def begin(session: Session, actor: Actor, ref: Ref, name: str, now: datetime) -> Sheet:
    """Gather a record for an act that was filled in on the version given; Overtaken when it has changed since."""
    record = get(session, actor, ref.record_id)
    try:
        found = may(session, actor, record.id, name, now)
    except Overtaken:
        raise
    except Refusal as refusal:
        if record.version == ref.version:
            raise
        # What somebody else did since is why it cannot be done any more.
        last = refused.last_words(session, record)
        raise Overtaken(f"{record.number} was changed meanwhile: {last} {refusal}", record.id) from refusal
    if found.record.version != ref.version:
        raise Overtaken(
            f"{found.record.number} was changed meanwhile: {refused.last_words(session, found.record)} "
            "Nothing of yours was saved yet. Look at it, then send again what still holds.",
            found.record.id,
            again=True,
        )
    return found


def worked(session: Session, person_id: int, record: Record, *scopes: str) -> None:
    """Note that a person worked on a record: they do not approve it, even when another owns it by then."""
    for scope in scopes or (approval.RECORD,):
        author.note(session, record.id, person_id, scope)


def by(actor: Actor, now: datetime) -> dict[str, Any]:
    """Say who submits a part of a record, and when."""
    return {"submitted_by_id": actor.person.id, "submitted_at": now}


def told(values: dict[str, Any]) -> dict[str, list[Any]]:
    """Give values as changes for the journal, what is empty left out."""
    return {name: [None, value] for name, value in values.items() if value not in ("", None, [])}


def move(session: Session, actor: Actor, record: Record, to: State, event: str, now: datetime, **more: Any) -> None:
    """Bring a record into a state; done ones stop their clocks, and what is asked about them lapses."""
    before, record.state = record.state, to
    changes = {**more.pop("changes", {}), "state": [before, to]}
    clocks.follow_state(session, actor, record, before, now)
    if to in transitions.DONE:
        record.closed_at, record.closed_by_id = now, actor.person.id
        clock.stop(session, record.id, now, *WORKING)
        changes |= lapse(session, actor, record, now)
    finish(session, actor, record, event, now, changes=changes, **more)
    if to is State.CLOSED:
        clocks.begin_plans(session, actor, record, now)


def lapse(session: Session, actor: Actor, record: Record, now: datetime) -> dict[str, Any]:
    """Let a request that is still open lapse, for what it asked about is over; gives that for the journal."""
    asked = request.find_open(session, record.id) if record.asked else None
    record.asked = None
    if asked is None:
        return {}
    asked.answered_at, asked.answered_by_id, asked.agreed = now, actor.person.id, False
    return {"lapsed": [asked.what, None]}


def begin_if_approved(session: Session, actor: Actor, capa: Record, now: datetime) -> None:
    """Let a planned CAPA begin when what changed leaves no signature missing from its plan."""
    if capa.kind is not Kind.CAPA or capa.state is not State.PLANNED:
        return
    found = of_record(session, capa.partnership_id, capa.id)
    if approval.given(found, approval.PLAN) and not approval.remaining(found):
        move(session, actor, capa, State.IN_PROGRESS, "let_begin", now)


def finish(session: Session, actor: Doer, record: Record, event: str, now: datetime, **more: Any) -> int:
    """End a change: journal it, and what follows from it for signatures, holds and linked cards.

    Gives the id of its journal entry.
    """
    held = record.holds_batches
    voided = settle(session, record, now)
    if voided:
        changes = {"voided": [None, voided]}
        note(session, actor, record, "signatures_voided", now, changes=changes)
    if record.holds_batches is not held:
        tell_dispositions(session, actor, record, records.batches_of(session, record.id), now)
    return note(session, actor, record, event, now, **more)


def settle(session: Session, record: Record, now: datetime) -> str:
    """Bring what follows from a record's content up to date; gives whose signatures are void by that."""
    session.flush()
    found = of_record(session, record.partnership_id, record.id)
    voided = [one for one in found.signatures if one.counts and digest(content(found, one.scope)) != one.hash]
    for one in voided:
        one.voided_at, one.voided_because = now, "what was signed changed afterwards"
    record.holds_batches = holds(found)
    # A plan or a specification that is still to be written waits for nobody's signature.
    unwritten = guards.PLAN_WRITTEN.fails(found, now) or guards.HAS_TESTS.fails(found, now)
    waiting = () if unwritten else approval.open_sides(found)
    record.awaits_sponsor, record.awaits_cmo = Side.SPONSOR in waiting, Side.CMO in waiting
    pass_turn(record, turn.side(found), now)
    for other in found.links:
        # Their cards name this record's state.
        key = f"card:{other.id}:{record.id}:{record.version}"
        outbox.put(session, record.partnership_id, "card", key, now, record_id=other.id)
    return " and ".join(f"{one.name} ({one.company})" for one in voided)


def tell_dispositions(session: Session, actor: Doer, record: Record, lots: Sequence[str], now: datetime) -> None:
    """Let the dispositions of lots, proposed or in force, know that a record holds them, or does so no more."""
    for one in disposition.list_in_play(session, record.partnership_id, lots) if lots else []:
        if record.holds_batches:
            note(session, actor, one, "held", now, changes={"holder": [None, record.number]})
            if one.outcome is Outcome.RELEASED:
                _tell_who_released(session, one, record, now)
        else:
            key = f"card:{one.id}:{record.id}:{record.version}"
            outbox.put(session, record.partnership_id, "card", key, now, record_id=one.id)


def _tell_who_released(session: Session, released: Record, holder: Record, now: datetime) -> None:
    """Tell the sponsor's QA that a lot they released is on hold: it may be on the market."""
    there, about = setting.of(session, released.partnership_id), {"record_id": holder.id, "released_id": released.id}
    for told_id in there.reached(there.holding(Role.QA, Side.SPONSOR), now):
        key = f"held:{released.id}:{holder.id}:{holder.version}:{told_id}"
        outbox.put(session, released.partnership_id, "held", key, now, to=told_id, **about)


def pass_turn(record: Record, to: Side | None, now: datetime) -> None:
    """Let it be another company's turn; the time until now counts to the one whose turn it was."""
    if record.turn is to:
        return
    if record.turn_since is not None:
        spent = max(0, int((now - record.turn_since).total_seconds()))
        if record.turn is Side.SPONSOR:
            record.sponsor_seconds += spent
        elif record.turn is Side.CMO:
            record.cmo_seconds += spent
    record.turn, record.turn_since = to, now


def holds(found: Sheet) -> bool:
    """Whether a record holds its batches: an open major or critical deviation; an OOS, open or standing."""
    record = found.record
    if record.state is State.VOID or record.kind in (Kind.CAPA, Kind.SPECIFICATION, Kind.DISPOSITION):
        return False
    if record.kind is Kind.DEVIATION:
        return record.is_open and record.class_ is not Class.MINOR
    if _is_trend(found):
        return False
    return record.is_open or record.outcome in (Outcome.CONFIRMED, Outcome.INCONCLUSIVE)


def _is_trend(found: Sheet) -> bool:
    return isinstance(found.details, Oos) and found.details.result_kind is ResultKind.OOT


def note(
    session: Session,
    actor: Doer,
    record: Record,
    event: str,
    now: datetime,
    *,
    changes: dict[str, Any] | None = None,
    reason: str | None = None,
    signed: dict[str, Any] | None = None,
    also: Sequence[Said] = (),
) -> int:
    """Journal what happened to a record, queue the fresh card and the line in its thread; gives the entry's id."""
    if event != "logged" and event not in QUIET:
        record.version += 1
    body: dict[str, Any] = {"record": record.number, "version": record.version, "by": actor.signature()}
    body |= {"changes": changes or {}, "reason": reason}
    body |= {"signature": signed} if signed else {}
    entry_id = journal.append(session, record.partnership_id, f"{record.kind}.{event}", now, body, record.id)
    if event in findable.EVENTS:
        findable.renew(session, record)
    said: list[Said] = []
    if event not in QUIET or event in COUNTED:
        key = f"card:{record.id}:{record.version}" + (f":{entry_id}" if event in COUNTED else "")
        said.append(Said(record.partnership_id, "card", key, now, {"record_id": record.id}))
    if event not in UNSPOKEN:
        about = {"record_id": record.id, "entry_id": entry_id}
        said.append(Said(record.partnership_id, "line", f"line:{entry_id}", now, about))
    outbox.put_all(session, [*said, *also], now)
    return entry_id
