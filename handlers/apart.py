"""What somebody is shown of several partnerships at once, in a direct message: each apart, under its two companies."""

from collections.abc import Sequence

from handlers import blocks
from handlers.blocks import Block, Screen
from handlers.text import escape
from quality.people import Actor

MOST = 5  # partnerships in one answer; Home pages through all
MOST_BLOCKS = 48  # in an answer, a note that there is more beside them


def share(number: int) -> int:
    """Give how many blocks of an answer each of so many partnerships has, its companies' names left out."""
    return MOST_BLOCKS // min(number, MOST) - 1


def together(found: Sequence[tuple[Actor, Screen]]) -> Screen:
    """Draw what was found in each partnership; what is of one alone stays as it is."""
    if len(found) == 1:
        return found[0][1]
    shown: list[Block] = []
    for actor, screen in found[:MOST]:
        part = screen.blocks or [blocks.section(screen.text)]
        names = " and ".join(company.name for company in actor.companies.values())
        shown += [blocks.header(names), *(part if len(part) <= share(len(found)) else _cut(part, len(found), actor))]
    if len(found) > MOST:
        shown.append(blocks.context(f"{len(found) - MOST} more of your channels are on the Home tab of QualBridge."))
    text = " ".join(f"{escape(actor.other_company.name)}: {screen.text}" for actor, screen in found[:MOST])
    return Screen(text, shown)


def _cut(part: Sequence[Block], number: int, actor: Actor) -> list[Block]:
    more = f"There is more than fits here: ask again in <#{actor.partnership.channel_id}>."
    return [*part[: share(number) - 1], blocks.context(more)]
