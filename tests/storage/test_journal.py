"""The journal only grows, its chain can be recomputed by anyone, and tampering shows."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from quality import record as records
from storage import journal
from storage.database import Database
from storage.journal import Break, JournalHead
from storage.partnership import Partnership
from tests import support
from tests.support import NOW


@pytest.fixture
def filled(database: Database, there: Partnership) -> Partnership:
    """Give a partnership whose journal has a life of a record in it."""
    with database.writing() as session:
        record = support.log_deviation(session)
        support.assign(session, record, support.GITA)
        support.log_deviation(session, title="Another")
    return there


@contextmanager
def raw(database: Database) -> Iterator[Connection]:
    """Open the database as a person with a SQL prompt does, the triggers taken away."""
    with database.engine.begin() as connection:
        if database.engine.dialect.name == "sqlite":
            connection.exec_driver_sql("DROP TRIGGER IF EXISTS journal_no_update")
            connection.exec_driver_sql("DROP TRIGGER IF EXISTS journal_no_delete")
        else:
            connection.exec_driver_sql("ALTER TABLE journal DISABLE TRIGGER USER")
        yield connection


def verified(database: Database) -> list[JournalHead | Break]:
    with database.reading() as session:
        return list(journal.verify(session))


def broken(database: Database) -> Break:
    (found,) = verified(database)
    assert isinstance(found, Break)
    return found


def test_canonical_json_is_sorted_dense_and_readable() -> None:
    """Keys are sorted, nothing is padded, and letters stay themselves."""
    assert journal.canonical({"b": "Größe", "a": [None, 1]}) == '{"a":[null,1],"b":"Größe"}'


@pytest.mark.both_engines
def test_the_chain_can_be_recomputed_with_the_standard_library(database: Database, filled: Partnership) -> None:
    """Hashes follow from the bodies alone, and each body is the canonical form of what it says."""
    with database.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT seq, body, hash FROM journal ORDER BY seq").all()
        head = connection.exec_driver_sql("SELECT seq, hash FROM journal_head").one()
    previous = "0" * 64
    for number, (seq, body, digest) in enumerate(rows, start=1):
        assert (seq, json.loads(body)["seq"]) == (number, number)
        assert json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False) == body
        previous = hashlib.sha256((previous + body).encode()).hexdigest()
        assert digest == previous
    assert tuple(head) == (len(rows), previous)


def test_an_entry_says_who_did_what_to_which_record_when(database: Database, filled: Partnership) -> None:
    """The body alone is enough to read an entry."""
    with database.reading() as session:
        content = support.last_entry(session).content
    assert content["at"] == NOW.isoformat()
    assert content["event"] == "deviation.logged"
    assert content["record"] == "DEV-2026-0002"
    assert content["by"] == {
        "name": "Gita Rao",
        "company": "Borealis",
        "side": "CMO",
        "team": support.CMO_TEAM,
        "user": "U0GITA",
    }


@pytest.mark.both_engines
def test_each_partnership_has_a_chain_of_its_own(database: Database, there: Partnership) -> None:
    """Another partnership's journal starts at 1 from zeros."""
    with database.writing() as session:
        other = support.set_up(session, "C0OTHER")
        first = session.execute(text("SELECT min(seq) FROM journal WHERE partnership_id = :p"), {"p": other.id})
        assert first.scalar() == 1
    assert [head.partnership_id for head in verified(database)] == [there.id, other.id]


@pytest.mark.both_engines
def test_a_whole_journal_gives_its_head(database: Database, filled: Partnership) -> None:
    """Verifying an untouched journal gives the number of entries and the last hash."""
    (head,) = verified(database)
    with database.reading() as session:
        last = support.last_entry(session)
    assert isinstance(head, JournalHead)
    assert (head.seq, head.hash) == (last.seq, last.hash)


def test_a_long_journal_is_verified_in_pages(
    database: Database, filled: Partnership, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A journal longer than one page is read to its end."""
    monkeypatch.setattr(journal, "FEW", 2)
    (head,) = verified(database)
    assert isinstance(head, JournalHead)
    with raw(database) as connection:
        connection.exec_driver_sql("DELETE FROM journal WHERE seq = 6")
    assert broken(database).seq == 6


@pytest.mark.both_engines
def test_a_moment_of_another_zone_is_journalled_in_utc(database: Database, there: Partnership) -> None:
    """An entry written with another offset stays whole when it is verified."""
    local = datetime(2026, 11, 24, 10, 0, tzinfo=timezone(timedelta(hours=1)))
    with database.writing() as session:
        entry_id = journal.append(session, there.id, "test.noted", local, {})
        content = journal.get(session, entry_id).content
    assert content["at"] == datetime(2026, 11, 24, 9, 0, tzinfo=UTC).isoformat()
    assert isinstance(verified(database)[0], JournalHead)


@pytest.mark.both_engines
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal SET event = 'x'",
        "UPDATE journal SET body = body WHERE seq = 1",
        "DELETE FROM journal",
        "DELETE FROM journal WHERE seq = 2",
        "INSERT INTO journal SELECT * FROM journal WHERE seq = 1 ON CONFLICT (id) DO UPDATE SET event = 'x'",
    ],
)
def test_the_database_refuses_to_change_the_journal(database: Database, filled: Partnership, statement: str) -> None:
    """UPDATE and DELETE are refused by triggers, whatever program asks."""
    refuses(database, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT OR REPLACE INTO journal SELECT * FROM journal WHERE seq = 1",
        "REPLACE INTO journal SELECT * FROM journal WHERE seq = 1",
        "UPDATE OR REPLACE journal SET seq = 1 WHERE seq = 2",
    ],
)
def test_sqlite_refuses_to_replace_an_entry(sqlite: Database, statement: str) -> None:
    """REPLACE, which deletes without a word, is refused as well."""
    with sqlite.writing() as session:
        support.set_up(session)
    refuses(sqlite, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE journal",
        "TRUNCATE partnership CASCADE",
        "MERGE INTO journal USING journal_head ON journal.seq = 1 WHEN MATCHED THEN DELETE",
        "UPDATE ONLY journal SET event = 'x'",
    ],
)
def test_postgresql_refuses_to_empty_the_journal(postgres: Database, statement: str) -> None:
    """TRUNCATE and MERGE are other words for deleting, and refused as well."""
    with postgres.writing() as session:
        support.set_up(session)
    refuses(postgres, statement)


def refuses(database: Database, statement: str) -> None:
    with pytest.raises(IntegrityError, match="append-only"), database.writing() as session:
        session.execute(text(statement))
    assert isinstance(verified(database)[0], JournalHead)


@pytest.mark.both_engines
def test_a_number_is_given_once(database: Database, filled: Partnership) -> None:
    """A second entry with a number that was given is refused: by a trigger of SQLite, by a key of PostgreSQL."""
    insert = (
        "INSERT INTO journal (partnership_id, seq, event, at, body, hash) "
        "SELECT partnership_id, seq, event, at, body, hash FROM journal WHERE seq = 1"
    )
    with (
        pytest.raises(IntegrityError, match=r"append-only|uq_journal_partnership_id_seq"),
        database.writing() as session,
    ):
        session.execute(text(insert))


CHANGED = "its content or the link before it was changed"
COLUMNS = "its columns differ from its body"
TAMPERED = [
    ("edited body", ["UPDATE journal SET body = replace(body, 'QA', 'QB') WHERE seq = 3"], 3, CHANGED),
    ("edited hash", ["UPDATE journal SET hash = '0' WHERE seq = 3"], 3, CHANGED),
    ("edited event", ["UPDATE journal SET event = 'x' WHERE seq = 3"], 3, COLUMNS),
    ("edited time", ["UPDATE journal SET at = '2020-01-01 00:00:00.000000' WHERE seq = 3"], 3, COLUMNS),
    ("moved to another record", ["UPDATE journal SET record_id = 2 WHERE seq = 9"], 9, COLUMNS),
    ("taken from its record", ["UPDATE journal SET record_id = NULL WHERE seq = 9"], 9, COLUMNS),
    ("put on a record", ["UPDATE journal SET record_id = 1 WHERE seq = 2"], 2, COLUMNS),
    ("removed first", ["DELETE FROM journal WHERE seq = 1"], 1, "entry 1 is missing"),
    ("removed in between", ["DELETE FROM journal WHERE seq = 4"], 4, "entry 4 is missing"),
    (
        "removed and closed up",
        ["DELETE FROM journal WHERE seq = 4", "UPDATE journal SET seq = seq - 1 WHERE seq > 4"],
        4,
        CHANGED,
    ),
    (
        "inserted",
        [
            "UPDATE journal SET seq = -seq - 1 WHERE seq >= 4",
            "UPDATE journal SET seq = -seq WHERE seq < 0",
            (
                "INSERT INTO journal (partnership_id, seq, event, at, body, hash) "
                "SELECT partnership_id, 4, event, at, body, hash FROM journal WHERE seq = 3"
            ),
        ],
        4,
        CHANGED,
    ),
    (
        "reordered",
        [
            "UPDATE journal SET seq = -3 WHERE seq = 3",
            "UPDATE journal SET seq = 3 WHERE seq = 4",
            "UPDATE journal SET seq = 4 WHERE seq = -3",
        ],
        3,
        CHANGED,
    ),
    ("cut off", ["DELETE FROM journal WHERE seq >= 8"], 8, "the journal ends here, its head says 11 entries"),
    ("emptied", ["DELETE FROM journal"], 1, "the journal ends here, its head says 11 entries"),
    ("head moved back", ["UPDATE journal_head SET seq = 9"], 12, "the journal ends here, its head says 9 entries"),
    ("head gone", ["DELETE FROM journal_head"], 12, "the journal ends here, its head says 0 entries"),
    ("all gone", ["DELETE FROM journal", "DELETE FROM journal_head"], 1, "there is no entry at all"),
]


@pytest.fixture(params=[journal.FEW, 2], ids=["one page", "many pages"])
def _paged(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "FEW", request.param)


@pytest.mark.usefixtures("_paged")
@pytest.mark.parametrize(("statements", "seq", "why"), [case[1:] for case in TAMPERED], ids=[c[0] for c in TAMPERED])
def test_tampering_shows(database: Database, filled: Partnership, statements: list[str], seq: int, why: str) -> None:
    """Whatever is done to the rows behind the triggers, verify names the first link that does not hold."""
    with raw(database) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    assert broken(database) == Break(filled.id, seq, why)


def test_a_rewritten_body_that_is_no_entry_shows(database: Database, filled: Partnership) -> None:
    """A last entry replaced with a matching hash, but without an entry's parts, is a break and no crash."""
    with raw(database) as connection:
        previous = connection.exec_driver_sql("SELECT hash FROM journal WHERE seq = 10").scalar_one()
    for body in ("{}", "[]", "not JSON"):
        digest = hashlib.sha256((previous + body).encode()).hexdigest()
        with raw(database) as connection:
            rewritten = text("UPDATE journal SET body = :body, hash = :hash WHERE seq = 11")
            connection.execute(rewritten, {"body": body, "hash": digest})
        assert broken(database) == Break(filled.id, 11, COLUMNS)


@pytest.mark.usefixtures("_paged")
@pytest.mark.parametrize("unreadable", [5, 6, 7, 11])
@pytest.mark.parametrize("edited", [None, 1, 4])
def test_what_comes_before_an_unreadable_entry_is_checked(
    database: Database, filled: Partnership, unreadable: int, edited: int | None
) -> None:
    """Pages are asked for ahead: the first entry that does not hold is named all the same."""
    with raw(database) as connection:
        connection.execute(text("UPDATE journal SET body = CAST(X'ff' AS TEXT) WHERE seq = :seq"), {"seq": unreadable})
        connection.execute(text("UPDATE journal SET event = 'x' WHERE seq = :seq"), {"seq": edited})
    assert broken(database).seq == (edited or unreadable)


@pytest.mark.both_engines
@pytest.mark.usefixtures("_paged")
def test_a_break_in_one_journal_leaves_the_others_whole(database: Database, filled: Partnership) -> None:
    """Each partnership's journal is verified for itself."""
    with database.writing() as session:
        other = support.set_up(session, "C0OTHER")
    with raw(database) as connection:
        connection.execute(text("DELETE FROM journal WHERE partnership_id = :p AND seq = 2"), {"p": filled.id})
    first, second = verified(database)
    assert isinstance(first, Break)
    assert isinstance(second, JournalHead)
    assert second.partnership_id == other.id


@pytest.mark.both_engines
def test_a_failed_transaction_leaves_no_link(database: Database, there: Partnership) -> None:
    """An entry that was rolled back is not missed by the chain."""

    def fail() -> None:
        with database.writing() as session:
            journal.append(session, there.id, "test.noted", NOW, {})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.writing() as session:
        journal.append(session, there.id, "test.noted", NOW, {})
    assert isinstance(verified(database)[0], JournalHead)


@pytest.mark.both_engines
def test_a_chain_that_grows_at_many_ends_at_once_is_one_chain(database: Database, there: Partnership) -> None:
    """Transactions at the same time put their entries one behind the other, the very first ones too."""
    with database.writing() as session:
        other = Partnership(**there.model_dump(exclude={"id", "channel_id"}), channel_id="C0OTHER")
        session.add(other)
    for number in range(2):
        support.at_once(database, 8, lambda session: journal.append(session, other.id, "test.noted", NOW, {}))
        head = verified(database)[-1]
        assert isinstance(head, JournalHead)
        assert (head.partnership_id, head.seq) == (other.id, 8 * (number + 1))


@pytest.mark.both_engines
def test_an_entry_waits_for_the_one_before_it(database: Database, there: Partnership) -> None:
    """Whoever has seen the end of the chain before still goes on from where it ends by then."""

    def append(session: Session) -> int:
        journal.head_of(session, there.id)
        return journal.get(session, journal.append(session, there.id, "test.noted", NOW, {})).seq

    first, second = support.one_after_the_other(database, append)
    assert second == first + 1
    assert isinstance(verified(database)[0], JournalHead)


@pytest.mark.both_engines
def test_a_records_entries_come_newest_first_in_pages(session: Session, there: Partnership) -> None:
    """A record's history is paged by seq, without the other records'."""
    record = support.log_deviation(session)
    support.assign(session, record, support.GITA)
    support.log_deviation(session)
    support.assign(session, record, support.FINN)
    first = journal.list_of_record(session, record.id, limit=2)
    rest = journal.list_of_record(session, record.id, limit=2, before=first[-1].seq)
    assert [entry.event for entry in first] == ["deviation.assigned", "deviation.assigned"]
    assert [entry.event for entry in rest] == ["deviation.logged"]


def test_get_gives_an_entry_or_raises(session: Session, there: Partnership) -> None:
    """An entry is found by its id; an unknown id is a LookupError."""
    entry_id = journal.append(session, there.id, "test.noted", NOW, {})
    assert journal.get(session, entry_id).event == "test.noted"
    with pytest.raises(LookupError):
        journal.get(session, entry_id + 1)


def test_the_head_of_no_journal_is_zeros(session: Session) -> None:
    """A partnership without entries ends at zeros."""
    head = journal.head_of(session, 1)
    assert (head.seq or 0, head.hash) == (0, "0" * 64)


@pytest.mark.both_engines
def test_some_events_can_be_left_out(session: Session, there: Partnership) -> None:
    """However many there are of them, the limit counts the others."""
    record = support.log_deviation(session)
    support.assign(session, record, support.GITA)
    for _ in range(3):
        records.comment(session, support.actor(session, support.GITA), support.ref(record), "Seen.", NOW)
    found = journal.list_of_record(session, record.id, 2, but=["deviation.commented"])
    assert [entry.event for entry in found] == ["deviation.assigned", "deviation.logged"]


@pytest.mark.both_engines
def test_entries_of_signatures_are_found(session: Session, there: Partnership, monkeypatch: pytest.MonkeyPatch) -> None:
    """By id, page by page; words that look like a signature are none."""
    record = support.close(session, support.log_deviation(session))
    text_of_one = '"signature":{"hash":"0"} and \\"signature\\":{'
    records.comment(session, support.actor(session, support.GITA), support.ref(record), text_of_one, NOW)
    first = journal.list_signed(session, 0, 1)
    second = journal.list_signed(session, first[0].id, 10)
    assert [entry.event for entry in (*first, *second)] == ["deviation.approved", "deviation.closed"]
    monkeypatch.setattr(journal, "FEW", 1)
    every = [entry.event for entry in journal.each(session, journal.list_signed)]
    assert every == ["deviation.approved", "deviation.closed"]
