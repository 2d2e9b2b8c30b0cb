"""The clocks of an inspection's requests: who is reminded when, decided by the beat like everything that falls due.

An inspector waits in the building, so these clocks run by the hour, day and night: a day and two hours before, when it
is due, then every day until something was handed over. Late ones are told to the company's QA who take part too.
"""

from datetime import datetime, timedelta

from sqlmodel import Session

from quality.due import deciding
from storage import inspection as stored
from storage import outbox, person
from storage.inspection import Inspection, InspectionRequest
from storage.outbox import Said
from storage.person import Role

BEFORE = (timedelta(hours=24), timedelta(hours=2), timedelta())
AGAIN = timedelta(days=1)


def next_at(due_at: datetime, now: datetime) -> datetime:
    """Give when somebody is reminded next of a request that waits."""
    coming = [due_at - before for before in BEFORE if due_at - before > now]
    return min(coming) if coming else due_at + ((now - due_at) // AGAIN + 1) * AGAIN


def decide_due(session: Session, now: datetime, limit: int) -> bool:
    """Queue the reminders of requests that have come due; True when there may be more."""
    due = stored.list_due(session, now, limit)
    said: list[Said] = []
    for asked, found in due:
        with deciding(asked, "next_at", f"request {asked.id} of inspection {found.id}", now):
            said += _decide(session, asked, found, now)
    outbox.put_all(session, said, now)
    return len(due) == limit


def _decide(session: Session, asked: InspectionRequest, found: Inspection, now: datetime) -> list[Said]:
    if not asked.is_waiting or found.closed_at is not None or asked.next_at is None:
        asked.next_at = None
        return []
    step, asked.next_at = asked.next_at, next_at(asked.due_at, now)
    about = {"inspection_id": found.id, "request_id": asked.id}
    return [
        Said(found.partnership_id, "inspection reminder", f"asked:{asked.id}:{step:%Y%m%d%H%M}:{who}", now, about, who)
        for who in _told(session, asked, found, now)
    ]


def _told(session: Session, asked: InspectionRequest, found: Inspection, now: datetime) -> list[int]:
    """List who is reminded: the owner; QA who take part as well once it is late, or nobody is left who owns it."""
    people = person.list_by_ids(session, {*stored.participants(session, found.id), asked.owner_id})
    there = {who.id: who for who in people if who.active and who.side is found.side}
    owner = [asked.owner_id] if asked.owner_id in there else []
    if owner and asked.due_at > now:
        return owner
    return [*owner, *(one for one, who in sorted(there.items()) if who.has(Role.QA) and one not in owner)]
