"""A record's journal as people read it: one line an event, in its thread and in History."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from handlers import blocks, clocks
from handlers.blocks import Block, Screen
from handlers.call import Call
from handlers.listeners import Listeners
from handlers.text import cut, escape
from quality import change, events, words
from quality import record as records
from quality.people import Actor
from quality.sheet import Sheet
from storage import journal
from storage.journal import JournalEntry

PAGE = 12
MOST_VALUE = 200
TOLD_IN_FULL = (
    "logged",
    "submitted",
    "phase_1",
    "retests_planned",
    "phase_2",
    "plan_changed",
    "implemented",
    "reports_asked",
    "reply_changed",
)
BEFORE = ("owner", "class", "due", "text")  # of these, what was there before is told, too


def said(entry: JournalEntry) -> str:
    """`Elif Kaya (Borealis) assigned it to Ben Ortiz (before: Gita Rao)`."""
    by, changes = entry.content["by"], entry.content["changes"]
    before = [_value(name, old) for name, (old, _) in changes.items() if old and name in BEFORE]
    whose = f" ({by['company']})" if by["company"] else ""
    sentence = f"{by['name']}{whose} {events.said_of(entry)}"
    if "files" in changes:
        sentence += f", with {_value('files', changes['files'][1])}"
    return f"{sentence} (before: {', '.join(before)})" if before else sentence


def line(entry: JournalEntry) -> Screen:
    """Draw an event as the line in the record's thread."""
    text = said(entry) + _signature(entry)
    reason = entry.content["reason"]
    if not reason:
        return Screen(escape(text), [blocks.rich([{"type": "rich_text_section", "elements": [blocks.words(text)]}])])
    return Screen(escape(f"{text}: {reason}"), [blocks.quote([blocks.words(f"{text}:")], reason)])


async def show(call: Call, number: str) -> None:
    """Show a record's journal, given its number."""

    def page(session: Session, actor: Actor) -> Screen:
        return _page(session, records.sheet_by_number(session, actor, number), None, call.now)

    await call.answer(await call.look(page))


async def on_history(call: Call) -> None:
    """Show the journal of the record a button stands on, or the page before the one shown."""
    record_id = call.number("r")
    before = call.number("before") if "before" in call.data else None

    def page(session: Session, actor: Actor) -> Screen:
        return _page(session, change.sheet(session, actor, record_id), before, call.now)

    await call.answer(await call.look(page), replace=before is not None)


def _page(session: Session, sheet: Sheet, before: int | None, now: datetime) -> Screen:
    record = sheet.record
    found = journal.list_of_record(session, record.id, PAGE + 1, before)
    shown = [blocks.header(f"History of {record.number}"), blocks.bullets([_item(entry) for entry in found[:PAGE]])]
    if len(found) > PAGE:
        older = {"p": record.partnership_id, "r": record.id, "before": found[PAGE - 1].seq}
        shown.append(blocks.actions(blocks.button("Older", "record.history", older)))
    shown.append(blocks.context(clocks.fair(sheet, now)))
    shown.append(blocks.context("Newest first. Every entry is chained to the one before it by SHA-256."))
    return Screen(f"History of {record.number}, newest first.", shown)


def _item(entry: JournalEntry) -> list[Block]:
    content = entry.content
    parts = [blocks.bold(f"{content['seq']} · {words.moment(entry.at)} · "), blocks.words(said(entry))]
    if signed := _signature(entry):
        parts.append(blocks.words(signed))
    if entry.event.partition(".")[2] in TOLD_IN_FULL:
        parts.append(blocks.words(f": {_changes(content['changes'])}"))
    if content["reason"]:
        parts.append(blocks.words(f": {cut(content['reason'], 300)}"))
    parts.append(blocks.words(f" · {entry.hash[:12]}"))
    return parts


def _signature(entry: JournalEntry) -> str:
    """Give the rest of a signature: role, time in the signer's zone, and the hash of what was signed."""
    kept = entry.content.get("signature")
    if not kept:
        return ""
    return f" · {kept['role']}, {words.signed(entry.at, kept['zone'])}, SHA-256 {kept['hash'][:12]}"


def _changes(changes: dict[str, list[Any]]) -> str:
    told = [f"{name.replace('_', ' ')} {_value(name, after)}" for name, (_, after) in changes.items()]
    return cut("; ".join(told), 600)


def _value(name: str, value: Any) -> str:
    if name == "due":
        return words.moment(datetime.fromisoformat(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return cut(", ".join(value) if isinstance(value, list) else str(value), MOST_VALUE)


LISTENERS = Listeners(buttons={"record.history": on_history})
