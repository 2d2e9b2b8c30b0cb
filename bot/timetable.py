"""The timetable: a beat a minute that asks the database what is due; APScheduler only keeps the time."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.metrics import Metrics
from quality.beat import beat, look_again
from storage.database import Database
from storage.outbox import newest_at

log = logging.getLogger(__name__)

MINUTE, QUARTER_DAY = 60, 6 * 3600  # seconds
TOLERANCE = timedelta(minutes=1)  # by which a clock may be set back without a word


class Timetable:
    """Beats once a minute, and once at the start; lets the database take stock of itself now and then."""

    def __init__(
        self, database: Database, now: Callable[[], datetime], wake: Callable[[], None], metrics: Metrics
    ) -> None:
        self.metrics = metrics
        self.database = database
        self.now = now
        self.wake = wake
        self._beating = asyncio.Lock()
        self._last: datetime | None = None  # beat
        # A beat that comes late still runs, and several missed ones are one: each asks for all that is due.
        self._scheduler = AsyncIOScheduler(timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True})

    async def beat(self) -> None:
        """Decide all that is due and wake the delivery."""
        with self.metrics.beat.time():
            await self._notice()
            while await self.database.write(lambda session: beat(session, self.now())):
                pass
        self.wake()

    async def _notice(self) -> None:
        """Notice that the machine's clock went back since the last beat, or at the start, since anything was queued."""
        latest = self._last or await self.database.read(newest_at)
        now = self.now()  # afterwards: what others queue until then is not ahead of it
        if latest is not None and now < latest - TOLERANCE:
            log.warning("the clock was ahead of now: what is due is decided anew")
            await self.database.write(lambda session: look_again(session, now))
        self._last = now

    def start(self) -> None:
        """Begin to beat."""
        for work, pause in ((self._safe_beat, MINUTE), (self.database.analyze, QUARTER_DAY)):
            self._scheduler.add_job(work, "interval", seconds=pause, max_instances=1)
            self._scheduler.add_job(work)
        self._scheduler.start()

    async def stop(self) -> None:
        """Beat no more, once the present beat is done."""
        self._scheduler.pause()
        async with self._beating:
            self._scheduler.shutdown(wait=False)

    async def _safe_beat(self) -> None:
        async with self._beating:
            try:
                await self.beat()
            except Exception:
                log.exception("a beat failed; the next one is in a minute")
