"""Tests of statements that go to the driver as they are, and of what travels without being waited for."""

from collections.abc import Callable

import psycopg
import pytest
from sqlalchemy import func
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session, select

from storage import driver
from storage.database import Database
from storage.partnership import Partnership
from storage.receipt import Receipt
from storage.upsert import insert_all, insert_missing, insert_new, insert_one
from tests.support import NOW

pytestmark = pytest.mark.both_engines


def receipts(*keys: str) -> list[dict[str, object]]:
    """Give rows to be written."""
    return [{"key": key, "at": NOW} for key in keys]


def kept(session: Session) -> list[str]:
    """Ask which rows there are."""
    return list(session.exec(select(Receipt.key).order_by(Receipt.key)).all())


def test_a_question_sees_what_was_written_before(session: Session) -> None:
    """Whether SQLAlchemy asks or a statement of our own, what is under way has arrived by then."""
    insert_all(session, Receipt, receipts("a"))
    insert_missing(session, Receipt, receipts("a", "b"))
    assert kept(session) == ["a", "b"]
    insert_all(session, Receipt, receipts("c"))
    assert insert_new(session, Receipt, receipts("c", "d", "e")) == 2
    assert insert_new(session, Receipt, receipts("c")) == 0
    assert kept(session) == ["a", "b", "c", "d", "e"]


def test_what_was_not_waited_for_is_committed(database: Database) -> None:
    """The end of a transaction waits for all of it."""
    with database.writing() as session:
        insert_all(session, Receipt, receipts("a", "b"))
        insert_missing(session, Receipt, receipts("b", "c"))
    with database.reading() as session:
        assert kept(session) == ["a", "b", "c"]


def test_what_was_refused_on_the_way_keeps_all_from_being_committed(database: Database) -> None:
    """An error nobody waited for is raised by the end of the transaction at the latest, in SQLAlchemy's words."""

    def work() -> None:
        with database.writing() as session:
            insert_all(session, Receipt, receipts("a"))
            insert_all(session, Receipt, receipts("a"))
            insert_missing(session, Receipt, receipts("b"))

    with pytest.raises(IntegrityError):
        work()
    with database.writing() as session:
        assert kept(session) == []
        insert_all(session, Receipt, receipts("c"))
    with database.reading() as session:
        assert kept(session) == ["c"]


def test_what_was_refused_on_the_way_is_undone_to_a_savepoint(session: Session) -> None:
    """Work within a savepoint that fails is undone, and the transaction goes on."""

    def work(failing: Callable[[], object]) -> None:
        with session.begin_nested():
            insert_missing(session, Receipt, receipts("b"))
            failing()
            session.exec(select(func.count()).select_from(Receipt)).one()

    for failing in (
        lambda: insert_all(session, Receipt, receipts("a")),
        lambda: insert_one(session, Partnership, {"channel_id": None}),
    ):
        insert_missing(session, Receipt, receipts("a"))
        with pytest.raises(IntegrityError):
            work(failing)
        insert_missing(session, Receipt, receipts("c"))
        assert kept(session) == ["a", "c"]


def test_an_error_tells_nothing_of_the_row(session: Session) -> None:
    """What people typed stands in no error's text, for those are logged."""

    def work() -> None:
        insert_all(session, Receipt, [{"key": "secret words", "at": NOW, "content": "more of them"}] * 2)
        kept(session)

    with pytest.raises(IntegrityError) as raised, session.begin_nested():
        work()
    assert "secret" not in str(raised.value)
    assert "more of them" not in str(raised.value)
    assert "secret" not in str(raised.value.__cause__)


def test_a_lock_is_not_waited_for_without_end(postgres: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who holds a row and went away is an error to whoever needs it, not a writer less for good."""
    monkeypatch.setattr("storage.database.PATIENT", 100)

    def work() -> None:
        with postgres.writing() as session:
            insert_missing(session, Receipt, receipts("held"))

    with postgres.writing() as other:
        insert_missing(other, Receipt, receipts("held"))
        kept(other)
        with pytest.raises(OperationalError, match="lock timeout"):
            work()
    work()


def test_a_connection_that_cannot_leave_its_pipeline_is_let_go(postgres: Database) -> None:
    """As when a pooler says that the server is going, a moment before it hangs up."""

    class Stuck:
        def __exit__(self, *_: object) -> None:
            raise psycopg.OperationalError("cannot exit pipeline mode while busy")

    def work() -> None:
        with postgres.writing() as session:
            insert_all(session, Receipt, receipts("a"))
            session.connection().info[driver.PIPELINE] = Stuck()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    with postgres.writing() as session:
        assert kept(session) == []


def test_a_broken_connection_is_let_go(postgres: Database) -> None:
    """Where the server ended a connection, what was under way is an error, and the next transaction has a new one."""

    def work() -> None:
        with postgres.writing() as session:
            pid = driver.of(session.connection()).info.backend_pid
            with postgres.engine.connect() as other:
                other.exec_driver_sql(f"SELECT pg_terminate_backend({pid})")
            insert_missing(session, Receipt, receipts("a"))
            insert_missing(session, Receipt, receipts("b"))

    with pytest.raises(OperationalError) as raised:
        work()
    assert raised.value.connection_invalidated
    with postgres.writing() as session:
        assert kept(session) == []
