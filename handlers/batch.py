"""A batch: every record that names it, and whether it is on hold."""

from sqlmodel import Session

from handlers import blocks, cards
from handlers.blocks import Screen
from handlers.call import Call
from handlers.text import cut, escape
from quality.people import Actor
from quality.refusal import Refusal
from storage import record
from storage.record import Row

MOST = 30


async def show(call: Call, lot: str) -> None:
    """Show a batch."""
    if not lot:
        raise Refusal("Say which batch: `/quality batch <lot>`.")

    def question(session: Session, actor: Actor) -> tuple[list[Row], Actor]:
        return record.list_rows(session, actor.partnership.id, limit=MOST + 1, is_open=None, lot=lot), actor

    found, actor = await call.look(question)
    lot = cut(lot, 60)
    if not found:
        raise Refusal(f"No record names batch {lot}. Check how it is written, or try `/quality search {lot}`.")
    standing = _standing(lot, found)
    shown = [blocks.header(f"Batch {lot}"), blocks.typed(standing)]
    shown += cards.rows(found[:MOST], call.now, actor.partnership.time_zone)
    if len(found) > MOST:
        shown.append(blocks.context(f"The newest {MOST}. The rest: `/deviation list batch`, `/oos list batch`."))
    await call.answer(Screen(escape(standing), shown))


def _standing(lot: str, found: list[Row]) -> str:
    holding = [row.record.number for row in found if row.record.is_open and row.record.holds_batches]
    if not holding:
        return f"Batch {lot} is not on hold."
    return f"Batch {lot} is on hold because of {', '.join(holding)}."
