"""The app's installations as the running bot uses them: looked up by workspace, their tokens opened and renewed."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from sqlmodel import Session

from bot.settings import Settings
from handlers.installation import Installation
from storage import installation as stored
from storage.database import Database
from storage.installation import Installed
from storage.secret import Safe

REMEMBERED = 30.0  # seconds for which an installation is not looked up again: another process may have ended it
RENEWED_BEFORE = timedelta(hours=2)  # of the twelve that a token lives


@dataclass(frozen=True)
class Known:
    """What was found, and until when it is taken for granted."""

    found: Installation | None
    until: float


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
        self._own = own
        self._known: dict[str, Known] = {}
        self._renewing = asyncio.Lock()

    async def find(self, team_id: str, enterprise_id: str | None = None) -> Installation | None:
        """Find the installation of a workspace, else of its organisation; never any other.

        By the workspace alone: across companies Slack names an organisation in some payloads and not in others.
        """
        for serves in (team_id, enterprise_id):
            found = await self._find(serves) if serves else None
            if found is not None:
                return found
        return None

    async def end(self, serves: str, why: str) -> None:
        """End an installation that Slack ended."""
        await self.database.write(lambda session: stored.end(session, serves, why, self.now()))
        self._known.pop(serves, None)

    def forget(self, serves: str) -> None:
        """Look an installation up anew, for it has changed."""
        self._known.pop(serves, None)

    async def _find(self, serves: str) -> Installation | None:
        if self._own is not None and self._own.team_id == serves:
            return self._own
        known = self._known.get(serves)
        if known is not None and known.until > time.monotonic():
            return known.found
        row = await self.database.read(lambda session: stored.find(session, serves))
        if row is not None and row.expires_at is not None and row.expires_at - self.now() < RENEWED_BEFORE:
            row = await self._renewed(row)
        found = self._opened(row) if row is not None else None
        self._known[serves] = Known(found, time.monotonic() + REMEMBERED)
        return found

    def _opened(self, row: Installed) -> Installation:
        slack = AsyncWebClient(
            token=self.safe.open(row.token),
            base_url=self.slack.base_url,
            session=self.slack.session,
            retry_handlers=[],
            timeout=self.slack.timeout,
        )
        slack.proxy = self.slack.proxy
        return Installation(row.serves, row.bot_user_id, row.bot_id, slack)

    async def _renewed(self, row: Installed) -> Installed:
        """Renew a token that expires soon; where Slack cannot now, the present one is used as long as it lives."""
        async with self._renewing:
            used = row.refresh_token or ""
            try:
                answer = await self.slack.oauth_v2_access(
                    client_id=self.settings.slack_client_id,
                    client_secret=self.settings.slack_client_secret,
                    grant_type="refresh_token",
                    refresh_token=self.safe.open(used),
                )
            except SlackApiError:  # another process may have used it
                return await self.database.read(lambda session: stored.find(session, row.serves)) or row
            token, refresh = self.safe.lock(answer["access_token"]), self.safe.lock(answer["refresh_token"])
            expires_at = self.now() + timedelta(seconds=int(answer["expires_in"]))

            def renew(session: Session) -> Installed:
                return stored.renew(session, row.id, used, token, refresh, expires_at)

            return await self.database.write(renew)
