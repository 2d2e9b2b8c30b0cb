"""Changes of who is there: leaving, coming back, and what becomes of the work."""

from datetime import datetime

from sqlmodel import Session

from quality import change, setting
from quality.people import Machine, signature
from quality.working_time import calendar_at
from storage import journal, outbox, partnership, person
from storage import record as records
from storage.person import Person, Role


def leave(session: Session, partnership_id: int, person_id: int, why: str, now: datetime) -> None:
    """Take a person off the roster who left; their open work is offered to QA of their company at once."""
    who = person.get(session, partnership_id, person_id)
    if not who.active:
        return
    there = setting.read(session, [partnership_id])[partnership_id]
    company = there.companies[who.side]
    who.active, who.left_at, who.next_list_at = False, now, None
    who.away_until, who.stand_in_id = None, None
    changes = {"person": [signature(who, company), None], "roles": [", ".join(who.roles), None]}
    body = {"by": Machine().signature(), "changes": changes, "reason": why}
    journal.append(session, partnership_id, "person.left", now, body)
    for told_id in dict.fromkeys(there.stand_in(qa, now).id for qa in there.qa_of(who.side)):
        key = f"leaver:{who.id}:{now.isoformat()}:{told_id}"
        outbox.put(session, partnership_id, "leaver", key, now, to=told_id, whose=who.id)
    for record_id in records.list_owned_ids(session, who.id):
        change.settle(session, records.get(session, partnership_id, record_id), now)
        key = f"left:{record_id}:{who.id}:{now.isoformat()}"
        outbox.put(session, partnership_id, "card", key, now, record_id=record_id)


def come_back(session: Session, who: Person, now: datetime) -> None:
    """Put a person back who left and came again: as a member, for roles are QA's to give."""
    company = partnership.companies(session, who.partnership_id)[who.side]
    who.active, who.left_at = True, None
    who.next_list_at = calendar_at(company, who.time_zone).next_time(who.list_at, now)
    who.roles = [Role.MEMBER]
    joined = signature(who, company)
    changes = {"person": [None, joined], "roles": [None, ", ".join(who.roles)]}
    journal.append(session, who.partnership_id, "person.returned", now, {"by": joined, "changes": changes})
