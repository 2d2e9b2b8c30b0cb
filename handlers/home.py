"""App Home: a person's work in each of their partnerships, its figures, and the buttons to log; kept fresh."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from handlers import blocks, frontdoor
from handlers.blocks import Block
from handlers.call import Call
from handlers.listeners import Listeners
from handlers.mine import draw_groups
from quality import people, work
from quality.people import Actor
from quality.terms import NOUN
from storage import figures, home, measure, person
from storage.measure import Within
from storage.person import Person

MOST_BLOCKS = 100
PAGE = 3  # partnerships on a page, each apart


async def on_opened(call: Call) -> None:
    """Publish the person's Home."""
    if call.event.get("tab") != "messages":
        await _show(call, 0)


async def on_page(call: Call) -> None:
    """Turn the page."""
    await call.ack()
    await _show(call, call.number("n"))


async def _show(call: Call, page: int) -> None:
    user_id, team_id = call.identity.user_id, call.installation.team_id
    teams = call.own_teams
    shown = await call.desk.database.read(lambda session: draw(session, user_id, teams, page, call.now))
    await call.desk.database.write(lambda session: home.opened(session, user_id, team_id, teams, page, call.now))
    call.desk.later(call.slack.views_publish(user_id=user_id, view={"type": "home", "blocks": shown}))


def draw(session: Session, user_id: str, teams: Iterable[str], page: int, now: datetime) -> list[Block]:
    """Draw a page of somebody's partnerships, each apart."""
    rows = person.list_of_user_in(session, user_id, set(teams))
    part = rows[page * PAGE : (page + 1) * PAGE] or rows[:PAGE]
    if not part:
        text = "You work in no channel with QualBridge yet. In a channel that two companies share, run /quality setup."
        return [blocks.header("QualBridge"), blocks.typed(text)]
    most = (MOST_BLOCKS - 1) // len(part)
    shown = [block for row in part for block in _partnership(session, row, now, most)]
    more = [("First page", 0)] if page and len(rows) > PAGE else []
    more += [("Next page", page + 1)] if len(rows) > (page + 1) * PAGE else []
    turn = [blocks.button(text, "home.next" if number else "home.first", {"n": number}) for text, number in more]
    return [*shown, *([blocks.actions(*turn)] if turn else [])]


def _partnership(session: Session, who: Person, now: datetime, most: int) -> list[Block]:
    actor = people.actor_of(session, who.partnership_id, people.Identity(who.team_id, who.user_id))
    names = " and ".join(company.name for company in actor.companies.values())
    shown = [blocks.header(names), *frontdoor.buttons({"p": actor.partnership.id})]
    shown.append(blocks.context(_figures(session, actor, now)))
    groups = work.waiting_for(session, actor, now)
    nothing = [blocks.typed("Nothing waits for you.")]
    waits = draw_groups(groups, actor, now, most - len(shown) - 2) if groups else nothing
    return [*shown, *waits, blocks.divider()]


def _figures(session: Session, actor: Actor, now: datetime) -> str:
    """Count what is open and overdue: `Open: 3 deviations, 1 OOS result. Overdue: 1`."""
    counted = figures.count_open(session, actor.partnership.id, [(None, None)])
    told = [f"{number} {NOUN[kind]}{'s' if number != 1 else ''}" for kind, (number,) in sorted(counted.items())]
    overdue, _ = measure.count(session, "overdue", Within(actor.partnership.id, now, now, now))
    return f"Open: {', '.join(told) or 'nothing'}. Overdue: {overdue or 'nothing'}."


LISTENERS = Listeners(
    buttons={"home.first": on_page, "home.next": on_page},
    events={"app_home_opened": on_opened},
)
