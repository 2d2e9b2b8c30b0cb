"""What people set for themselves: when their morning list comes, and who stands in while they are away."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlmodel import Session

from quality import lists
from quality.people import Actor, may_take_part
from quality.refusal import FieldErrors
from quality.working_time import calendar_at
from storage import journal, person
from storage.person import ListMode, Person

LONGEST_ABSENCE = timedelta(days=366)


@dataclass(frozen=True)
class Wishes:
    """When a person wants their morning list."""

    mode: ListMode
    at: time


def go_away(session: Session, actor: Actor, stand_in_id: int, until: date, now: datetime) -> Person:
    """Let a colleague stand in for a person up to and including a day."""
    try:
        instead = person.get(session, actor.partnership.id, stand_in_id)
    except LookupError:
        instead = None
    if instead is None or instead.side is not actor.person.side or not may_take_part(instead):
        raise FieldErrors({"stand_in": f"Choose a colleague of {actor.company.name} from the list."})
    if instead.id == actor.person.id:
        raise FieldErrors({"stand_in": "This is you. Choose a colleague."})
    today = calendar_at(actor.company, actor.person.time_zone).day_of(now)
    if until < today:
        raise FieldErrors({"until": "This day is past. Give the last day on which you are away."})
    if until > today + LONGEST_ABSENCE:
        raise FieldErrors({"until": "This is more than a year ahead. Check the year."})
    who, days = actor.person, calendar_at(actor.company, actor.person.time_zone)
    who.away_until, who.stand_in_id = until, instead.id
    ends = lists.next_at(who, days, now)
    who.next_list_at = min(ends, who.next_list_at) if who.next_list_at else ends
    changes = {"stand_in": [None, instead.name], "away_until": [None, until.isoformat()]}
    _note(session, actor, "person.away", now, changes)
    return instead


def be_back(session: Session, actor: Actor, now: datetime) -> None:
    """End an absence early."""
    if actor.person.away_until is None:
        return
    changes = {"away_until": [actor.person.away_until.isoformat(), None]}
    actor.person.away_until, actor.person.stand_in_id = None, None
    _note(session, actor, "person.back", now, changes)


def wish(session: Session, actor: Actor, wishes: Wishes, now: datetime) -> None:
    """Set when a person gets their morning list."""
    who = actor.person
    before = f"{who.list_mode}, {who.list_at:%H:%M}"
    who.list_mode, who.list_at = wishes.mode, wishes.at
    who.next_list_at = lists.moved_at(who, calendar_at(actor.company, who.time_zone), now)
    _note(session, actor, "person.list_set", now, {"list": [before, f"{wishes.mode}, {wishes.at:%H:%M}"]})


def _note(session: Session, actor: Actor, event: str, now: datetime, changes: dict[str, list[str | None]]) -> None:
    journal.append(session, actor.partnership.id, event, now, {"by": actor.signature(), "changes": changes})
