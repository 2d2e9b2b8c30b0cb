"""The timetable: a beat a minute that asks the database what is due; APScheduler only keeps the time."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.metrics import Metrics
from quality.beat import beat
from storage.database import Database

log = logging.getLogger(__name__)


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
        # A beat that comes late still runs, and several missed ones are one: each asks for all that is due.
        self._scheduler = AsyncIOScheduler(timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True})

    async def beat(self) -> None:
        """Decide all that is due and wake the delivery."""
        with self.metrics.beat.time():
            while await self.database.write(lambda session: beat(session, self.now())):
                pass
        self.wake()

    def start(self) -> None:
        """Begin to beat."""
        self._scheduler.add_job(self._safe_beat, "interval", seconds=60, max_instances=1)
        self._scheduler.add_job(self._safe_beat)
        self._scheduler.add_job(self.database.analyze, "interval", hours=6, next_run_time=self.now())
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
