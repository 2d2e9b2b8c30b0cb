"""The app's installations as the running bot uses them: looked up by workspace, their tokens opened and renewed."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from slack_sdk.web.async_client import AsyncWebClient
from sqlmodel import Session

from bot.settings import Settings
from handlers import slack_errors
from handlers.installation import Installation
from storage import installation as stored
from storage.database import Database
from storage.installation import Installed
from storage.secret import Safe, Sealed

log = logging.getLogger(__name__)

REMEMBERED = 30.0  # seconds for which an installation is not looked up again: another process may have ended it
RENEWED_BEFORE = timedelta(hours=2)  # of the twelve that a token lives
TOLD_WITHIN = timedelta(hours=1)  # Slack tells of an end in two events, and repeats each for minutes
PATIENCE = 1.5  # seconds that a renewal may take: a person may be waiting


@dataclass(frozen=True)
class Known:
    """What was found, and until when it is taken for granted."""

    found: Installation | None
    until: float


def speaking_by(token: str, like: AsyncWebClient) -> AsyncWebClient:
    """Give a client with a token of its own, and all else like another's."""
    slack = AsyncWebClient(
        token=token, base_url=like.base_url, session=like.session, retry_handlers=[], timeout=like.timeout
    )
    slack.proxy = like.proxy
    return slack


class StoredInstallations:
    """Installations of the database, and the one of the static token where there is one."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        slack: AsyncWebClient,
        now: Callable[[], datetime],
        own: Installation | None = None,
    ) -> None:
        self.settings = settings
        self.database = database
        self.slack = slack
        self.now = now
        self.safe = Safe(settings.encryption_key)
        self._own, self._own_since = own, now().replace(microsecond=0)
        self._known: dict[str, Known] = {}
        self._renewals: dict[str, asyncio.Task[Installed]] = {}
        self._looking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)  # one look at a time at each

    async def find(self, team_id: str, enterprise_id: str | None = None) -> Installation | None:
        """Find the installation of a workspace, else of its organisation; never any other.

        By the workspace alone: across companies Slack names an organisation in some payloads and not in others.
        """
        for serves in (team_id, enterprise_id):
            found = await self._find(serves) if serves else None
            if found is not None:
                return found
        return None

    async def end(self, serves: str, why: str, told_at: datetime | None = None) -> None:
        """End an installation that Slack ended; not one that was made after Slack's word of it."""
        told = told_at or self.now()
        await self.database.write(lambda session: stored.end(session, serves, why, self.now(), told))
        if self._own is not None and self._own.team_id == serves and self._own_since <= told:
            self._own = None
        self.forget(serves)

    async def just_ended(self, team_id: str) -> bool:
        """Whether a workspace had an installation of its own until a short while ago."""
        since = self.now() - TOLD_WITHIN
        return await self.database.read(lambda session: stored.has_ended(session, team_id, since))

    def forget(self, serves: str) -> None:
        """Look an installation up anew, for it has changed."""
        self._known.pop(serves, None)

    async def _find(self, serves: str) -> Installation | None:
        if (known := self._remembered(serves)) is not None:
            return known.found
        async with self._looking[serves]:
            if (known := self._remembered(serves)) is not None:
                return known.found
            row = await self.database.read(lambda session: stored.find(session, serves))
            if row is not None and row.expires_at is not None and row.expires_at - self.now() < RENEWED_BEFORE:
                row = await self._renewed(row)
            found = (self._opened(row) if row is not None else None) or self._own_of(serves)
            self._known[serves] = Known(found, time.monotonic() + REMEMBERED)
            return found

    def _remembered(self, serves: str) -> Known | None:
        known = self._known.get(serves)
        return known if known is not None and known.until > time.monotonic() else None

    def _own_of(self, serves: str) -> Installation | None:
        return self._own if self._own is not None and self._own.team_id == serves else None

    def _opened(self, row: Installed) -> Installation | None:
        """Open the token of an installation; one that no key opens serves as little as none."""
        try:
            token = self.safe.open(row.token)
        except Sealed as sealed:
            says = "the installation of %s is out of use, %s: install the app there again, or put the key back"
            log.error(says, row.serves, sealed)  # noqa: TRY400 - it is no surprise, and repeated
            return None
        return Installation(row.serves, row.bot_user_id, row.bot_id, speaking_by(token, self.slack))

    async def _renewed(self, row: Installed) -> Installed:
        """Renew a token that expires soon; where Slack cannot now, the present one is used as long as it lives.

        A renewal that takes long goes on by itself: broken off, it might lose what Slack answers, which it says once.
        """
        renewal = self._renewals.get(row.serves)
        if renewal is None:
            renewal = self._renewals[row.serves] = asyncio.create_task(self._renew(row))
            renewal.add_done_callback(lambda _: self._renewed_late(row.serves))
        done, _ = await asyncio.wait({renewal}, timeout=PATIENCE)
        return renewal.result() if done else row

    def _renewed_late(self, serves: str) -> None:
        self._renewals.pop(serves)
        self.forget(serves)

    async def finish(self) -> None:
        """Wait for the renewals that were begun: Slack gives a token once."""
        await asyncio.gather(*self._renewals.values())

    async def _renew(self, row: Installed) -> Installed:
        used = row.refresh_token or ""
        try:
            answer = await self.slack.oauth_v2_access(
                client_id=self.settings.slack_client_id,
                client_secret=self.settings.slack_client_secret,
                grant_type="refresh_token",
                refresh_token=self.safe.open(used),
            )
        except (Sealed, *slack_errors.FAILURES) as error:  # another process may have used it
            log.warning("the token of %s was not renewed: %s", row.serves, type(error).__name__)
            return await self.database.read(lambda session: stored.find(session, row.serves)) or row
        token, refresh = self.safe.lock(answer["access_token"]), self.safe.lock(answer["refresh_token"])
        expires_at = self.now() + timedelta(seconds=int(answer["expires_in"]))

        def renew(session: Session) -> Installed:
            return stored.renew(session, row.id, row.expires_at, token, refresh, expires_at)

        return await self.database.write(renew)
