"""The roster in Slack: who is there with which roles, changed by a company's own QA, and what people are told of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlmodel import Session

from handlers import blocks, cards, members, profiles
from handlers.acts import REASON
from handlers.blocks import Block, Screen
from handlers.call import Call
from handlers.forms import Checklist, Choice, Form, modal
from handlers.listeners import Listeners
from handlers.text import escape
from quality import people, roster, words
from quality.people import Actor, Profile
from storage import partnership, person, record
from storage.partnership import Company, Side
from storage.person import Person, Role

MOST = 10
PAGE = 15  # people on a screen, with their buttons
SHOWN = {Role.QA: "QA", Role.MEMBER: "Member", Role.HEAD: "Head of quality", Role.VIEWER: "Viewer"}
READ = {word: role for role, word in SHOWN.items()}
MAY = {
    Role.QA: "approve, sign, and keep your company's roster",
    Role.MEMBER: "log records, own and comment on them",
    Role.HEAD: "log records, and hear of what is eight days late",
    Role.VIEWER: "read",
}
ROLES = Checklist(
    "roles",
    "Roles",
    required=True,
    statements=tuple(READ),
    hint="QA approve and sign. Members log, own and comment. Heads of quality hear of what is late. Viewers read.",
)
ADD = Form("roster.add", "Add person", "Add", (Choice("person", "Person", required=True), ROLES))
CHANGE = Form("roster.roles", "Change roles", "Change", (ROLES, REASON))
REMOVE = Form("roster.remove", "Remove person", "Remove", (REASON,))


@dataclass(frozen=True)
class Shown:
    """The roster as an actor sees it, their own company first."""

    actor: Actor
    people: list[Person]


async def show(call: Call, _text: str = "") -> None:
    """Show who is on the roster to the person alone."""
    page = call.number("n") if "n" in call.data else 0
    await call.answer(draw(await call.look(_shown), page), replace="n" in call.data)


def _shown(session: Session, actor: Actor) -> Shown:
    """Give the roster: the actor's company first, in it QA before the others, by name."""

    def order(who: Person) -> tuple[bool, bool, str]:
        return who.side is not actor.person.side, not who.has(Role.QA), who.name.casefold()

    return Shown(actor, sorted(person.list_active(session, actor.partnership.id), key=order))


def draw(shown: Shown, page: int) -> Screen:
    """Draw a page of the roster; QA have the buttons that change their own company's part."""
    actor, found = shown.actor, shown.people
    data = {"p": actor.partnership.id}
    first = page * PAGE
    part = found[first : first + PAGE]
    drawn = [blocks.header("People")]
    for place, who in enumerate(part):
        if place == 0 or who.side is not part[place - 1].side:
            drawn.append(_company(actor.companies[who.side], found))
        drawn += _person(actor, who)
    steps = [("Add person", "roster.add", data)] if actor.person.has(Role.QA) else []
    steps += [("Next page", "roster.show", data | {"n": page + 1})] if len(found) > first + PAGE else []
    drawn += [blocks.actions(*(blocks.button(*step) for step in steps))] if steps else []
    drawn.append(blocks.context("Who may act is asked at each act. A company's roster is changed by its own QA alone."))
    return Screen(f"{len(found)} people are on the roster.", drawn)


def _company(company: Company, found: Sequence[Person]) -> Block:
    number = sum(who.side is company.side for who in found)
    counted = "1 person" if number == 1 else f"{number} people"
    late = "" if company.confirmed_at else ", has still to confirm this partnership"
    return blocks.section(f"*{escape(company.name)}* ({company.side}), {counted}{late}")


def _person(actor: Actor, who: Person) -> list[Block]:
    away = f" · out of office until {words.day(who.away_until)}" if who.away_until else ""
    drawn = [blocks.typed(f"{who.name}\n{_roles(who)}{away}")]
    if actor.person.has(Role.QA) and who.side is actor.person.side:
        data = {"p": actor.partnership.id, "w": who.id, "s": roster.listed(who.roles)}
        drawn.append(
            blocks.actions(
                blocks.button("Change roles", "roster.roles", data), blocks.button("Remove", "roster.remove", data)
            )
        )
    return drawn


def _roles(who: Person) -> str:
    return ", ".join(SHOWN[role] for role in Role if role in who.roles)


async def on_add(call: Call) -> None:
    """Ask whom to add, of those who are in the channel and not on the roster."""
    actor = await call.look(roster.check_may_add)
    data = {"p": actor.partnership.id}
    home = await call.slack_of(actor.partnership.home_team_id)
    await members.ask(call, ADD, actor.partnership.channel_id, data, partial(_to_add, call, data), home)


async def _to_add(call: Call, data: dict[str, Any], there: Sequence[Profile], missing: int) -> Block:
    def question(session: Session, actor: Actor) -> list[Profile]:
        return roster.list_addable(session, actor, there)

    able = await call.look(question)
    if not able:
        says = "Everybody in this channel who could be added is on the roster. Invite people to the channel first."
        return modal(ADD.callback, ADD.title, [blocks.typed(says), *members.told(missing)], data)
    names = await profiles.team_names(call.slack, {one.identity.team_id for one in able})
    return ADD.view(data, {}, {"person": members.options(able, names)}, members.told(missing))


async def on_add_submitted(call: Call) -> None:
    """Add the person."""
    given = ADD.read(call.view)
    chosen = members.read(given["person"], "person")
    actor = await call.look(roster.check_may_add)
    home = await call.slack_of(actor.partnership.home_team_id) or call.slack
    (profile,) = await members.still_there(home, actor.partnership.channel_id, {"person": [chosen]})
    await call.do(roster.admit, profile, _read_roles(given))


async def on_roles(call: Call) -> None:
    """Ask which roles a person is to have."""
    _, who = await call.look(roster.get_own, call.number("w"))
    intro = [blocks.typed(f"{who.name} is {_roles(who)} now.")]
    await call.open(CHANGE.view(call.data, {"roles": [SHOWN[role] for role in who.roles]}, intro=intro))


async def on_roles_submitted(call: Call) -> None:
    """Give the person the roles."""
    given = CHANGE.read(call.view)
    seen, reason = str(call.data.get("s")), given["reason"]
    await call.do(roster.set_roles, call.number("w"), seen, _read_roles(given), reason)


async def on_remove(call: Call) -> None:
    """Ask why a person is to leave the roster."""
    _, who = await call.look(roster.get_own, call.number("w"))
    says = f"{who.name} will have no rights here any more, at once. What they own is offered to QA of your company."
    await call.open(REMOVE.view(call.data, intro=[blocks.typed(says)]))


async def on_remove_submitted(call: Call) -> None:
    """Take the person off the roster."""
    given = REMOVE.read(call.view)
    await call.do(roster.remove, call.number("w"), given["reason"])


def _read_roles(given: dict[str, Any]) -> list[Role]:
    return [READ[word] for word in given["roles"]]


def draw_roles(who: Person, by: Person, both: dict[Side, Company]) -> Screen:
    """Tell a person what they may do from now on, and who said so."""
    names = f"{both[Side.SPONSOR].name} and {both[Side.CMO].name}"
    said_by = people.named([by], both)
    if who.active:
        may = "; ".join(MAY[role] for role in Role if role in who.roles)
        text = f"{said_by} set your roles for the records of {names}: {_roles(who)}. You may {may}."
    else:
        text = f"{said_by} took you off the roster for the records of {names}. If that is wrong, ask them."
    return Screen(escape(text), [blocks.typed(text)])


def draw_leaver(session: Session, whose: Person, now: datetime) -> Screen | None:
    """Offer the open work of somebody who left; None when there is none any more."""
    there, both = partnership.get(session, whose.partnership_id), partnership.companies(session, whose.partnership_id)
    rows = record.list_rows(session, whose.partnership_id, limit=MOST + 1, owner_id=whose.id)
    if not rows:
        return None
    number = f"{len(rows[:MOST])}{' or more' if len(rows) > MOST else ''}"
    gone = "left" if whose.left_at else "is not on the roster any more"
    text = f"{whose.name} ({both[whose.side].name}) {gone}. {number} open records need an owner: press Assign owner."
    text = text.replace("1 open records need", "1 open record needs") if number == "1" else text
    return Screen(escape(text), [blocks.typed(text), *cards.rows(rows[:MOST], now, there.time_zone, steps_only=True)])


LISTENERS = Listeners(
    buttons={
        "roster.show": show,
        "roster.add": on_add,
        "roster.roles": on_roles,
        "roster.remove": on_remove,
    },
    modals={
        ADD.callback: on_add_submitted,
        CHANGE.callback: on_roles_submitted,
        REMOVE.callback: on_remove_submitted,
    },
)
