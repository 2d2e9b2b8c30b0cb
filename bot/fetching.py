"""Fetches the files that are to be kept, some at a time, again after growing pauses, each whole or not at all."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from slack_sdk.web.async_client import AsyncWebClient
from sqlmodel import Session

from bot.fetch import Broken, Unseen, fetch
from bot.worker import Worker
from handlers.installation import Installations
from quality import evidence, tabular, upload
from quality.evidence import Fetched
from quality.files import Unfit
from storage import download, partnership, person
from storage.database import Database
from storage.download import Download

log = logging.getLogger(__name__)

AT_ONCE = 4  # files that are in memory beside each other
JUDGED_AT_ONCE = 250  # rows of a long file, between two looks at how far it has come
IDLE = 60.0  # seconds between looks when nothing wakes it


class Fetching(Worker):
    """Fetches what is noted to be fetched; any number of processes may."""

    between = 0.5

    def __init__(
        self, database: Database, installations: Installations, now: Callable[[], datetime], told: Callable[[], None]
    ) -> None:
        super().__init__(database, installations, now)
        self.told = told  # wakes the delivery: cards, lines and what went wrong wait to be said

    async def work(self) -> float:
        """Fetch what is due."""
        await self.fetch_due()
        due = await self.database.read(download.next_due)
        return IDLE if due is None else min((due - self.now()).total_seconds(), IDLE)

    async def fetch_due(self) -> int:
        """Fetch all that is due; gives how many files were tried."""
        number = 0
        while not self._stopping:
            rows = await self.database.write(lambda session: download.claim(session, self.now(), AT_ONCE))
            if not rows:
                break
            number += len(rows)
            await asyncio.gather(*map(self._fetch, rows))
            self.told()
        return number

    async def _fetch(self, row: Download) -> None:
        """Fetch one file and keep it; what is wrong with it for good is told, the rest is tried again."""
        try:
            fetched = await self._fetched(row)
            await WORK[row.purpose](self, row, fetched)
        except Unfit as unfit:
            why = str(unfit)
            await self.database.write(lambda session: evidence.give_up(session, row.id, why, self.now()))
        except Exception as error:
            foreseen = isinstance(error, Broken)
            log.warning("file %s: %s", row.file_id, error, exc_info=None if foreseen else error)
            told = str(error) if foreseen else f"{type(error).__name__}."
            await self.database.write(lambda session: evidence.put_off(session, row.id, told, self.now()))

    async def _keep(self, row: Download, fetched: Fetched) -> None:
        await self.database.write(lambda session: evidence.keep(session, row.id, fetched, self.now()))

    async def _load_tests(self, row: Download, fetched: Fetched) -> None:
        table = await self._read(row, fetched)
        source = f"{fetched.name}, SHA-256 {fetched.sha256}"
        await self.database.write(lambda session: upload.load_tests(session, row.id, table, source, self.now()))

    async def _load_results(self, row: Download, fetched: Fetched) -> None:
        """Judge the rows of a file, telling how far it has come where there are many, then keep all of them or none."""
        table = await self._read(row, fetched)
        rows = len(table.lines)
        for first in range(0, rows if rows > JUDGED_AT_ONCE else 0, JUDGED_AT_ONCE):
            await self._judge(row, table, first)
        digest = fetched.sha256
        await self.database.write(lambda session: upload.load_results(session, row.id, table, digest, self.now()))

    async def _judge(self, row: Download, table: tabular.Table, first: int) -> None:
        """Judge some rows of a long file beforehand, and tell how far it has come."""
        last, rows = first + JUDGED_AT_ONCE, len(table.lines)
        wrong = await self.database.read(lambda s: upload.count_faults(s, row.id, table, first, last, self.now()))
        await self.database.write(lambda s: upload.going_on(s, row.id, rows, min(last, rows), wrong, self.now()))
        self.told()

    async def _read(self, row: Download, fetched: Fetched) -> tabular.Table:
        if why := upload.unreadable(fetched.name, len(fetched.content)):
            raise Unfit(why)
        return await asyncio.to_thread(tabular.read, fetched.name, fetched.content, upload.COLUMNS[row.purpose])

    async def _fetched(self, row: Download) -> Fetched:
        """Fetch a file by an installation that may see it: the channel's, for a form perhaps its giver's own."""
        mouths = await self._mouths(row)
        if not mouths:
            raise Broken("The app is not installed any more where the file was given.")
        why: list[Broken | Unseen] = []
        for slack in mouths:
            try:
                return await fetch(slack, row.file_id, row.name)
            except (Broken, Unseen) as failure:
                why.append(failure)
        raise next((one for one in why if isinstance(one, Broken)), why[-1])  # what may come another time is not lost

    async def _mouths(self, row: Download) -> list[AsyncWebClient]:
        def teams(session: Session) -> tuple[str, str]:
            home = partnership.get(session, row.partnership_id).home_team_id
            return person.get(session, row.partnership_id, row.person_id).team_id, home

        own, home = await self.database.read(teams)
        wanted = [own, home] if row.message_ts is None else [home]
        found = [await self.installations.find(team) for team in wanted]
        return list({one.slack.token: one.slack for one in found if one is not None}.values())


WORK: dict[str, Callable[[Fetching, Download, Fetched], Awaitable[None]]] = {
    download.EVIDENCE: Fetching._keep,  # noqa: SLF001 - its own
    download.TESTS: Fetching._load_tests,  # noqa: SLF001
    download.RESULTS: Fetching._load_results,  # noqa: SLF001
}
