"""Rows whose keys are free are inserted, the others left alone, whoever writes at the same time."""

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from storage.author import Author
from storage.database import Database
from storage.outbox import Outgoing
from storage.partnership import Partnership
from storage.receipt import Receipt
from storage.upsert import insert_if_new
from tests import support
from tests.support import DAY, GITA, NOW, empty_outbox, newly_queued

pytestmark = pytest.mark.both_engines


def receipts(*keys: str) -> list[Receipt]:
    return [Receipt(key=key, at=NOW) for key in keys]


def test_it_says_how_many_were_new(session: Session) -> None:
    """Keys that are there, also twice in the same rows, do not count; nothing to insert is nothing inserted."""
    assert insert_if_new(session, receipts("a", "b")) == 2
    assert insert_if_new(session, receipts("b", "c", "c")) == 1
    assert insert_if_new(session, receipts("a")) == 0
    assert insert_if_new(session, []) == 0
    assert sorted(session.exec(select(Receipt.key)).all()) == ["a", "b", "c"]


def test_what_is_there_stays_as_it_is(session: Session) -> None:
    """The first row keeps its words."""
    insert_if_new(session, receipts("a"))
    insert_if_new(session, [Receipt(key="a", at=NOW + DAY, content="another")])
    assert session.get_one(Receipt, "a").at == NOW


def test_any_key_of_a_table_counts(session: Session, there: Partnership) -> None:
    """A unique column does as the primary key does, which the database gives; moments, enums and JSON arrive whole."""
    empty_outbox(session)
    row = {"partnership_id": there.id, "kind": "card", "about": {"record_id": 7}, "created_at": NOW, "next_at": NOW}
    assert insert_if_new(session, [Outgoing(key=key, **row) for key in ("a", "b", "a")]) == 2
    assert insert_if_new(session, [Outgoing(key="b", **row)]) == 0
    first, second = newly_queued(session)
    assert (first.key, second.key) == ("a", "b")
    assert (first.about, first.next_at, first.attempts, first.claimed_until) == ({"record_id": 7}, NOW, 0, None)


def test_what_waits_to_be_written_is_written_first(session: Session, there: Partnership) -> None:
    """A row may refer to one that the session has not sent yet."""
    made = support.log_oos(session)
    session.add(Receipt(key="a", at=NOW))
    assert insert_if_new(session, receipts("a")) == 0
    gita = support.row_of(session, GITA)
    assert insert_if_new(session, [Author(record_id=made.id, person_id=gita.id, scope="plan")]) == 1


def test_a_key_that_is_just_being_written_is_waited_for(database: Database) -> None:
    """The second of two transactions learns that the first one has it."""
    assert support.one_after_the_other(database, lambda session: insert_if_new(session, receipts("a"))) == (1, 0)


def test_of_many_at_once_one_is_new(database: Database) -> None:
    """Each of several keys is inserted by one transaction."""
    inserted = support.at_once(database, 8, lambda session: insert_if_new(session, receipts("a", "b", "c")))
    assert sum(inserted) == 3
    with database.reading() as session:
        assert session.execute(text("SELECT count(*) FROM receipt")).scalar() == 3
