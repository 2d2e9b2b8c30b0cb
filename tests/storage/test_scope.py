"""Within a partnership a session sees nothing of another: by the ORM, and on PostgreSQL by the server itself."""

import ast
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, text, update
from sqlmodel import Session, col, select

from quality import people
from quality.refusal import Refusal
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
OWNER = "kept_apart"


@pytest.fixture
def two(request: pytest.FixtureRequest) -> tuple[int, int]:
    """Set two partnerships up, each with a record that has all there is."""
    engine = next(name for name in ("database", "postgres") if name in request.fixturenames)
    database: Database = request.getfixturevalue(engine)
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


@pytest.fixture
def owned(postgres: Database) -> Iterator[Callable[[Session], None]]:
    """Give what makes a session work as the owner of the tables, who is no superuser, to the end of its transaction."""
    with postgres.writing() as session:
        session.execute(text(f"CREATE ROLE {OWNER} NOSUPERUSER"))
        for table in (*METADATA.tables, "record_text"):
            session.execute(text(f"ALTER TABLE {table} OWNER TO {OWNER}"))
    yield lambda session: session.connection().exec_driver_sql(f"SET LOCAL ROLE {OWNER}")
    with postgres.writing() as session:
        session.execute(text(f"REASSIGN OWNED BY {OWNER} TO CURRENT_USER"))
        session.execute(text(f"DROP ROLE {OWNER}"))


def test_a_session_goes_back_with_its_savepoint(
    postgres: Database, two: tuple[int, int], owned: Callable[[Session], None]
) -> None:
    """What is undone within took the server's scope with it; the session's is the same afterwards."""

    def seen(session: Session, number: int) -> tuple[int | None, set[int]]:
        with suppress(Refusal), session.begin_nested():
            people.actor_of(session, number, GITA.identity)
            raise Refusal("No.")
        found = session.execute(text("SELECT partnership_id FROM record"))
        return session.info.get(scope.SCOPE), {int(one) for (one,) in found}

    with postgres.writing() as session:
        owned(session)
        assert seen(session, two[0]) == (None, set(two))
        people.actor_of(session, two[0], GITA.identity)
        assert seen(session, two[1]) == (two[0], {two[0]})


@pytest.mark.parametrize("refused", [False, True])
def test_what_is_committed_together_is_kept_apart(
    postgres: Database, two: tuple[int, int], owned: Callable[[Session], None], *, refused: bool
) -> None:
    """Work of several partnerships in one transaction: each piece is within its own, and whoever acts next is found."""

    def act(session: Session, channel: str) -> set[int]:
        people.actor_in_channel(session, channel, GITA.identity)
        seen = {int(number) for (number,) in session.execute(text("SELECT partnership_id FROM record"))}
        if refused:
            raise Refusal(str(seen))
        return seen

    works = [owned, *(partial(act, channel=channel) for channel in (support.CHANNEL, OTHER, support.CHANNEL))]
    _, *pieces = support.together(postgres, *works)
    ends = [piece.done.exception(10) or piece.done.result() for piece in pieces]
    wanted = [{two[0]}, {two[1]}, {two[0]}]
    assert [str(end) for end in ends] == [str(one) for one in wanted]


def test_every_table_has_its_policy(postgres: Database) -> None:
    """One that is added later is kept within, or stands among those beyond."""
    with postgres.reading() as session:
        found = session.connection().execute(text("SELECT tablename FROM pg_policies")).scalars()
        kept = set(found)
    assert kept == ({*METADATA.tables, "record_text"} - set(BEYOND))


ROOT = Path(__file__).parents[2]
# What passes the session's condition by, function by function, and why it may. On PostgreSQL the server's policies
# keep it within the partnership all the same.
AROUND = {
    "agreement.text_in_force": "names the partnership",
    "database.analyze": "reads how full the indexes are",
    "copy.copy": "everything, by the command line",
    "database.is_over": "asks the connection about itself",
    "database.is_writing": "asks the connection about itself",
    "disposition._has_any": "names the partnership",
    "download.put_anew": "names its row, found within",
    "driver._arrive_within": "asks nothing",
    "installation.consume": "a workspace's",
    "journal.append": "names the partnership",
    "journal._locked_head": "names the partnership",
    "journal._page": "names the partnership",
    "migrate.grant": "rights, by the command line",
    "objects.rows": "whoever acts is found by it, before there is a scope",
    "outbox.speak_on": "the bot's own work, for everybody",
    "partnership.mute": "names the partnership",
    "partnership.unmute": "names the partnership",
    "prepared.ask": "who asks is named here",
    "prepared.begin": "who asks is named here",
    "prepared.write": "who writes is named here",
    "scope._tell_server": "sets the scope",
    "search.every": "everything, by the command line",
    "search.add": "puts the partnership into the index",
    "search.replace": "names its record, found within",
    "search._found": "the query names the partnership",
    "sequence.take": "names the partnership",
    "upsert._connection": "what is added names its partnership, which the server checks",
}
LEAVING = {
    "people.actor_in_channel": "enters at once",
    "people.actor_of": "enters at once",
    "partnership.require_free": "a channel that is to be set up has no partnership yet",
}


def calls(room: str, names: set[str]) -> set[str]:
    """Give the functions of a room, as file.function, that call one of these, whatever it is called on."""
    found = set()
    for path in (ROOT / room).glob("*.py"):
        for function in ast.walk(ast.parse(path.read_text())):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            within = [one.func for one in ast.walk(function) if isinstance(one, ast.Call)]
            called = {ast.unparse(one) for one in within if isinstance(one, ast.Attribute)}
            if any(one.endswith(f".{name}") or one == name for one in called for name in names):
                found.add(f"{path.stem}.{function.name}")
    return found


def imports(room: str) -> Iterator[tuple[str, str, str]]:
    """Give what the files of a room import: file, module, name."""
    for path in (ROOT / room).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import | ast.ImportFrom):
                module = node.module if isinstance(node, ast.ImportFrom) else None
                yield from ((path.stem, module or name.name, name.name) for name in node.names)


@pytest.mark.parametrize("room", ["bot", "handlers", "quality"])
def test_statements_are_written_in_storage_alone(room: str) -> None:
    """The other rooms open no query of their own: of SQLModel they know the session, of SQLAlchemy a URL and errors."""
    of_sql = {name for _, module, name in imports(room) if module.startswith(("sqlalchemy", "sqlmodel"))}
    assert of_sql <= {"Session", "ArgumentError", "DatabaseError", "SQLAlchemyError", "make_url"}
    assert not calls(
        room, {"exec", "execute", "connection", "exec_driver_sql", "get_bind", "query", "scalars", "scalar"}
    )


def test_no_query_goes_around_the_scope() -> None:
    """A statement that the session does not see, or a session let out, is named with the reason why it may be."""
    around = {"connection", "exec_driver_sql", "prepared.ask", "prepared.begin", "prepared.write", "driver.of"}
    assert calls("storage", around) - {"database._begin"} == set(AROUND)
    assert {one for room in ("bot", "handlers", "quality") for one in calls(room, {"scope.leave"})} == set(LEAVING)
