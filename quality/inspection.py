"""Inspections: what an inspector asks of one company, who answers by when, and the log of all that was handed over.

An inspection belongs to one company. Its QA and the people they name see it, nobody else: to the other company it is
as if there were none. The journal that both companies share holds of each entry who kept it, and a hash.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session

from quality import inspection_clock, words
from quality.people import Actor, may_take_part
from quality.refusal import FieldErrors, Refusal
from storage import inspection as stored
from storage import journal, outbox, person
from storage import record as records
from storage.inspection import Inspection, InspectionEntry, InspectionRequest
from storage.outbox import Said
from storage.person import Person, Role

MOST_PAST = 10  # inspections in the list of past ones
LOG_PAGE = 15
MOST_REQUESTS = 500
LONGEST = timedelta(days=366)
EVENT = "private.kept"
NOT_YOURS = (
    "No inspection is open to you here. QA of your company opens one, and names who takes part: `/quality inspection`."
)


@dataclass(frozen=True)
class InspectionForm:
    """What Open inspection asks."""

    authority: str
    scope: str
    inspector: str
    first_on: date
    last_on: date
    people: tuple[int, ...] = ()


@dataclass(frozen=True)
class RequestForm:
    """What Add request asks."""

    asked: str
    owner_id: int
    due_at: datetime


@dataclass(frozen=True)
class ChangeForm:
    """What Change request asks."""

    owner_id: int
    due_at: datetime
    reason: str


@dataclass(frozen=True)
class HandOverForm:
    """What Hand over asks."""

    what: str
    record: str = ""


@dataclass(frozen=True)
class View:
    """An inspection as its people see it."""

    actor: Actor
    inspection: Inspection
    people: dict[int, Person]  # who takes part, and whom the requests name
    participants: list[int]
    requests: list[InspectionRequest]

    def named(self, person_id: int) -> str:
        """Name a person."""
        found = self.people.get(person_id)
        return found.name if found else "somebody"


@dataclass(frozen=True)
class Overview:
    """What a person finds: the inspection that is open, where they see it, and the past ones for QA."""

    actor: Actor
    present: View | None
    past: list[Inspection]


def overview(session: Session, actor: Actor) -> Overview:
    """Give the company's open inspection and its past ones, of which a person sees those that they may."""
    side, pid = actor.person.side, actor.partnership.id
    present = stored.find_open(session, pid, side)
    seen = present is not None and sees(session, actor, present)
    found = stored.list_of_side(session, pid, side, MOST_PAST + 1)
    past = [one for one in found if one.closed_at is not None and sees(session, actor, one)]
    if not seen and not past and not actor.person.has(Role.QA):
        raise Refusal(NOT_YOURS)
    return Overview(actor, gather(session, actor, present) if present is not None and seen else None, past[:MOST_PAST])


def sees(session: Session, actor: Actor, found: Inspection) -> bool:
    """Whether a person sees an inspection: QA of its company, and who takes part."""
    if found.partnership_id != actor.partnership.id or found.side is not actor.person.side:
        return False
    return actor.person.has(Role.QA) or actor.person.id in stored.participants(session, found.id)


def get(session: Session, actor: Actor, inspection_id: int) -> Inspection:
    """Get an inspection for who may see it; to everybody else there is none."""
    found = stored.find(session, actor.partnership.id, actor.person.side, inspection_id)
    if found is None or not sees(session, actor, found):
        raise Refusal(NOT_YOURS)
    return found


def view(session: Session, actor: Actor, inspection_id: int) -> View:
    """Gather an inspection by its id."""
    return gather(session, actor, get(session, actor, inspection_id))


def gather(session: Session, actor: Actor, found: Inspection) -> View:
    """Gather an inspection that the actor may see."""
    requests = stored.list_requests(session, found.id)
    participants = stored.participants(session, found.id)
    named = {*participants, found.opened_by_id, found.closed_by_id or 0, *(one.owner_id for one in requests)}
    people = {who.id: who for who in person.list_by_ids(session, named)}
    return View(actor, found, people, participants, requests)


def colleagues(session: Session, actor: Actor) -> list[Person]:
    """List the people of the actor's company who can take part."""
    active = person.list_active(session, actor.partnership.id)
    return [who for who in active if who.side is actor.person.side and may_take_part(who)]


def open_new(session: Session, actor: Actor, form: InspectionForm, now: datetime) -> Inspection:
    """Open an inspection of the actor's company; one is open at a time."""
    require_qa(actor)
    pid, side = actor.partnership.id, actor.person.side
    if form.last_on < form.first_on:
        raise FieldErrors({"last_on": "This day lies before the first one."})
    if form.last_on > form.first_on + LONGEST:
        raise FieldErrors({"last_on": "This is more than a year after the first day. Check the year."})
    people = _colleagues(session, actor, form.people, "people")
    journal.lock(session, pid)  # two who open one at the same moment: the second sees the first one's
    if stored.find_open(session, pid, side) is not None:
        raise Refusal(f"An inspection of {actor.company.name} is open already. See it with `/quality inspection`.")
    texts = {name: getattr(form, name) for name in ("authority", "scope", "inspector", "first_on", "last_on")}
    found = Inspection(partnership_id=pid, side=side, opened_by_id=actor.person.id, opened_at=now, **texts)
    session.add(found)
    session.flush()
    everybody = {actor.person.id: actor.person, **{who.id: who for who in people}}
    stored.take_part(session, found, list(everybody))
    told = {**texts, "first_on": form.first_on.isoformat(), "last_on": form.last_on.isoformat()}
    told["people"] = [who.name for who in everybody.values()]
    _keep(session, actor, found, "opened", told, now)
    return found


def require_qa(actor: Actor) -> None:
    """Refuse who may not open or close inspections."""
    if not actor.person.has(Role.QA):
        raise Refusal(NOT_YOURS)


def add_people(session: Session, actor: Actor, inspection_id: int, ids: Sequence[int], now: datetime) -> Inspection:
    """Let more people of the company take part."""
    found = _open(session, actor, inspection_id, qa=True)
    known = set(stored.participants(session, found.id))
    new = [who for who in _colleagues(session, actor, ids, "people") if who.id not in known]
    if not new:
        raise FieldErrors({"people": "They take part already. Choose others."})
    stored.take_part(session, found, [who.id for who in new])
    _keep(session, actor, found, "people_added", {"people": [who.name for who in new]}, now)
    return found


def add_request(session: Session, actor: Actor, inspection_id: int, form: RequestForm, now: datetime) -> Inspection:
    """Add what the inspector asks for, with who answers it and by when."""
    found = _open(session, actor, inspection_id)
    _check_due(form.due_at, now)
    (owner,) = _colleagues(session, actor, [form.owner_id], "owner")
    number = len(stored.list_requests(session, found.id)) + 1
    if number > MOST_REQUESTS:
        raise FieldErrors({"asked": f"An inspection has at most {MOST_REQUESTS} requests. Open another one."})
    asked = InspectionRequest(
        partnership_id=found.partnership_id, inspection_id=found.id, number=number, asked=form.asked,
        owner_id=owner.id, due_at=form.due_at, asked_at=now,
        next_at=inspection_clock.next_at(form.due_at, now),
    )  # fmt: skip
    session.add(asked)
    session.flush()
    stored.take_part(session, found, [owner.id])
    told = {"number": number, "asked": form.asked, "owner": owner.name, "due": form.due_at.isoformat()}
    _keep(session, actor, found, "requested", told, now, asked)
    return found


def change_request(
    session: Session, actor: Actor, inspection_id: int, request_id: int, form: ChangeForm, now: datetime
) -> Inspection:
    """Give a request that waits another owner, or another time by which it is answered."""
    found = _open(session, actor, inspection_id)
    asked = _request(session, found, request_id)
    if asked.answered_at is not None:
        raise Refusal(f"Something was handed over for request {asked.number} already. Close it, and add another one.")
    if (asked.owner_id, asked.due_at) == (form.owner_id, form.due_at):
        raise FieldErrors({"reason": "Nothing is changed here. Change it, or cancel."})
    if form.due_at != asked.due_at:
        _check_due(form.due_at, now)
    (owner,) = _colleagues(session, actor, [form.owner_id], "owner")
    asked.owner_id, asked.due_at = owner.id, form.due_at
    asked.next_at = inspection_clock.next_at(form.due_at, now)
    stored.take_part(session, found, [owner.id])
    told = {"number": asked.number, "owner": owner.name, "due": form.due_at.isoformat(), "reason": form.reason}
    _keep(session, actor, found, "request_changed", told, now, asked)
    return found


def _check_due(due_at: datetime, now: datetime) -> None:
    if due_at <= now:
        raise FieldErrors({"due_at": "This time is past. Give a later one."})
    if due_at > now + LONGEST:
        raise FieldErrors({"due_at": "This is more than a year ahead. Check the year."})


def hand_over(
    session: Session, actor: Actor, inspection_id: int, request_id: int, form: HandOverForm, now: datetime
) -> Inspection:
    """Log what was handed over for a request; the first time stops its clock."""
    found = _open(session, actor, inspection_id)
    asked = _request(session, found, request_id)
    record = records.find(session, actor.partnership.id, form.record) if form.record else None
    if form.record and record is None:
        raise FieldErrors({"record": "There is no such record in this channel. Give a number such as DEV-2026-0001."})
    asked.answered_at, asked.next_at = asked.answered_at or now, None
    told = {"number": asked.number, "what": form.what, "record": record.number if record else ""}
    _keep(session, actor, found, "handed_over", told, now, asked, record.id if record else None)
    return found


def close_request(session: Session, actor: Actor, inspection_id: int, request_id: int, now: datetime) -> Inspection:
    """Close a request that was answered; QA may close one that was not, which the log then says."""
    found = _open(session, actor, inspection_id)
    asked = _request(session, found, request_id)
    if asked.answered_at is None and not actor.person.has(Role.QA):
        raise Refusal(f"Nothing was handed over for request {asked.number} yet. Press *Hand over* first, or ask QA.")
    asked.closed_at, asked.next_at = now, None
    told = {"number": asked.number, "answered": asked.answered_at is not None}
    _keep(session, actor, found, "request_closed", told, now, asked)
    return found


def close(session: Session, actor: Actor, inspection_id: int, now: datetime) -> Inspection:
    """Close an inspection whose requests are closed; its log stays."""
    found = _open(session, actor, inspection_id, qa=True)
    waiting = [str(one.number) for one in stored.list_requests(session, found.id) if one.closed_at is None]
    if waiting:
        raise Refusal(f"These requests are not closed yet: {', '.join(waiting[:20])}. Close them first.")
    found.closed_at, found.closed_by_id = now, actor.person.id
    _keep(session, actor, found, "closed", {}, now)
    return found


def log(session: Session, actor: Actor, inspection_id: int, page: int) -> tuple[View, list[InspectionEntry]]:
    """Give a page of an inspection's log, the newest first, and one entry more where another page follows."""
    found = view(session, actor, inspection_id)
    return found, stored.list_entries(session, inspection_id, LOG_PAGE + 1, (page - 1) * LOG_PAGE)


def request_of(session: Session, actor: Actor, inspection_id: int, request_id: int) -> tuple[View, InspectionRequest]:
    """Give a request that is open, for who may see its inspection."""
    found = _open(session, actor, inspection_id)
    return gather(session, actor, found), _request(session, found, request_id)


def _open(session: Session, actor: Actor, inspection_id: int, *, qa: bool = False) -> Inspection:
    found = get(session, actor, inspection_id)
    if found.closed_at is not None:
        raise Refusal(f"This inspection was closed on {words.moment(found.closed_at)}. Its log stays.")
    if qa:
        if not actor.person.has(Role.QA):
            raise Refusal(f"Only QA of {actor.company.name} may do that.")
    elif not may_take_part(actor.person):
        raise Refusal("You are a viewer: you can read this inspection, and change nothing.")
    return found


def _request(session: Session, found: Inspection, request_id: int) -> InspectionRequest:
    asked = stored.find_request(session, found.id, request_id)
    if asked is None:
        raise Refusal(NOT_YOURS)
    if asked.closed_at is not None:
        raise Refusal(f"Request {asked.number} was closed on {words.moment(asked.closed_at)}. Add another one.")
    return asked


def _colleagues(session: Session, actor: Actor, ids: Sequence[int], field: str) -> list[Person]:
    able = {who.id: who for who in colleagues(session, actor)}
    if not set(ids) <= able.keys():
        raise FieldErrors({field: f"Choose people of {actor.company.name} from the list."})
    return [able[one] for one in dict.fromkeys(ids)]


def _keep(
    session: Session, actor: Actor, found: Inspection, event: str, told: dict[str, Any], now: datetime,
    asked: InspectionRequest | None = None, record_id: int | None = None,
) -> None:  # fmt: skip
    """Keep an entry of the log, its hash in the journal, and tell those who take part."""
    content = {"inspection": found.id, "by": actor.signature(), **told}
    request_id = asked.id if asked else None
    entry = stored.add_entry(session, found, event, actor.person.id, content, now, request_id, record_id)
    body = {"by": actor.signature(), "changes": {"SHA-256": [None, entry.hash]}}
    journal.append(session, found.partnership_id, EVENT, now, body)
    outbox.put_all(session, _tell(session, found, entry, now), now)


def _tell(session: Session, found: Inspection, entry: InspectionEntry, now: datetime) -> list[Said]:
    """Give what each who takes part is told: the card as it is, and in its thread what happened."""
    said = []
    for who in stored.participants(session, found.id):
        about = {"inspection_id": found.id}
        card = f"inspection:{entry.id}:{who}"
        said.append(Said(found.partnership_id, "inspection", card, now, about, who))
        line = f"inspection-line:{entry.id}:{who}"
        said.append(Said(found.partnership_id, "inspection line", line, now, about | {"entry_id": entry.id}, who))
    return said


def said_of(entry: InspectionEntry) -> str:
    """Say what an entry tells of, after a name."""
    told = json.loads(entry.body)
    if "people" in told:
        told["people"] = ", ".join(told["people"])
    if "due" in told:
        told["due"] = words.moment(datetime.fromisoformat(told["due"]))
    said = SAID[entry.event].format_map(told)
    if told.get("record"):
        said = f"{said} ({told['record']})"
    return said if told.get("answered", True) else f"{said}, for which nothing was handed over"


SAID = {
    "opened": "opened the inspection: {authority}. Taking part: {people}",
    "people_added": "let {people} take part",
    "requested": "added request {number}, for {owner}, due {due}: {asked}",
    "request_changed": "changed request {number}: for {owner}, due {due}: {reason}",
    "handed_over": "handed over for request {number}: {what}",
    "request_closed": "closed request {number}",
    "closed": "closed the inspection",
}
