"""Changes of who is there: leaving, coming back, being out of office, and what becomes of the work."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlmodel import Session

from quality import change, lists, setting
from quality.people import Actor, Machine, may_take_part, signature
from quality.refusal import FieldErrors
from quality.setting import Setting
from quality.working_time import calendar_at
from storage import journal, outbox, partnership, person
from storage import record as records
from storage.partnership import Side
from storage.person import ListMode, Person, Role

LONGEST_ABSENCE = timedelta(days=366)


@dataclass(frozen=True)
class Wishes:
    """When a person wants their morning list."""

    mode: ListMode
    at: time


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
    for told_id in dict.fromkeys(there.stand_in(qa, now).id for qa in _qa(there, who.side)):
        key = f"leaver:{who.id}:{now.isoformat()}:{told_id}"
        outbox.put(session, partnership_id, "leaver", key, now, to=told_id, whose=who.id)
    for record_id in records.list_owned_ids(session, who.id):
        change.settle(session, records.get(session, partnership_id, record_id), now)
        key = f"left:{record_id}:{who.id}:{now.isoformat()}"
        outbox.put(session, partnership_id, "card", key, now, record_id=record_id)


def _qa(there: Setting, side: Side) -> list[Person]:
    """Give QA of a company; where none is left, the other company's, so that nothing is forgotten."""
    return there.holding(Role.QA, side) or there.holding(Role.QA)


def come_back(session: Session, who: Person, now: datetime) -> None:
    """Put a person back who left and came again: as a member, for roles are QA's to give."""
    company = partnership.companies(session, who.partnership_id)[who.side]
    who.active, who.left_at = True, None
    who.next_list_at = calendar_at(company, who.time_zone).next_time(who.list_at, now)
    who.roles = [Role.MEMBER]
    joined = signature(who, company)
    changes = {"person": [None, joined], "roles": [None, ", ".join(who.roles)]}
    journal.append(session, who.partnership_id, "person.returned", now, {"by": joined, "changes": changes})


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
    actor.person.away_until, actor.person.stand_in_id = until, instead.id
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


def tell_muted(session: Session, partnership_id: int, why: str, now: datetime) -> None:
    """Note that nothing can be said in a channel, and tell one person who can do something about it, once."""
    if not partnership.mute(session, partnership_id, why, now):
        return
    there = setting.read(session, [partnership_id])[partnership_id]
    at_home = (side for side, one in there.companies.items() if one.team_id == there.partnership.home_team_id)
    for who in _qa(there, next(at_home, Side.SPONSOR))[:1]:
        key = f"muted:{partnership_id}:{now.isoformat()}"
        outbox.put(session, partnership_id, "muted", key, now, to=there.stand_in(who, now).id)


def hear_again(session: Session, partnership_id: int, now: datetime) -> None:
    """Say at once what waits for a channel, for it can be spoken in again."""
    partnership.unmute(session, partnership_id)
    outbox.hasten(session, partnership_id, now)
