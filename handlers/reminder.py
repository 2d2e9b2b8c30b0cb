"""Direct messages about a record: to its new owner, when it holds a released lot, and when it is nearly due or late."""

from dataclasses import dataclass
from datetime import datetime

from handlers import blocks, cards
from handlers.acts import ref_of
from handlers.blocks import Block, Screen
from handlers.call import UNKNOWN, Call
from handlers.cards import data_of
from handlers.listeners import Listeners
from handlers.text import cut, escape
from quality import reminders, transitions, words
from quality.authority import REPORTS
from quality.refusal import Refusal
from quality.sheet import Sheet
from quality.transitions import Act
from storage.clock import DRIVING, Clock, ClockName
from storage.person import Person

WHAT = {
    ClockName.CLOSE: "{number}",
    ClockName.CHECK: "The effectiveness check of {number}",
    ClockName.ACKNOWLEDGE: "The acknowledgement of {number} by {other}",
    ClockName.ACCEPT: "The acceptance of {number}",
    ClockName.PLAN: "The approved plan of {number}",
    ClockName.PHASE_1: "The phase I result of {number}",
    ClockName.REVIEW: "The approval of {number}",
}


@dataclass(frozen=True)
class Reminded:
    """A reminder to be said: about which clock, to whom, and for whom where that is somebody else."""

    sheet: Sheet
    due: Clock
    reader_id: int
    away: Person | None = None


def owner(sheet: Sheet, reader: Person) -> Screen:
    """Tell a person that they own a record, or that somebody does for whom they stand in."""
    sentence = f"You own {sheet.record.number} now, due {_due(sheet)}."
    if sheet.owner is not None and sheet.owner.id != reader.id:
        sentence = f"{sheet.owner.name}, for whom you stand in, owns {sheet.record.number} now, due {_due(sheet)}."
    return _message(sheet, sentence, [_open(sheet), *_steps(sheet, reader.id)])


def held(sheet: Sheet, lot: str, number: str) -> Screen:
    """Tell the sponsor's QA that a record holds a lot that they released."""
    sentence = f"Batch {lot}, released by {number}, is on hold because of {sheet.record.number}. "
    return _message(sheet, f"{sentence}Decide whether its release stands: `/quality batch {lot}`.", [_open(sheet)])


def reminder(one: Reminded, now: datetime) -> Screen:
    """Remind of a due date, saying how long is left or how late it is."""
    return _message(one.sheet, _says(one, now), _buttons(one, now))


def short(one: Reminded, now: datetime) -> list[Block]:
    """Remind of a due date among others."""
    return [
        blocks.typed(f"{_says(one, now)}\n{cards.label(one.sheet.record)}: {one.sheet.record.title}"),
        blocks.actions(*_buttons(one, now)),
    ]


def sentence(one: Reminded) -> str:
    """Name what is reminded of: `DEV-2026-0001 Filter failed`."""
    return f"{one.sheet.record.number} {cut(one.sheet.record.title, 100)}."


def _says(one: Reminded, now: datetime) -> str:
    sheet, due, record = one.sheet, one.due, one.sheet.record
    days = reminders.days_left(sheet, due, now)
    at = words.due(due.due_at, sheet.partnership.time_zone)
    known = WHAT.get(due.name, f"The {due.name} report about {record.number}")
    what = known.format(number=record.number, other=sheet.other_company.name)
    if now > due.due_at:
        when = f"is late: it was due {at}, {words.days(-days) + ' ago' if days else 'today'}"
    else:
        when = f"is due {at}, {'in ' + words.days(days) if days else 'today'}"
    instead = f" You stand in for {one.away.name}." if one.away else ""
    return f"{what} {when}.{_whose(one)}{instead}"


def _whose(one: Reminded) -> str:
    sheet = one.sheet
    if one.due.name in REPORTS:
        return " It is for the sponsor's QA to answer."
    if one.due.name is ClockName.ACKNOWLEDGE:
        return ""
    if sheet.owner is None or not sheet.owner.active:
        return " Nobody owns it: assign an owner."
    reads_own = sheet.owner.id in (one.reader_id, one.away.id if one.away else 0)
    return "" if reads_own else f" Its owner is {sheet.named(sheet.owner)}."


def _buttons(one: Reminded, now: datetime) -> list[Block]:
    """Draw the buttons: what moves the record on, more time while there is some, and to hear of it tomorrow."""
    sheet, due, data = one.sheet, one.due, data_of(one.sheet.record)
    if due.name in REPORTS:
        return [_open(sheet), blocks.button("Reports to authorities", "record.reports", data), *_snooze(one, now)]
    extend = transitions.find(sheet.record.kind, "extend")
    may_ask = due.name in DRIVING and now < due.due_at and extend in _open_to(sheet, one.reader_id, steps=False)
    more_time = [blocks.button("Ask for more time", "record.extend", data)] if may_ask else []
    return [_open(sheet), *more_time, *_snooze(one, now), *_steps(sheet, one.reader_id)]


def _snooze(one: Reminded, now: datetime) -> list[Block]:
    if reminders.snoozed_to(one.sheet, one.due, now) is None:
        return []
    return [blocks.button("Snooze 1 day", "record.snooze", data_of(one.sheet.record) | {"c": one.due.name})]


def _open(sheet: Sheet) -> Block:
    return blocks.button("Open", "record.open", data_of(sheet.record), "primary")


def _steps(sheet: Sheet, reader_id: int) -> list[Block]:
    """Draw the buttons of what moves the record on: of those that this reader may press, for nobody else reads it."""
    acts = _open_to(sheet, reader_id, steps=True)
    acts = [act for act in acts if act.name != "assign" or sheet.owner is None]
    return [blocks.button(act.button, f"record.{act.name}", data_of(sheet.record)) for act in acts]


def _open_to(sheet: Sheet, reader_id: int, *, steps: bool) -> list[Act]:
    reader = sheet.people.get(reader_id)
    acts = transitions.offered(sheet.record, steps=steps)
    return [act for act in acts if reader is not None and act.who.allows(reader, sheet)]


def _message(sheet: Sheet, sentence: str, buttons: list[Block]) -> Screen:
    record = sheet.record
    between = f"{sheet.companies[record.logged_side].name} and {sheet.other_company.name}"
    return Screen(
        f"{escape(sentence)} {escape(cut(record.title, 150))}",
        [
            blocks.typed(sentence),
            blocks.typed(f"{cards.label(record)}: {record.title}"),
            blocks.actions(*buttons),
            blocks.context(escape(between)),
        ],
    )


def _due(sheet: Sheet) -> str:
    return words.due(sheet.due.due_at, sheet.partnership.time_zone) if sheet.due else "without a date"


async def on_snooze(call: Call) -> None:
    """Remind the person once more on the next working day."""
    name = call.data.get("c")
    if name not in tuple(ClockName):
        raise Refusal(UNKNOWN)
    record, day = await call.do(reminders.snooze_clock, ref_of(call), ClockName(name))
    await call.answer(f"You are reminded of {record.number} once more on {words.day(day)}.")


LISTENERS = Listeners(buttons={"record.snooze": on_snooze})
