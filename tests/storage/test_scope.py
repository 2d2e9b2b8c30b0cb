"""Within a partnership a session sees nothing of another: by the ORM, and on PostgreSQL by the server itself."""

from collections.abc import Iterator

import pytest
from sqlalchemy import func, text, update
from sqlmodel import Session, col, select

from quality import people
from storage import scope
from storage.database import Database
from storage.partnership import Partnership
from storage.record import Record
from storage.schema import METADATA, TABLES
from tests import support
from tests.support import ANNA, ELIF, GITA

OTHER = "C0OTHER"
# Tables that belong to no partnership, and why; every other one is kept within its own.
BEYOND = {
    "installation": "a workspace's",
    "pending_installation": "a workspace's",
    "open_home": "a person's, whatever their partnerships",
    "receipt": "a delivery of Slack",
    "signing_device": "a person's, wherever they sign",
}
ROLE = "kept_within"


@pytest.fixture
def two(database: Database) -> tuple[int, int]:
    """Set two partnerships up, each with a record that has all there is."""
    with database.writing() as session:
        first, second = support.set_up(session), support.set_up(session, OTHER)
        for channel in (support.CHANNEL, OTHER):
            made = support.log_deviation(session, channel_id=channel)
            session.flush()
            assert made.id
        return first.id, second.id


@pytest.mark.both_engines
def test_an_actor_keeps_the_session_within(database: Database, two: tuple[int, int]) -> None:
    """From the moment that somebody acts; another partnership's record is not there, whoever asks for it."""
    with database.writing() as session:
        theirs = session.exec(select(Record).where(Record.partnership_id == two[1])).one().id
        session.expunge_all()
        people.actor_of(session, two[0], ANNA.identity)
        assert session.get(Record, theirs) is None
        assert {one.partnership_id for one in session.exec(select(Record)).all()} == {two[0]}
        assert session.exec(select(func.count()).select_from(Record)).one() == 1
        changed = session.execute(update(Record).where(col(Record.id) == theirs).values(title="Taken"))
        assert changed.rowcount == 0  # type: ignore[attr-defined]
        assert [one.id for one in session.exec(select(Partnership)).all()] == [two[0]]


@pytest.mark.both_engines
def test_each_table_of_partnerships_is_kept_within(database: Database, two: tuple[int, int]) -> None:
    """None that names its partnership is left out; those beyond are named with the reason."""
    named = [table for table in TABLES if scope.SCOPE in table.__table__.columns]  # type: ignore[attr-defined]
    with database.reading() as session:
        scope.enter(session, two[0])
        for table in named:
            if str(table.__tablename__) not in BEYOND:
                found = session.exec(select(table)).all()
                assert {one.partnership_id for one in found} <= {two[0]}, table  # type: ignore[attr-defined]


@pytest.mark.both_engines
def test_another_actor_leads_elsewhere(database: Database, two: tuple[int, int]) -> None:
    """As on Home, where each partnership is drawn by itself."""
    with database.reading() as session:
        for number in (*two, two[0]):
            people.actor_of(session, number, ELIF.identity)
            assert {one.partnership_id for one in session.exec(select(Record)).all()} == {number}
        scope.leave(session)
        assert len(session.exec(select(Record)).all()) == 2


@pytest.fixture
def as_owner(postgres: Database) -> Iterator[Session]:
    """Work as the owner of the tables, who is no superuser, as the bot does."""
    with postgres.writing() as session:
        support.set_up(session)
        support.set_up(session, OTHER)
        for channel in (support.CHANNEL, OTHER):
            support.log_deviation(session, channel_id=channel)
    with postgres.writing() as session:
        connection = session.connection()
        connection.execute(text(f"CREATE ROLE {ROLE} NOSUPERUSER"))
        for table in METADATA.tables:
            connection.execute(text(f"ALTER TABLE {table} OWNER TO {ROLE}"))
        connection.execute(text(f"ALTER TABLE record_text OWNER TO {ROLE}"))
        connection.execute(text(f"SET LOCAL ROLE {ROLE}"))
        yield session
        connection.execute(text("RESET ROLE"))
        session.rollback()


def count(session: Session, table: str) -> int:
    return int(session.connection().execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608 - ours


def test_the_server_itself_keeps_within(as_owner: Session) -> None:
    """By any SQL, in every table: what is whose is asked of the server, and an insert for another is refused."""
    tables = [name for name in (*METADATA.tables, "record_text") if name not in BEYOND]
    everything = {name: count(as_owner, name) for name in tables}
    parts = []
    for channel in (support.CHANNEL, OTHER):
        scope.leave(as_owner)
        there = people.actor_in_channel(as_owner, channel, GITA.identity).partnership
        parts.append({name: count(as_owner, name) for name in tables})
        assert count(as_owner, "partnership") == 1
        moved = as_owner.connection().execute(
            text("UPDATE company SET name = 'Taken' WHERE partnership_id <> :id"), {"id": there.id}
        )
        assert moved.rowcount == 0
    assert {name: parts[0][name] + parts[1][name] for name in tables} == everything
    assert everything["record"] == 2
    assert everything["deviation"] == 2


def test_every_table_has_its_policy(postgres: Database) -> None:
    """One that is added later is kept within, or stands among those beyond."""
    with postgres.reading() as session:
        found = session.connection().execute(text("SELECT tablename FROM pg_policies")).scalars()
        kept = set(found)
    assert kept == ({*METADATA.tables, "record_text"} - set(BEYOND))
