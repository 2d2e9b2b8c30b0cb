"""What every room's tests start from: a database, a channel set up for two companies, and a stage with Slack.

A test marked `both_engines` runs on SQLite and on PostgreSQL, the others on SQLite.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlmodel import Session

from handlers import call, profiles
from storage import database as database_module
from storage.database import Database
from storage.partnership import Partnership
from tests import compiled, support
from tests.postgres import Server, running
from tests.stage import Left, Stage, set_up, staged, staged_again

LONG = 60.0  # seconds


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is marked so on both engines."""
    if metafunc.definition.get_closest_marker("both_engines") and "database" in metafunc.fixturenames:
        metafunc.parametrize("database", ["sqlite", "postgres"], indirect=True)


@pytest.fixture(autouse=True, scope="session")
def _compiled_once() -> Iterator[None]:
    """Compile each statement once in a process."""
    with compiled.once():
        yield


@pytest.fixture(autouse=True, scope="session")
def _hasty() -> Iterator[None]:
    """Let SQLite not wait for the disk: no test of this process pulls its plug, those that kill start their own."""
    with pytest.MonkeyPatch.context() as patch:
        hasty = [one.replace("synchronous = FULL", "synchronous = OFF") for one in database_module.PRAGMAS]
        patch.setattr(database_module, "PRAGMAS", tuple(hasty))
        yield


@pytest.fixture(autouse=True, scope="session")
def _patient() -> Iterator[None]:
    """Wait for a Slack that is slow because the machine is; what Slack says is tested, not how soon."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(profiles, "PATIENCE", LONG)
        patch.setattr(call, "ANSWER_BY", LONG)
        yield


@pytest.fixture
def now() -> datetime:
    """Give a Tuesday in November 2026, 10:00 in Berlin; tests pass it on, nothing reads a clock."""
    return support.NOW


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Database:
    """Give a real database at the present schema: of SQLite, unless the test asks for both engines."""
    found: Database = request.getfixturevalue(getattr(request, "param", "sqlite"))
    return found


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    """Open a real SQLite file at the present schema."""
    path = shutil.copy(support.migrated(), tmp_path / "qualbridge.db")
    made = Database(f"sqlite:///{path}")
    yield made
    made.close()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Run a real PostgreSQL server as long as there are tests."""
    with running() as started:
        yield started


@pytest.fixture
def postgres(server: Server) -> Iterator[Database]:
    """Open a database of a real PostgreSQL server at the present schema."""
    with server.database() as made:
        yield made


@pytest.fixture
def there(database: Database) -> Partnership:
    """Set up a partnership that both companies confirmed: Aurora of the US, Borealis of Germany."""
    with database.writing() as session:
        return support.set_up(session)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """Open one transaction; it takes the writer's lock with its first statement."""
    with database.writing() as opened:
        yield opened


@pytest.fixture
async def empty_stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Put the bot into a sandbox whose channel is not set up."""
    async with staged(tmp_path) as stage:
        yield stage


@pytest.fixture(scope="session")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    """Set a channel up by clicking, once for all tests of a process."""
    return asyncio.run(set_up(tmp_path_factory.mktemp("left")))


@pytest.fixture
async def stage(tmp_path: Path, left: Left) -> AsyncIterator[Stage]:
    """Put the bot into a sandbox whose shared channel is set up."""
    async with staged_again(tmp_path, left) as stage:
        yield stage
