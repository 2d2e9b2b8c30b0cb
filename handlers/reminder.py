"""Direct messages about a record: to its new owner, and when it is nearly due or late."""

from datetime import datetime

from handlers import blocks, cards
from handlers.blocks import Screen
from handlers.cards import data_of
from handlers.text import cut, escape
from quality import transitions, words
from quality.authority import REPORTS
from quality.sheet import Sheet
from storage.clock import Clock, ClockName

WHAT = {ClockName.CLOSE: "{number}", ClockName.CHECK: "The effectiveness check of {number}"}


def owner(sheet: Sheet) -> Screen:
    """Tell a person that they own a record."""
    return _message(sheet, f"You own {sheet.record.number} now, due {_due(sheet)}.")


def reminder(sheet: Sheet, due: Clock, now: datetime, reader_id: int) -> Screen:
    """Remind of a due date, saying how long is left or how late it is."""
    record = sheet.record
    days = words.days_between(now, due.due_at, sheet.owner_zone)
    at = words.due(due.due_at, sheet.partnership.time_zone)
    what = WHAT.get(due.name, f"The {due.name} report about {record.number}").format(number=record.number)
    if now > due.due_at:
        when = f"is late: it was due {at}, {words.days(-days) + ' ago' if days else 'today'}"
    else:
        when = f"is due {at}, {'in ' + words.days(days) if days else 'today'}"
    if due.name in REPORTS:
        whose = " It is for the sponsor's QA to answer."
    elif sheet.owner is None:
        whose = " Nobody owns it: assign an owner."
    elif sheet.owner.id == reader_id:
        whose = ""
    else:
        whose = f" Its owner is {sheet.named(sheet.owner)}."
    return _message(sheet, f"{what} {when}.{whose}", about_report=due.name in REPORTS)


def _message(sheet: Sheet, sentence: str, *, about_report: bool = False) -> Screen:
    record = sheet.record
    between = f"{sheet.companies[record.logged_side].name} and {sheet.other_company.name}"
    data = data_of(record)
    steps = [act for act in transitions.offered(record, steps=True) if act.name != "assign" or sheet.owner is None]
    buttons = [blocks.button("Open", "record.open", data, "primary")]
    if about_report:
        buttons.append(blocks.button("Reports to authorities", "record.reports", data))
    else:
        buttons += [blocks.button(act.button, f"record.{act.name}", data) for act in steps]
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
