"""The machine's clock jumps while the bot beats: what is due is said once, whatever the clock said in between."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from bot import verify
from bot.metrics import Metrics
from bot.timetable import Timetable
from storage import outbox
from storage.database import Database
from storage.outbox import Outgoing
from storage.partnership import Partnership
from storage.record import Record
from tests.stage import Stage, staged

pytestmark = pytest.mark.timeout(300)  # of the tests, on a machine that runs other things
HOUR, DAY, MONTH = timedelta(hours=1), timedelta(days=1), timedelta(days=31)
DAYS = 45  # until everything is late, and has been for a while
Step = tuple[int, str, str, int]  # record, clock, day, whom it is for


class Wrong:
    """A clock that the bot reads, beside the one that is right."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.by = timedelta()
        bot: Any = stage.bot
        for part in (bot.timetable, bot.delivery, bot.desk, bot.fetching):
            part.now = self.now

    def now(self) -> datetime:
        return self.stage.box.now() + self.by

    async def jump(self, by: timedelta) -> None:
        """Be wrong by so much from now on, and beat."""
        self.by = by
        await self.beat()

    async def beat(self) -> None:
        await self.stage.bot.timetable.beat()
        await self.stage.settle()


async def lived(stage: Stage, *jumps: timedelta) -> tuple[Counter[Step], list[str]]:
    """Log records, let the clock jump, then let days pass by the right time; gives reminders and days of digests."""
    await stage.set_up()
    await stage.owned()
    await stage.log(stage.gita, "Log OOS result")
    await stage.capa(stage.finn)
    wrong = Wrong(stage)
    for by in jumps:
        await wrong.jump(by)
    await wrong.jump(timedelta())
    for _ in range(DAYS):
        await stage.box.move_clock(stage.box.now() + DAY)
        await wrong.beat()
    with stage.database.reading() as session:
        rows = session.exec(select(Outgoing)).all()
        assert len(session.exec(select(Record)).all()) == 3
    assert [row.key for row in rows if row.done_at is None] == []
    assert [one.says for one in verify.check(stage.database) if not one.well] == []
    noted = [message.metadata["event_payload"]["rows"] for message in stage.box.world.messages if message.metadata]
    assert [row for row, number in Counter(chain(*noted)).items() if number > 1] == []
    steps = Counter(
        (row.about["record_id"], row.about["clock"], row.about["step"], row.about["for"])
        for row in rows
        if row.kind == "reminder"
    )
    return steps, sorted(row.about["day"] for row in rows if row.kind == "digest")


@pytest.mark.parametrize(
    "jumps",
    [(-HOUR, DAY, timedelta(), -DAY), (MONTH, -HOUR, DAY, -MONTH, MONTH)],
    ids=["a day", "a month"],
)
async def test_the_clock_jumps(tmp_path: Path, jumps: tuple[timedelta, ...]) -> None:
    """After the clock jumped and is right again, each step is said that would have been, and none twice."""
    folders = [tmp_path / name for name in ("right", "wrong")]
    for folder in folders:
        folder.mkdir()
    async with staged(folders[0]) as stage:
        wanted, days = await lived(stage)
    async with staged(folders[1]) as stage:
        said, had = await lived(stage, *jumps)
    assert [step for step in wanted if step not in said] == []
    assert [step for step, number in said.items() if number > 1] == []
    assert set(days) <= set(had)
    assert len(had) == len(set(had))


async def test_a_clock_that_goes_on_while_a_process_starts_was_not_ahead(stage: Stage) -> None:
    """What another queued while the database was slow is no later than the clock is by then: its claim holds."""
    await stage.log(stage.gita)
    database, wrong = stage.database, Wrong(stage)
    later = wrong.now() + HOUR

    class Slow(Database):
        async def read(self, work: Callable[[Session], Any]) -> Any:
            wrong.by = HOUR
            with database.writing() as session:
                pid = session.exec(select(Partnership.id)).one()
                outbox.put(session, pid, "similar", "another's", later, record_id=1)
                assert outbox.claim(session, "another", later, 1)
            return await super().read(work)

    slow = Slow(database.url)
    await Timetable(slow, wrong.now, lambda: None, Metrics()).beat()
    slow.close()
    with database.reading() as session:
        assert session.exec(select(Partnership.speaking_until)).one() == later + outbox.LEASE
