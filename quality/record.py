"""What is done with records of every kind: log, acknowledge, assign, link, comment; and how any change ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from quality import approval, ladder, transitions
from quality.content import content, digest
from quality.events import EVENTS, QUIET, UNSPOKEN
from quality.people import Actor, may_take_part, named, require_confirmed
from quality.refusal import FieldErrors, Overtaken, Refusal
from quality.sheet import Sheet, of_record
from quality.terms import ACCEPT, ACKNOWLEDGE
from quality.transitions import Act
from quality.words import moment
from quality.working_time import Calendar, calendar_of
from storage import clock, journal, outbox, person, search, sequence
from storage import record as records
from storage.clock import DRIVING, Clock, ClockName
from storage.journal import JournalEntry
from storage.oos import Oos, ResultKind
from storage.partnership import Side
from storage.person import Person
from storage.record import Class, Kind, Outcome, Record, State

PREFIX = {Kind.DEVIATION: "DEV", Kind.OOS: "OOS", Kind.CAPA: "CAPA"}
WORKING = (*DRIVING, ClockName.ACKNOWLEDGE, ClockName.ACCEPT)  # these stop when a record is done
MOST_NAMED = 8  # people in a refusal
MOST_LOOKED_AT = 50  # entries of a journal in which the one that counts is looked for


@dataclass(frozen=True)
class Ref:
    """A record as a button or a modal names it: by id, and by the version it was drawn from."""

    record_id: int
    version: int


@dataclass(frozen=True)
class Due:
    """When something is due, and by which rule."""

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


def sheet(session: Session, actor: Actor, record_id: int) -> Sheet:
    """Gather a record for an actor by its id."""
    return of_record(session, actor.partnership.id, get(session, actor, record_id).id)


def sheet_by_number(session: Session, actor: Actor, number: str) -> Sheet:
    """Gather a record for an actor by its number."""
    return of_record(session, actor.partnership.id, by_number(session, actor, number).id)


def may(session: Session, actor: Actor, record_id: int, name: str, now: datetime) -> Sheet:
    """Gather a record when the actor may do an act with it now; a Refusal says who may, or what is missing."""
    found = sheet(session, actor, record_id)
    act = transitions.find(found.record.kind, name)
    if act is None:
        raise Refusal(f"That cannot be done with {found.record.number}.")
    if found.record.state not in act.states or not act.shown(found.record):
        raise _too_late(session, found.record, act)
    if not act.who.allows(actor.person, found):
        raise Refusal(_who_may(found, act))
    if act.binds:
        require_confirmed(actor, f"press *{act.button}*")
    for guard in act.guards:
        if missing := guard.fails(found, now):
            raise Refusal(missing)
    return found


def begin(session: Session, actor: Actor, ref: Ref, name: str, now: datetime) -> Sheet:
    """Gather a record for an act that was filled in on the version given; Overtaken when it has changed since."""
    found = may(session, actor, ref.record_id, name, now)
    if found.record.version != ref.version:
        raise Overtaken(
            f"{found.record.number} was changed meanwhile: {_last_words(session, found.record)} "
            "Nothing of yours was saved yet. Look at it, then send again what still holds.",
            found.record.id,
            again=True,
        )
    return found


def new(actor: Actor, kind: Kind, state: State, now: datetime, **fields: Any) -> Record:
    """Give a record that the actor logs now."""
    by: dict[str, Any] = {"logged_side": actor.person.side, "logged_by_id": actor.person.id, "recorded_at": now}
    return Record(partnership_id=actor.partnership.id, kind=kind, state=state, **by, **fields)


def by(actor: Actor, now: datetime) -> dict[str, Any]:
    """Say who submits a part of a record, and when."""
    return {"submitted_by_id": actor.person.id, "submitted_at": now}


def told(values: dict[str, Any]) -> dict[str, list[Any]]:
    """Give values as changes for the journal, what is empty left out."""
    return {name: [None, value] for name, value in values.items() if value not in ("", None, [])}


def log(
    session: Session, actor: Actor, record: Record, due: Due, *, now: datetime, details: dict[str, Any],
    lots: Sequence[str] = (),
) -> JournalEntry:  # fmt: skip
    """Save a new record under the next number with its clocks and announce it; the caller saves its details."""
    there = actor.partnership
    calendar = calendar_of(there, actor.companies)
    record.number = sequence.take(session, there.id, PREFIX[record.kind], calendar.day_of(now).year)
    session.add(record)
    session.flush()
    records.add_batches(session, record, lots)
    start(session, record, ClockName.CLOSE, due, now, calendar)
    answered = (ClockName.ACCEPT, ACCEPT) if record.kind is Kind.CAPA else (ClockName.ACKNOWLEDGE, ACKNOWLEDGE)
    name, term = answered
    start(session, record, name, Due(term.due(now, calendar), term.rule), now)
    given = {"title": record.title, "product": record.product, "batches": ", ".join(lots), **details}
    given |= {"due": due.at.isoformat(), "detected": record.detected_at.isoformat()}
    search.add(session, there.id, record.id, " ".join([record.number, *map(str, given.values())]))
    entry = note(session, actor, record, "logged", now, changes=told(given))
    if record.kind is not Kind.CAPA:
        key = f"similar:{record.id}"
        outbox.put(session, there.id, "similar", key, now, record_id=record.id)
    return entry


def start(
    session: Session, record: Record, name: ClockName, due: Due, now: datetime, calendar: Calendar | None = None
) -> None:
    """Start a clock of a record, or start it anew; with a calendar it reminds of its due date."""
    values: dict[str, Any] = {"rule": due.rule, "started_at": now, "due_at": due.at, "stopped_at": None}
    values["next_at"] = ladder.first_at(calendar.day_of(due.at), now, calendar) if calendar else None
    running = clock.find(session, record.id, name)
    if running is None:
        session.add(Clock(partnership_id=record.partnership_id, record_id=record.id, name=name, **values))
    else:
        running.sqlmodel_update(values)


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
    if any(one.counts and one.person_id == owner.id for one in found.signatures):
        raise FieldErrors(
            {"owner": f"{owner.name} has signed {record.number}, and nobody approves their own work. Choose another."}
        )
    before = found.owner.name if found.owner else None
    record.owner_id = owner.id
    if record.kind is Kind.CAPA and record.state is not State.IMPLEMENTED:
        record.acknowledged_at, record.acknowledged_by_id = None, None
        calendar = calendar_of(actor.partnership, actor.companies)
        start(session, record, ClockName.ACCEPT, Due(ACCEPT.due(now, calendar), ACCEPT.rule), now)
    entry = finish(session, actor, record, "assigned", now, changes={"owner": [before, owner.name]})
    tell_owner(session, record, owner, entry, now)
    return record


def tell_owner(session: Session, record: Record, owner: Person, entry: JournalEntry, now: datetime) -> None:
    """Queue the owner's direct message."""
    about = {"record_id": record.id, "person_id": owner.id}
    outbox.put(session, record.partnership_id, "owner", f"owner:{entry.id}", now, **about)


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


def link(session: Session, actor: Actor, record: Record, other: Record, now: datetime) -> bool:
    """Link two records, the one that follows from the other as such; both say so. False when they are linked."""
    follows = record.kind is Kind.CAPA or (other.kind is not Kind.CAPA and record.id > other.id)
    follower, source = (record, other) if follows else (other, record)
    if not records.link(session, follower, source):
        return False
    session.flush()
    for one, its in ((record, other), (other, record)):
        finish(session, actor, one, "linked", now, changes={"link": [None, its.number]})
    return True


def move(
    session: Session, actor: Actor, record: Record, to: State, event: str, now: datetime, **more: Any
) -> JournalEntry:
    """Bring a record into a state; done ones stop their clocks, and what is asked about them lapses."""
    before, record.state = record.state, to
    if to in transitions.DONE:
        record.closed_at, record.closed_by_id, record.asked = now, actor.person.id, None
        clock.stop(session, record.id, now, *WORKING)
    changes = {**more.pop("changes", {}), "state": [before, to]}
    return finish(session, actor, record, event, now, changes=changes, **more)


def finish(session: Session, actor: Actor, record: Record, event: str, now: datetime, **more: Any) -> JournalEntry:
    """End a change: journal it, and what follows from it for signatures, holds and linked cards."""
    voided = settle(session, record, now)
    if voided:
        changes = {"voided": [None, voided]}
        note(session, actor, record, "signatures_voided", now, changes=changes)
    return note(session, actor, record, event, now, **more)


def settle(session: Session, record: Record, now: datetime) -> str:
    """Bring what follows from a record's content up to date; gives whose signatures are void by that."""
    session.flush()
    found = of_record(session, record.partnership_id, record.id)
    voided = [one for one in found.signatures if one.counts and digest(content(found, one.scope)) != one.hash]
    for one in voided:
        one.voided_at, one.voided_because = now, "what was signed changed afterwards"
    record.holds_batches = holds(found)
    waiting = approval.open_sides(found)
    record.awaits_sponsor, record.awaits_cmo = Side.SPONSOR in waiting, Side.CMO in waiting
    for other in found.links:
        # Their cards name this record's state.
        key = f"card:{other.id}:{record.id}:{record.version}"
        outbox.put(session, record.partnership_id, "card", key, now, record_id=other.id)
    return " and ".join(f"{one.name} ({one.company})" for one in voided)


def holds(found: Sheet) -> bool:
    """Whether a record holds its batches: an open major or critical deviation; an OOS, unless it is invalidated."""
    record = found.record
    if record.state is State.VOID or record.kind is Kind.CAPA:
        return False
    if record.kind is Kind.DEVIATION:
        return record.is_open and record.class_ is not Class.MINOR
    if _is_trend(found):
        return False
    return record.is_open or record.outcome is not Outcome.INVALIDATED


def _is_trend(found: Sheet) -> bool:
    return isinstance(found.details, Oos) and found.details.result_kind is ResultKind.OOT


def note(
    session: Session,
    actor: Actor,
    record: Record,
    event: str,
    now: datetime,
    *,
    changes: dict[str, Any] | None = None,
    reason: str | None = None,
    signature: dict[str, Any] | None = None,
) -> JournalEntry:
    """Journal what happened to a record and queue the fresh card and the line in its thread."""
    if event != "logged" and event not in QUIET:
        record.version += 1
    body: dict[str, Any] = {"record": record.number, "version": record.version, "by": actor.signature()}
    body |= {"changes": changes or {}, "reason": reason}
    body |= {"signature": signature} if signature else {}
    entry = journal.append(session, record.partnership_id, f"{record.kind}.{event}", now, body, record.id)
    if event not in QUIET:
        key = f"card:{record.id}:{record.version}"
        outbox.put(session, record.partnership_id, "card", key, now, record_id=record.id)
    if event not in UNSPOKEN:
        about = {"record_id": record.id, "entry_id": entry.id}
        outbox.put(session, record.partnership_id, "line", f"line:{entry.id}", now, **about)
    return entry


def _too_late(session: Session, record: Record, act: Act) -> Overtaken:
    """Tell why a button is no longer there: who did what instead."""
    said = _last_words(session, record, act.done)
    if record.state not in act.states:
        where = " or ".join(act.states)
        text = f"{record.number} is {record.state}: {said} *{act.button}* is for records that are {where}."
    else:
        text = f"*{act.button}* is not open on {record.number}: {said}"
    return Overtaken(text, record.id)


def _who_may(found: Sheet, act: Act) -> str:
    able = [who for who in found.roster if act.who.allows(who, found)]
    names = named(able[:MOST_NAMED], found.companies)
    names += f" and {len(able) - MOST_NAMED} more" if len(able) > MOST_NAMED else ""
    if not able and found.owner is None and "owner" in act.who.words:
        names = "nobody owns it yet, QA assigns an owner first"
    return f"*{act.button}* on {found.record.number} is for {act.who.words}: {names or 'nobody yet'}."


def _last_words(session: Session, record: Record, events: Sequence[str] = ()) -> str:
    """Tell who changed a record last, or who last did one of the events."""
    entries = journal.list_of_record(session, record.id, MOST_LOOKED_AT)
    loud = [entry for entry in entries if entry.event.partition(".")[2] not in QUIET]
    wanted = [entry for entry in loud if entry.event.partition(".")[2] in events]
    entry = (wanted or loud)[0]
    who = entry.content["by"]
    return f"{who['name']} ({who['company']}) {said_of(entry)} on {moment(entry.at)}."


def said_of(entry: JournalEntry) -> str:
    """Say what an entry tells of: `assigned it to Gita Rao`."""
    body = entry.content
    values = {name: after for name, (_, after) in body["changes"].items()} | (body.get("signature") or {})
    if "due" in values:
        values["due"] = moment(datetime.fromisoformat(values["due"]))
    template = EVENTS.get(entry.event.partition(".")[2], entry.event)
    try:
        return template.format_map(values)
    except KeyError:  # an entry that an earlier version wrote
        return template.partition("{")[0].strip(" :")
