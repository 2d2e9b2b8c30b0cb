"""Work of several people in one transaction: whoever is told that it is done finds it done, whatever befell others."""

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from threading import Event
from typing import Any

import psycopg
import pytest
from psycopg.pq import PipelineStatus, TransactionStatus
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError
from sqlmodel import Session, col, select

from quality import deviation, people
from quality.refusal import Refusal
from storage import driver, journal, scope
from storage.database import Database, Piece
from storage.receipt import Receipt
from storage.record import Record
from storage.upsert import insert_all, insert_missing, insert_new
from tests import support
from tests.support import GITA, NOW

pytestmark = pytest.mark.both_engines

Work = Callable[[Session], Any]
TAKEN = "taken"


def rows(key: str) -> list[dict[str, object]]:
    return [{"key": key, "at": NOW}]


def put(session: Session, key: str) -> str:
    """Write a row and wait for it."""
    assert insert_new(session, Receipt, rows(key))
    return key


def leave(session: Session, key: str) -> str:
    """Write a row that nobody waits for."""
    insert_all(session, Receipt, rows(key))
    return key


def keys(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.exec(select(Receipt.key).where(Receipt.key != TAKEN).order_by(Receipt.key)).all())


def end(piece: Piece) -> str:
    """Give what a piece gave, or the name of its error; one that is never told is an error of the test."""
    error = piece.done.exception(20)
    return type(error).__name__ if error else str(piece.done.result())


def take(database: Database) -> None:
    with database.writing() as session:
        leave(session, TAKEN)


def together(database: Database, *works: Work) -> list[str]:
    take(database)
    return [end(piece) for piece in support.together(database, *works)]


def fail_unheard(session: Session) -> str:
    """Write something, and at last what is refused, which nobody hears before the end."""
    put(session, "mine")
    return leave(session, TAKEN)


def test_what_fails_unheard_is_told_to_whom_it_failed(database: Database) -> None:
    """Not to the next one, who hears it first; and nobody who was told the contrary is undone."""
    works = [partial(put, key="a"), fail_unheard, partial(leave, key="b"), partial(put, key="c")]
    assert together(database, *works) == ["a", "IntegrityError", "b", "c"]
    assert keys(database) == ["a", "b", "c"]


def test_what_waits_at_its_end_for_another_is_not_lost(postgres: Database) -> None:
    """Where its last row is somebody else's for too long, it is done alone, and told when it is there."""

    def need(session: Session) -> str:
        put(session, "mine")
        insert_missing(session, Receipt, rows("held"))
        return "needed"

    with postgres.writing() as other:
        put(other, "held")
        pieces = support.together(postgres, partial(put, key="a"), need, partial(put, key="b"))
        assert end(pieces[0]) == "a"
    assert [end(piece) for piece in pieces] == ["a", "needed", "b"]
    assert keys(postgres) == ["a", "b", "held", "mine"]


def test_a_refusal_after_what_failed_unheard(database: Database) -> None:
    """Is a refusal; whoever comes next neither waits longer for others nor is undone with it."""
    waits: list[str] = []

    def refuse(session: Session) -> None:
        fail_unheard(session)
        raise Refusal("No.")

    def look(session: Session) -> str:
        if session.connection().dialect.name == "postgresql":
            waits.append(str(session.execute(text("SHOW lock_timeout")).scalar_one()))
        return put(session, "b")

    first, second = together(database, refuse, look)
    assert first in {"Refusal", "IntegrityError"}  # SQLite hears at once
    assert (second, keys(database)) == ("b", ["b"])
    assert waits in ([], ["20ms"])


@pytest.mark.parametrize("alone", [True, False])
def test_a_savepoint_hears_what_failed_in_it(database: Database, *, alone: bool) -> None:
    """What happened within is undone, what happened before and after is kept."""

    def work(session: Session) -> str:
        put(session, "before")
        with suppress(SQLAlchemyError), session.begin_nested():
            fail_unheard(session)
        return put(session, "after")

    others = [] if alone else [partial(put, key="a"), partial(put, key="b")]
    assert together(database, *others[:1], work, *others[1:])[len(others[:1])] == "after"
    assert keys(database) == ["after", "before"] if alone else ["a", "after", "b", "before"]


def test_work_that_goes_on_after_an_error_is_not_done(postgres: Database) -> None:
    """The server would answer COMMIT with a ROLLBACK and no error."""

    def work(session: Session) -> str:
        put(session, "mine")
        with suppress(SQLAlchemyError):
            session.execute(text("SELECT 1 FROM nowhere"))
        return "done"

    assert together(postgres, partial(put, key="a"), work) == ["a", "InvalidRequestError"]
    assert keys(postgres) == ["a"]


def test_work_that_ends_the_transaction_takes_none_with_it(database: Database) -> None:
    """They are done by themselves."""

    def work(session: Session) -> None:
        put(session, "mine")
        session.rollback()

    first, _ = together(database, partial(put, key="a"), work)
    assert (first, keys(database)) == ("a", ["a"])


def test_sqlite_ends_the_transaction_by_itself(sqlite: Database) -> None:
    """Somebody whose work has ended it, and went on, is told so; the others are done by themselves."""

    def work(session: Session) -> str:
        with suppress(SQLAlchemyError):
            session.execute(text("INSERT OR ROLLBACK INTO receipt (key, at, content) VALUES ('taken', '', '')"))
        return "done"

    assert together(sqlite, partial(put, key="a"), work, partial(put, key="b")) == ["a", "InvalidRequestError", "b"]
    assert keys(sqlite) == ["a", "b"]


def test_the_disk_is_full_for_one_of_them(sqlite: Database) -> None:
    """What needed the space is told so; the others are kept."""

    def work(session: Session) -> None:
        connection = session.connection()
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 4}")
        try:
            for number in range(3000):
                put(session, f"{number:070d}")
        finally:
            connection.exec_driver_sql("PRAGMA max_page_count = 1000000")

    assert together(sqlite, partial(put, key="a"), work, partial(put, key="b")) == ["a", "OperationalError", "b"]
    assert keys(sqlite) == ["a", "b"]


def test_the_connection_dies_between_two(postgres: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody is told, and done once."""
    begin_anew, killed = scope.begin_anew, list[int]()

    def kill(connection: Any) -> None:
        if not killed:
            driver.arrive(connection)
            killed.append(driver.of(connection).info.backend_pid)
            with postgres.engine.connect() as other:
                other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": killed[0]})
        begin_anew(connection)

    monkeypatch.setattr(scope, "begin_anew", kill)
    assert together(postgres, *(partial(put, key=key) for key in "abc")) == ["a", "b", "c"]
    assert keys(postgres) == ["a", "b", "c"]
    assert killed


def test_a_commit_of_which_nobody_knows_is_not_done_again(postgres: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its answer was lost: each is told an error, as alone; done twice it would be kept twice."""
    commit, lost = postgres.engine.dialect.do_commit, list[bool]()
    numbers = iter(range(9))

    def lose(connection: Any) -> None:
        commit(connection)
        if not lost:
            lost.append(True)
            connection.driver_connection.close()
            raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(postgres.engine.dialect, "do_commit", lose)
    works = [lambda session: put(session, f"a{next(numbers)}")] * 2
    pieces = support.together(postgres, *works)
    assert [end(piece) for piece in pieces] == ["OperationalError", "OperationalError"]
    assert keys(postgres) == ["a0", "a1"]


async def test_what_comes_after_the_end_is_refused_and_not_done(database: Database) -> None:
    """While the writer still finishes what was begun."""
    going_on = Event()
    begun = [asyncio.create_task(database.write(lambda _session: going_on.wait(10))) for _ in range(2)]
    await asyncio.sleep(0.1)
    closing = asyncio.create_task(asyncio.to_thread(database._writer.shutdown))
    await asyncio.sleep(0.1)
    with pytest.raises(RuntimeError):
        await database.write(partial(put, key="late"))
    going_on.set()
    await asyncio.gather(closing, *begun)
    assert keys(database) == []


class Chance:
    """Work of random steps and a random end, and what it should come to."""

    ENDS = ("well", "well", "well", "refused", "failed", "failed unheard", "refused after that", "no SQL", "killed")

    def __init__(self, name: str, rng: random.Random) -> None:
        self.name = name
        self.steps = [rng.choice([put, leave, self.by_orm, self.nested, self.undone]) for _ in range(rng.randint(1, 4))]
        self.end = rng.choice(self.ENDS)
        self.times = 0

    @property
    def kept(self) -> list[str]:
        """What it writes, when it is done."""
        return [f"{self.name}:{number}" for number in range(len(self.steps))]

    def __call__(self, session: Session) -> str:
        """Do it."""
        self.times += 1
        for step, key in zip(self.steps, self.kept, strict=True):
            step(session, key)
        if self.end.startswith("failed") or self.end.endswith("that"):
            leave(session, TAKEN)
        if self.end.startswith("refused"):
            raise Refusal("No.")
        if self.end == "failed":
            session.exec(select(Receipt)).all()
        if self.end == "no SQL":
            session.execute(text("SELECT 1 FROM nowhere"))
        if self.end == "killed" and self.times == 1 and session.connection().dialect.name == "postgresql":
            session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return self.name

    def by_orm(self, session: Session, key: str) -> None:
        """Write a row as an object."""
        session.add(Receipt(key=key, at=NOW))

    def nested(self, session: Session, key: str) -> None:
        """Write a row within a savepoint."""
        with session.begin_nested():
            put(session, key)

    def undone(self, session: Session, key: str) -> None:
        """Write a row after another was undone."""
        with suppress(Refusal), session.begin_nested():
            leave(session, f"{key} undone")
            raise Refusal("No.")
        leave(session, key)


def unclean(database: Database) -> list[tuple[str, str]]:
    """Note which connections come back to the pool with something still under way."""
    found: list[tuple[str, str]] = []

    @event.listens_for(database.engine, "checkin")
    def _look(connection: Any, _record: object) -> None:
        if isinstance(connection, psycopg.Connection) and not connection.closed:
            pg = connection.pgconn
            state = (PipelineStatus(pg.pipeline_status).name, TransactionStatus(pg.transaction_status).name)
            found.extend([state] if state != ("OFF", "IDLE") else [])

    return found


def test_whatever_befalls_them_each_is_told_the_truth(database: Database) -> None:
    """At random: whoever is told that it is done is kept whole, of the others nothing; connections come back clean."""
    take(database)
    dirty = unclean(database)
    for seed in range(40):
        rng = random.Random(seed)  # noqa: S311 - chances, no secrets
        works = [Chance(f"{seed:02d}-{number}", rng) for number in range(rng.randint(2, 7))]
        for one, piece in zip(works, support.together(database, *works), strict=True):
            told = end(piece)
            well = one.end == "well" or (one.end == "killed" and told == one.name)
            assert (told == one.name) is well, (seed, one.name, one.end, told)
            found = [key for key in keys(database) if key.startswith(one.name)]
            assert found == (one.kept if well else []), (seed, one.name, one.end, told)
        database._writer.shutdown()
    assert dirty == []


@pytest.fixture
def replicas(postgres: Database) -> Iterator[list[Database]]:
    """Give two that write to one server, as two processes would."""
    other = Database(postgres.url)
    yield [postgres, other]
    other.close()


async def test_two_replicas_keep_what_they_acknowledge(postgres: Database, replicas: list[Database]) -> None:
    """In several partnerships, with shared lots, some refused, some failing at their very end."""
    take(postgres)
    channels = [f"C0P{number}" for number in range(4)]
    with postgres.writing() as session:
        for channel in channels:
            support.set_up(session, channel)
    rng = random.Random(7)  # noqa: S311 - chances, no secrets
    done: set[str] = set()

    async def log(database: Database, title: str) -> None:
        channel, chance = rng.choice(channels), rng.random()
        form = replace(support.DEVIATION, title=title, lots=tuple(rng.sample("ABCDEF", 3)))

        def work(session: Session) -> None:
            who = people.actor_in_channel(session, channel, GITA.identity)
            deviation.log(session, who, form, NOW)
            if chance < 0.2:
                raise Refusal("No.")
            if chance < 0.3:
                leave(session, TAKEN)

        with suppress(Refusal, IntegrityError, OperationalError):
            await database.write(work)
            done.add(title)

    async with asyncio.timeout(120):
        names = [(one, f"{place}-{number}") for place, one in enumerate(replicas) for number in range(60)]
        await asyncio.gather(*(log(one, title) for one, title in names))
    with postgres.reading() as session:
        assert sorted(session.exec(select(Record.title).order_by(col(Record.title))).all()) == sorted(done)
        assert not [one for one in journal.verify(session) if isinstance(one, journal.Break)]
    assert done
