"""A batch: how it stands, what is open before its release, its results, its records, its dispositions."""

from handlers import blocks, cards
from handlers.blocks import Block, Screen
from handlers.call import UNKNOWN, Call
from handlers.forms import Form, Text, modal
from handlers.listeners import Listeners
from handlers.text import cut, escape
from quality import batch, words
from quality.batch import RECORDS, RESULTS, Batch, Decision, decided, named
from quality.refusal import Refusal
from storage.record import LONGEST_LOT, Outcome, Record
from storage.result import LabResult, ResultState

MOST_PAGES = 1000
ASK = Form("quality.batch", "Batch", "Show", (Text("lot", "Batch or lot", required=True, limit=LONGEST_LOT),))


async def show(call: Call, lot: str, page: int = 1, results_page: int = 1, *, replace: bool = False) -> None:
    """Show a batch."""
    if not lot:
        raise Refusal("Say which batch: `/quality batch <lot>`.")
    await call.answer(await _drawn(call, cut(lot, LONGEST_LOT), page, results_page), replace=replace)


async def _drawn(call: Call, lot: str, page: int = 1, results_page: int = 1) -> Screen:
    found = await call.look(batch.gather, lot, page, results_page)
    if found is None:
        raise Refusal(f"No record names batch {lot}. Check how it is written, or try `/quality search {lot}`.")
    return draw(found, call, page, results_page)


def draw(found: Batch, call: Call, page: int, results_page: int) -> Screen:
    """Draw a batch: how it stands first, then what is open, results, dispositions and records."""
    says = standing(found)
    data = {"p": found.actor.partnership.id, "b": found.lot}
    shown = [blocks.header(f"Batch {found.lot}"), blocks.typed(says), *_readiness(found)]
    propose = blocks.button("Propose disposition", "disposition.propose", data)
    shown += [blocks.actions(propose, blocks.button("Export", "export.batch", data))]
    shown += _dispositions(found.decisions)
    if found.results:
        shown += [blocks.header("Results"), blocks.facts(map(_result, found.results[:RESULTS]), 400)]
        more = len(found.results) > RESULTS
        shown += _turns("results", data, page, results_page, is_first=results_page == 1, more=more)
    zone = found.actor.partnership.time_zone
    if found.records:
        shown += [blocks.header("Records"), *cards.rows(found.records[:RECORDS], call.now, zone)]
    more = len(found.records) > RECORDS
    shown += _turns("records", data, page, results_page, is_first=page == 1, more=more)
    return Screen(escape(says), shown)


def standing(found: Batch) -> str:
    """Say whether a batch is on hold, and whether it was released before."""
    held = named([_why(one) for one in found.holders], is_all=True)
    last = found.in_force
    closed_at = last.record.closed_at if last else None
    if last is not None and closed_at is not None and last.record.outcome is Outcome.RELEASED and held:
        by = f"by {last.record.number}"
        return f"Batch {found.lot} was released on {words.moment(closed_at)} {by}, then put on hold by {held}."
    if held:
        return f"Batch {found.lot} is on hold because of {held}."
    no = f"Batch {found.lot} is not on hold: no open major or critical deviation and no OOS result holds it."
    return f"{no} {decided(last)}." if last is not None else no


def _why(one: Record) -> str:
    came_to = f", {one.outcome}" if one.outcome and not one.is_open else ""
    return f"{one.number} ({cards.label(one)}, {one.state}{came_to})"


def _readiness(found: Batch) -> list[Block]:
    number = found.open_points
    says = f"{number} point{'s are' if number != 1 else ' is'} open" if number else "nothing is open"
    told = [("Release", says), *((one.name, f"{one.standing}: {one.says}") for one in found.points)]
    return [blocks.facts(told, 600)]


def _dispositions(found: list[Decision]) -> list[Block]:
    shown = [blocks.header("Dispositions")] if found else []
    for one in found:
        says = f"{one.record.state}: {decided(one)}\n{cut(one.details.justification, 300)}"
        shown.append(blocks.typed(says, blocks.button("Open", "record.open", cards.data_of(one.record))))
    return shown


def _result(one: LabResult) -> tuple[str, str]:
    point = f" ({one.time_point})" if one.time_point else ""
    state = f" · {one.state.lower()}" if one.state is not ResultState.RECORDED else ""
    when = words.moment(one.analysed_at)
    return f"{one.test}{point}", f"{one.amount}: {one.verdict}{state} · {one.why} · {one.specification} · {when}"


def _turns(
    what: str, data: dict[str, object], page: int, results_page: int, *, is_first: bool, more: bool
) -> list[Block]:
    """Draw the buttons that turn the pages of records or of results."""

    def to(step: int) -> dict[str, object]:
        at = {"n": page + step, "m": results_page} if what == "records" else {"n": page, "m": results_page + step}
        return {**data, **at}

    turns = [] if is_first else [blocks.button(f"Previous {what}", f"batch.previous_{what}", to(-1))]
    turns += [blocks.button(f"More {what}", f"batch.more_{what}", to(1))] if more else []
    return [blocks.actions(*turns)] if turns else []


async def on_turn(call: Call) -> None:
    """Turn to another page, in place of the one shown."""
    lot = call.data.get("b")
    if not isinstance(lot, str):
        raise Refusal(UNKNOWN)
    page, results_page = (max(1, min(call.number(name), MOST_PAGES)) for name in ("n", "m"))
    await show(call, lot, page, results_page, replace=True)


async def on_ask(call: Call) -> None:
    """Ask which batch."""
    actor = await call.look(lambda _session, actor: actor)
    await call.open(ASK.view({"p": actor.partnership.id}))


async def on_asked(call: Call) -> None:
    """Show the batch in place of the question."""
    lot = ASK.read(call.view)["lot"]
    screen = await _drawn(call, lot)
    await call.ack(response_action="update", view=modal("quality.found", "Batch", screen.blocks, call.data))


LISTENERS = Listeners(
    buttons={
        "quality.batch": on_ask,
        **dict.fromkeys(
            [f"batch.{way}_{what}" for way in ("previous", "more") for what in ("records", "results")], on_turn
        ),
    },
    modals={ASK.callback: on_asked},
)
