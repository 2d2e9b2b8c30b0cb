"""Setting a channel up for a sponsor and its CMO, and the other company's confirmation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from sqlmodel import Session

from quality import agreement, digest
from quality.people import NO_TEAM, Actor, Profile, add, require, side_by_team
from quality.refusal import FieldErrors, Refusal
from quality.working_time import calendar_of
from storage import journal, outbox, partnership, scope
from storage.partnership import Company, Partnership, Side
from storage.person import Role

TAKEN = "This channel is set up already: one partnership, one channel. `/quality` shows the front door."


@dataclass(frozen=True)
class SetUpForm:
    """What Set up channel asks."""

    channel_id: str
    home_team_id: str
    sponsor: str
    cmo: str
    sponsor_team_id: str
    sponsor_qa: tuple[Profile, ...]
    cmo_qa: tuple[Profile, ...]
    time_zone: str
    digest_at: time
    sponsor_country: str
    cmo_country: str


def require_free(session: Session, channel_id: str) -> None:
    """Refuse to set a channel up a second time."""
    scope.leave(session)
    if partnership.find_in_channel(session, channel_id) is not None:
        raise Refusal(TAKEN)


def set_up(session: Session, who: Profile, form: SetUpForm, now: datetime) -> Partnership:
    """Create the partnership of a channel with both companies' QA, and queue its first messages."""
    require_free(session, form.channel_id)
    teams = _teams(form)
    starter = _side_of(who, form, teams)
    new = Partnership(
        channel_id=form.channel_id,
        home_team_id=form.home_team_id,
        time_zone=form.time_zone,
        digest_at=form.digest_at,
        set_up_at=now,
        next_digest_at=now,
    )
    there = partnership.add(session, new)
    if there is None:
        raise Refusal(TAKEN)
    both = _companies(session, there, form, teams)
    both[starter].confirmed_at = now
    there.next_digest_at = digest.next_at(there, calendar_of(there, both), now)
    first = agreement.begin(session, there, both, now)
    team_id, user_id = who.identity.team_id, who.identity.user_id
    by = {"name": who.name, "company": both[starter].name, "side": starter, "team": team_id, "user": user_id}
    changes: dict[str, Any] = {name: [None, value] for name, value in _terms(form, teams).items()}
    changes["agreement"] = [None, {"version": first.version, **first.content}]
    journal.append(session, there.id, "partnership.set_up", now, {"by": by, "changes": changes})
    for side, named in ((Side.SPONSOR, form.sponsor_qa), (Side.CMO, form.cmo_qa)):
        for profile in named:
            add(session, there, both[side], profile, [Role.QA], now, by)
    for kind in ("front door", "confirm"):
        outbox.put(session, there.id, kind, f"{kind}:{there.id}", now)
    return there


def confirm(session: Session, actor: Actor, now: datetime) -> None:
    """Confirm the partnership on behalf of the company that did not set it up."""
    if actor.company.confirmed_at is not None:
        raise Refusal(f"{actor.company.name} has confirmed already; {actor.other_company.name} " + _state(actor))
    require(session, actor, (Role.QA,), f"confirm for {actor.company.name}", actor.person.side)
    actor.company.confirmed_at = now
    changes = {"confirmed": [None, actor.company.name]}
    content = {"by": actor.signature(), "changes": changes}
    journal.append(session, actor.partnership.id, "partnership.confirmed", now, content)
    outbox.put(session, actor.partnership.id, "confirm", f"confirmed:{actor.company.id}", now)


def _state(actor: Actor) -> str:
    return "has too." if actor.other_company.confirmed_at else "still has to."


def _teams(form: SetUpForm) -> dict[Side, str]:
    """Give each company's Slack team; field errors where the people named do not fit."""
    both = {who.identity for who in form.sponsor_qa} & {who.identity for who in form.cmo_qa}
    if both:
        name = next(who.name for who in form.cmo_qa if who.identity in both)
        raise FieldErrors({"cmo_qa": f"{name} is named for the sponsor as well. A person acts for one company."})
    # People of one company may be guests in the other's workspace: who is named QA here says so.
    of_cmo = [who for who in form.cmo_qa if not who.guest]
    if of_cmo and all(who.guest for who in form.sponsor_qa):
        return {Side.SPONSOR: NO_TEAM, Side.CMO: _team_of(of_cmo, set())}
    for who in form.sponsor_qa:
        if who.guest:
            raise FieldErrors({"sponsor_qa": f"{who.name} is a guest there. Name people of the sponsor's own."})
        if form.sponsor_team_id not in {who.identity.team_id, *who.teams}:
            raise FieldErrors(
                {"sponsor_qa": f"{who.name} is not of the sponsor's workspace. Name the sponsor's people."}
            )
    for who in of_cmo:
        if who.identity.team_id == form.sponsor_team_id:
            raise FieldErrors({"cmo_qa": f"{who.name} is of the sponsor's workspace. Name the CMO's people."})
    if not of_cmo:
        return {Side.SPONSOR: form.sponsor_team_id, Side.CMO: form.sponsor_team_id}
    sponsors = {team for who in form.sponsor_qa for team in who.teams} | {form.sponsor_team_id}
    return {Side.SPONSOR: form.sponsor_team_id, Side.CMO: _team_of(of_cmo, sponsors)}


def _team_of(people: Sequence[Profile], others: set[str]) -> str:
    """Give what the CMO's people have in common: of an organisation its own id, so that all its workspaces count."""
    shared = set.intersection(*({who.identity.team_id, *who.teams} for who in people)) - others
    if not shared:
        raise FieldErrors({"cmo_qa": "These people are of several workspaces. Name people of one company."})
    return min(shared, key=lambda team: (team[0] != "E", team))


def _terms(form: SetUpForm, teams: dict[Side, str]) -> dict[str, str]:
    """Give what was agreed, as the journal keeps it: every due date follows from it."""
    return {
        "channel": form.channel_id,
        "sponsor": form.sponsor,
        "CMO": form.cmo,
        "sponsor workspace": teams[Side.SPONSOR] or "none, its people are guests",
        "CMO workspace": teams[Side.CMO],
        "sponsor country": form.sponsor_country,
        "CMO country": form.cmo_country,
        "time zone": form.time_zone,
        "digest at": f"{form.digest_at:%H:%M}",
    }


def _companies(session: Session, there: Partnership, form: SetUpForm, teams: dict[Side, str]) -> dict[Side, Company]:
    words = {
        Side.SPONSOR: (form.sponsor, form.sponsor_country),
        Side.CMO: (form.cmo, form.cmo_country),
    }
    both = {
        side: Company(partnership_id=there.id, side=side, name=name, country=country, team_id=teams[side])
        for side, (name, country) in words.items()
    }
    session.add_all(both.values())
    session.flush()
    return both


def _side_of(who: Profile, form: SetUpForm, teams: dict[Side, str]) -> Side:
    """Tell for which company a person sets up: as they are named, else by their workspace where that decides."""
    for side, named in ((Side.SPONSOR, form.sponsor_qa), (Side.CMO, form.cmo_qa)):
        if who.identity in {profile.identity for profile in named}:
            return side
    by_team = side_by_team({who.identity.team_id, *who.teams}, teams)
    if by_team is None:
        raise FieldErrors({"sponsor_team": "You belong to neither company, so you cannot set this channel up."})
    if who.guest:
        raise FieldErrors(
            {"sponsor_qa": "Slack cannot tell your company. A person named as QA here sets the channel up."}
        )
    return by_team
