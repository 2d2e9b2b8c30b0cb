"""The database is durable, has one writer, and reads beside it."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Barrier, Event

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DatabaseError, IntegrityError, InternalError, OperationalError
from sqlmodel import Session

from storage import database as database_module
from storage import prepared, receipt
from storage.database import PRAGMAS, Database, Piece, is_writing
from storage.receipt import Receipt
from storage.upsert import begin_new, insert_new
from tests import support
from tests.support import NOW

pytestmark = pytest.mark.both_engines

PRAGMA_VALUES = {
    "busy_timeout": 10000,
    "journal_mode": "wal",
    "synchronous": 2,  # FULL
    "wal_autocheckpoint": 4000,
    "analysis_limit": 400,
    "foreign_keys": 1,
    "recursive_triggers": 1,
}


def _add(session: Session, key: str) -> None:
    session.add(Receipt(key=key, at=NOW))


def _nothing(_session: Session) -> None:
    pass


def _refuse(_session: Session) -> None:
    raise ZeroDivisionError


def _keys(session: Session) -> list[str]:
    return list(session.execute(text("SELECT key FROM receipt ORDER BY key")).scalars())


@pytest.mark.parametrize(("name", "value"), PRAGMA_VALUES.items())
def test_every_connection_has_the_pragmas(
    monkeypatch: pytest.MonkeyPatch, sqlite: Database, name: str, value: object
) -> None:
    """Reading and writing connections alike answer with the settings that make SQLite durable and strict."""
    monkeypatch.setattr(database_module, "PRAGMAS", PRAGMAS)  # as they were imported: other tests are in a hurry
    with sqlite.reading() as reading, sqlite.writing() as writing:
        assert reading.execute(text(f"PRAGMA {name}")).scalar() == value
        assert writing.execute(text(f"PRAGMA {name}")).scalar() == value


def test_the_table_of_pragmas_is_whole() -> None:
    """Each pragma the program sets is tested here."""
    assert {pragma.split()[1] for pragma in PRAGMAS} == set(PRAGMA_VALUES)


def test_postgresql_sees_one_moment_when_reading_and_the_newest_when_writing(postgres: Database) -> None:
    """A view keeps still and changes nothing; a writer goes on from what others committed meanwhile."""
    for _ in range(2):  # a connection given back is a connection like any other
        with postgres.reading() as session:
            assert session.execute(text("SHOW transaction_isolation")).scalar() == "repeatable read"
            assert session.execute(text("SHOW transaction_read_only")).scalar() == "on"
        with postgres.writing() as session:
            assert session.execute(text("SHOW transaction_isolation")).scalar() == "read committed"
            assert session.execute(text("SHOW transaction_read_only")).scalar() == "off"


def test_a_session_knows_whether_it_writes(database: Database) -> None:
    """Only what was opened for writing locks what it reads."""
    with database.reading() as reading:
        assert not is_writing(reading)
    with database.writing() as writing:
        assert is_writing(writing)


def test_a_connection_that_the_server_ended_is_replaced(postgres: Database) -> None:
    """After a restart of the server the next transaction finds a new connection."""
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with postgres.reading() as one, postgres.reading() as another:
        assert _keys(one) == _keys(another)
    with postgres.writing() as session:
        ended = session.execute(text(f"SELECT pg_terminate_backend(pid, 5000) {others}"))
        assert list(ended.scalars()) == [True]
    with postgres.reading() as one, postgres.reading() as another:
        assert _keys(one) == _keys(another)


def test_writing_commits_at_the_end(database: Database) -> None:
    """What a transaction wrote is there afterwards."""
    with database.writing() as session:
        _add(session, "k")
    with database.reading() as session:
        assert _keys(session) == ["k"]


def test_writing_rolls_back_when_anything_raises(database: Database) -> None:
    """A transaction that fails leaves nothing."""

    def fail() -> None:
        with database.writing() as session:
            _add(session, "k")
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.reading() as session:
        assert _keys(session) == []


def test_reading_keeps_nothing(database: Database) -> None:
    """What is done while reading is not saved; PostgreSQL refuses it at once."""
    with suppress(InternalError), database.reading() as session:
        _add(session, "k")
        session.flush()
    with database.reading() as session:
        assert _keys(session) == []


def test_a_reader_sees_one_moment(database: Database) -> None:
    """A view that was opened before a commit does not change under its reader, and blocks no writer."""
    with database.reading() as reading:
        assert _keys(reading) == []
        with database.writing() as writing:
            _add(writing, "k")
        assert _keys(reading) == []
    with database.reading() as reading:
        assert _keys(reading) == ["k"]


def test_foreign_keys_are_enforced(database: Database) -> None:
    """A row that points nowhere is refused."""
    insert = "INSERT INTO sequence (partnership_id, prefix, year, last) VALUES (99, 'DEV', 2026, 1)"
    with pytest.raises(IntegrityError), database.writing() as session:
        session.execute(text(insert))


async def test_write_returns_what_was_committed(database: Database) -> None:
    """When write returns, the work is committed and its result is given."""
    assert await database.write(lambda session: receipt.note(session, "k", NOW)) is None
    assert await database.read(_keys) == ["k"]
    earlier = await database.write(lambda session: receipt.note(session, "k", NOW))
    assert earlier is not None
    assert earlier.at == NOW


async def test_write_gives_the_error_of_the_work(database: Database) -> None:
    """An error in the work reaches the caller, and nothing was written."""

    def fail(session: Session) -> None:
        _add(session, "k")
        raise LookupError("no such record")

    with pytest.raises(LookupError, match="no such record"):
        await database.write(fail)
    assert await database.read(_keys) == []


async def test_writes_of_a_process_queue_for_one_another(database: Database) -> None:
    """Many writes at once all arrive, each after the one before it."""

    def count_up(session: Session) -> int:
        number = len(_keys(session))
        session.add(Receipt(key=f"{number:02d}", at=NOW + timedelta(minutes=number)))
        return number

    assert await asyncio.gather(*(database.write(count_up) for _ in range(20))) == [*range(20)]
    assert await database.read(_keys) == [f"{n:02d}" for n in range(20)]


@pytest.fixture
def commits(sqlite: Database) -> list[str]:
    """Count what the engine commits."""
    found: list[str] = []
    event.listen(sqlite.engine, "commit", lambda _connection: found.append("commit"))
    return found


@asynccontextmanager
async def busy(database: Database) -> AsyncIterator[None]:
    """Keep the writer busy, so that what is to be written inside waits; let it go on afterwards."""
    released = Event()
    first = asyncio.create_task(database.write(lambda _session: released.wait(10)))
    await asyncio.sleep(0.05)
    yield
    await asyncio.sleep(0.05)
    released.set()
    await first


async def test_what_waits_is_committed_together(sqlite: Database, commits: list[str]) -> None:
    """It is made durable once for all."""
    sqlite._within = 10.0  # on a machine that runs other things
    async with busy(sqlite):
        waiting = [asyncio.create_task(sqlite.write(partial(_add, key=str(number)))) for number in range(9)]
    await asyncio.gather(*waiting)
    assert commits == ["commit"]
    assert await sqlite.read(_keys) == [str(number) for number in range(9)]


async def ends(pieces: Sequence[Piece]) -> list[type[BaseException | None]]:
    """Wait for all; give the kind of error that each ended with."""
    return [type(await asyncio.to_thread(piece.done.exception, 10)) for piece in pieces]


async def test_one_that_is_refused_takes_none_with_it(database: Database) -> None:
    """What it wrote is gone, what the others wrote is there; each is told its own end, and none is done twice."""
    begun: list[str] = []

    def add(session: Session, key: str) -> None:
        begun.append(key)
        _add(session, key)

    def refuse(session: Session) -> None:
        add(session, "refused")
        session.flush()
        raise ZeroDivisionError

    works = [partial(add, key="a"), refuse, partial(add, key="b")]
    assert await ends(support.together(database, *works)) == [type(None), ZeroDivisionError, type(None)]
    assert await database.read(_keys) == ["a", "b"]
    assert begun == ["a", "refused", "b"]


async def test_one_that_the_database_refuses_takes_none_with_it(database: Database) -> None:
    """What the database refused is done anew by itself, and told so only if it is refused again."""
    works = [partial(_add, key=key) for key in ("a", "a", "b")]
    assert await ends(support.together(database, *works)) == [type(None), IntegrityError, type(None)]
    assert await database.read(_keys) == ["a", "b"]


async def test_a_statement_that_never_was_prepared_is_not_taken_for_it(postgres: Database) -> None:
    """At its sixth run the driver has a statement prepared, which fails with what goes before it in the pipeline."""
    question = text("SELECT 41 + CAST(:one AS INTEGER)")

    def act(session: Session, key: str) -> int:
        is_new = begin_new(session, Receipt, {"key": key, "at": NOW})
        [(answer,)] = prepared.ask(session, question, {"one": 1})
        is_new()
        return int(answer)

    # The driver has seen the words of these rollbacks, and nothing is prepared by then.
    await ends(support.together(postgres, _nothing, _refuse, _refuse))
    for number in range(4):
        assert await postgres.write(partial(act, key=f"alone {number}")) == 42
    holding = Database(postgres.url)
    with holding.writing() as other:
        insert_new(other, Receipt, [{"key": "held", "at": NOW}])
        first, waits, last = support.together(postgres, partial(act, key="a"), partial(act, key="held"), _nothing)
        assert await ends([first, last]) == [type(None), type(None)]
    assert await ends([waits]) == [type(None)]
    holding.close()


async def test_who_waits_for_another_holds_nobody_up(postgres: Database) -> None:
    """Where another process holds a row, who needs it waits alone; the others are committed."""

    def need(session: Session) -> None:
        insert_new(session, Receipt, [{"key": "held", "at": NOW}])

    with postgres.writing() as other:
        need(other)
        first, waits, last = support.together(postgres, partial(_add, key="a"), need, partial(_add, key="b"))
        assert await ends([first, last]) == [type(None), type(None)]
        assert not waits.done.done()
    assert await ends([waits]) == [type(None)]
    assert await postgres.read(_keys) == ["a", "b", "held"]


async def test_a_commit_that_fails_is_tried_by_each_alone(sqlite: Database) -> None:
    """And whoever fails again is told so: nothing is acknowledged that is not there."""
    fails = iter([True, False, True])

    @event.listens_for(sqlite.engine, "commit")
    def _fail(_connection: object) -> None:
        if next(fails, False):
            raise OperationalError("COMMIT", None, Exception("disk full"))

    async with busy(sqlite):
        waiting = [asyncio.create_task(sqlite.write(partial(_add, key=str(number)))) for number in range(3)]
    ends = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(end) for end in ends] == [type(None), OperationalError, type(None)]
    assert await sqlite.read(_keys) == ["0", "2"]


async def test_what_ends_a_program_leaves_nobody_waiting(sqlite: Database) -> None:
    """It goes to whose work it was; the others are done alone."""

    def leave(_session: Session) -> None:
        raise SystemExit(3)

    works = [partial(_add, key="a"), leave, partial(_add, key="b")]
    assert await ends(support.together(sqlite, *works)) == [type(None), SystemExit, type(None)]
    assert await sqlite.read(_keys) == ["a", "b"]


async def test_who_no_longer_waits_is_left_out(sqlite: Database) -> None:
    """Work whose caller went away before it was begun is not begun."""
    async with busy(sqlite):
        gone, stays = (asyncio.create_task(sqlite.write(partial(_add, key=key))) for key in ("gone", "stays"))
        await asyncio.sleep(0.05)
        gone.cancel()
    await stays
    assert await sqlite.read(_keys) == ["stays"]


async def test_a_server_takes_several_processes_at_once(postgres: Database) -> None:
    """Two that wait for each other both arrive."""
    both, other = Barrier(2), Database(postgres.url)
    await asyncio.gather(*(one.write(lambda _session: both.wait(10)) for one in (postgres, other)))
    other.close()


def test_ping_answers(database: Database) -> None:
    """A database that is there is really asked, and answers."""
    asked: list[str] = []
    event.listen(database.engine, "after_cursor_execute", lambda *given: asked.append(given[2]))
    database.ping()
    assert asked[-1] == "SELECT 1"


def test_ping_raises_when_the_file_is_no_database(tmp_path: Path) -> None:
    """A file that is there but holds something else does not answer."""
    path = tmp_path / "x.db"
    path.write_text("this is no database " * 100)
    broken = Database(f"sqlite:///{path}")
    with pytest.raises(DatabaseError, match="not a database"):
        broken.ping()
    broken.close()


def test_ping_raises_when_there_is_no_database(tmp_path: Path) -> None:
    """A database that cannot be opened is an error."""
    gone = Database(f"sqlite:///{tmp_path / 'no folder' / 'x.db'}")
    with pytest.raises(Exception, match="unable to open"):
        gone.ping()
    gone.close()


def test_ping_raises_when_there_is_no_such_database_on_the_server(postgres: Database) -> None:
    """A name that the server does not know is an error that says so."""
    gone = Database(f"{postgres.url.replace('/test', '/no')}")
    with pytest.raises(OperationalError, match="does not exist"):
        gone.ping()
    gone.close()


def test_a_refusal_quotes_no_row(database: Database) -> None:
    """Errors are logged: neither the statement's values nor the server's own words of the row stand in them."""
    with database.writing() as session:
        support.set_up(session)
        record = support.log_deviation(session, title="Zebra-quartz")
        session.flush()
        with pytest.raises(IntegrityError) as caught:
            session.execute(text("UPDATE record SET state = NULL WHERE id = :id"), {"id": record.id})
        session.rollback()
    told = "".join(traceback.format_exception(caught.value))
    assert "null" in told.lower()
    assert "Zebra" not in told
