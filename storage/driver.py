"""The driver beneath SQLAlchemy, for statements made once: SQLAlchemy's way to it costs more than most of them.

On PostgreSQL each statement that is waited for is a round trip. What is written, and nobody needs the outcome of,
travels in a pipeline with the next question or the commit; what the server has against it is heard there, and ends
the transaction all the same.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, ExceptionContext, event
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

INERROR = 3  # psycopg's TransactionStatus: a statement failed, and nothing is done until a rollback
CURSORS = "cursors"  # under which a connection's are kept with it
ROLLBACKS = count()
PIPELINE = "pipeline"  # under which the one that is open is kept with its connection


def of(connection: Connection) -> Any:
    """Give the driver's own connection."""
    return connection.connection.driver_connection


def cursor(connection: Connection, whose: object) -> Any:
    """Give a cursor of the driver that executes one thing alone: it keeps what it learnt of its columns and values."""
    # To make one costs more than a statement on its way.
    kept = connection.info.setdefault(CURSORS, WeakKeyDictionary())
    found = kept.get(whose)
    if found is None:
        found = kept[whose] = of(connection).cursor()
    return found


def let_go(connection: Connection, whose: object) -> None:
    """Close a cursor that was kept: SQLite's, in the middle of an answer, would hold the transaction open."""
    kept = connection.info[CURSORS].pop(whose, None)
    if kept is not None:
        kept.close()


def prepare(engine: Engine) -> None:
    """Let a PostgreSQL engine wait for what is under way before its own statements and the ends of transactions."""
    event.listen(engine, "before_cursor_execute", _before, retval=True)
    event.listen(engine, "commit", arrive)
    event.listen(engine, "rollback", give_up)
    event.listen(engine, "rollback_savepoint", lambda connection, *_: give_up(connection))
    event.listen(engine, "handle_error", _without_values)


def set_off(connection: Connection) -> bool:
    """Let what is written from now on travel without being waited for; False where the driver cannot."""
    if connection.dialect.name != "postgresql":
        return False
    if PIPELINE not in connection.info:
        pipeline = of(connection).pipeline()
        pipeline.__enter__()
        connection.info[PIPELINE] = pipeline
    return True


def arrive(connection: Connection) -> None:
    """Wait for what is under way."""
    pipeline = connection.info.pop(PIPELINE, None)
    if pipeline is not None:
        with errors(connection):
            pipeline.__exit__(None, None, None)


def is_over(connection: Connection) -> bool:
    """Whether the driver's transaction is: failed, and nobody went back; or ended, as SQLite does it now and then.

    PostgreSQL would answer COMMIT with a ROLLBACK, and no error.
    """
    if connection.dialect.name == "postgresql":
        return bool(of(connection).info.transaction_status == INERROR)
    return not of(connection).in_transaction


def order(connection: Connection, words: str) -> None:
    """Order something that gives nothing back, such as a savepoint."""
    with errors(connection):
        # Not to be prepared: savepoints' names are many.
        how = {"prepare": False} if set_off(connection) else {}
        cursor(connection, order).execute(words, **how)


def undo(connection: Connection, savepoint: str) -> None:
    """Go back to a savepoint, whatever is under way."""
    give_up(connection)
    order(connection, _worded_anew(f"ROLLBACK TO SAVEPOINT {savepoint}"))


def wait_at_most(connection: Connection, milliseconds: int) -> None:
    """Let a transaction wait no longer than this for others' locks, from now on; SQLite is told with its connection."""
    if connection.dialect.name == "postgresql":
        order(connection, f"SET LOCAL lock_timeout = {milliseconds}")


@contextmanager
def errors(connection: Connection) -> Iterator[None]:
    """Raise the driver's errors as SQLAlchemy would; what was under way is over, and a broken connection is let go."""
    dialect = connection.dialect
    base = dialect.loaded_dbapi.Error
    try:
        yield
    except base as error:
        is_broken = dialect.is_disconnect(error, connection.connection, None)
        told = DBAPIError.instance(None, None, error, base, True, is_broken, dialect)
        _hide(error, told)
        give_up(connection)
        if is_broken:
            connection.invalidate(error)
        raise told from error


def give_up(connection: Connection) -> None:
    """Let what is under way be over, whatever became of it: it is to be undone."""
    pipeline = None if connection.invalidated else connection.info.pop(PIPELINE, None)
    if pipeline is None:
        return
    with suppress(connection.dialect.loaded_dbapi.Error):
        pipeline.__exit__(None, None, None)
    if of(connection).pgconn.pipeline_status:  # it could not be left: the server, or what stands before it, is going
        connection.invalidate()


@event.listens_for(Session, "before_commit")
def _arrive_within(session: Session) -> None:
    # A savepoint that cannot be released is not gone back to; so what has to be heard is heard before.
    if session.in_nested_transaction():
        arrive(session.connection())


def _before(connection: Connection, _cursor: Any, words: str, given: Any, *_: Any) -> tuple[str, Any]:
    arrive(connection)
    return _worded_anew(words) if words.startswith("ROLLBACK TO") else words, given


def _worded_anew(rollback: str) -> str:
    # The driver takes a statement for prepared when it sends the order to, though what failed before it in a pipeline
    # kept the server from it; and it forgets what it prepared only at a rollback whose words it has not seen.
    return f"{rollback} /* {next(ROLLBACKS)} */"


def _without_values(context: ExceptionContext) -> None:
    _hide(context.original_exception, context.sqlalchemy_exception)


def _hide(error: BaseException, told: BaseException | None) -> None:
    # The server's own words may quote the row that it refused: an error's text is logged.
    said = getattr(error, "diag", None)
    if said is not None and said.message_primary and said.message_detail:
        error.args = (said.message_primary,)
        if told is not None:
            told.args = (f"({type(error).__name__}) {said.message_primary}",)
