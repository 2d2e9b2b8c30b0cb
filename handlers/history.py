"""A record's journal as people read it: one line an event, in its thread and in History."""

from typing import Any

from sqlmodel import Session

from handlers import blocks
from handlers.blocks import Block, Screen
from handlers.call import Call
from handlers.listeners import Listeners
from handlers.text import cut, escape
from quality import record as records
from quality import words
from quality.people import Actor
from storage import journal
from storage.journal import JournalEntry
from storage.record import Record

PAGE = 12
MOST_VALUE = 200
WHAT = {
    "logged": "logged it",
    "acknowledged": "acknowledged it",
    "assigned": "assigned it to {owner}",
    "commented": "commented",
    "linked": "added {CAPA}",
    "closed": "closed it",
}


def said(entry: JournalEntry) -> str:
    """`Elif Kaya (Borealis) assigned it to Ben Ortiz (before: Gita Rao)`."""
    content = entry.content
    by, changes = content["by"], content["changes"]
    after = {name: value for name, (_, value) in changes.items()}
    before = [_value(value) for name, (value, _) in changes.items() if value and name != "state"]
    what = WHAT.get(entry.event.partition(".")[2], entry.event).format(**after)
    sentence = f"{by['name']} ({by['company']}) {what}"
    return f"{sentence} (before: {', '.join(before)})" if before else sentence


def line(entry: JournalEntry) -> Screen:
    """Draw an event as the line in the record's thread."""
    text = said(entry)
    reason = entry.content["reason"]
    if not reason:
        return Screen(escape(text), [blocks.rich([{"type": "rich_text_section", "elements": [blocks.words(text)]}])])
    return Screen(escape(f"{text}: {reason}"), [blocks.quote([blocks.words(f"{text}:")], reason)])


async def show(call: Call, number: str) -> None:
    """Show a record's journal, given its number."""
    record = await call.look(records.by_number, number)
    await call.answer(await _page(call, record, None))


async def on_history(call: Call) -> None:
    """Show the journal of the record a button stands on, or the page before the one shown."""
    record = await call.look(records.get, call.data["r"])
    before = call.data.get("before")
    await call.answer(await _page(call, record, before), replace=before is not None)


async def _page(call: Call, record: Record, before: int | None) -> Screen:
    def entries(session: Session, _actor: Actor) -> list[JournalEntry]:
        return journal.list_of_record(session, record.id, PAGE + 1, before)

    found = await call.look(entries)
    shown = [blocks.header(f"History of {record.number}"), blocks.bullets([_item(entry) for entry in found[:PAGE]])]
    if len(found) > PAGE:
        older = {"p": record.partnership_id, "r": record.id, "before": found[PAGE - 1].seq}
        shown.append(blocks.actions(blocks.button("Older", "record.history", older)))
    shown.append(blocks.context("Newest first. Every entry is chained to the one before it by SHA-256."))
    return Screen(f"History of {record.number}, newest first.", shown)


def _item(entry: JournalEntry) -> list[Block]:
    content = entry.content
    parts = [blocks.bold(f"{content['seq']} · {words.moment(entry.at)} · "), blocks.words(said(entry))]
    if entry.event.endswith(".logged"):
        parts.append(blocks.words(f": {_changes(content['changes'])}"))
    if content["reason"]:
        parts.append(blocks.words(f": {cut(content['reason'], 300)}"))
    parts.append(blocks.words(f" · {entry.hash[:12]}"))
    return parts


def _changes(changes: dict[str, list[Any]]) -> str:
    told = [f"{name.replace('_', ' ')} {_value(after)}" for name, (_, after) in changes.items()]
    return cut("; ".join(told), 600)


def _value(value: Any) -> str:
    return cut(str(value), MOST_VALUE)


LISTENERS = Listeners(buttons={"record.history": on_history})
