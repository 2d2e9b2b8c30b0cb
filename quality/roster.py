"""Who is there, with which roles: a company's own QA say so, leaving takes effect at once, open work is offered."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlmodel import Session

from quality import change, lists, setting
from quality.people import (
    Actor,
    Machine,
    Profile,
    add,
    named,
    require,
    require_confirmed,
    side_by_team,
    signature,
)
from quality.refusal import FieldErrors, Refusal
from quality.setting import Setting
from quality.working_time import calendar_at, known_zone
from storage import journal, outbox, partnership, person
from storage import record as records
from storage.partnership import Company, Side
from storage.person import Person, Role

UNGIVEN = (Role.MEMBER, Role.VIEWER)  # roles that somebody may hold again without QA giving them anew


def admit(session: Session, actor: Actor, profile: Profile, roles: Collection[Role], now: datetime) -> Person:
    """Put somebody of the channel on the roster of the actor's company: a guest, a colleague, or who was taken off."""
    _require_own(session, actor, actor.person.side)
    wanted = _checked(roles)
    who = profile.identity
    if _is_of_other(actor, profile):
        raise FieldErrors({"person": f"{profile.name} is of {actor.other_company.name}: its QA says who acts for it."})
    known = person.find_user(session, actor.partnership.id, who.user_id)  # by whatever id of their workspace
    if known is None:
        added = add(session, actor.partnership, actor.company, profile, wanted, now, actor.signature())
    elif known.active:
        where = actor.companies[known.side].name
        raise FieldErrors({"person": f"{known.name} is on the roster of {where} already. Choose somebody else."})
    elif known.side is not actor.person.side:
        where = actor.companies[known.side].name
        raise FieldErrors(
            {
                "person": f"{known.name} acted for {where} here, and what they did stays {where}'s. "
                f"Ask QA of {where} to add them, or invite them with another account."
            }
        )
    else:
        _take_in(session, known, actor.company, wanted, now, actor.signature())
        added = known
    _tell(session, actor, added, now)
    return added


def check_may_add(session: Session, actor: Actor) -> Actor:
    """Give the actor when they may add people to their company's roster."""
    _require_own(session, actor, actor.person.side)
    return actor


def list_addable(session: Session, actor: Actor, profiles: Iterable[Profile]) -> list[Profile]:
    """List who of some people is on the roster of neither company, and could be on that of the actor's."""
    there = {who.user_id for who in person.list_active(session, actor.partnership.id)}
    return [one for one in profiles if one.identity.user_id not in there and not _is_of_other(actor, one)]


def _is_of_other(actor: Actor, profile: Profile) -> bool:
    teams = {side: company.team_id for side, company in actor.companies.items()}
    return (
        not profile.guest and side_by_team({profile.identity.team_id, *profile.teams}, teams) is actor.person.side.other
    )


def set_roles(
    session: Session, actor: Actor, person_id: int, seen: str, roles: Collection[Role], reason: str, now: datetime
) -> Person:
    """Give a person of the actor's company other roles than those that were seen."""
    person.hold(session, actor.partnership.id, actor.person.side)
    _, who = get_own(session, actor, person_id)
    wanted, before = _checked(roles), listed(who.roles)
    if before != seen:
        raise Refusal(f"The roles of {who.name} were changed meanwhile, to {before}. Look at *People* again.")
    if listed(wanted) == before:
        raise FieldErrors({"roles": f"{who.name} has these roles already. Change them, or cancel."})
    if Role.QA not in wanted:
        _require_another_qa(session, who, actor)
    who.roles = wanted
    changes = {"person": [None, signature(who, actor.company)], "roles": [before, listed(wanted)]}
    body = {"by": actor.signature(), "changes": changes, "reason": reason}
    journal.append(session, who.partnership_id, "person.roles_set", now, body)
    _tell(session, actor, who, now)
    return who


def remove(session: Session, actor: Actor, person_id: int, reason: str, now: datetime) -> Person:
    """Take a person of the actor's company off the roster; only its QA put them on it again."""
    person.hold(session, actor.partnership.id, actor.person.side)
    _, who = get_own(session, actor, person_id)
    _require_another_qa(session, who, actor)
    there = setting.of(session, who.partnership_id)
    _take_off(session, there, who, "person.removed", actor.signature(), reason, now)
    _tell(session, actor, who, now)
    return who


def leave(session: Session, partnership_id: int, person_id: int, why: str, now: datetime) -> None:
    """Take a person off the roster who left; their open work is offered to QA of their company at once."""
    who = person.get(session, partnership_id, person_id)
    if not who.active:
        return
    there = setting.of(session, partnership_id)
    who.left_at = now
    _take_off(session, there, who, "person.left", Machine().signature(), why, now)


def come_back(session: Session, partnership_id: int, person_id: int, profile: Profile, now: datetime) -> None:
    """Put a person back who left and came again, with no more than they had: QA's roles are QA's to give.

    A guest stays off: which company a guest acts for is for its QA to say, each time.
    """
    who = person.get(session, partnership_id, person_id)
    if who.active or profile.guest:
        return
    company = partnership.companies(session, partnership_id)[who.side]
    roles = [role for role in who.roles if role in UNGIVEN] or [Role.MEMBER]
    follow_profile(session, who, profile, now)
    _take_in(session, who, company, roles, now, None)


def follow_profile(session: Session, who: Person, profile: Profile, now: datetime) -> None:
    """Take over a person's new name or time zone; their messages come in the hours of where they are."""
    before = {"name": who.name, "time zone": who.time_zone}
    who.name, who.time_zone = profile.name[:80], known_zone(profile.time_zone)
    after = {"name": who.name, "time zone": who.time_zone}
    changes: dict[str, Any] = {name: [old, after[name]] for name, old in before.items() if old != after[name]}
    if not changes:
        return
    company = partnership.companies(session, who.partnership_id)[who.side]
    who.next_list_at = lists.next_at(who, calendar_at(company, who.time_zone), now)
    body = {"by": signature(who, company), "changes": changes}
    journal.append(session, who.partnership_id, "person.profile_changed", now, body)


def listed(roles: Collection[Role]) -> str:
    """Name roles in their order: `QA, member`."""
    return ", ".join(role for role in Role if role in roles)


def _require_own(session: Session, actor: Actor, side: Side) -> None:
    company = actor.companies[side]
    if side is not actor.person.side:
        raise Refusal(f"Only QA of {company.name} may change its roster: {_qa_named(session, actor, side)}.")
    require(session, actor, (Role.QA,), f"change the roster of {company.name}", side)
    require_confirmed(actor, "change its roster")


def _qa_named(session: Session, actor: Actor, side: Side) -> str:
    able = (who for who in person.list_with_role(session, actor.partnership.id, Role.QA) if who.side is side)
    return named(able, actor.companies) or "nobody yet"


def get_own(session: Session, actor: Actor, person_id: int) -> tuple[Actor, Person]:
    """Give a person of the actor's company when the actor may change what they are."""
    try:
        who = person.get(session, actor.partnership.id, person_id)
    except LookupError:
        raise Refusal("This person is not on the roster of this channel.") from None
    _require_own(session, actor, who.side)
    if not who.active:
        raise Refusal(f"{who.name} is not on the roster any more. Look at *People* again.")
    return actor, who


def _checked(roles: Collection[Role]) -> list[Role]:
    if Role.VIEWER in roles and len(roles) > 1:
        raise FieldErrors({"roles": "A viewer only reads. Choose Viewer alone, or the other roles without it."})
    return [role for role in Role if role in roles]


def _require_another_qa(session: Session, who: Person, actor: Actor) -> None:
    """Refuse to leave a company without QA: nobody could sign for it, nor put it right."""
    able = person.list_with_role(session, who.partnership_id, Role.QA)
    if who.has(Role.QA) and not any(one.side is who.side and one.id != who.id for one in able):
        raise Refusal(f"{who.name} is the only QA of {actor.company.name}. Make somebody else QA first.")


def _take_in(
    session: Session, who: Person, company: Company, roles: list[Role], now: datetime, by: dict[str, str] | None
) -> None:
    who.active, who.left_at, who.roles = True, None, roles
    who.next_list_at = calendar_at(company, who.time_zone).next_time(who.list_at, now)
    joined = signature(who, company)
    changes = {"person": [None, joined], "roles": [None, listed(roles)]}
    journal.append(session, who.partnership_id, "person.returned", now, {"by": by or joined, "changes": changes})


def _take_off(
    session: Session, there: Setting, who: Person, event: str, by: dict[str, str], why: str, now: datetime
) -> None:
    pid = who.partnership_id
    who.active, who.next_list_at, who.away_until, who.stand_in_id = False, None, None, None
    changes = {"person": [signature(who, there.companies[who.side]), None], "roles": [listed(who.roles), None]}
    journal.append(session, pid, event, now, {"by": by, "changes": changes, "reason": why})
    for told_id in there.reached(there.qa_of(who.side), now):
        key = f"leaver:{who.id}:{now.isoformat()}:{told_id}"
        outbox.put(session, pid, "leaver", key, now, to=told_id, whose=who.id)
    for record_id in records.list_owned_ids(session, who.id):
        change.settle(session, records.get(session, pid, record_id), now)
        outbox.put(session, pid, "card", f"left:{record_id}:{who.id}:{now.isoformat()}", now, record_id=record_id)


def _tell(session: Session, actor: Actor, who: Person, now: datetime) -> None:
    """Tell a person what they may do from now on."""
    if who.id != actor.person.id:
        key = f"roles:{who.id}:{now.isoformat()}"
        outbox.put(session, who.partnership_id, "roles", key, now, to=who.id, by=actor.person.id)
