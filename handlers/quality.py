"""The command `/quality`: the front door, my work, search, batch, digest and history; and the same by buttons."""

from collections.abc import Awaitable, Callable

from sqlmodel import Session

from handlers import batch, blocks, cards, device, digest, export, frontdoor, history, lists, setup
from handlers.blocks import Block, Screen
from handlers.call import Call
from handlers.commands import usage
from handlers.forms import Form, Text, modal
from handlers.listeners import Command, Listeners
from handlers.lists import Query
from handlers.text import clean, cut, escape, one_line
from quality import work
from quality.people import Actor
from quality.refusal import Refusal
from quality.work import Group

MOST_BLOCKS = 47  # of groups in a message, beside its heading
SEARCH = Form(
    "quality.search",
    "Search",
    "Search",
    (Text("words", "Search for", required=True, hint="Number, words, batch or product; beginnings of words do."),),
)
USAGE = usage(
    "QualBridge",
    {
        "/quality": "everything by buttons",
        "/quality mine": "what waits for you",
        "/quality list": "open records of all kinds; also `list overdue`, `mine`, `closed`, `all`, `batch <lot>`",
        "/quality search <words>": "finds records by number, words, batch or product",
        "/quality batch <lot>": "everything about a batch, and whether it is on hold",
        "/quality history <record>": "a record's journal",
        "/quality digest": "today's digest, for you, now",
        "/quality export <record>": "sends you a record as a file, with its signatures and journal",
        "/quality signature": "sets up, or replaces, your signing device",
        "/quality setup": "sets this channel up for a sponsor and its CMO",
        "/deviation help": "logging and listing deviations; also `/oos help` and `/capa help`",
    },
)


async def on_command(call: Call) -> None:
    """Do what the first word says."""
    first, _, rest = clean(call.text).partition(" ")
    act = ACTS.get(first.lower())
    if act is None:
        raise Refusal(f"I do not know “{cut(first, 60)}”.\n{USAGE}")
    await act(call, rest.strip())


async def show_front_door(call: Call, _text: str = "") -> None:
    """Show the front door to the person alone."""
    actor = await call.look(lambda _session, actor: actor)
    await call.answer(frontdoor.draw(actor.partnership.id, actor.companies))


async def show_mine(call: Call, _text: str = "") -> None:
    """Show what waits for the person."""

    def question(session: Session, actor: Actor) -> tuple[list[Group], Actor]:
        return work.waiting_for(session, actor, call.now), actor

    groups, actor = await call.look(question)
    await call.answer(draw_mine(groups, actor, call))


def draw_mine(groups: list[Group], actor: Actor, call: Call) -> Screen:
    """Draw what waits for a person."""
    if not groups:
        text = "Nothing waits for you."
        return Screen(text, [blocks.header("My work"), blocks.typed(text)])
    shown = [blocks.header("My work"), *draw_groups(groups, actor, call, MOST_BLOCKS)]
    number = len({row.record.id for group in groups for row in group.rows})  # one may wait for two things
    return Screen("1 record waits for you." if number == 1 else f"{number} records wait for you.", shown)


def draw_groups(groups: list[Group], actor: Actor, call: Call, most: int) -> list[Block]:
    """Draw each group: what it waits for, how many there are, and its rows; at most so many blocks."""
    shown: list[Block] = []
    for group in groups:
        number = f"{len(group.rows)}{' or more' if group.more else ''}"
        drawn = [blocks.section(f"*{escape(group.title)}* ({number})")]
        drawn += cards.rows(group.rows, call.now, actor.partnership.time_zone)
        if len(shown) + len(drawn) > most:
            shown.append(blocks.context("There is more than fits here: see `/quality list` or *Open records*."))
            break
        shown += drawn
    return shown


async def show_list(call: Call, text: str) -> None:
    """List records of all kinds."""
    await lists.show(call, lists.parse(None, text))


async def search(call: Call, text: str) -> None:
    """Show the records that hold the words."""
    if not text:
        raise Refusal("Say what to look for: `/quality search <words>`, such as a number, a batch or a product.")
    await lists.show(call, Query(words=cut(one_line(text), 150), which="all"))


async def show_history(call: Call, text: str) -> None:
    """Show a record's journal."""
    if not text:
        raise Refusal("Say which record: `/quality history DEV-2026-0001`.")
    await history.show(call, text)


async def show_help(call: Call, _text: str = "") -> None:
    """Show what the command can do."""
    await call.answer(USAGE)


async def on_search(call: Call) -> None:
    """Ask what to look for."""
    actor = await call.look(lambda _session, actor: actor)
    await call.open(SEARCH.view({"p": actor.partnership.id}))


async def on_search_submitted(call: Call) -> None:
    """Show what was found, in place of the question."""
    given = SEARCH.read(call.view)
    screen = await lists.page(call, Query(words=given["words"], which="all"))
    view = modal("quality.found", "Search", screen.blocks, call.data)
    await call.ack(response_action="update", view=view)


ACTS: dict[str, Callable[[Call, str], Awaitable[None]]] = {
    "": show_front_door,
    "help": show_help,
    "setup": setup.start,
    "list": show_list,
    "mine": show_mine,
    "search": search,
    "batch": batch.show,
    "digest": digest.show,
    "history": show_history,
    "signature": device.start,
    "export": export.start,
}
LISTENERS = Listeners(
    commands=(
        Command(
            "/quality",
            on_command,
            "The front door, my work, search, history and the digest",
            "[mine | list | search | batch | history | digest | export | signature | setup | help]",
        ),
    ),
    buttons={"quality.mine": show_mine, "quality.search": on_search},
    modals={SEARCH.callback: on_search_submitted},
)
