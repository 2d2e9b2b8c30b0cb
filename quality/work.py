"""What waits for a person."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlmodel import Session

from quality.authority import REPORTS
from quality.people import Actor, may_take_part
from quality.working_time import calendar_of
from storage import record, request
from storage.clock import ClockName
from storage.partnership import Side
from storage.person import Role
from storage.record import Row

MOST = 5


@dataclass(frozen=True)
class Group:
    """Records that wait for the same thing."""

    title: str
    rows: list[Row]
    more: bool


def waiting_for(session: Session, actor: Actor, now: datetime) -> list[Group]:
    """Gather what waits for a person: what they own, and what their company or its QA has to answer."""
    one, pid = MOST + 1, actor.partnership.id
    groups = {"You own": record.list_rows(session, pid, limit=one, owner_id=actor.person.id)}
    if actor.person.has(Role.QA):
        groups |= _for_qa(session, actor, now, one)
    if may_take_part(actor.person):
        theirs = record.list_unacknowledged(session, pid, one, actor.person.side.other)
        groups[f"{actor.company.name} has to acknowledge"] = theirs
    if actor.person.has(Role.QA):
        groups["Needs an owner: QA assigns one"] = record.list_unowned(session, pid, one)
    return [Group(title, rows[:MOST], len(rows) > MOST) for title, rows in groups.items() if rows]


def _for_qa(session: Session, actor: Actor, now: datetime, limit: int) -> dict[str, list[Row]]:
    pid, side = actor.partnership.id, actor.person.side
    calendar = calendar_of(actor.partnership, actor.companies)
    tomorrow = calendar.at(calendar.day_of(now) + timedelta(days=1), time())
    awaiting = record.list_awaiting(session, pid, side, limit)
    groups = {
        # Nobody approves what they own, so it does not wait for them.
        f"{actor.company.name} has to approve": [row for row in awaiting if row.record.owner_id != actor.person.id],
        "Asked of QA": _asked(session, actor, record.list_asked(session, pid, limit)),
        "Effectiveness to be checked": record.list_due_by(session, pid, [ClockName.CHECK], limit, before=tomorrow),
    }
    if side is Side.SPONSOR:
        groups["Reports to authorities"] = record.list_due_by(session, pid, tuple(REPORTS), limit)
    return groups


def _asked(session: Session, actor: Actor, rows: list[Row]) -> list[Row]:
    """Leave out what the person asked, or has agreed to already."""
    mine = actor.person.id
    found = request.list_open(session, [row.record.id for row in rows])
    theirs = {one.record_id for one in found if mine not in (one.asked_by_id, one.first_yes_by_id)}
    return [row for row in rows if row.record.id in theirs]
