"""Direct messages about a record: to its new owner, and when it is nearly due or late."""

from datetime import datetime

from handlers import blocks, cards
from handlers.blocks import Screen
from handlers.cards import data_of
from handlers.text import cut, escape
from quality import words
from quality.sheet import Sheet


def owner(sheet: Sheet) -> Screen:
    """Tell a person that they own a record."""
    return _message(sheet, f"You own {sheet.record.number} now, due {_due(sheet)}.")


def reminder(sheet: Sheet, now: datetime, reader_id: int) -> Screen:
    """Remind of a due date, saying how long is left or how late it is."""
    record = sheet.record
    days = words.days_between(now, sheet.close_by.due_at, sheet.owner_zone)
    if now > sheet.close_by.due_at:
        when = f"is late: it was due {_due(sheet)}, {words.days(-days) + ' ago' if days else 'today'}"
    else:
        when = f"is due {_due(sheet)}, {'in ' + words.days(days) if days else 'today'}"
    if sheet.owner is None:
        whose = " Nobody owns it: assign an owner."
    elif sheet.owner.id == reader_id:
        whose = ""
    else:
        whose = f" Its owner is {sheet.named(sheet.owner)}."
    return _message(sheet, f"{record.number} {when}.{whose}")


def _message(sheet: Sheet, sentence: str) -> Screen:
    record = sheet.record
    between = f"{sheet.companies[record.logged_side].name} and {sheet.other_company.name}"
    data = data_of(record)
    buttons = [blocks.button("Open", "record.open", data, "primary")]
    if sheet.owner is None:
        buttons.append(blocks.button("Assign owner", "record.assign", data))
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
    return words.due(sheet.close_by.due_at, sheet.partnership.time_zone)
