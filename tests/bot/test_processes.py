"""Several processes beat and deliver on one database, one of them killed again and again: each step is said once.

ROUNDS sets how often one is killed.
"""

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, col, select

from bot.delivery import AT_ONCE
from handlers.everything import LISTENERS
from handlers.manifest import manifest
from quality.working_time import Calendar, Site
from sandbox import Sandbox, example_cast
from storage.clock import Clock, ClockName
from storage.database import Database
from storage.outbox import LEASE, Outgoing
from storage.partnership import Partnership
from tests import support

pytestmark = pytest.mark.timeout(900)  # of the tests, on a machine that runs other things
BEATER = Path(__file__).with_name("beater.py")
ROOT = Path(__file__).parents[2]
ROUNDS = int(os.environ.get("ROUNDS", "8"))
CLOCKS = 12  # due in a round, in two channels, each told to one person
WAIT = 180.0  # seconds that a round may take at most
STARTS = datetime(2026, 11, 24, 9, tzinfo=UTC)  # a Tuesday morning
BOTH = Calendar(ZoneInfo("Europe/Berlin"), (Site("US"), Site("DE")))
CHANNELS = ("C0SHARED", "C0INTERNAL")


@dataclass
class Crew:
    """The processes, the clock they share, and what they work on."""

    database: Database
    box: Sandbox
    ahead: Path
    processes: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)  # by how they speak

    async def hire(self) -> None:
        """Start one process more, and wait until it works."""
        arguments = [self.database.url, self.box.api_url, self.box.bot_token, str(self.ahead)]
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(BEATER), *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL, env={"PYTHONPATH": str(ROOT), "PATH": ""},
        )  # fmt: skip
        assert process.stdout is not None
        speaker = (await asyncio.wait_for(process.stdout.readline(), WAIT)).decode().strip()
        assert speaker
        self.processes[speaker] = process

    async def kill(self, speaker: str) -> None:
        """End one at once, as a machine that loses its power does."""
        process = self.processes.pop(speaker)
        process.send_signal(signal.SIGKILL)
        await process.wait()

    async def forward(self, by: timedelta) -> None:
        """Move the clock of all processes."""
        moved = float(self.ahead.read_text()) + by.total_seconds()
        fresh = self.ahead.with_suffix(".new")
        fresh.write_text(str(moved))
        fresh.replace(self.ahead)
        await self.box.move_clock(datetime.now(UTC) + timedelta(seconds=moved))

    async def to_next_day(self) -> None:
        """Go to the same time of the next day on which both companies work."""
        await self.forward(timedelta(days=1))
        while not BOTH.is_working(BOTH.day_of(self.now)):
            await self.forward(timedelta(days=1))

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(self.ahead.read_text()))

    def waiting(self) -> bool:
        """Whether anything is not sent."""
        with self.database.reading() as session:
            return session.exec(select(Outgoing.id).where(col(Outgoing.done_at).is_(None)).limit(1)).first() is not None

    def spoken_for(self) -> bool:
        """Whether one of those that live is sending."""
        with self.database.reading() as session:
            speakers = session.exec(select(Partnership.speaker)).all()
        return bool(set(speakers) & self.processes.keys())

    async def finish(self) -> None:
        """Let everything be sent; the lease of whoever died runs out, nobody's who lives."""
        async with asyncio.timeout(WAIT):
            idle = 0
            while self.waiting():
                await asyncio.sleep(0.05)
                idle = 0 if self.spoken_for() else idle + 1
                if idle > 6:
                    await self.forward(LEASE + timedelta(seconds=1))
                    idle = 0


@asynccontextmanager
async def crew(database: Database, folder: Path, number: int, **options: Any) -> AsyncIterator[Crew]:
    """Give processes on one database, and the stand-in for Slack that they speak to."""
    ahead = folder / "ahead"
    ahead.write_text(str((STARTS - datetime.now(UTC)).total_seconds()))
    async with Sandbox(example_cast(), manifest(LISTENERS), starts_at=STARTS, **options) as box:
        working = Crew(database, box, ahead)
        try:
            await asyncio.gather(*[working.hire() for _ in range(number)])
            yield working
        finally:
            for speaker in [*working.processes]:
                await working.kill(speaker)


def prepare(database: Database) -> None:
    """Set two channels up, with records that Gita owns."""
    with database.writing() as session:
        for channel in CHANNELS:
            support.set_up(session, channel)
            gita = support.row_of(session, support.GITA, channel)
            for _ in range(CLOCKS // len(CHANNELS)):
                support.log_deviation(session, channel_id=channel).owner_id = gita.id
        stand_still(session)


def stand_still(session: Session) -> None:
    """Let no clock say anything until it is made due."""
    for clock in session.exec(select(Clock)).all():
        clock.next_at = None


def make_due(session: Session, now: datetime) -> None:
    """Let each record be due in a week, so that its first reminder is due now."""
    for clock in session.exec(select(Clock).where(Clock.name == ClockName.CLOSE)).all():
        clock.due_at, clock.next_at = now + timedelta(days=7), now


async def killed_again_and_again(working: Crew, rounds: int = ROUNDS) -> Counter[int]:
    """Kill one at a random moment while they work, round after round; gives how often each row was said."""
    rng = random.Random(7)  # noqa: S311 - moments, no secrets
    for _ in range(rounds):
        with working.database.writing() as session:
            stand_still(session)
        await working.to_next_day()
        with working.database.writing() as session:
            make_due(session, working.now)
        await asyncio.sleep(rng.uniform(0.0, 0.25))
        await working.kill(rng.choice(sorted(working.processes)))
        await asyncio.gather(working.hire(), working.finish())
    noted = [message.metadata["event_payload"] for message in working.box.world.messages if message.metadata]
    return Counter(row for payload in noted for row in payload["rows"])


def check(database: Database, said: Counter[int], *, rounds: int = ROUNDS, doubled: int = 0) -> None:
    """Hold what Slack has against what the outbox says was sent."""
    with database.reading() as session:
        rows = session.exec(select(Outgoing)).all()
    assert {row.outcome for row in rows} <= {"sent", "not needed"}
    reminders = [row for row in rows if row.kind == "reminder"]
    assert Counter(row.about["step"] for row in reminders) == dict.fromkeys(
        {row.about["step"] for row in reminders}, CLOCKS
    )
    assert len(reminders) == CLOCKS * rounds
    assert [row.key for row in reminders if row.outcome == "sent" and not said[row.id]] == []
    assert sum(count - 1 for count in said.values()) <= doubled


async def test_two_processes_on_sqlite(database: Database, tmp_path: Path) -> None:
    """One of two is killed again and again: no step is missing, none is said twice."""
    prepare(database)
    async with crew(database, tmp_path, 2) as working:
        said = await killed_again_and_again(working)
    check(database, said)


async def test_three_processes_on_postgresql(postgres: Database, tmp_path: Path) -> None:
    """One of three is killed again and again: no step is missing, none is said twice."""
    prepare(postgres)
    async with crew(postgres, tmp_path, 3) as working:
        said = await killed_again_and_again(working)
    check(postgres, said)


async def test_where_slack_lets_nobody_look(database: Database, tmp_path: Path) -> None:
    """Without the optional scopes nothing is missing, and a death doubles at most what was in hand in each place."""
    prepare(database)
    rounds = 5
    async with crew(database, tmp_path, 2, grant_optional=False) as working:
        said = await killed_again_and_again(working, rounds)
    check(database, said, rounds=rounds, doubled=rounds * AT_ONCE)
