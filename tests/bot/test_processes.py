"""Several processes beat and deliver on one database, one of them killed again and again: each step is said once."""

import asyncio
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

from sqlmodel import Session, col, select

from bot.delivery import AT_ONCE
from handlers.everything import LISTENERS
from handlers.manifest import manifest
from quality.working_time import Calendar, Site
from sandbox import Sandbox, example_cast
from storage.clock import Clock, ClockName
from storage.database import Database
from storage.outbox import LEASE, Outgoing
from tests import support

BEATER = Path(__file__).with_name("beater.py")
ROOT = Path(__file__).parents[2]
ROUNDS = 20
CLOCKS = 12  # due in a round, in two channels, each told to one person
WAIT = 60.0  # seconds that a round may take at most
STARTS = datetime(2026, 11, 24, 9, tzinfo=UTC)  # a Tuesday morning
BOTH = Calendar(ZoneInfo("Europe/Berlin"), (Site("US"), Site("DE")))
CHANNELS = ("C0SHARED", "C0INTERNAL")


@dataclass
class Crew:
    """The processes, the clock they share, and what they work on."""

    database: Database
    box: Sandbox
    ahead: Path
    processes: list[asyncio.subprocess.Process] = field(default_factory=list)

    async def hire(self) -> None:
        """Start one process more, and wait until it works."""
        arguments = [self.database.url, self.box.api_url, self.box.bot_token, str(self.ahead)]
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(BEATER), *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL, env={"PYTHONPATH": str(ROOT), "PATH": ""},
        )  # fmt: skip
        self.processes.append(process)
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), WAIT) == b"ready\n"

    async def kill(self, process: asyncio.subprocess.Process) -> None:
        """End one at once, as a machine that loses its power does."""
        process.send_signal(signal.SIGKILL)
        await process.wait()
        self.processes.remove(process)

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

    def waiting(self) -> list[int]:
        """List the rows that are not sent."""
        with self.database.reading() as session:
            return list(session.exec(select(Outgoing.id).where(col(Outgoing.done_at).is_(None))).all())

    async def quiet(self) -> list[int]:
        """Wait until nothing moves any more; gives what still waits."""
        before = [0]
        while before != (now := self.waiting()):
            before = now
            await asyncio.sleep(0.25)
        return before

    async def finish(self) -> None:
        """Let everything be sent, the lease of whoever died run out first."""
        async with asyncio.timeout(WAIT):
            while await self.quiet():
                await self.forward(LEASE + timedelta(seconds=1))
                await asyncio.sleep(0.3)


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
            for process in [*working.processes]:
                await working.kill(process)


def prepare(database: Database) -> None:
    """Set two channels up, with records that Gita owns."""
    with database.writing() as session:
        for channel in CHANNELS:
            support.set_up(session, channel)
            gita = support.row_of(session, support.GITA, channel)
            for _ in range(CLOCKS // len(CHANNELS)):
                support.log_deviation(session, channel_id=channel).owner_id = gita.id
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
        await working.to_next_day()
        with working.database.writing() as session:
            make_due(session, working.now)
        await asyncio.sleep(rng.uniform(0.0, 0.25))
        await working.kill(rng.choice(working.processes))
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
    """One of two is killed twenty times: no step is missing, none is said twice."""
    prepare(database)
    async with crew(database, tmp_path, 2) as working:
        said = await killed_again_and_again(working)
    check(database, said)


async def test_where_slack_lets_nobody_look(database: Database, tmp_path: Path) -> None:
    """Without the optional scopes nothing is missing, and a death doubles at most what was in hand in each place."""
    prepare(database)
    rounds = 5
    async with crew(database, tmp_path, 2, grant_optional=False) as working:
        said = await killed_again_and_again(working, rounds)
    check(database, said, rounds=rounds, doubled=rounds * AT_ONCE)
