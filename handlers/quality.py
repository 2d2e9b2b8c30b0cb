"""The command `/quality`: the front door, my work, search, batch, digest and history; and the same by buttons."""

from collections.abc import Awaitable, Callable

from handlers import (
    agreement,
    batch,
    clocks,
    device,
    digest,
    disposition,
    export,
    frontdoor,
    history,
    inspection,
    lists,
    measure,
    mine,
    result,
    review,
    roster,
    setup,
    specification,
    trend,
)
from handlers.call import Call
from handlers.commands import usage
from handlers.forms import Form, Text, modal
from handlers.listeners import Command, Listeners
from handlers.lists import Query
from handlers.text import clean, cut, one_line
from quality.refusal import Refusal

SEARCH = Form(
    "quality.search",
    "Search",
    "Search",
    (Text("words", "Search for", required=True, hint="Number, words, batch or product; beginnings of words do."),),
)
COMMANDS = {
    "/quality": "everything by buttons",
    "/quality mine": "what waits for you; your morning list and absences",
    "/quality list": "open records of all kinds; also `list overdue`, `mine`, `closed`, `all`, `batch <lot>`",
    "/quality search <words>": "finds records by number, words, batch or product",
    "/quality batch <lot>": "everything about a batch, and whether it is on hold",
    "/quality disposition <lot>": "proposes what becomes of a batch; also `list`, DIS-2026-0001",
    "/quality inspection": "your company's inspection: what is asked, by when, and what was handed over",
    "/quality specification": "specifications; also `new`, SPEC-2026-0001, `template`",
    "/quality result": "records a result; also `upload` for a file, `waiting` for those to confirm, `template`",
    "/quality trend": "a test's results over time: control chart, signals and capability; also `<product> <test>`",
    "/quality figures": "the numbers to watch, with the records behind each; also `month`, `quarter`, `2026-Q3`",
    "/quality review <product> <year>": "a product's annual review, by the twelve points of EU GMP 1.10",
    "/quality history <record>": "a record's journal",
    "/quality clocks <record>": "a record's clocks: rules, due times, and who is reminded next",
    "/quality digest": "today's digest, for you, now",
    "/quality people": "who may do what here; QA change their own company's roster",
    "/quality agreement": "the quality agreement: its terms, calendars and digests",
    "/quality export": "sends you the inspection pack, of what you choose; also of `<record>`, `batch <lot>`, "
    "`<from> <to>` (days such as 2026-01-31) or `all`",
    "/quality signature": "sets up, or replaces, your signing device",
    "/quality setup": "sets this channel up for a sponsor and its CMO",
    "/deviation help": "logging and listing deviations; also `/oos help` and `/capa help`",
}
USAGE = usage("QualBridge", COMMANDS)


async def on_command(call: Call) -> None:
    """Do what the first word says."""
    first, _, rest = clean(call.text).partition(" ")
    act = ACTS.get(first.lower())
    if act is None:
        raise Refusal(f"I do not know “{cut(first, 60)}”.\n{USAGE}")
    if rest.strip().lower() == "help":
        act, rest = show_help, first.lower()
    await act(call, rest.strip())


async def show_front_door(call: Call, _text: str = "") -> None:
    """Show the front door to the person alone."""
    actor = await call.look(lambda _session, actor: actor)
    await call.answer(frontdoor.draw(actor.partnership.id, actor.companies))


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


async def show_clocks(call: Call, text: str) -> None:
    """Show a record's clocks."""
    if not text:
        raise Refusal("Say which record: `/quality clocks DEV-2026-0001`.")
    await clocks.show(call, text)


async def show_help(call: Call, text: str = "") -> None:
    """Show what the command can do."""
    lines = {example: does for example, does in COMMANDS.items() if text and example.split()[1:2] == [text]}
    await call.answer(usage("QualBridge", lines) if lines else USAGE)


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
    "mine": mine.show,
    "search": search,
    "batch": batch.show,
    "disposition": disposition.start,
    "inspection": inspection.start,
    "digest": digest.show,
    "specification": specification.start,
    "result": result.start,
    "trend": trend.start,
    "figures": measure.show,
    "review": review.start,
    "history": show_history,
    "clocks": show_clocks,
    "people": roster.show,
    "agreement": agreement.show,
    "signature": device.start,
    "export": export.start,
}
LISTENERS = Listeners(
    commands=(
        Command(
            "/quality",
            on_command,
            "The front door, my work, search, history and the digest",
            f"[{' | '.join(word for word in ACTS if word)}]",
        ),
    ),
    buttons={"quality.search": on_search},
    modals={SEARCH.callback: on_search_submitted},
)
