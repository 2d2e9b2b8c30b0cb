"""What each company keeps of its own: a number that is replaced, and notes that nobody changes."""

import hashlib

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from storage import own
from storage.partnership import Partnership, Side
from storage.record import Record
from tests import support
from tests.support import GITA, NOW

pytestmark = pytest.mark.both_engines


@pytest.fixture
def record(session: Session, there: Partnership) -> Record:
    """Log a deviation."""
    return support.log_deviation(session)


def note(session: Session, record: Record, words: str = "Ours.") -> own.PrivateNote:
    return own.add_note(session, record.id, Side.CMO, support.row_of(session, GITA).id, words, NOW)


def test_each_company_has_one_number(session: Session, record: Record) -> None:
    """A new one takes the place of the one before; the sponsor's stands first."""
    for side, number in ((Side.CMO, "B-1"), (Side.SPONSOR, "A-1"), (Side.CMO, "B-2")):
        own.set_number(session, record.id, side, number)
        session.flush()
    assert list(own.numbers_of(session, record.id).items()) == [(Side.SPONSOR, "A-1"), (Side.CMO, "B-2")]


def test_notes_are_of_one_company(session: Session, record: Record) -> None:
    """Newest first, as many as asked for; the other company has none of them."""
    for number in range(3):
        note(session, record, f"Note {number}")
    assert [one.text for one in own.list_notes(session, record.id, Side.CMO, 2)] == ["Note 2", "Note 1"]
    assert own.list_notes(session, record.id, Side.SPONSOR, 2) == []


def test_a_hash_proves_a_note_and_does_not_tell_it(session: Session, record: Record) -> None:
    """Two notes of the same words have two hashes, for each is salted."""
    first, second = note(session, record), note(session, record)
    assert first.hash == hashlib.sha256(f"{first.salt}Ours.".encode()).hexdigest()
    assert first.hash != second.hash


@pytest.mark.parametrize("statement", ["UPDATE private_note SET text = 'Other.'", "DELETE FROM private_note"])
def test_a_note_is_neither_changed_nor_deleted(session: Session, record: Record, statement: str) -> None:
    """Not even at a SQL prompt."""
    note(session, record)
    with pytest.raises(IntegrityError, match="kept as it was written"), session.begin_nested():
        session.connection().execute(text(statement))
