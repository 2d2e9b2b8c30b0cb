"""Checking what is kept: what a chain shows, and what only a digest's hash can show."""

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, inspect, text

from bot.verify import check
from storage import journal, receipt
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


def move_to_another(connection: Connection) -> None:
    """Hang the entries of a record on an equally numbered one of another partnership."""
    for table, new in (("partnership", {"id": "2", "channel_id": "'C0OTHER'"}), ("record", {"id": "999"})):
        names = [column["name"] for column in inspect(connection).get_columns(table)]
        own = new | ({"partnership_id": "2"} if table == "record" else {})
        copied = ", ".join(own.get(name, f'"{name}"') for name in names)
        quoted = ", ".join(f'"{name}"' for name in names)
        connection.execute(text(f"INSERT INTO {table} ({quoted}) SELECT {copied} FROM {table} WHERE id = 1"))  # noqa: S608
    connection.execute(text("UPDATE journal SET record_id = 999 WHERE record_id = 1"))


def cut_off(connection: Connection) -> None:
    connection.execute(text("DELETE FROM journal WHERE seq = (SELECT max(seq) FROM journal)"))


@pytest.mark.both_engines
@pytest.mark.parametrize("harm", [edit, remove, insert, reorder, move_to_another, cut_off])
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


UNREADABLE = {
    "no text": "UPDATE journal SET body = CAST(body AS BLOB) WHERE seq = 4",
    "no UTF-8": "UPDATE journal SET body = CAST(X'ff7b7d' AS TEXT) WHERE seq = 4",
    "no moment": "UPDATE journal SET at = 'yesterday' WHERE seq = 4",
    "no hash": "UPDATE journal SET hash = CAST(hash AS BLOB) WHERE seq = 4",
}


@pytest.mark.parametrize("harm", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_cannot_be_read_is_named_as_well(full: Database, harm: str) -> None:
    """SQLite keeps any value in any column: such an entry is the first that is broken, and the checking goes on."""
    with full.writing() as session:
        session.connection().execute(text(harm))
    found = [one.says for one in check(full)]
    assert [says for says in found if says.startswith("BROKEN  partnership 1, entry 4: ")]
    assert "0 files checked" in found


def test_a_body_that_is_nested_without_end_is_named(full: Database) -> None:
    """Though its hash is right."""
    with full.writing() as session:
        connection = session.connection()
        last = "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1 OFFSET 1"
        before, previous = connection.execute(text(last)).one()
        body = "[" * 200_000
        forged = {"body": body, "hash": journal.link(previous, body), "seq": before + 1}
        connection.execute(text("UPDATE journal SET body = :body, hash = :hash WHERE seq = :seq"), forged)
        connection.execute(text("UPDATE journal_head SET hash = :hash"), {"hash": forged["hash"]})
    assert [says for says in broken(full) if f"entry {before + 1}: its columns differ" in says]


def test_a_signature_that_cannot_be_read_is_named(full: Database) -> None:
    """Checking goes on behind it: files are checked as well."""
    with full.writing() as session:
        session.connection().execute(text("UPDATE journal SET at = 'noon', body = body || '\"signature\":{'"))
    found = [one.says for one in check(full)]
    assert "BROKEN  signatures after 0 cannot be read (ValueError)" in found
    assert "0 files checked" in found


def test_after_an_unreadable_entry_others_are_seen_and_can_be_written(full: Database) -> None:
    """What was in the middle of its answer is let go: it would hold an old moment, and keep everybody from writing."""
    with full.writing() as session:
        session.connection().execute(text(UNREADABLE["no UTF-8"]))
    assert [one for one in check(full) if not one.well]
    other = Database(full.url)
    with other.writing() as session:
        receipt.note(session, "other", support.NOW)
    other.close()
    with full.reading() as session:
        assert receipt.find(session, "other") is not None
    with full.writing() as session:
        receipt.note(session, "own", support.NOW)
