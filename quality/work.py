"""What waits for a person."""

from dataclasses import dataclass

from sqlmodel import Session

from quality.people import Actor, may_take_part
from storage import record
from storage.person import Role
from storage.record import Row

MOST = 10


@dataclass(frozen=True)
class Group:
    """Records that wait for the same thing."""

    title: str
    rows: list[Row]
    more: bool


def waiting_for(session: Session, actor: Actor) -> list[Group]:
    """Gather what waits for a person: what they own, what their company has to answer, what lacks an owner."""
    one, pid = MOST + 1, actor.partnership.id
    groups = {"You own": record.list_rows(session, pid, limit=one, owner_id=actor.person.id)}
    if may_take_part(actor):
        theirs = record.list_unacknowledged(session, pid, one, actor.person.side.other)
        groups[f"{actor.company.name} has to acknowledge"] = theirs
    if actor.person.has(Role.QA):
        groups["Needs an owner: QA assigns one"] = record.list_unowned(session, pid, one)
    return [Group(title, rows[:MOST], len(rows) > MOST) for title, rows in groups.items() if rows]
