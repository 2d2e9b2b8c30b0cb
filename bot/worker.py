"""What works beside the handlers: when it is woken, when the next is due, and now and then; until told to stop."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from handlers.installation import Installations
from storage.database import Database

log = logging.getLogger(__name__)

AFTER_FAILURE = 5.0  # seconds


class Worker:
    """Does what is due, again and again. Woken often, it looks at most so often: what comes meanwhile is gathered."""

    between = 0.1  # seconds from one look to the next

    def __init__(self, database: Database, installations: Installations, now: Callable[[], datetime]) -> None:
        self.database = database
        self.installations = installations
        self.now = now
        self._something_new = asyncio.Event()
        self._stopping = False

    async def work(self) -> float:
        """Do what is due; gives the seconds until the next look, if nothing wakes it before."""
        raise NotImplementedError

    def wake(self) -> None:
        """Say that there may be something new."""
        self._something_new.set()

    def stop(self) -> None:
        """Say that what is in hand is the last of it."""
        self._stopping = True
        self.wake()

    async def run(self) -> None:
        """Work until told to stop; what failed is tried again."""
        clock = asyncio.get_running_loop().time
        while not self._stopping:
            self._something_new.clear()
            looked, pause = clock(), AFTER_FAILURE
            try:
                pause = await self.work()
            except Exception:
                log.exception("%s failed", type(self).__name__)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._something_new.wait()
            if not self._stopping:
                await asyncio.sleep(looked + self.between - clock())
