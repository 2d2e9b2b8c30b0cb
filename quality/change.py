"""How a record changes, whatever the change: whether the actor may, on which version, and what follows from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlmodel import Session

from quality import approval, findable, guards, ladder, terms, transitions, turn
from quality.content import content, digest
from quality.events import EVENTS, QUIET, UNSPOKEN
from quality.people import Actor, Doer, named, require_confirmed
from quality.refusal import Overtaken, Refusal
from quality.sheet import Sheet, of_record
from quality.terms import Due
from quality.transitions import Act
from quality.who import ANSWERER, APPROVER, stands_in
from quality.words import moment
from quality.working_time import Calendar
from storage import author, clock, journal, outbox, request
from storage import record as records
from storage.clock import REPORTING, Clock, ClockName, Duty
from storage.journal import JournalEntry
from storage.oos import Oos, ResultKind
from storage.partnership import Side
from storage.person import Role
from storage.record import Class, Kind, Outcome, Record, State

WORKING = tuple(name for name in ClockName if name not in REPORTING)  # these stop when a record is done
# The clocks that run while a record is in a state: started on coming into it, stopped on leaving.
OF_STATE: Mapping[tuple[Kind, State], tuple[ClockName, str]] = MappingProxyType(
    {
        (Kind.DEVIATION, State.PENDING_APPROVAL): (ClockName.REVIEW, "submission"),
        (Kind.OOS, State.PENDING_APPROVAL): (ClockName.REVIEW, "submission"),
        (Kind.OOS, State.PHASE_1): (ClockName.PHASE_1, "being sent back"),
        (Kind.CAPA, State.PLANNED): (ClockName.PLAN, "being planned again"),
    }
)
MOST_NAMED = 8  # people in a refusal
MOST_LOOKED_AT = 50  # entries of a journal in which the one that counts is looked for


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
    record = get(session, actor, ref.record_id)
    try:
        found = may(session, actor, record.id, name, now)
    except Overtaken:
        raise
    except Refusal as refusal:
        if record.version == ref.version:
            raise
        # What somebody else did since is why it cannot be done any more.
        last = _last_words(session, record)
        raise Overtaken(f"{record.number} was changed meanwhile: {last} {refusal}", record.id) from refusal
    if found.record.version != ref.version:
        raise Overtaken(
            f"{found.record.number} was changed meanwhile: {_last_words(session, found.record)} "
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


def start(session: Session, record: Record, name: ClockName, due: Due, now: datetime, calendar: Calendar) -> None:
    """Start a clock of a record, or start it anew, and set when it is first reminded of."""
    values: dict[str, Any] = {
        "rule": due.rule,
        "duty": due.duty,
        "agreement_version": due.version,
        "agreement_row": due.row,
        "started_at": due.since,
        "due_at": due.at,
        "first_due_at": due.at,
        "extensions": 0,
        "paused_at": None,
        "pause_ends_on": None,
        "paused_seconds": 0,
        "stopped_at": None,
        "next_at": ladder.first_at(name, calendar.day_of(due.at), now, calendar),
    }
    running = clock.find(session, record.id, name)
    if running is None:
        session.add(Clock(partnership_id=record.partnership_id, record_id=record.id, name=name, **values))
    else:
        running.sqlmodel_update(values)


def start_by_terms(
    session: Session, actor: Actor, record: Record, name: ClockName, since: datetime, now: datetime, *,
    instead: str = "", term: str = "",
) -> Due | None:  # fmt: skip
    """Start a clock by the agreement's row for it; gives when it is due, None where the agreement has no such row."""
    agreed = terms.of(session, record.partnership_id)
    row = agreed.find(record.kind, term or name, record.class_)
    if row is None:
        return None
    due = agreed.due(row, since, actor.calendar, instead)
    start(session, record, name, due, now, actor.calendar)
    return due


def notified(session: Session, actor: Actor, record: Record) -> None:
    """Note when the other company was notified: by logging it here, against the agreement's time for that."""
    row = terms.of(session, record.partnership_id).find(record.kind, ClockName.NOTIFY, record.class_)
    if row is None or DUTY_OF.get(row.duty, record.logged_side) is not record.logged_side:
        return
    start_by_terms(session, actor, record, ClockName.NOTIFY, record.detected_at, record.recorded_at)
    session.flush()
    clock.stop(session, record.id, record.recorded_at, ClockName.NOTIFY)


DUTY_OF = MappingProxyType({Duty.CMO: Side.CMO, Duty.SPONSOR: Side.SPONSOR})


def move(
    session: Session, actor: Actor, record: Record, to: State, event: str, now: datetime, **more: Any
) -> JournalEntry:
    """Bring a record into a state; done ones stop their clocks, and what is asked about them lapses."""
    before, record.state = record.state, to
    changes = {**more.pop("changes", {}), "state": [before, to]}
    _follow_state(session, actor, record, before, now)
    if to in transitions.DONE:
        record.closed_at, record.closed_by_id = now, actor.person.id
        clock.stop(session, record.id, now, *WORKING)
        changes |= lapse(session, actor, record, now)
    entry = finish(session, actor, record, event, now, changes=changes, **more)
    if to is State.CLOSED:
        _plans_begin(session, actor, record, now)
    return entry


def _follow_state(session: Session, actor: Actor, record: Record, before: State, now: datetime) -> None:
    """Stop the clock of the state that was left, start the one of the state that came."""
    if left := OF_STATE.get((record.kind, before)):
        clock.stop(session, record.id, now, left[0])
    if came := OF_STATE.get((record.kind, record.state)):
        name, since = came
        start_by_terms(session, actor, record, name, now, now, instead=since)


def _plans_begin(session: Session, actor: Actor, source: Record, now: datetime) -> None:
    """Let the time for their plans begin for the CAPAs that waited for the approval of their source."""
    for capa in records.followers_of(session, source.id):
        if capa.state is State.PLANNED and clock.find(session, capa.id, ClockName.PLAN) is None:
            start_by_terms(session, actor, capa, ClockName.PLAN, now, now)


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


def finish(session: Session, actor: Doer, record: Record, event: str, now: datetime, **more: Any) -> JournalEntry:
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
    # A plan that is still to be written waits for nobody's signature.
    waiting = () if guards.PLAN_WRITTEN.fails(found, now) else approval.open_sides(found)
    record.awaits_sponsor, record.awaits_cmo = Side.SPONSOR in waiting, Side.CMO in waiting
    pass_turn(record, turn.side(found), now)
    for other in found.links:
        # Their cards name this record's state.
        key = f"card:{other.id}:{record.id}:{record.version}"
        outbox.put(session, record.partnership_id, "card", key, now, record_id=other.id)
    return " and ".join(f"{one.name} ({one.company})" for one in voided)


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
    if record.state is State.VOID or record.kind is Kind.CAPA:
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
) -> JournalEntry:
    """Journal what happened to a record and queue the fresh card and the line in its thread."""
    if event != "logged" and event not in QUIET:
        record.version += 1
    body: dict[str, Any] = {"record": record.number, "version": record.version, "by": actor.signature()}
    body |= {"changes": changes or {}, "reason": reason}
    body |= {"signature": signed} if signed else {}
    entry = journal.append(session, record.partnership_id, f"{record.kind}.{event}", now, body, record.id)
    if event not in QUIET:
        key = f"card:{record.id}:{record.version}"
        outbox.put(session, record.partnership_id, "card", key, now, record_id=record.id)
    if event in findable.EVENTS:
        findable.renew(session, record)
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
    instead = next((who for who in able if stands_in(who, found)), None) if "owner" in act.who.words else None
    told = f" {instead.name} stands in for {found.owner.name}." if instead and found.owner else ""
    return f"*{act.button}* on {found.record.number} is for {act.who.words}: {names or _nobody(found, act)}.{told}"


def _nobody(found: Sheet, act: Act) -> str:
    """Say why there is nobody who may, and what to do about it."""
    if found.owner is None and "owner" in act.who.words and act.who is not APPROVER:
        return "nobody owns it yet, QA assigns an owner first"
    if act.who is ANSWERER and (sides := approval.answering(found)):
        return f"nobody yet. {' or '.join(found.companies[side].name for side in sides)} answers, and needs a QA for it"
    if act.who is APPROVER and (sides := approval.open_sides(found)):
        return f"nobody yet. {_no_signer(found, sides[0])}"
    return "nobody yet"


def _no_signer(found: Sheet, side: Side) -> str:
    """Say why nobody of the company whose signature is next can give it."""
    company, scope = found.companies[side].name, wanted.scope if (wanted := approval.wanted(found)) else approval.RECORD
    able = [who for who in found.roster if who.side is side and who.has(Role.QA)]
    if not able:
        return f"{company} signs next, and has no QA here: it names one first"
    if len(able) > 1 or able[0].id != found.record.owner_id:
        return f"{company} signs next, and its QA worked on it or signed already: it needs another QA"
    only = f"{company} signs next, and {able[0].name}, its only QA, owns it"
    free = able[0].id not in {one.person_id for one in found.authors if one.scope == scope}
    if free and (scope == approval.PLAN or found.record.state in transitions.NOT_BEGUN):
        return f"{only}: assign another owner first"
    why = f"{only} and worked on it: it needs another QA"
    return f"{why}. With one QA only, assign another owner first, before the work begins"


def _last_words(session: Session, record: Record, events: Sequence[str] = ()) -> str:
    """Tell who changed a record last, or who last did one of the events."""
    quiet = [f"{record.kind}.{event}" for event in QUIET]
    loud = journal.list_of_record(session, record.id, MOST_LOOKED_AT, but=quiet)
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
