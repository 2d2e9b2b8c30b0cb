"""The database: short transactions, and what SQLite and PostgreSQL each need to keep their word.

SQLite has one writer at a time, so all writing of a process queues for one thread instead of for a lock; reading runs
beside it on a few others. What has queued by the time that the thread is free is committed together: making it durable
costs more than writing it, and is paid once. PostgreSQL takes several transactions at once, but those of one process
would wait for each other's locks more than they gain; other processes write meanwhile, so what is about to be changed
is locked when it is read.
"""

import asyncio
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import InvalidRequestError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import object_session
from sqlmodel import Session
from sqlmodel.sql.expression import SelectOfScalar

from storage import driver, scope
from storage.table import Table

Result = TypeVar("Result")

PATIENT = 10_000  # milliseconds for which a transaction waits for what others hold, before it is an error
HURRIED = 20  # the same, for one in which several people's work waits by then
PRAGMAS = (
    f"PRAGMA busy_timeout = {PATIENT}",  # another process, such as `tick`, may be writing
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # a commit that returned survives a power cut
    "PRAGMA wal_autocheckpoint = 4000",
    "PRAGMA foreign_keys = ON",
    "PRAGMA analysis_limit = 400",  # rows of each index that ANALYZE reads
    "PRAGMA recursive_triggers = ON",  # else REPLACE would slip past the journal's triggers
)
PATIENCE = 100  # attempts
DEADLOCK = "40P01"  # PostgreSQL's word for it
DEADLOCKS = 3
READERS = 4
WITHIN = 0.03  # seconds in which transactions gather to be committed together: the first waits for the last
# A connection whose other end is gone without a word is given up, not waited for (milliseconds; seconds).
DEAD_AFTER = {"tcp_user_timeout": 15_000, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
FOR_ALL: dict[str, Any] = {
    "hide_parameters": True,  # an error's text is logged: no record's words stand in it
    "pool_use_lifo": True,  # whoever writes gets the connection that wrote last, whose cache still holds
}
CONNECT_TIMEOUT = 10  # seconds; a server that cannot be reached is an error, not a wait without end


class Piece(NamedTuple):
    """Work that waits to be written, and what tells of its end."""

    work: Callable[[Session], Any]
    done: Future[Any]


class Database:
    """A database given by its URL, for use from one event loop and from plain synchronous code."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _engine(url)
        self._write_engine = self.engine.execution_options(writing=True, short=True)
        self._read_engine = _reading(self.engine)
        self._within = WITHIN
        self._waiting: deque[Piece] = deque()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open one transaction: committed at the end, rolled back when anything raises."""
        with Session(self._write_engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a consistent view of the data; nothing done in it is kept."""
        with Session(self._read_engine, expire_on_commit=False) as session:
            yield session

    async def write(self, work: Callable[[Session], Result]) -> Result:
        """Run work in one transaction; when this returns, it is committed. Work may be run more than once."""
        done: Future[Result] = Future()
        piece = Piece(work, done)
        self._waiting.append(piece)
        try:
            self._writer.submit(self._write_waiting)
        except RuntimeError:  # it was closed
            with suppress(ValueError):  # and the writer, which still finishes, took the piece
                self._waiting.remove(piece)
                raise
        return await asyncio.wrap_future(done)

    async def read(self, work: Callable[[Session], Result]) -> Result:
        """Run work on a consistent view of the data."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, _inside, self.reading, work)

    @property
    def exists(self) -> bool:
        """Whether there is a database file; opening one that is not there makes it. A server says so itself."""
        return self.engine.dialect.name != "sqlite" or Path(self.engine.url.database or "").exists()

    def ping(self) -> None:
        """Raise when the database does not answer."""
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    async def analyze(self) -> None:
        """Let SQLite look at what its tables hold by now, by which it chooses indexes; a server does so by itself."""
        if self.engine.dialect.name == "sqlite":
            await self.write(lambda session: session.connection().exec_driver_sql("ANALYZE"))

    def close(self) -> None:
        """Finish what is queued and let go of every connection."""
        self._writer.shutdown()
        self._readers.shutdown()
        self.engine.dispose()

    def _write_waiting(self) -> None:
        """Do what waits to be written by now; nothing, where it was done together with what came before it."""
        first = self._next()
        if first is None:
            return
        for piece in self._write_together(first) if self._waiting else [first]:
            _settle(piece.done, partial(_insistently, self.writing, piece.work))

    def _next(self) -> Piece | None:
        while self._waiting:
            with suppress(IndexError):  # it was taken back
                piece = self._waiting.popleft()
                if piece.done.set_running_or_notify_cancel():
                    return piece
        return None

    def _write_together(self, first: Piece) -> list[Piece]:
        """Commit several pieces of work together; gives those that are left to be done alone.

        A piece that is refused is undone by itself, and told so when what it saw of the others is committed. One that
        the database failed is left; where the whole transaction failed, nothing of it was kept and all are. Only where
        nobody knows whether it was kept, nothing is done again: each is told the error, as it would be alone.
        """
        begun, left, ended = [first], list[Piece](), list[tuple[Piece, Future[Any]]]()
        until, committing = time.monotonic() + self._within, False
        try:
            with self._write_engine.begin() as connection:
                while True:
                    outcome = _tried(connection, f"piece{len(begun)}", begun[-1].work)
                    if isinstance(outcome.exception(), SQLAlchemyError):
                        left.append(begun[-1])
                    else:
                        ended.append((begun[-1], outcome))
                    following = self._next() if time.monotonic() < until else None
                    if following is None:
                        break
                    begun.append(following)
                    if len(begun) == 2:  # noqa: PLR2004 - others wait by now for what the first holds
                        driver.wait_at_most(connection, HURRIED)
                    scope.begin_anew(connection)
                driver.arrive(connection)
                committing = True
        except BaseException as error:  # noqa: BLE001 - raised again by whom it was, alone
            if not (committing and getattr(error, "connection_invalidated", False)):
                return begun
            ended = [(piece, _failed(error)) for piece, _ in ended]
        for piece, outcome in ended:
            _settle(piece.done, outcome.result)
        return left


def _tried(connection: Connection, name: str, work: Callable[[Session], Result]) -> Future[Result]:
    """Try work within a transaction of many, in a session of its own; where it raises, nothing of it is kept.

    No name of a savepoint is used twice in a transaction: PostgreSQL tells late of what failed while nobody waited, and
    to go back to another one's savepoint would undo what they are told was done.
    """
    tried: Future[Result] = Future()
    driver.order(connection, f"SAVEPOINT {name}")
    try:
        # Left without a rollback, which would be everybody's.
        with Session(connection, expire_on_commit=False, join_transaction_mode="rollback_only") as session:
            result = work(session)
            session.commit()
        _is_whole(connection)
    except BaseException as error:
        if not connection.in_transaction():
            raise
        driver.undo(connection, name)
        tried.set_exception(error)
    else:
        tried.set_result(result)
    return tried


def _failed(error: BaseException) -> Future[Any]:
    outcome: Future[Any] = Future()
    outcome.set_exception(error)
    return outcome


def _settle(done: Future[Result], outcome: Callable[[], Result]) -> None:
    try:
        done.set_result(outcome())
    except BaseException as error:  # noqa: BLE001 - raised again where the work was asked for
        done.set_exception(error)


def _insistently(opening: Callable[[], Any], work: Callable[[Session], Result]) -> Result:
    """Run work in a transaction; one that the server ended for a deadlock is run anew, for nothing of it was kept."""
    for _ in range(DEADLOCKS):
        try:
            return _inside(opening, work)
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != DEADLOCK:
                raise
    return _inside(opening, work)


def _inside(opening: Callable[[], Any], work: Callable[[Session], Result]) -> Result:
    with opening() as session:
        return work(session)


def is_writing(session: Session) -> bool:
    """Whether a session was opened for writing; only then may it lock what it reads."""
    return bool(session.connection().get_execution_options().get("writing"))


def is_over(row: Table) -> bool:
    """Whether the transaction in which an object was read is over before its end."""
    session = object_session(row)
    return session is not None and driver.is_over(session.connection())


def locked(session: Session, wanted: SelectOfScalar[Result]) -> SelectOfScalar[Result]:
    """Lock the rows that a query finds, where the session writes, and read them anew: somebody may have been first.

    The lock does not keep others from referring to the rows.
    """
    if not is_writing(session):
        return wanted
    return wanted.with_for_update(key_share=True).execution_options(populate_existing=True)


def _engine(url: str) -> Engine:
    if make_url(url).get_backend_name() == "postgresql":
        return _postgres(url)
    engine = create_engine(url, **FOR_ALL)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    event.listen(engine, "commit", _is_whole)
    return engine


def _postgres(url: str) -> Engine:
    engine = _postgres_engine(url)
    driver.prepare(engine)
    event.listen(engine, "begin", _begin_on_server)
    event.listen(engine, "commit", _is_whole)
    return engine


def _postgres_engine(url: str) -> Engine:
    # A statement sees what was committed before it: whoever waited for a lock reads on from what the other left.
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        isolation_level="READ COMMITTED",
        pool_size=READERS + 1,
        pool_pre_ping=True,  # a connection that died with a restarted server is replaced, not handed out
        paramstyle="format",  # values by their places: by names, the driver would put them in order again each time
        connect_args={"connect_timeout": CONNECT_TIMEOUT, **DEAD_AFTER},
        **FOR_ALL,
    )


def _reading(engine: Engine) -> Engine:
    # SQLite's transactions see one moment anyway.
    if engine.dialect.name == "sqlite":
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _prepare(connection: Any, _record: object) -> None:
    # The driver's own transaction handling begins too late; _begin says when instead.
    connection.isolation_level = None
    for pragma in PRAGMAS:
        _patiently(connection, pragma)


def _patiently(connection: Any, pragma: str) -> None:
    """Set a pragma; a new file's mode, which another process is just setting, does not wait for busy_timeout."""
    for _ in range(PATIENCE):
        try:
            connection.execute(pragma)
        except sqlite3.OperationalError:
            time.sleep(0.05)
        else:
            return
    connection.execute(pragma)


def _begin_on_server(connection: Connection) -> None:
    if connection.get_execution_options().get("short"):
        driver.wait_at_most(connection, PATIENT)


def _is_whole(connection: Connection) -> None:
    """Raise where a transaction ended before its end: by its work, or, on a full disk, say, by SQLite itself."""
    if not connection.in_transaction() or driver.is_over(connection):
        raise InvalidRequestError("this transaction was ended before its end")


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    # What undoes a statement fits into memory where somebody waits for it; what sorts many rows may not.
    driver.order(connection, f"PRAGMA temp_store = {'MEMORY' if options.get('short') else 'FILE'}")
    # A transaction that will write takes the lock at once: upgrading later fails when another wrote meanwhile.
    driver.order(connection, "BEGIN IMMEDIATE" if options.get("writing") else "BEGIN")
