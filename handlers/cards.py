"""A record as people see it: its card in the channel, and its rows in lists and digests."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handlers import blocks
from handlers.blocks import Block, Screen
from handlers.text import cut, escape
from quality import words
from quality.sheet import Sheet
from storage.capa import Capa
from storage.deviation import Deviation
from storage.oos import Oos, ResultKind
from storage.record import Kind, Record, Row

NOUN = {Kind.DEVIATION: "deviation", Kind.OOS: "OOS result", Kind.CAPA: "CAPA"}
SHORT, LONG = 300, 3000  # characters of a typed text on the card, and where the whole record is shown


@dataclass(frozen=True)
class Act:
    """A button of a record, and when it stands there."""

    text: str
    action: str
    shown: Callable[[Sheet], bool]
    style: str | None = None
    confirm: Block | None = None


CLOSE_QUESTION = blocks.confirm(
    "Close this record?", "Its clocks stop and its batches leave hold. It can still be commented on.", "Close"
)
ACTS = (
    Act("Acknowledge", "record.acknowledge", lambda s: s.record.is_open and s.waits_for_acknowledgement, "primary"),
    Act("Assign owner", "record.assign", lambda s: s.record.is_open),
    Act("Add CAPA", "record.capa", lambda s: s.record.kind is not Kind.CAPA),
    Act("Comment", "record.comment", lambda _: True),
    Act("History", "record.history", lambda _: True),
    Act("Close", "record.close", lambda s: s.record.is_open, None, CLOSE_QUESTION),
)


def data_of(record: Record) -> dict[str, Any]:
    """Give what a record's buttons and modals carry: which record, as of which version."""
    return {"p": record.partnership_id, "r": record.id, "v": record.version}


def card(sheet: Sheet, now: datetime, *, whole: bool = False) -> Screen:
    """Draw a record: state, next step and whose turn first; typed texts shortened unless whole."""
    record = sheet.record
    limit = LONG if whole else SHORT
    shown = [
        blocks.header(f"{record.number} · {_heading(sheet)}"),
        blocks.typed(record.title),
        blocks.facts(_standing(sheet, now)),
    ]
    details = [(name, text) for name, text in _details(sheet) if text]
    if whole:
        shown += [blocks.facts([pair], limit) for pair in details]
    elif details:
        shown.append(blocks.facts(details, limit))
    buttons = [
        blocks.button(act.text, act.action, data_of(record), act.style, act.confirm) for act in ACTS if act.shown(sheet)
    ]
    shown += [blocks.actions(*buttons), blocks.context(_origin(sheet))]
    sentence = f"{record.number} {escape(cut(record.title, 150))}: {record.state}. {escape(next_step(sheet))}"
    return Screen(sentence, shown)


def _heading(sheet: Sheet) -> str:
    out_of_trend = isinstance(sheet.details, Oos) and sheet.details.result_kind is ResultKind.OOT
    return "OOT result" if out_of_trend else label(sheet.record)


def label(record: Record) -> str:
    """`Major deviation`, `OOS result`, `CAPA`."""
    return f"{record.class_} {NOUN[record.kind]}" if record.class_ else NOUN[record.kind]


def next_step(sheet: Sheet) -> str:
    """Say what has to happen next, and whose turn it is."""
    zone = sheet.partnership.time_zone
    if sheet.closed_by is not None:
        return "Nothing more to do."
    if sheet.acknowledge_by is not None and sheet.waits_for_acknowledgement:
        return f"{sheet.other_company.name} acknowledges by {words.due(sheet.acknowledge_by.due_at, zone)}."
    if sheet.owner is None:
        return "QA of either company assigns an owner."
    return f"{sheet.named(sheet.owner)} works on it; QA closes it."


def row_text(row: Row, now: datetime, zone: str) -> str:
    """Give what a list says about a record after its number and title: class, state, owner, due."""
    record = row.record
    parts = [label(record), str(record.state), f"owner {cut(row.owner.name, 40)}" if row.owner else "no owner"]
    if record.is_open and row.due_at is not None:
        parts.append(f"due {words.local_day(row.due_at, zone)}{late(row.due_at, now, zone)}")
    return " · ".join(parts)


def rows(found: list[Row], now: datetime, zone: str) -> list[Block]:
    """Draw records as a list, each with a button that opens it."""
    return [
        blocks.typed(
            f"{row.record.number} · {row.record.title}\n{row_text(row, now, zone)}",
            blocks.button("Open", "record.open", data_of(row.record)),
        )
        for row in found
    ]


def late(due_at: datetime, now: datetime, zone: str) -> str:
    """` (3 days late)`; nothing while there is time."""
    if due_at >= now:
        return ""
    number = words.days_between(due_at, now, zone)
    return f" ({words.days(number)} late)" if number else " (late)"


def _standing(sheet: Sheet, now: datetime) -> list[tuple[str, str]]:
    record, zone = sheet.record, sheet.partnership.time_zone
    facts = [("State", str(record.state)), ("Next", next_step(sheet))]
    if record.is_open:
        due = sheet.close_by
        facts.append(("Due", f"{words.due(due.due_at, zone)} ({due.rule}){' · late' if due.due_at < now else ''}"))
    facts.append(("Owner", sheet.named(sheet.owner) if sheet.owner else "nobody yet"))
    if sheet.acknowledged_by and record.acknowledged_at:
        facts.append(("Acknowledged", f"{sheet.named(sheet.acknowledged_by)}, {words.moment(record.acknowledged_at)}"))
    if sheet.closed_by and record.closed_at:
        facts.append(("Closed", f"{sheet.named(sheet.closed_by)}, {words.moment(record.closed_at)}"))
    if record.is_open and record.holds_batches and sheet.lots:
        facts.append(("On hold", ", ".join(sheet.lots)))
    return facts


def _details(sheet: Sheet) -> list[tuple[str, str]]:
    record, lots = sheet.record, ", ".join(sheet.lots)
    links = ", ".join(f"{link.number} ({link.state})" for link in sheet.links)
    match sheet.details:
        case Deviation() as it:
            return [
                ("Batch", lots),
                ("Product", record.product),
                ("Where", it.location),
                ("Batch distributed", it.distributed),
                ("What happened", it.happened),
                ("What should have happened", it.expected),
                ("Immediate action", it.immediate_action),
                ("CAPA", links),
            ]
        case Oos() as it:
            return [
                ("Test", f"{it.test} ({it.category})" if it.category else it.test),
                ("Result", f"{it.result} {it.unit}".strip()),
                ("Limits", _limits(it)),
                ("Kind", it.result_kind),
                ("Sample", it.sample_type),
                ("Batch", lots),
                ("Product", record.product),
                ("Method", it.method),
                ("Analyst", it.analyst),
                ("Batch distributed", it.distributed),
                ("CAPA", links),
            ]
        case Capa() as it:
            return [
                ("Action type", it.action_type),
                ("Problem", it.problem),
                ("Action plan", it.plan),
                ("Effectiveness criterion", it.criterion),
                ("Source records", links),
            ]


def _limits(it: Oos) -> str:
    if it.lower and it.upper:
        return f"{it.lower} to {it.upper} {it.unit}".strip()
    if it.lower:
        return f"at least {it.lower} {it.unit}".strip()
    return f"at most {it.upper} {it.unit}".strip() if it.upper else ""


def _origin(sheet: Sheet) -> str:
    record = sheet.record
    logged = f"Logged by {escape(sheet.named(sheet.logged_by))}, {blocks.local(record.recorded_at)}"
    if record.kind is Kind.CAPA:
        return logged
    learned = "detected" if record.kind is Kind.DEVIATION else "analysed"
    return f"{logged} · {learned} {blocks.local(record.detected_at)}"
