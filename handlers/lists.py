"""Paged lists of records, from commands and buttons."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from handlers import apart, blocks, cards
from handlers.blocks import Block, Screen
from handlers.call import UNKNOWN, Call
from handlers.listeners import Listeners
from handlers.text import clean, cut, escape
from quality.people import Actor
from quality.refusal import Refusal
from storage import record, search
from storage.record import LONGEST_LOT, Kind, Row

PAGE = 10
MOST_PAGES = 1000
FILTERS = ("open", "overdue", "mine", "closed", "all")
PLURAL = {
    Kind.DEVIATION: "deviations",
    Kind.OOS: "OOS results",
    Kind.CAPA: "CAPAs",
    Kind.SPECIFICATION: "specifications",
    Kind.DISPOSITION: "dispositions",
    None: "records",
}


@dataclass(frozen=True)
class Query:
    """What a list shows: a kind, a filter, perhaps a batch or words to search, and a page."""

    kind: Kind | None = None
    which: str = "open"
    lot: str | None = None
    words: str | None = None
    page: int = 1

    def title(self) -> str:
        """Name the list: `Overdue deviations of batch LOT-1`."""
        if self.words is not None:
            return f"Records with “{self.words}”"
        kind = PLURAL[self.kind]
        name = f"My {kind}" if self.which == "mine" else f"{self.which.capitalize()} {kind}"
        return f"{name} of batch {self.lot}" if self.lot else name

    def data(self, page: int) -> dict[str, Any]:
        """Give what the button to another page carries."""
        return {"k": self.kind, "w": self.which, "b": self.lot, "s": self.words, "n": page}


def parse(kind: Kind | None, text: str) -> Query:
    """Read the words after `list`; a Refusal with the usage for a word it does not know."""
    words = clean(text).split()
    given: dict[str, Any] = {}
    while words:
        word = words.pop(0).lower()
        if word in FILTERS:
            given["which"] = word
        elif word == "batch" and words:
            given["lot"] = cut(" ".join(words), LONGEST_LOT)
            words = []
        elif word == "page" and words and words[0].isdecimal():
            given["page"] = max(1, min(int(words.pop(0)), MOST_PAGES))
        else:
            raise Refusal(
                f"I do not know “{cut(word, 60)}” here. Say `list`, then one of {', '.join(FILTERS)}, "
                "then `batch <lot>` or `page <number>`."
            )
    if "lot" in given:
        given.setdefault("which", "all")
    return Query(kind=kind, **given)


async def show(call: Call, query: Query, *, replace: bool = False) -> None:
    """Show a page of a list."""

    def question(session: Session, actor: Actor) -> list[Row]:
        return find(session, actor, query, call)

    found = await call.look_each(question)
    drawn = [(actor, draw(query, rows, call, actor)) for actor, rows in found]
    await call.answer(apart.together(drawn), replace=replace)


async def page(call: Call, query: Query) -> Screen:
    """Find and draw a page of a list."""

    def question(session: Session, actor: Actor) -> tuple[list[Row], Actor]:
        return find(session, actor, query, call), actor

    found, actor = await call.look(question)
    return draw(query, found, call, actor)


def find(session: Session, actor: Actor, query: Query, call: Call) -> list[Row]:
    """Find a page of records, and one more to know whether another page follows."""
    offset, pid = (query.page - 1) * PAGE, actor.partnership.id
    if query.words is not None:
        ids = search.find(session, pid, query.words, PAGE + 1, offset)
        return record.list_by_ids(session, pid, ids)
    return record.list_rows(
        session,
        pid,
        limit=PAGE + 1,
        offset=offset,
        kind=query.kind,
        is_open={"closed": False, "all": None}.get(query.which, True),
        overdue_at=call.now if query.which == "overdue" else None,
        owner_id=actor.person.id if query.which == "mine" else None,
        lot=query.lot,
    )


def draw(query: Query, found: list[Row], call: Call, actor: Actor) -> Screen:
    """Draw a page of a list."""
    title = query.title()
    if not found:
        return _empty(query, title, actor)
    zone, pid = actor.partnership.time_zone, actor.partnership.id
    shown = [blocks.header(title), *cards.rows(found[:PAGE], call.now, zone)]
    turns = _turns(query, pid, more=len(found) > PAGE)
    if turns:
        shown.append(blocks.actions(*turns))
    shown.append(
        blocks.context(f"Page {query.page} · newest first" if query.which != "overdue" else "Longest late first")
    )
    return Screen(f"{escape(title)}: {len(found[:PAGE])} on page {query.page}.", shown)


def _turns(query: Query, partnership_id: int, *, more: bool) -> list[Block]:
    """Draw the buttons that turn pages."""
    turns = []
    if query.page > 1:
        turns.append(blocks.button("Previous", "list.previous", {"p": partnership_id, **query.data(query.page - 1)}))
    if more:
        turns.append(blocks.button("Next", "list.next", {"p": partnership_id, **query.data(query.page + 1)}))
    return turns


def _empty(query: Query, title: str, actor: Actor) -> Screen:
    if query.page > 1:
        text = f"There is no page {query.page} of “{title}”."
        back = blocks.button("First page", "list.next", {"p": actor.partnership.id, **query.data(1)})
        return Screen(escape(text), [blocks.typed(text), blocks.actions(back)])
    hint = {
        "overdue": "Nothing is late.",
        "mine": "You own no open record of this kind.",
    }.get(query.which, "There are none.")
    if query.words is not None:
        hint = "Nothing found. Search looks for the beginnings of words, in all of a record's texts."
    elif query.lot and query.which != "all":
        hint = f"There are none. All that name the batch: /quality batch {query.lot}"
    elif query.lot:
        hint = f"No record names this batch. Check how it is written, or search: /quality search {query.lot}"
    return Screen(escape(f"{title}: {hint}"), [blocks.typed(f"{title}\n{hint}")])


async def on_turn(call: Call) -> None:
    """Turn to another page, in place of the one shown."""
    data = call.data
    known = data.get("k") in (None, *Kind) and data.get("w") in FILTERS
    if not known or not all(isinstance(data.get(name), str | None) for name in ("b", "s")):
        raise Refusal(UNKNOWN)
    kind = Kind(data["k"]) if data["k"] else None
    page_number = max(1, min(call.number("n"), MOST_PAGES))
    await show(call, Query(kind, data["w"], data.get("b"), data.get("s"), page_number), replace=True)


async def on_open_records(call: Call) -> None:
    """List all open records."""
    await show(call, Query())


LISTENERS = Listeners(buttons={"list.previous": on_turn, "list.next": on_turn, "record.list": on_open_records})
