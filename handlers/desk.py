"""What every handler works with: the database, Slack, the time, and a way to act after the answer."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event
from typing import Any

from handlers import slack_errors
from handlers.installation import Installations
from quality.device import OneTimeCodes
from storage.database import Database

log = logging.getLogger(__name__)


@dataclass
class Desk:
    """The parts a handler needs, built in one place."""

    database: Database
    installations: Installations
    now: Callable[[], datetime]
    wake: Callable[[], None]  # tells the delivery that the outbox has something new
    codes: OneTimeCodes  # the second component of signatures
    changed: Callable[[int], None]  # tells Home that something of a partnership changed
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    stopping: Event = field(default_factory=Event)  # set once the bot is to stop: what takes long says so and ends

    def later(self, work: Coroutine[Any, Any, object]) -> None:
        """Do something in Slack after the answer; it is nothing that may not be lost."""
        task = asyncio.get_running_loop().create_task(_logged(work))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def finish(self) -> None:
        """Wait for what was to be done later."""
        while self.tasks:
            await asyncio.gather(*self.tasks)


async def _logged(work: Coroutine[Any, Any, object]) -> None:
    try:
        await work
    except slack_errors.FAILURES as error:
        log.warning("what was to be said after an answer was not: %s", slack_errors.word(error))
    except Exception:
        log.exception("what was to be done after an answer failed")
