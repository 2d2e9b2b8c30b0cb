"""What each company keeps of its own with a record: the number in its quality system, and notes for itself alone."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from quality import change
from quality.change import Ref
from quality.people import Actor
from quality.refusal import FieldErrors
from quality.sheet import Sheet
from storage import outbox, own
from storage.own import PrivateNote
from storage.record import Record

MOST_NOTES = 20  # shown, the newest


@dataclass(frozen=True)
class Notes:
    """A record with the notes of the reader's company."""

    sheet: Sheet
    actor: Actor
    notes: list[PrivateNote]
    more: bool


def set_number(session: Session, actor: Actor, ref: Ref, number: str, seen: str | None, now: datetime) -> Record:
    """Set a record's number in the system of the actor's company, in place of the one seen; both companies see it."""
    found = change.may(session, actor, ref.record_id, "number", now)
    record, before = found.record, found.own_numbers.get(actor.person.side)
    if number == before:
        raise FieldErrors({"number": f"This is its number at {actor.company.name} already. Change it, or cancel."})
    if before != seen:
        raise FieldErrors({"number": f"A colleague changed it meanwhile, to {before}. Close this form and look again."})
    own.set_number(session, record.id, actor.person.side, number)
    changes = {"company": [None, actor.company.name], "number": [before, number]}
    entry_id = change.note(session, actor, record, "numbered", now, changes=changes)
    outbox.put(session, record.partnership_id, "card", f"numbered:{entry_id}", now, record_id=record.id)
    return record


def list_notes(session: Session, actor: Actor, record_id: int, now: datetime) -> Notes:
    """Give the notes of the actor's company about a record."""
    found = change.may(session, actor, record_id, "notes", now)
    notes = own.list_notes(session, record_id, actor.person.side, MOST_NOTES + 1)
    return Notes(found, actor, notes[:MOST_NOTES], more=len(notes) > MOST_NOTES)


def keep_note(session: Session, actor: Actor, ref: Ref, text: str, now: datetime) -> Record:
    """Keep a note for the actor's company alone; the journal holds who and when, and a hash that proves the text."""
    record = change.may(session, actor, ref.record_id, "notes", now).record
    note = own.add_note(session, record.id, actor.person.side, actor.person.id, text, now)
    changes = {"company": [None, actor.company.name], "SHA-256": [None, note.hash]}
    change.note(session, actor, record, "note_kept", now, changes=changes)
    return record
