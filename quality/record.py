"""What is done with records of every kind: log, acknowledge, assign, link, comment; and how any change ends."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from quality import approval, clocks, guards, setting, terms, transitions
from quality.change import (
    Ref,
    begin,
    begin_if_approved,
    finish,
    may,
    note,
    tell_dispositions,
    told,
    worked,
)
from quality.people import Actor, may_take_part
from quality.refusal import FieldErrors, Refusal
from quality.sheet import Sheet, of_record
from quality.terms import Due
from storage import clock, lot, outbox, person, search, sequence, signature
from storage import record as records
from storage.clock import ClockName
from storage.objects import add, made
from storage.outbox import Said
from storage.person import Person
from storage.record import Kind, Record, State

PREFIX = {
    Kind.DEVIATION: "DEV",
    Kind.OOS: "OOS",
    Kind.CAPA: "CAPA",
    Kind.SPECIFICATION: "SPEC",
    Kind.DISPOSITION: "DIS",
}


def by_number(session: Session, actor: Actor, number: str) -> Record:
    """Get a record of the actor's partnership by its number."""
    found = records.find(session, actor.partnership.id, number.strip())
    if found is None:
        raise Refusal(
            f"There is no record {number.strip().upper()} in this channel. Look for it with `/quality search <words>`."
        )
    return found


def sheet_by_number(session: Session, actor: Actor, number: str) -> Sheet:
    """Gather a record for an actor by its number."""
    return of_record(session, actor.partnership.id, by_number(session, actor, number).id)


def new(actor: Actor, kind: Kind, state: State, now: datetime, **fields: Any) -> Record:
    """Give a record that the actor logs now."""
    by: dict[str, Any] = {"logged_side": actor.person.side, "logged_by_id": actor.person.id, "recorded_at": now}
    by |= {"turn": actor.person.side, "turn_since": now}
    return made(Record, {"partnership_id": actor.partnership.id, "kind": kind, "state": state, **by, **fields})


def log(
    session: Session, actor: Actor, record: Record, *, now: datetime, details: dict[str, Any],
    lots: Sequence[str] = (), due: Due | None = None,
) -> int:  # fmt: skip
    """Save a new record under the next number with its clocks and announce it; the caller saves its details.

    It is due by the agreement's terms from its detection, unless a due time is given. Gives the journal entry's id.
    """
    there = actor.partnership
    calendar = actor.calendar
    agreed = terms.asked(session, there.id)
    record.number, coming = sequence.take(session, there.id, PREFIX[record.kind], calendar.day_of(now).year)
    add(session, record, coming)
    records.add_batches(session, record, lots)
    known = lot.note_known(session, there.id, lots, now)  # a lot that was not has no disposition
    due = clocks.start_first(session, actor, record, agreed(), due)
    given = {"title": record.title, "product": record.product, "batches": ", ".join(lots), **details}
    given |= {"due": due.at.isoformat() if due else None, "detected": record.detected_at.isoformat()}
    search.add(session, there.id, record.id, " ".join([record.number, *map(str, given.values())]))
    similar = Said(there.id, "similar", f"similar:{record.id}", now, {"record_id": record.id})
    also = [similar] if record.kind in (Kind.DEVIATION, Kind.OOS) else []
    entry_id = note(session, actor, record, "logged", now, changes=told(given), also=also)
    if record.holds_batches:
        tell_dispositions(session, actor, record, known(), now)
    return entry_id


def acknowledge(session: Session, actor: Actor, ref: Ref, now: datetime) -> Record:
    """Acknowledge a record on behalf of the company that did not log it."""
    record = may(session, actor, ref.record_id, "acknowledge", now).record
    return _take_note(session, actor, record, ClockName.ACKNOWLEDGE, "acknowledged", now)


def accept(session: Session, actor: Actor, ref: Ref, now: datetime) -> Record:
    """Accept a CAPA as its owner."""
    record = may(session, actor, ref.record_id, "accept", now).record
    return _take_note(session, actor, record, ClockName.ACCEPT, "accepted", now)


def _take_note(session: Session, actor: Actor, record: Record, name: ClockName, event: str, now: datetime) -> Record:
    record.acknowledged_at, record.acknowledged_by_id = now, actor.person.id
    clock.stop(session, record.id, now, name)
    note(session, actor, record, event, now)
    return record


def can_own(session: Session, actor: Actor, person_id: int) -> Person:
    """Give the person who is to own a record; a field error for one who cannot."""
    try:
        owner = person.get(session, actor.partnership.id, person_id)
    except LookupError:
        owner = None
    if owner is None or not may_take_part(owner):
        raise FieldErrors({"owner": "This person cannot own records here. Choose another from the list."})
    return owner


def assign_owner(session: Session, actor: Actor, ref: Ref, owner_id: int, now: datetime) -> Record:
    """Give a record an owner, who gets a direct message; never somebody who has signed it."""
    found = begin(session, actor, ref, "assign", now)
    record, owner = found.record, can_own(session, actor, owner_id)
    if record.owner_id == owner.id:
        raise FieldErrors({"owner": f"{owner.name} owns {record.number} already."})
    if any(one.counts and one.user_id == owner.user_id for one in found.signatures):
        raise FieldErrors(
            {"owner": f"{owner.name} has signed {record.number}, and nobody approves their own work. Choose another."}
        )
    before = found.owner.name if found.owner else None
    if record.owner_id is not None and record.state not in transitions.NOT_BEGUN:
        worked(session, record.owner_id, record)
    record.owner_id = owner.id
    if owner.id == record.acknowledged_by_id and record.kind is Kind.CAPA:
        clock.stop(session, record.id, now, ClockName.ACCEPT)  # they accepted it when they owned it before
    elif record.kind is Kind.CAPA and record.state is not State.IMPLEMENTED:
        clocks.start_by_terms(session, actor, record, ClockName.ACCEPT, now, now)
    clocks.remind_anew(session, actor, record, now)
    entry_id = finish(session, actor, record, "assigned", now, changes={"owner": [before, owner.name]})
    tell_owner(session, record, owner, entry_id, now)
    begin_if_approved(session, actor, record, now)
    return record


def tell_owner(session: Session, record: Record, owner: Person, entry_id: int, now: datetime) -> None:
    """Queue the direct message to the owner, or to who stands in for them."""
    instead = setting.of(session, owner.partnership_id).stand_in(owner, now)
    about: dict[str, Any] = {"record_id": record.id, "for": owner.id}
    outbox.put(session, record.partnership_id, "owner", f"owner:{entry_id}", now, to=instead.id, **about)


def comment(session: Session, actor: Actor, ref: Ref, text: str, now: datetime) -> Record:
    """Add a comment, kept in the journal and shown in the record's thread."""
    record = may(session, actor, ref.record_id, "comment", now).record
    note(session, actor, record, "commented", now, reason=text)
    return record


def link_records(session: Session, actor: Actor, ref: Ref, numbers: Sequence[str], now: datetime) -> Record:
    """Link a record with others that exist."""
    record = may(session, actor, ref.record_id, "link", now).record
    others = find_all(session, actor, numbers, "numbers")
    if record in others:
        raise FieldErrors({"numbers": f"{record.number} is this record itself. Give the numbers of others."})
    check_plans(session, record, others, "numbers")
    linked = [other for other in others if link(session, actor, record, other, now)]
    if not linked:
        raise FieldErrors({"numbers": "These are linked with it already."})
    return record


def find_all(session: Session, actor: Actor, numbers: Sequence[str], field: str) -> list[Record]:
    """Find records by their numbers; an error at the field for one that is not there."""
    wanted = list(dict.fromkeys(number.upper() for number in numbers))
    found = {number: records.find(session, actor.partnership.id, number) for number in wanted}
    missing = [number for number, record in found.items() if record is None]
    if missing:
        raise FieldErrors(
            {field: f"There is no record {missing[0]} in this channel. Give numbers such as DEV-2026-0001."}
        )
    return [record for record in found.values() if record is not None]


def find_sources(session: Session, actor: Actor, numbers: Sequence[str]) -> list[Record]:
    """Find the records that a new one comes from; an error at the field for a void one, which tells of nothing."""
    found = find_all(session, actor, numbers, "sources")
    void = [one.number for one in found if one.state is State.VOID]
    if void:
        raise FieldErrors({"sources": f"{void[0]} is void, so nothing follows from it. Leave it out."})
    return found


def _follower_and_source(record: Record, other: Record) -> tuple[Record, Record]:
    """Tell which of two records follows from the other: a CAPA, else the later one."""
    same = (record.kind is Kind.CAPA) is (other.kind is Kind.CAPA)
    follows = record.id > other.id if same else record.kind is Kind.CAPA
    return (record, other) if follows else (other, record)


def check_plans(session: Session, record: Record, others: Sequence[Record], field: str) -> None:
    """Refuse to link a source that needs both companies' approval with a CAPA whose plan only one approved."""
    pairs = [(record, other) if record.kind is Kind.CAPA else (other, record) for other in others]
    pairs = [(capa, source) for capa, source in pairs if capa.kind is Kind.CAPA]
    signed = signature.list_of_records(session, [capa.id for capa, _ in pairs if capa.id is not None])
    for capa, source in pairs:
        if not approval.covers(capa, source, signed):
            raise FieldErrors({field: guards.one_company_only(capa, source)})


def link(
    session: Session, actor: Actor, record: Record, other: Record, now: datetime, *, logged_from: bool = False
) -> bool:
    """Link two records, the one that follows from the other as such; both say so. False when they are linked."""
    follower, source = _follower_and_source(record, other)
    if not records.link(session, follower, source, logged_from=logged_from):
        return False
    session.flush()
    for one, its in ((record, other), (other, record)):
        finish(session, actor, one, "linked", now, changes={"link": [None, its.number]})
    return True
