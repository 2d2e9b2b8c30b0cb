"""What a pass over what is due costs: how many clocks it decides in which time, and what more records change of that.

    .venv/bin/python -m benchmarks.beat [--largest 1000000] [--rounds 5] [--folder .]

Each world is an SQLite database of open records in channels of two companies with six people each. A pass decides
all that is due and queues it, in the transactions that `serve` uses; nothing is sent.
"""

import statistics
import tempfile
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import delete, func, select, update

from benchmarks.world import NOW, World, fill
from quality.beat import beat
from storage.clock import Clock
from storage.database import Database
from storage.outbox import Outgoing


def _open(channels: int, records: int) -> World:
    return World(channels, records, open_each=records, with_texts=False)


@dataclass
class Told:
    """What was measured in a world: passes over what is due, and over nothing, in ms."""

    due: int  # clocks
    passes: list[float] = field(default_factory=list)
    idle: list[float] = field(default_factory=list)
    messages: int = 0


def main(
    largest: Annotated[int, typer.Option(help="Records of the largest world.")] = 1_000_000,
    rounds: Annotated[int, typer.Option(help="Passes measured in each world; the medians are told.")] = 9,
    folder: Annotated[Path, typer.Option(help="Where the databases lie while they are measured.")] = Path(),
) -> None:
    """Measure and print; the worlds take turns, for other programs disturb a machine now and then."""
    worlds = {_open(1_000, 100_000): 2_000, _open(100, 1_000): 500, _open(100, largest): 500}
    told = {world: Told(due) for world, due in worlds.items()}
    with ExitStack() as opened:
        inside = Path(opened.enter_context(tempfile.TemporaryDirectory(dir=folder)))
        databases = {}
        for world in worlds:
            path = inside / f"{world.records}.db"
            databases[world] = opened.enter_context(closing(Database(f"sqlite:///{path}")))
            _prepare(databases[world], world)
        for _ in range(rounds):
            for world, database in databases.items():
                _measure(database, told[world])
    _print(told)


def _print(told: dict[World, Told]) -> None:
    typer.echo("| channels | open records | due | a pass, ms | messages | nothing due, ms | of the smaller |")
    typer.echo("|---|---|---|---|---|---|---|")
    smaller: dict[int, float] = {}
    for world, found in told.items():
        took = statistics.median(found.passes)
        ratio = f"{took / smaller[found.due]:.2f}" if found.due in smaller else ""
        smaller.setdefault(found.due, took)
        size = f"| {world.channels:,} | {world.records:,} | {found.due:,} "
        typer.echo(f"{size}| {took:.0f} | {found.messages:,} | {statistics.median(found.idle):.2f} | {ratio} |")


def _prepare(database: Database, world: World) -> None:
    fill(database, world)
    _pass(database, NOW)  # imports, calendars and the first lists, which are not what is measured


def _measure(database: Database, told: Told) -> None:
    """Measure a pass over what is due, then some over nothing."""
    _make_due(database, told.due)
    told.passes.append(_pass(database, NOW))
    told.messages = _queued(database)
    told.idle += [_pass(database, NOW) for _ in range(20)]


def _pass(database: Database, now: datetime) -> float:
    """Beat as the timetable does; gives the milliseconds."""
    begun = time.perf_counter()
    more = True
    while more:
        with database.writing() as session:
            more = beat(session, now)
    return (time.perf_counter() - begun) * 1000


def _queued(database: Database) -> int:
    with database.reading() as session:
        return int(session.execute(select(func.count()).select_from(Outgoing)).scalar_one())


def _make_due(database: Database, number: int) -> None:
    """Let some clocks be due in a week, so that their first reminder is due now, and nothing be said yet."""
    due = update(Clock).where(Clock.id <= number).values(next_at=NOW, due_at=NOW + timedelta(days=7))  # type: ignore[arg-type]
    with database.writing() as session:
        session.execute(delete(Outgoing))
        session.execute(due)


if __name__ == "__main__":
    typer.run(main)
