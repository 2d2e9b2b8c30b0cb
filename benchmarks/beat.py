"""What a pass over what is due costs: how many clocks it decides in which time, and what more records change of that.

    .venv/bin/python -m benchmarks.beat [--largest 1000000] [--rounds 5] [--folder .]

Each world is an SQLite database of open records in channels of two companies with six people each. A pass decides
all that is due and queues it, in the transactions that `serve` uses; nothing is sent.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import delete, func, insert, select, update

from quality.beat import beat
from quality.terms import DEFAULTS, as_data
from storage.agreement import Agreement
from storage.clock import Clock, ClockName, Duty
from storage.database import Database
from storage.migrate import migrate
from storage.outbox import Outgoing
from storage.partnership import Company, Partnership, Side
from storage.person import Person, Role
from storage.record import Class, Kind, Record, State

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)  # a Tuesday, in working hours
PEOPLE = (Side.SPONSOR, Side.SPONSOR, Side.SPONSOR, Side.CMO, Side.CMO, Side.CMO)
CHUNK = 10_000


@dataclass(frozen=True)
class World:
    """How large a database is: channels, open records, and how many of their clocks are due."""

    channels: int
    records: int
    due: int


@dataclass
class Told:
    """What was measured in a world: passes over what is due, and over nothing, in ms."""

    passes: list[float] = field(default_factory=list)
    idle: list[float] = field(default_factory=list)
    messages: int = 0


def main(
    largest: Annotated[int, typer.Option(help="Records of the largest world.")] = 1_000_000,
    rounds: Annotated[int, typer.Option(help="Passes measured in each world; the medians are told.")] = 9,
    folder: Annotated[Path, typer.Option(help="Where the databases lie while they are measured.")] = Path(),
) -> None:
    """Measure and print; the worlds take turns, for other programs disturb a machine now and then."""
    worlds = [World(1_000, 100_000, 2_000), World(100, 1_000, 500), World(100, largest, 500)]
    told = {world: Told() for world in worlds}
    with ExitStack() as opened:
        inside = Path(opened.enter_context(tempfile.TemporaryDirectory(dir=folder)))
        databases = {}
        for world in worlds:
            path = inside / f"{world.records}.db"
            databases[world] = opened.enter_context(closing(Database(f"sqlite:///{path}")))
            _prepare(databases[world], world)
        for _ in range(rounds):
            for world, database in databases.items():
                _measure(database, world, told[world])
    _print(told)


def _print(told: dict[World, Told]) -> None:
    typer.echo("| channels | open records | due | a pass, ms | messages | nothing due, ms | of the smaller |")
    typer.echo("|---|---|---|---|---|---|---|")
    smaller: dict[int, float] = {}
    for world, found in told.items():
        took = statistics.median(found.passes)
        ratio = f"{took / smaller[world.due]:.2f}" if world.due in smaller else ""
        smaller.setdefault(world.due, took)
        size = f"| {world.channels:,} | {world.records:,} | {world.due:,} "
        typer.echo(f"{size}| {took:.0f} | {found.messages:,} | {statistics.median(found.idle):.2f} | {ratio} |")


def _prepare(database: Database, world: World) -> None:
    migrate(database)
    _fill(database, world)
    _pass(database, NOW)  # imports, calendars and the first lists, which are not what is measured


def _measure(database: Database, world: World, told: Told) -> None:
    """Measure a pass over what is due, then some over nothing."""
    _make_due(database, world)
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


def _make_due(database: Database, world: World) -> None:
    """Let some clocks be due in a week, so that their first reminder is due now, and nothing be said yet."""
    due = update(Clock).where(Clock.id <= world.due).values(next_at=NOW, due_at=NOW + timedelta(days=7))  # type: ignore[arg-type]
    with database.writing() as session:
        session.execute(delete(Outgoing))
        session.execute(due)


def _fill(database: Database, world: World) -> None:
    tables: tuple[tuple[Any, Iterator[dict[str, Any]]], ...] = (
        (Partnership, _partnerships(world)),
        (Company, _companies(world)),
        (Person, _people(world)),
        (Agreement, _agreements(world)),
        (Record, _records(world)),
        (Clock, _clocks(world)),
    )
    for table, rows in tables:
        while some := list(islice(rows, CHUNK)):
            with database.writing() as session:
                session.execute(insert(table), some)
    with database.writing() as session:
        session.connection().exec_driver_sql("ANALYZE")


def _partnerships(world: World) -> Iterator[dict[str, Any]]:
    later = NOW + timedelta(days=30)
    for number in range(1, world.channels + 1):
        yield {
            "id": number, "channel_id": f"C{number}", "home_team_id": "T1", "time_zone": "Europe/Berlin",
            "digest_at": NOW.time(), "digest_days": "Mon Tue Wed Thu Fri", "figures_on": "Mon", "set_up_at": NOW,
            "next_digest_at": later,
        }  # fmt: skip


def _companies(world: World) -> Iterator[dict[str, Any]]:
    for number in range(1, world.channels + 1):
        for side, country in ((Side.SPONSOR, "US"), (Side.CMO, "DE")):
            yield {
                "partnership_id": number, "side": side, "name": f"{side} {number}", "team_id": f"T{side}",
                "country": country, "region": "", "closing_days": "", "confirmed_at": NOW,
            }  # fmt: skip


def _people(world: World) -> Iterator[dict[str, Any]]:
    for number in range(1, world.channels + 1):
        for place, side in enumerate(PEOPLE):
            yield {
                "id": _person(number, place), "partnership_id": number, "team_id": f"T{side}",
                "user_id": f"U{number}-{place}", "side": side, "name": f"Person {place}", "joined_at": NOW,
                "roles": [Role.QA if place % 3 == 0 else Role.MEMBER], "time_zone": "Europe/Berlin", "active": True,
            }  # fmt: skip


def _person(partnership_id: int, place: int) -> int:
    return (partnership_id - 1) * len(PEOPLE) + place + 1


def _agreements(world: World) -> Iterator[dict[str, Any]]:
    content = {"terms": [as_data(row) for row in DEFAULTS], "settings": {}}
    for number in range(1, world.channels + 1):
        yield {
            "partnership_id": number, "version": 1, "revision": 1, "content": content, "reason": "",
            "moves_clocks": False, "proposed_at": NOW, "in_force_at": NOW,
        }  # fmt: skip


def _records(world: World) -> Iterator[dict[str, Any]]:
    for number in range(1, world.records + 1):
        pid = _channel(number, world)
        yield {
            "id": number, "partnership_id": pid, "kind": Kind.DEVIATION, "number": f"DEV-2026-{number}", "version": 1,
            "state": State.OPEN, "class_": Class.MAJOR, "title": "A deviation", "product": "", "logged_side": Side.CMO,
            "logged_by_id": _person(pid, 3), "owner_id": _person(pid, 3 + number % 3), "holds_batches": False,
            "turn": Side.CMO, "detected_at": NOW, "recorded_at": NOW,
        }  # fmt: skip


def _clocks(world: World) -> Iterator[dict[str, Any]]:
    due_at = NOW + timedelta(days=60)
    for number in range(1, world.records + 1):
        yield {
            "id": number, "partnership_id": _channel(number, world), "record_id": number, "name": ClockName.CLOSE,
            "rule": "45 calendar days from detection", "duty": Duty.OWNER, "agreement_version": 1, "agreement_row": 7,
            "started_at": NOW, "due_at": due_at, "first_due_at": due_at, "extensions": 0, "paused_seconds": 0,
            "next_at": NOW + timedelta(days=50),
        }  # fmt: skip


def _channel(number: int, world: World) -> int:
    return number % world.channels + 1


if __name__ == "__main__":
    typer.run(main)
