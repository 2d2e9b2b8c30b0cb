"""Keeps the Homes that are open fresh: what changed in a partnership is drawn anew for its people."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from bot.worker import Worker
from handlers import home as screen
from handlers import slack_errors
from handlers.installation import Installations
from storage import home
from storage.database import Database
from storage.home import OpenHome

log = logging.getLogger(__name__)

BEFORE_THEM = timedelta(minutes=15)  # for so long a Home is taken for open: Slack tells of its opening, not of its end
IDLE = 3600.0  # seconds; nothing changes unsaid


class Homes(Worker):
    """Draws the Homes of a partnership's people anew after a change: what changes meanwhile is drawn with it."""

    between = 0.5

    def __init__(self, database: Database, installations: Installations, now: Callable[[], datetime]) -> None:
        super().__init__(database, installations, now)
        self._changed: set[int] = set()

    def changed(self, partnership_id: int) -> None:
        """Say that something of a partnership changed."""
        self._changed.add(partnership_id)
        self.wake()

    async def work(self) -> float:
        """Draw what changed."""
        while self._changed:
            since = self.now() - BEFORE_THEM
            opened = partial(home.list_open, partnership_id=self._changed.pop(), since=since)
            for one in await self.database.read(opened):
                await self._publish(one)
        return IDLE

    async def _publish(self, one: OpenHome) -> None:
        found = await self.installations.find(one.team_id)
        if found is None:
            return
        now, teams = self.now(), {one.team_id, *one.teams.split()}
        shown = await self.database.read(lambda session: screen.draw(session, one.user_id, teams, one.page, now))
        try:
            await found.slack.views_publish(user_id=one.user_id, view={"type": "home", "blocks": shown})
        except slack_errors.FAILURES as error:
            log.warning("the Home of %s: %s", one.user_id, slack_errors.word(error))
