"""Who acts, for which company, and whether they may; asked at the moment of every act."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlmodel import Session

from quality.refusal import NotOnRoster, NotSetUp, Refusal
from quality.working_time import Calendar, calendar_at, calendar_of, known_zone
from storage import journal, partnership, person, scope
from storage.partnership import Company, Partnership, Side
from storage.person import Person, Role, Seat

NO_TEAM = ""  # of a company whose people are all guests in the other's workspace


@dataclass(frozen=True)
class Identity:
    """A Slack person, as a signed payload names them."""

    team_id: str
    user_id: str


@dataclass(frozen=True)
class Profile:
    """What Slack says of a person."""

    identity: Identity
    name: str
    time_zone: str
    guest: bool = False
    teams: frozenset[str] = frozenset()  # all ids by which Slack names their workspace, where it has several


class Doer(Protocol):
    """Whoever does something that the journal tells of."""

    def signature(self) -> dict[str, str]:
        """Who acts, as the journal keeps it."""


class Machine:
    """QualBridge itself, where a time that people agreed on has come."""

    def signature(self) -> dict[str, str]:
        """Name it; no person and no company did it."""
        return {"name": "QualBridge", "company": "", "side": "", "team": "", "user": ""}


@dataclass(frozen=True)
class Actor:
    """A person on the roster who acts, with their partnership."""

    partnership: Partnership
    companies: dict[Side, Company]
    person: Person

    @property
    def company(self) -> Company:
        """The company the person acts for."""
        return self.companies[self.person.side]

    @property
    def other_company(self) -> Company:
        """The partner's company."""
        return self.companies[self.person.side.other]

    @property
    def calendar(self) -> Calendar:
        """The working days of both companies, in the partnership's time zone."""
        return calendar_of(self.partnership, self.companies)

    def signature(self) -> dict[str, str]:
        """Who acts, as the journal keeps it: readable even when the roster has changed since."""
        return signature(self.person, self.company)


def signature(who: Person, company: Company) -> dict[str, str]:
    """Name a person and their company for the journal."""
    return {
        "name": who.name,
        "company": company.name,
        "side": who.side,
        "team": who.team_id,
        "user": who.user_id,
    }


def actor_in_channel(session: Session, channel_id: str, who: Identity) -> Actor:
    """Give the actor in the partnership of a channel; NotSetUp where there is none."""
    scope.leave(session)
    seat = person.find_seat(session, person.IN_CHANNEL, channel_id, who.team_id, who.user_id)
    if seat is None:
        raise NotSetUp
    return _seated(session, seat, who)


def actor_of(session: Session, partnership_id: int, who: Identity) -> Actor:
    """Give the actor in a partnership known by its id."""
    scope.leave(session)
    seat = person.find_seat(session, person.OF_PARTNERSHIP, partnership_id, who.team_id, who.user_id)
    if seat is None:
        raise Refusal("QualBridge does not know this channel.")
    return _seated(session, seat, who)


def _seated(session: Session, seat: Seat, who: Identity) -> Actor:
    """Give the actor, the session kept within their partnership from now on.

    NotOnRoster for an unknown person of either company, Refusal for a stranger.
    """
    there, both, known = seat.partnership, seat.companies, seat.person
    scope.enter(session, there.id)
    if known is not None and known.active:
        return Actor(there, both, known)
    teams = {company.team_id for company in both.values()} - {NO_TEAM}
    if known is None and (who.team_id in teams or any(map(_is_organisation, {who.team_id, *teams}))):
        seen = person.find_user(session, there.id, who.user_id) is not None
        raise NotOnRoster(there.id, there.channel_id, seen=seen)  # of one of them, or of an organisation: Slack knows
    raise Refusal(_stranger(session, there, both, removed=known is not None))


def _is_organisation(team_id: str) -> bool:
    return team_id.startswith("E")


def enrol(session: Session, partnership_id: int, profile: Profile, now: datetime) -> None:
    """Put a person of one of the companies on the roster as a member; a guest's company is for QA to say."""
    there = partnership.get(session, partnership_id)
    both = partnership.companies(session, partnership_id)
    who = profile.identity
    if recognise(session, partnership_id, profile, now):
        return
    side = side_by_team({who.team_id, *profile.teams}, {side: company.team_id for side, company in both.items()})
    if profile.guest or side is None:
        raise Refusal(_guest(session, there, both) if profile.guest else _stranger(session, there, both, removed=False))
    if person.find(session, partnership_id, who.team_id, who.user_id) is None:
        add(session, there, both[side], profile, [Role.MEMBER], now)


def recognise(session: Session, partnership_id: int, profile: Profile, now: datetime) -> bool:
    """Whether a person is on the roster by another id of their workspace; this one is kept beside the others."""
    who = profile.identity
    known = person.find_user(session, partnership_id, who.user_id)
    if known is None or who.team_id in known.team_ids or not {who.team_id, known.team_id} <= profile.teams:
        return False
    before = [known.team_id, *known.other_teams.split()]
    known.other_teams = " ".join([*before[1:], who.team_id])
    changes = {"workspace": [", ".join(before), ", ".join([*before, who.team_id])]}
    body = {"by": signature(known, partnership.companies(session, partnership_id)[known.side]), "changes": changes}
    journal.append(session, partnership_id, "person.profile_changed", now, body)
    return True


def enrol_all(session: Session, partnership_id: int, profiles: Iterable[Profile], now: datetime) -> None:
    """Put on the roster who can be; guests and strangers are left for QA to say."""
    for profile in profiles:
        with suppress(Refusal):
            enrol(session, partnership_id, profile, now)


def side_by_team(team_ids: Iterable[str], teams: dict[Side, str]) -> Side | None:
    """Tell a full member's company by the ids of their workspace; where both share one, it is the sponsor's own."""
    known = set(team_ids)
    return next((side for side in (Side.SPONSOR, Side.CMO) if teams[side] in known - {NO_TEAM}), None)


def add(
    session: Session,
    there: Partnership,
    company: Company,
    profile: Profile,
    roles: list[Role],
    now: datetime,
    by: dict[str, str] | None = None,
) -> Person:
    """Add a person to the roster and journal who did: themselves, by joining, where nobody else is named."""
    zone = known_zone(profile.time_zone)
    added = Person(
        partnership_id=there.id,
        team_id=profile.identity.team_id,
        user_id=profile.identity.user_id,
        side=company.side,
        name=profile.name[:80],
        roles=roles,
        time_zone=zone,
        joined_at=now,
    )
    added.next_list_at = calendar_at(company, zone).next_time(added.list_at, now)
    session.add(added)
    session.flush()
    joined = signature(added, company)
    changes = {"person": [None, joined], "roles": [None, ", ".join(roles)]}
    journal.append(session, there.id, "person.added", now, {"by": by or joined, "changes": changes})
    return added


def require(session: Session, actor: Actor, roles: Iterable[Role], act: str, side: Side | None = None) -> None:
    """Refuse an act to a person who holds none of the roles, and say who may, of that side where one is given."""
    wanted = set(roles)
    if any(actor.person.has(role) for role in wanted):
        return
    may = [who for role in wanted for who in person.list_with_role(session, actor.partnership.id, role)]
    names = named([who for who in may if side in (None, who.side)], actor.companies)
    whose = "QA" if wanted == {Role.QA} else " or ".join(sorted(wanted))
    raise Refusal(f"Only {whose} may {act}: {names or 'nobody yet'}.")


def require_confirmed(actor: Actor, act: str) -> None:
    """Refuse an act to a company that has not confirmed the partnership."""
    if actor.company.confirmed_at is None:
        raise Refusal(
            f"{actor.company.name} has not confirmed this partnership yet, so it cannot {act}. "
            "Its QA presses *Confirm* on the card in the channel."
        )


def may_take_part(who: Person) -> bool:
    """Whether a person may log, own and comment, not only read."""
    return any(who.has(role) for role in (Role.QA, Role.MEMBER, Role.HEAD))


def require_part(session: Session, actor: Actor, act: str) -> Actor:
    """Refuse an act to a viewer; gives the actor."""
    if not may_take_part(actor.person):
        require(session, actor, (Role.QA, Role.MEMBER), act)
    return actor


def named(people: Iterable[Person], both: dict[Side, Company]) -> str:
    """Name people with their companies, each once."""
    return ", ".join(dict.fromkeys(f"{who.name} ({both[who.side].name})" for who in people))


def _stranger(session: Session, there: Partnership, both: dict[Side, Company], *, removed: bool) -> str:
    names = f"{both[Side.SPONSOR].name} and {both[Side.CMO].name}"
    if removed:
        return f"You are no longer on the roster of {names} in this channel. {_ask(session, there, both)}"
    return (
        f"This channel's records belong to {names}, and your Slack workspace is neither company's. "
        f"{_ask(session, there, both)}"
    )


def _guest(session: Session, there: Partnership, both: dict[Side, Company]) -> str:
    return (
        "You are a guest here, so Slack cannot tell for which company you work. Your company's QA has to put you on "
        f"the roster. {_ask(session, there, both)}"
    )


def _ask(session: Session, there: Partnership, both: dict[Side, Company]) -> str:
    return f"If that is wrong, ask QA: {named(person.list_with_role(session, there.id, Role.QA), both)}."
