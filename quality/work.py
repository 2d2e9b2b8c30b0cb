"""What waits for a person."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial

from sqlmodel import Session

from quality import sheet, who
from quality.authority import REPORTS
from quality.people import Actor, may_take_part
from quality.who import Who
from storage import person, record
from storage.clock import ClockName
from storage.partnership import Side
from storage.person import Role
from storage.record import Row

MOST = 5
PAGE = 50  # candidates looked at together


@dataclass(frozen=True)
class Group:
    """Records that wait for the same thing."""

    title: str
    rows: list[Row]
    more: bool


def waiting_for(session: Session, actor: Actor, now: datetime) -> list[Group]:
    """Gather what waits for a person: what they own or stand in for, and what their company or its QA has to answer."""
    groups = owned(session, actor) + _stood_in_for(session, actor)
    company = waiting_for_company(session, actor, now) if actor.person.has(Role.QA) else []
    if not company and may_take_part(actor.person):
        company = _groups(_to_acknowledge(session, actor))
    return groups + company


def owned(session: Session, actor: Actor) -> list[Group]:
    """Gather what a person owns."""
    pid = actor.partnership.id
    return _groups({"You own": record.list_rows(session, pid, limit=MOST + 1, owner_id=actor.person.id)})


def _stood_in_for(session: Session, actor: Actor) -> list[Group]:
    """Gather what those own for whom a person stands in."""
    pid = actor.partnership.id
    return _groups(
        {
            f"{away.name} owns, for whom you stand in": record.list_rows(session, pid, limit=MOST + 1, owner_id=away.id)
            for away in person.list_stood_in_for(session, pid, actor.person.id)
        }
    )


def needs(session: Session, actor: Actor, now: datetime) -> list[Group]:
    """Gather what needs a person today: what they own and is late or due, and what they have to accept."""
    pid, tomorrow = actor.partnership.id, _tomorrow(actor, now)
    mine = actor.person.id
    late = record.list_rows(session, pid, limit=MOST + 1, owner_id=mine, overdue_at=tomorrow, is_checked=False)
    return _groups(
        {
            "Late or due today": late,
            "You have to accept": record.list_due_by(session, pid, [ClockName.ACCEPT], MOST + 1, owner_id=mine),
        }
    )


def waiting_for_company(session: Session, actor: Actor, now: datetime) -> list[Group]:
    """Gather what waits for a company's QA: to approve, answer, check, report, acknowledge and assign."""
    one, pid, side = MOST + 1, actor.partnership.id, actor.person.side
    awaiting = partial(record.list_awaiting, session, pid, side)
    asked = partial(record.list_asked, session, pid)
    check = partial(record.list_due_by, session, pid, [ClockName.CHECK], before=_tomorrow(actor, now))
    groups = {
        f"{actor.company.name} has to approve": _for(session, actor, awaiting, who.APPROVER),
        "Asked of QA": _for(session, actor, asked, who.ANSWERER),
        "Effectiveness to be checked": _for(session, actor, check, who.CHECKER),
    }
    if side is Side.SPONSOR:
        groups["Reports to authorities"] = record.list_due_by(session, pid, tuple(REPORTS), one)
    groups |= _to_acknowledge(session, actor)
    groups["Needs an owner: QA assigns one"] = record.list_unowned(session, pid, one)
    return _groups(groups)


def _to_acknowledge(session: Session, actor: Actor) -> dict[str, list[Row]]:
    theirs = record.list_unacknowledged(session, actor.partnership.id, MOST + 1, actor.person.side.other)
    return {f"{actor.company.name} has to acknowledge": theirs}


def _groups(groups: dict[str, list[Row]]) -> list[Group]:
    return [Group(title, rows[:MOST], len(rows) > MOST) for title, rows in groups.items() if rows]


def _tomorrow(actor: Actor, now: datetime) -> datetime:
    return actor.calendar.at(actor.calendar.day_of(now) + timedelta(days=1), time())


def _for(session: Session, actor: Actor, listing: Callable[..., list[Row]], rule: Who) -> list[Row]:
    """List the first rows with which the person may do what the rule is about: nobody is shown what only others may."""
    found: list[Row] = []
    offset = 0
    while len(found) <= MOST:
        rows = listing(limit=PAGE, offset=offset)
        sheets = sheet.of_many(session, actor.partnership, actor.companies, [row.record for row in rows])
        found += [row for row, about in zip(rows, sheets, strict=True) if rule.allows(actor.person, about)]
        if len(rows) < PAGE:
            break
        offset += PAGE
    return found[: MOST + 1]
