"""What each company keeps of its own with a record: its QMS number for both to see, notes for itself alone."""

from sqlmodel import Session

from handlers import acts, blocks, cards
from handlers.blocks import Block
from handlers.call import Call
from handlers.forms import LONG, Form, Text
from handlers.listeners import Listeners
from quality import change, own, words
from quality.own import Notes
from quality.people import Actor
from quality.sheet import Sheet
from storage.own import LONGEST_NUMBER

NUMBER = Form(
    "record.number",
    "QMS number",
    "Save",
    (
        Text(
            "number",
            "Number",
            required=True,
            limit=LONGEST_NUMBER,
            hint="Its number in your company's own quality system. Both companies see it, and find the record by it.",
        ),
    ),
)
NOTES = Form(
    "record.notes", "Private notes", "Keep", (Text("note", "Note", required=True, limit=LONG, multiline=True),)
)


async def on_number(call: Call) -> None:
    """Ask for the record's number in the system of the person's company."""

    def question(session: Session, actor: Actor) -> tuple[Sheet, Actor]:
        return change.may(session, actor, call.number("r"), "number", call.now), actor

    found, actor = await call.look(question)
    number = found.own_numbers.get(actor.person.side)
    await call.open(NUMBER.view(cards.data_of(found.record) | {"s": number}, {"number": number}))


async def on_number_submitted(call: Call) -> None:
    """Set it."""
    given = NUMBER.read(call.view)
    await call.do(own.set_number, acts.ref_of(call), given["number"], call.data.get("s"))


async def on_notes(call: Call) -> None:
    """Show the notes of the person's company, and ask for another."""
    found = await call.look(own.list_notes, call.number("r"), call.now)
    await call.open(NOTES.view(cards.data_of(found.sheet.record), intro=draw(found)))


async def on_notes_submitted(call: Call) -> None:
    """Keep the note."""
    given = NOTES.read(call.view)
    await call.do(own.keep_note, acts.ref_of(call), given["note"])


def draw(found: Notes) -> list[Block]:
    """Draw a company's notes, newest first."""
    told = (
        f"Only people of {found.actor.company.name} see these notes. They are in no export, digest or message of the "
        "channel. A note is kept as it is written; the journal holds its hash, and that you kept one."
    )
    notes = [
        blocks.typed(f"{found.sheet.who(note.person_id)}, {words.moment(note.at)}\n{note.text}") for note in found.notes
    ]
    older = [blocks.context("Older notes are not shown here.")] if found.more else []
    return [blocks.typed(told), *notes, *older]


LISTENERS = Listeners(
    buttons={"record.number": on_number, "record.notes": on_notes},
    modals={NUMBER.callback: on_number_submitted, NOTES.callback: on_notes_submitted},
)
