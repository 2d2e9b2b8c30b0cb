"""App Home: a person's work in each of their partnerships, and the buttons to log."""

from sqlmodel import Session

from handlers import blocks, frontdoor
from handlers.blocks import Block
from handlers.call import Call
from handlers.listeners import Listeners
from handlers.mine import draw_groups
from quality import people, work
from storage import person

MOST_BLOCKS = 100


async def on_opened(call: Call) -> None:
    """Publish the person's Home."""
    if call.event.get("tab") == "messages":
        return
    shown = await call.desk.database.read(lambda session: draw(session, call))
    view = {"type": "home", "blocks": shown}
    call.desk.later(call.slack.views_publish(user_id=call.identity.user_id, view=view))


def draw(session: Session, call: Call) -> list[Block]:
    """Draw each partnership apart."""
    user_id = call.identity.user_id
    shown: list[Block] = []
    for row in person.list_of_user(session, user_id):
        actor = people.actor_of(session, row.partnership_id, people.Identity(row.team_id, user_id))
        names = " and ".join(company.name for company in actor.companies.values())
        shown += [blocks.header(names), *frontdoor.buttons({"p": actor.partnership.id})]
        shown += draw_groups(work.waiting_for(session, actor, call.now), actor, call.now, MOST_BLOCKS - len(shown) - 3)
        shown.append(blocks.divider())
    if not shown:
        text = "You work in no channel with QualBridge yet. In a channel that two companies share, run /quality setup."
        shown = [blocks.header("QualBridge"), blocks.typed(text)]
    return shown[:MOST_BLOCKS]


LISTENERS = Listeners(events={"app_home_opened": on_opened})
