"""What may be done with any record, whatever its kind: log, acknowledge, assign, comment, close."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from quality import ladder
from quality.people import Actor, may_take_part, require, require_confirmed, require_part
from quality.refusal import FieldErrors, Refusal
from quality.terms import ACKNOWLEDGE
from quality.words import moment
from quality.working_time import calendar_of
from storage import clock, journal, outbox, person, search, sequence
from storage import record as records
from storage.clock import Clock, ClockName
from storage.journal import JournalEntry
from storage.person import Person, Role
from storage.record import Kind, Record, State

PREFIX = {Kind.DEVIATION: "DEV", Kind.OOS: "OOS", Kind.CAPA: "CAPA"}


@dataclass(frozen=True)
class Ref:
    """A record as a button or a modal names it: by id, and by the version it was drawn from."""

    record_id: int
    version: int


@dataclass(frozen=True)
class Due:
    """When a new record is due, and by which rule."""

    at: datetime
    rule: str


def get(session: Session, actor: Actor, record_id: int) -> Record:
    """Get a record of the actor's partnership."""
    try:
        return records.get(session, actor.partnership.id, record_id)
    except LookupError:
        raise Refusal("That record is not one of this channel's.") from None


def by_number(session: Session, actor: Actor, number: str) -> Record:
    """Get a record of the actor's partnership by its number."""
    found = records.find(session, actor.partnership.id, number.strip())
    if found is None:
        raise Refusal(
            f"There is no record {number.strip().upper()} in this channel. Look for it with `/quality search <words>`."
        )
    return found


def log(
    session: Session,
    actor: Actor,
    record: Record,
    due: Due,
    *,
    now: datetime,
    content: dict[str, Any],
    lots: Sequence[str] = (),
    acknowledged_by_partner: bool = True,
) -> JournalEntry:
    """Save a new record under the next number with its clocks and announce it; the caller saves its details."""
    there = actor.partnership
    calendar = calendar_of(there, actor.companies)
    record.number = sequence.take(session, there.id, PREFIX[record.kind], calendar.day_of(now).year)
    session.add(record)
    session.flush()
    records.add_batches(session, record, lots)
    first = ladder.first_at(calendar.day_of(due.at), now, calendar)
    _start(session, record, ClockName.CLOSE, due, now, first)
    if acknowledged_by_partner:
        answer_by = Due(ACKNOWLEDGE.due(now, calendar), ACKNOWLEDGE.rule)
        _start(session, record, ClockName.ACKNOWLEDGE, answer_by, now)
    content = {"title": record.title, "product": record.product, "batches": ", ".join(lots), **content}
    content |= {"due": due.at.isoformat(), "detected": record.detected_at.isoformat()}
    changes = {name: [None, value] for name, value in content.items() if value}
    search.add(session, there.id, record.id, " ".join([record.number, *map(str, content.values())]))
    return note(session, actor, record, "logged", now, changes=changes)


def acknowledge(session: Session, actor: Actor, ref: Ref, now: datetime) -> Record:
    """Acknowledge a record on behalf of the company that did not log it."""
    record = get(session, actor, ref.record_id)
    require_part(session, actor, "acknowledge")
    if record.acknowledged_at is not None:
        raise Refusal(f"{record.number} is acknowledged already: {_last_words(session, record, 'acknowledged')}")
    require_open(session, record)
    if clock.find(session, record.id, ClockName.ACKNOWLEDGE) is None:
        raise Refusal(f"{record.number} needs no acknowledgement.")
    if record.logged_side is actor.person.side:
        raise Refusal(
            f"{actor.company.name} logged {record.number}, so {actor.other_company.name} has to acknowledge it."
        )
    record.acknowledged_at, record.acknowledged_by_id = now, actor.person.id
    clock.stop(session, record.id, now, ClockName.ACKNOWLEDGE)
    note(session, actor, record, "acknowledged", now)
    return record


def can_own(session: Session, actor: Actor, person_id: int) -> Person:
    """Give the person who is to own a record; a field error for one who cannot."""
    try:
        owner = person.get(session, actor.partnership.id, person_id)
    except LookupError:
        owner = None
    if owner is None or not may_take_part(Actor(actor.partnership, actor.companies, owner)):
        raise FieldErrors({"owner": "This person cannot own records here. Choose another from the list."})
    return owner


def check_may_assign(session: Session, actor: Actor, record_id: int) -> Record:
    """Give the record when the actor may assign its owner."""
    record = get(session, actor, record_id)
    require(session, actor, (Role.QA,), f"assign an owner to {record.number}")
    require_open(session, record)
    return record


def assign_owner(session: Session, actor: Actor, ref: Ref, owner_id: int, now: datetime) -> Record:
    """Give a record an owner, who gets a direct message."""
    record = check_may_assign(session, actor, ref.record_id)
    require_unchanged(session, record, ref)
    owner = can_own(session, actor, owner_id)
    if record.owner_id == owner.id:
        raise FieldErrors({"owner": f"{owner.name} owns {record.number} already."})
    before = person.get(session, actor.partnership.id, record.owner_id).name if record.owner_id else None
    record.owner_id = owner.id
    entry = note(session, actor, record, "assigned", now, changes={"owner": [before, owner.name]})
    tell_owner(session, record, owner, entry, now)
    return record


def tell_owner(session: Session, record: Record, owner: Person, entry: JournalEntry, now: datetime) -> None:
    """Queue the owner's direct message."""
    about = {"record_id": record.id, "person_id": owner.id}
    outbox.put(session, record.partnership_id, "owner", f"owner:{entry.id}", now, **about)


def check_may_comment(session: Session, actor: Actor, record_id: int) -> Record:
    """Give the record when the actor may comment on it."""
    record = get(session, actor, record_id)
    require_part(session, actor, f"comment on {record.number}")
    return record


def comment(session: Session, actor: Actor, ref: Ref, text: str, now: datetime) -> Record:
    """Add a comment, kept in the journal and shown in the record's thread."""
    record = check_may_comment(session, actor, ref.record_id)
    note(session, actor, record, "commented", now, reason=text)
    return record


def close(session: Session, actor: Actor, ref: Ref, now: datetime) -> Record:
    """Close a record: a plain step of QA."""
    record = get(session, actor, ref.record_id)
    require_open(session, record)
    require(session, actor, (Role.QA,), f"close {record.number}")
    require_unchanged(session, record, ref)
    require_confirmed(actor, f"close {record.number}")
    before, record.state = record.state, State.CLOSED
    record.closed_at, record.closed_by_id = now, actor.person.id
    clock.stop(session, record.id, now)
    note(session, actor, record, "closed", now, changes={"state": [before, record.state]})
    return record


def require_open(session: Session, record: Record) -> None:
    """Refuse what cannot be done to a closed record, naming who closed it and when."""
    if not record.is_open:
        raise Refusal(f"{record.number} is closed: {_last_words(session, record, 'closed')}")


def require_unchanged(session: Session, record: Record, ref: Ref) -> None:
    """Refuse a change drawn from an older version, naming who changed the record since."""
    if record.version != ref.version:
        raise Refusal(
            f"{record.number} was changed meanwhile: {_last_words(session, record)} "
            "Nothing of yours was saved. Look at the record, then try again."
        )


def note(
    session: Session,
    actor: Actor,
    record: Record,
    event: str,
    now: datetime,
    *,
    changes: dict[str, Any] | None = None,
    reason: str | None = None,
) -> JournalEntry:
    """Journal what happened to a record and queue the fresh card and the line in its thread."""
    if event not in ("logged", "commented"):
        record.version += 1
    content = {"record": record.number, "version": record.version, "by": actor.signature()}
    content |= {"changes": changes or {}, "reason": reason}
    name = f"{record.kind}.{event}"
    entry = journal.append(session, record.partnership_id, name, now, content, record.id)
    if event != "commented":
        key = f"card:{record.id}:{record.version}"
        outbox.put(session, record.partnership_id, "card", key, now, record_id=record.id)
    if event != "logged":
        about = {"record_id": record.id, "entry_id": entry.id}
        outbox.put(session, record.partnership_id, "line", f"line:{entry.id}", now, **about)
    return entry


def _start(
    session: Session, record: Record, name: ClockName, due: Due, now: datetime, first: datetime | None = None
) -> None:
    session.add(
        Clock(
            partnership_id=record.partnership_id,
            record_id=record.id,
            name=name,
            rule=due.rule,
            started_at=now,
            due_at=due.at,
            next_at=first,
        )
    )


def _last_words(session: Session, record: Record, event: str | None = None) -> str:
    entries = journal.list_of_record(session, record.id, limit=50)
    entry = next((e for e in entries if event is None or e.event.endswith(event)), entries[0])
    by = entry.content["by"]
    what = entry.event.partition(".")[2]
    return f"{by['name']} ({by['company']}) {what} it on {moment(entry.at)}."
