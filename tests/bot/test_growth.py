"""What a page, a pass or a report costs goes by the work that is open, not by how many records there ever were.

SQLite counts the steps of its own machine, so that no clock of a busy machine has a say.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlmodel import Session

from benchmarks.world import LOT, NOW, RARE, World, channel, fill
from quality import batch, change, digest, export, figures, people, similar, work
from quality.beat import beat
from quality.people import Actor, Identity
from storage import clock, download, message, outbox, record, search
from storage import lot as lots
from storage.clock import ClockName
from storage.database import Database
from storage.record import Kind

CHANNELS = 4
SMALL, LARGE = 1_600, 48_000
OPEN = 20  # in each channel of both
ANNA = Identity("T0SPONSOR", "U0ANNA")
EACH = 50  # steps at which SQLite tells
MOST = 1.5  # times the steps of the small one


@pytest.fixture(scope="module", params=["analyzed", "never analyzed"])
def worlds(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Database]]:
    """Fill a small and a large database: the same open work, another history."""
    folder: Path = tmp_path_factory.mktemp("worlds")
    made = []
    for size in (SMALL, LARGE):
        database = Database(f"sqlite:///{folder / f'{size}.db'}")
        fill(database, World(CHANNELS, size, OPEN))
        if request.param != "analyzed":
            with database.writing() as session:
                session.connection().exec_driver_sql("DROP TABLE sqlite_stat1")
        made.append(Database(database.url))  # one that has not seen it filled
        database.close()
    yield made
    for database in made:
        database.close()


def steps(database: Database, question: Callable[[Session, Actor], object]) -> int:
    """Count what a question costs."""
    number = 0

    def tell() -> int:
        nonlocal number
        number += EACH
        return 0

    with database.writing() as session:
        actor = people.actor_in_channel(session, channel(1), ANNA)
        driver = session.connection().connection.driver_connection
        assert driver is not None
        driver.set_progress_handler(tell, EACH)
        try:
            question(session, actor)
        finally:
            driver.set_progress_handler(None, 0)
            session.rollback()
    return number


def pages(lists: Callable[..., object], **how: object) -> Callable[[Session, Actor], object]:
    return lambda session, actor: lists(session, actor.partnership.id, limit=11, **how)


def packed(session: Session, actor: Actor) -> object:
    with TemporaryDirectory() as folder:
        wanted = export.ask_of(session, actor, CHANNELS, NOW)
        return export.write(session, wanted, Path(folder) / "pack.zip", lambda *_: None)


QUESTIONS: dict[str, Callable[[Session, Actor], object]] = {
    "open records": pages(record.list_rows, kind=Kind.DEVIATION),
    "closed records": pages(record.list_rows, kind=Kind.DEVIATION, is_open=False),
    "all records": pages(record.list_rows, kind=Kind.DEVIATION, is_open=None),
    "overdue records": pages(record.list_rows, overdue_at=NOW + timedelta(days=90)),
    "records of a batch": pages(record.list_rows, lot=LOT, is_open=None),
    "a batch's page": lambda session, actor: batch.gather(session, actor, LOT),
    "lots that wait for a disposition": lambda session, actor: lots.count_waiting(session, actor.partnership.id, NOW),
    "what holds a batch": lambda session, actor: record.holders_of(session, actor.partnership.id, LOT),
    "batches on hold": lambda session, actor: digest._on_hold(session, actor.partnership.id),
    "a search": lambda session, _: search.find(session, 1, RARE, 11),
    "a search for a common word": lambda session, _: search.find(session, 1, "yield", 11),
    "what is similar": lambda session, actor: similar.find(session, change.sheet(session, actor, CHANNELS)),
    "my work": lambda session, actor: work.waiting_for(session, actor, NOW),
    "what I own": work.owned,
    "what needs me": lambda session, actor: work.needs(session, actor, NOW),
    "a record": lambda session, actor: change.sheet(session, actor, CHANNELS),
    "a record's pack": packed,
    "a digest": lambda session, actor: digest.collect(session, actor.partnership, NOW),
    "the week's figures": lambda session, actor: figures.collect(session, actor.partnership, actor.companies, NOW),
    "a beat": lambda session, _: beat(session, NOW),
    "late clocks": lambda session, _: clock.count_late(session, NOW),
    "a clock": lambda session, _: clock.find(session, CHANNELS, ClockName.CLOSE),
    "what is to be said": lambda session, _: outbox.claim(session, "me", NOW, 100),
    "when something is to be said": lambda session, _: outbox.next_due(session, "me", NOW),
    "messages to be dressed": lambda session, _: message.list_undressed(session, 100),
    "files to be fetched": lambda session, _: download.claim(session, NOW, 4),
}


@pytest.mark.parametrize("what", QUESTIONS)
def test_history_costs_nothing(worlds: list[Database], what: str) -> None:
    """Thirty times the records, the same open work: the same steps."""
    small, large = (steps(database, QUESTIONS[what]) for database in worlds)
    assert large <= MOST * small + 10 * EACH, f"{small} steps among {SMALL} records, {large} among {LARGE}"
