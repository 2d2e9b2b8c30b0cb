"""Checking what is kept: what a chain shows, and what only a digest's hash can show."""

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, text

from bot.verify import check
from storage import journal
from storage.database import Database
from tests import support


def end_of(database: Database) -> str:
    with database.reading() as session:
        return journal.head_of(session, 1).hash


def broken(database: Database, *witnessed: str) -> list[str]:
    return [one.says for one in check(database, witnessed) if not one.well]


@pytest.fixture
def full(database: Database) -> Database:
    """Give a database with a dozen entries, whose triggers somebody took away."""
    with database.writing() as session:
        support.set_up(session)
        for number in range(3):
            support.log_deviation(session, title=f"Number {number}")
        connection = session.connection()
        if connection.dialect.name == "sqlite":
            for verb in ("update", "delete", "replace"):
                connection.execute(text(f"DROP TRIGGER journal_no_{verb}"))
        else:
            connection.execute(text("DROP TRIGGER journal_append_only ON journal"))
    return database


def edit(connection: Connection) -> None:
    connection.execute(text("UPDATE journal SET body = replace(body, 'Number 1', 'Number 9')"))


def remove(connection: Connection) -> None:
    connection.execute(text("DELETE FROM journal WHERE seq = 3"))


def insert(connection: Connection) -> None:
    columns = "partnership_id, seq, record_id, event, at, body, hash"
    copied = columns.replace("seq", "(SELECT max(seq) + 1 FROM journal)")
    connection.execute(text(f"INSERT INTO journal ({columns}) SELECT {copied} FROM journal WHERE seq = 2"))  # noqa: S608


def reorder(connection: Connection) -> None:
    for before, after in ((2, 999), (3, 2), (999, 3)):
        connection.execute(text(f"UPDATE journal SET seq = {after} WHERE seq = {before}"))  # noqa: S608


def cut_off(connection: Connection) -> None:
    connection.execute(text("DELETE FROM journal WHERE seq = (SELECT max(seq) FROM journal)"))


@pytest.mark.both_engines
@pytest.mark.parametrize("harm", [edit, remove, insert, reorder, cut_off])
def test_whatever_was_done_to_the_journal_is_found(full: Database, harm: Callable[[Connection], None]) -> None:
    """By the chain, its numbers, and where its head says that it ends."""
    assert broken(full) == []
    with full.writing() as session:
        harm(session.connection())
    assert len([says for says in broken(full) if says.startswith("BROKEN  partnership 1, entry")]) == 1


@pytest.mark.both_engines
def test_an_older_copy_is_found_by_the_digest(full: Database) -> None:
    """Head and all cut off, the chain is whole; the hash that both companies read in the channel is gone."""
    witnessed = end_of(full)
    assert broken(full, witnessed, witnessed[:16].upper()) == []
    with full.writing() as session:
        connection = session.connection()
        connection.execute(text("DELETE FROM journal WHERE seq = (SELECT max(seq) FROM journal)"))
        connection.execute(text("UPDATE journal_head SET seq = (SELECT max(seq) FROM journal)"))
        last = "SELECT hash FROM journal WHERE journal.seq = journal_head.seq"
        connection.execute(text(f"UPDATE journal_head SET hash = ({last})"))  # noqa: S608 - ours
    assert broken(full) == []
    assert broken(full, witnessed) == [f"BROKEN  no entry has the hash {witnessed}"]
    assert broken(full, "") == ["BROKEN  no entry has the hash "]
