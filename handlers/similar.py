"""Similar records, named under a new card."""

from handlers import blocks
from handlers.blocks import Block, Screen
from handlers.cards import label
from quality.similar import Similar
from storage.record import Record, State

MOST_TITLE = 80


def draw(similar: Similar, links: dict[int, str]) -> Screen:
    """Draw the sentence and the list: `3 similar in 12 months, 1 closed with CAPA-2026-0004`."""
    closed = [one for one in similar.found if one.state is State.CLOSED and one.id in similar.capas]
    capas = list(dict.fromkeys(number for one in closed for number in similar.capas[one.id]))
    sentence = f"{similar.number} similar in the last 12 months"
    sentence += f", {len(closed)} closed with {', '.join(capas)}" if closed else ""
    items = [_item(one, similar, links) for one in similar.found]
    numbers = ", ".join(one.number for one in similar.found)
    return Screen(f"{sentence}: {numbers}.", [blocks.typed(f"{sentence}."), blocks.bullets(items)])


def _item(one: Record, similar: Similar, links: dict[int, str]) -> list[Block]:
    capas = similar.capas.get(one.id, [])
    more = f" · {', '.join(capas)}" if capas else ""
    says = f" {one.title[:MOST_TITLE]} · {label(one)} · {one.state}{more}"
    return [blocks.link(links.get(one.id), one.number), blocks.words(says)]
