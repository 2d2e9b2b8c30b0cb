"""The bot as Slack knows it: one installation for each workspace, or whole organisation, that installed the app."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from slack_sdk.web.async_client import AsyncWebClient


@dataclass(frozen=True)
class Installation:
    """The bot in one workspace, and the client that speaks for it; of an organisation, team_id is the enterprise's."""

    team_id: str
    user_id: str
    bot_id: str
    slack: AsyncWebClient


class Installations(Protocol):
    """Who installed the app."""

    async def find(self, team_id: str, enterprise_id: str | None = None) -> Installation | None:
        """Find the installation that serves a workspace."""

    async def end(self, serves: str, why: str, told_at: datetime | None = None) -> None:
        """End an installation that Slack ended; not one that was made after Slack's word of it."""

    async def finish(self) -> None:
        """Wait for what was begun."""

    async def just_ended(self, team_id: str) -> bool:
        """Whether a workspace had an installation of its own until a short while ago."""


class OneInstallation:
    """The only installation there is, by a token of its own: it serves whoever reaches it."""

    def __init__(self, only: Installation) -> None:
        self._only = only

    async def find(self, team_id: str, enterprise_id: str | None = None) -> Installation | None:  # noqa: ARG002 - the only one
        """Give the installation."""
        return self._only

    async def end(self, serves: str, why: str, told_at: datetime | None = None) -> None:
        """Keep the token: what Slack says of it is told by its answers."""

    async def finish(self) -> None:
        """Wait for nothing: its token is never renewed."""

    async def just_ended(self, team_id: str) -> bool:  # noqa: ARG002 - it goes on
        """Say that none ended."""
        return False
