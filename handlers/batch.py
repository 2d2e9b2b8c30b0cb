"""A batch: every record that names it, and whether it is on hold."""

from sqlmodel import Session

from handlers import blocks, cards
from handlers.blocks import Screen
from handlers.call import Call
from handlers.text import cut, escape
from quality.people import Actor
from quality.refusal import Refusal
from storage import record
from storage.record import Record, Row

MOST = 20
MOST_NAMED = 20


async def show(call: Call, lot: str) -> None:
    """Show a batch."""
    if not lot:
        raise Refusal("Say which batch: `/quality batch <lot>`.")

    lot = cut(lot, 60)

    def question(session: Session, actor: Actor) -> tuple[list[Row], list[Record], Actor]:
        pid = actor.partnership.id
        named = record.list_rows(session, pid, limit=MOST + 1, is_open=None, lot=lot)
        return named, record.holders_of(session, pid, lot), actor

    found, holders, actor = await call.look(question)
    if not found:
        raise Refusal(f"No record names batch {lot}. Check how it is written, or try `/quality search {lot}`.")
    standing = _standing(lot, holders)
    shown = [blocks.header(f"Batch {lot}"), blocks.typed(standing)]
    shown += cards.rows(found[:MOST], call.now, actor.partnership.time_zone)
    if len(found) > MOST:
        shown.append(blocks.context(f"The newest {MOST}. The rest: `/deviation list batch`, `/oos list batch`."))
    await call.answer(Screen(escape(standing), shown))


def _standing(lot: str, holders: list[Record]) -> str:
    if not holders:
        return f"Batch {lot} is not on hold: no open major or critical deviation and no OOS result holds it."
    more = len(holders) - MOST_NAMED
    named = ", ".join(_why(one) for one in holders[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"Batch {lot} is on hold because of {named}."


def _why(one: Record) -> str:
    came_to = f", {one.outcome}" if one.outcome and not one.is_open else ""
    return f"{one.number} ({cards.label(one)}, {one.state}{came_to})"
