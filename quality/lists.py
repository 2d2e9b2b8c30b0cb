"""Morning lists: when a person's next one is due, and what stands in it.

A list holds what needs the person today, and for QA what waits for their company; it is sent only when there is
something in it.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlmodel import Session

from quality import setting, work
from quality.due import deciding
from quality.people import Actor, Machine
from quality.setting import Setting, is_away
from quality.work import Group
from quality.working_time import Calendar
from storage import journal, outbox, person
from storage.outbox import Said
from storage.person import ListMode, Person, Role


@dataclass(frozen=True)
class MorningList:
    """What a person finds in the morning: their own, then their company's."""

    actor: Actor
    own: list[Group]
    company: list[Group]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it."""
        return not self.own and not self.company


def decide_due(session: Session, now: datetime, limit: int) -> bool:
    """Queue the morning lists whose time has come, at most so many; True when there may be more."""
    due = person.list_lists_due(session, now, limit)
    if not due:
        return False
    there = setting.read(session, {who.partnership_id for who in due})
    said = []
    for who in due:
        with deciding(who, "next_list_at", f"the list of person {who.id}", now):
            said += _decide(session, there[who.partnership_id], who, now)
    outbox.put_all(session, said, now)
    return len(due) == limit


def _decide(session: Session, there: Setting, who: Person, now: datetime) -> list[Said]:
    if not who.active:
        who.next_list_at = None
        return []
    calendar = there.own_calendar(who)
    today = calendar.day_of(now)
    if who.away_until is not None and not is_away(who, calendar, now):
        _come_back(session, who, now)
    who.next_list_at = next_at(who, calendar, now)
    is_time = calendar.is_working(today) and calendar.at(today, who.list_at) <= now
    if who.list_mode is ListMode.NEVER or not is_time:
        return []
    day = today.isoformat()
    instead = there.stand_in(who, now)
    return [Said(who.partnership_id, "list", f"list:{who.id}:{day}", now, {"day": day, "for": who.id}, instead.id)]


def _come_back(session: Session, who: Person, now: datetime) -> None:
    """End an absence that is over."""
    changes = {"person": [None, who.name], "away_until": [who.away_until and who.away_until.isoformat(), None]}
    who.away_until, who.stand_in_id = None, None
    journal.append(session, who.partnership_id, "person.back", now, {"by": Machine().signature(), "changes": changes})


def next_at(who: Person, calendar: Calendar, now: datetime) -> datetime:
    """Give when to look at a person next: for their list, or at the end of their absence."""
    listed = calendar.next_time(who.list_at, now)
    if who.away_until is None:
        return listed
    return min(listed, calendar.at(who.away_until + timedelta(days=1), time.min))


def moved_at(who: Person, calendar: Calendar, now: datetime) -> datetime:
    """Give when to look for a list whose time was changed; today's that was still to come is not lost by it."""
    return now if calendar.is_later_today(who.next_list_at, now) else next_at(who, calendar, now)


def collect(session: Session, actor: Actor, now: datetime) -> MorningList:
    """Gather a person's list as of now."""
    own = work.needs(session, actor, now)
    if actor.person.list_mode is ListMode.DAILY:
        own += work.owned(session, actor)
    company = work.waiting_for_company(session, actor, now) if actor.person.has(Role.QA) else []
    return MorningList(actor, _once(own), company)


def _once(groups: list[Group]) -> list[Group]:
    """Name each record once, where it is named first."""
    seen: set[int] = set()
    kept = []
    for group in groups:
        rows = [row for row in group.rows if row.record.id not in seen]
        seen |= {row.record.id for row in rows}
        if rows:
            kept.append(Group(group.title, rows, group.more))
    return kept
