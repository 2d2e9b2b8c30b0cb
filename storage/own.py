"""What each company keeps of its own with a record: the number in its quality system, and notes for itself alone."""

import hashlib
import secrets
from datetime import datetime

from sqlalchemy import Index, bindparam
from sqlmodel import Field, Session, col, select

from storage.partnership import Side
from storage.prepared import once
from storage.table import Moment, Table, words

LONGEST_NUMBER = 60


class OwnNumber(Table, table=True):
    """A record's number in a company's own quality management system (QMS)."""

    __tablename__ = "own_number"

    record_id: int = Field(primary_key=True, foreign_key="record.id")
    side: Side = Field(primary_key=True, sa_type=words(Side))
    number: str = Field(max_length=LONGEST_NUMBER)


class PrivateNote(Table, table=True):
    """A note of a company about a record, for its own people; kept as it was written."""

    __tablename__ = "private_note"
    __table_args__ = (Index("ix_private_note_record", "record_id", "side", "id"),)

    id: int = Field(default=None, primary_key=True)
    record_id: int = Field(foreign_key="record.id")
    side: Side = Field(sa_type=words(Side))
    person_id: int = Field(foreign_key="person.id")
    at: datetime = Field(sa_type=Moment)
    text: str
    salt: str = Field(max_length=32)

    @property
    def hash(self) -> str:
        """The SHA-256 by which the journal proves the note without telling it: of the salt followed by the text."""
        return hashlib.sha256((self.salt + self.text).encode()).hexdigest()


OF_RECORD = once(select(OwnNumber).where(OwnNumber.record_id == bindparam("of")))


def numbers_of(session: Session, record_id: int) -> dict[Side, str]:
    """Give a record's numbers in both companies' systems, where there are any."""
    found = session.exec(OF_RECORD, params={"of": record_id}).all()
    return {one.side: one.number for one in sorted(found, key=lambda one: one.side is Side.CMO)}


def set_number(session: Session, record_id: int, side: Side, number: str) -> None:
    """Set a record's number in a company's system, in place of an earlier one."""
    session.merge(OwnNumber(record_id=record_id, side=side, number=number))


def add_note(session: Session, record_id: int, side: Side, person_id: int, text: str, at: datetime) -> PrivateNote:
    """Keep a note; nobody guesses it from its hash, for it is salted."""
    note = PrivateNote(
        record_id=record_id, side=side, person_id=person_id, at=at, text=text, salt=secrets.token_hex(16)
    )
    session.add(note)
    session.flush()
    return note


def list_notes(session: Session, record_id: int, side: Side, limit: int) -> list[PrivateNote]:
    """List a company's notes about a record, newest first."""
    notes = select(PrivateNote).where(PrivateNote.record_id == record_id, PrivateNote.side == side)
    return list(session.exec(notes.order_by(col(PrivateNote.id).desc()).limit(limit)).all())
