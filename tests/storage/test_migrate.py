"""Migrations bring an empty database to the schema of the models, once."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, make_url, text
from sqlalchemy.exc import ProgrammingError
from sqlmodel import select

from storage.database import Database
from storage.migrate import _config, bypasses_policies, grant, migrate, newest, revision
from storage.outbox import Outgoing
from storage.schema import METADATA
from tests import support
from tests.postgres import Server

pytestmark = pytest.mark.both_engines


MIGRATE = """
import sys
from storage.database import Database
from storage.migrate import migrate
database = Database(sys.argv[1])
print(migrate(database))
database.close()
"""


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Give a database with nothing in it, of either engine."""
    if request.param == "sqlite":
        made = Database(f"sqlite:///{tmp_path / 'empty.db'}")
        yield made
        made.close()
    else:
        server: Server = request.getfixturevalue("server")
        with server.database("template1") as made:
            yield made


def _not_search(name: str | None, kind: str, _parents: object) -> bool:
    return not (kind == "table" and str(name).startswith("record_text"))


def test_models_and_migrations_agree(database: Database) -> None:
    """A migrated database differs from the models in nothing but the search index's own tables."""
    options = {"compare_type": True, "compare_server_default": True, "include_name": _not_search}
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, METADATA) == []


def test_a_migrated_database_is_at_the_newest_revision(database: Database) -> None:
    """After migrating, the database says the revision this program needs."""
    assert revision(database) == newest() == "0017"


def test_an_empty_database_has_no_revision(empty: Database) -> None:
    """Before the first migration there is no revision."""
    assert revision(empty) is None


def test_processes_that_migrate_at_once_do_it_once(empty: Database) -> None:
    """Each of three finds or makes the present schema, and none breaks."""
    command = [sys.executable, "-c", MIGRATE, empty.url]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]  # noqa: S603 - our own
    said = [process.communicate()[0].strip() for process in running]
    assert said == [newest()] * 3
    assert revision(empty) == newest()


def test_migrating_again_changes_nothing(database: Database) -> None:
    """A second run keeps the data and the schema."""
    with database.writing() as session:
        session.execute(text("INSERT INTO receipt (key, at, content) VALUES ('k', '2026-11-24 09:00:00.000000', '')"))
    assert migrate(database) == newest()
    with database.reading() as session:
        assert session.execute(text("SELECT count(*) FROM receipt")).scalar() == 1


OLD = """
INSERT INTO partnership VALUES (1, 'C1', 'T1', 'UTC', '08:00', '2026-11-24', '2026-11-25');
INSERT INTO person (id, partnership_id, team_id, user_id, side, name, roles, time_zone, joined_at, active) VALUES
 (1, 1, 'T1', 'U1', 'sponsor', 'Anna', '["QA"]', 'UTC', '2026-11-24', true),
 (2, 1, 'T2', 'U2', 'CMO', 'Elif', '["QA"]', 'UTC', '2026-11-24', true);
INSERT INTO record (id, partnership_id, kind, number, version, state, class_, title, product, logged_side, logged_by_id,
 owner_id, holds_batches, detected_at, recorded_at, closed_at) VALUES
 (1, 1, 'deviation', 'DEV-1', 1, 'Open', 'Major', 't', '', 'CMO', 2, NULL, true, '2026-11-24', '2026-11-24', NULL),
 (2, 1, 'deviation', 'DEV-2', 1, 'Open', 'Minor', 't', '', 'CMO', 2, NULL, false, '2026-11-24', '2026-11-24', NULL),
 (3, 1, 'oos', 'OOS-1', 1, 'Phase I', NULL, 't', '', 'CMO', 2, NULL, true, '2026-11-24', '2026-11-24', NULL),
 (4, 1, 'deviation', 'DEV-3', 2, 'Closed', 'Major', 't', '', 'CMO', 2, 2, true, '2026-11-24', '2026-11-24',
  '2026-11-25'),
 (5, 1, 'capa', 'CAPA-1', 1, 'Planned', NULL, 't', '', 'CMO', 2, 2, false, '2026-11-24', '2026-11-24', NULL),
 (6, 1, 'capa', 'CAPA-2', 1, 'Planned', NULL, 't', '', 'CMO', 2, 1, false, '2026-11-24', '2026-11-24', NULL),
 (7, 1, 'capa', 'CAPA-3', 1, 'Planned', NULL, 't', '', 'CMO', 2, 2, false, '2026-11-24', '2026-11-24', NULL),
 (8, 1, 'capa', 'CAPA-4', 2, 'Closed', NULL, 't', '', 'CMO', 2, 2, false, '2026-11-24', '2026-11-24', '2026-11-25');
INSERT INTO record_link (capa_id, source_id) VALUES (5, 2), (6, 2), (7, 3), (7, 2), (8, 1);
"""


@pytest.fixture
def upgraded(empty: Database) -> Database:
    """Bring a database of the first slice, with records in it, to the present schema."""
    with empty.engine.execution_options(writing=True).begin() as connection:
        command.upgrade(_config(connection), "0001")
        for statement in OLD.split(";"):
            connection.exec_driver_sql(statement)
    migrate(empty)
    return empty


def test_records_of_the_first_slice_live_on(upgraded: Database) -> None:
    """Closed ones hold nothing, plans of CAPAs wait for the signatures they need, links are what they were."""
    with upgraded.reading() as session:
        rows = session.execute(text("SELECT number, holds_batches, awaits_sponsor, awaits_cmo FROM record ORDER BY id"))
        found = {number: tuple(bool(one) for one in flags) for number, *flags in rows}
        links = session.execute(text("SELECT record_id, source_id FROM record_link ORDER BY 1, 2")).all()
    assert found == {
        "DEV-1": (True, False, False),
        "DEV-2": (False, False, False),
        "OOS-1": (True, False, False),
        "DEV-3": (False, False, False),
        "CAPA-1": (False, False, True),  # of a minor deviation, owned by the CMO
        "CAPA-2": (False, True, False),  # the same, owned by the sponsor
        "CAPA-3": (False, True, True),  # of an OOS
        "CAPA-4": (False, False, False),
    }
    assert links == [(5, 2), (6, 2), (7, 2), (7, 3), (8, 1)]


def test_cards_of_open_records_are_drawn_anew(upgraded: Database) -> None:
    """They get the buttons of their lives; what is closed is left alone. So does the front door."""
    with upgraded.reading() as session:
        rows = session.exec(select(Outgoing)).all()
    assert {row.kind for row in rows} == {"card", "front door"}
    cards = [row for row in rows if row.kind == "card"]
    assert sorted(row.about["record_id"] for row in cards) == [1, 2, 3, 5, 6, 7]
    assert len({row.partnership_id for row in rows}) == len(rows) - len(cards)


def test_foreign_keys_have_an_index_or_a_reason(database: Database) -> None:
    """What is asked by record starts an index; the people who logged, signed and answered are never asked by.

    Drafts are asked by their own id, and forgotten by their time; an entry of an inspection's log by its inspection.
    """
    inspector = inspect(database.engine)
    named = {one for one in inspector.get_table_names() if "record_id" in _columns(database, one)}
    assert named >= {"signature", "request", "retest", "effectiveness_check", "authority_report", "journal"}
    for table in named - {"draft", "inspection_entry"}:
        indexed = [index["column_names"][0] for index in inspector.get_indexes(table)]
        indexed += [unique["column_names"][0] for unique in inspector.get_unique_constraints(table)]
        indexed += inspector.get_pk_constraint(table)["constrained_columns"][:1]
        assert "record_id" in indexed, table


def _columns(database: Database, table: str) -> set[str]:
    return {column["name"] for column in inspect(database.engine).get_columns(table)}


ORDERS = (
    "UPDATE journal SET body = 'x'",
    "DELETE FROM journal",
    "TRUNCATE journal",
    "ALTER TABLE journal DISABLE TRIGGER ALL",
    "DROP TRIGGER journal_append_only ON journal",
    "UPDATE evidence SET name = 'x'",
    "DELETE FROM evidence_content",
    "DELETE FROM signature",
    "ALTER TABLE record DISABLE ROW LEVEL SECURITY",
    "UPDATE alembic_version SET version_num = 'x'",
)


def test_the_running_role_may_not_alter_the_journal(postgres: Database) -> None:
    """A user that `migrate --grant-to` lets run the bot does all of its work, and none of this."""
    role = f"bot_{uuid4().hex[:8]}"
    with postgres.engine.begin() as connection:
        connection.execute(text(f"CREATE ROLE {role} LOGIN NOSUPERUSER"))
    grant(postgres, role)
    running = Database(make_url(postgres.url).set(username=role).render_as_string(hide_password=False))
    try:
        assert migrate(running) == newest()
        assert not bypasses_policies(running)
        with running.writing() as session:
            support.set_up(session)
            record = support.log_deviation(session)
            support.keep_file(session, support.GITA, record)
            support.submit(session, record)
            support.sign(session, support.ELIF, record)
        for order in ORDERS:
            refused = pytest.raises(ProgrammingError, match=r"must be owner|permission denied")
            with running.engine.connect() as connection, refused:
                connection.execute(text(order))
    finally:
        running.close()
