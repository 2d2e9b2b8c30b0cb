"""The one place where the parts are put together."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from aiohttp import ClientSession, ClientTimeout
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from bot import oauth
from bot.delivery import Delivery
from bot.fetching import Fetching
from bot.homes import Homes
from bot.installations import StoredInstallations
from bot.metrics import Metrics
from bot.oauth import Flow
from bot.pace import BETWEEN_POSTS
from bot.settings import Settings, SettingsError
from bot.timetable import Timetable
from handlers.desk import Desk
from handlers.dispatch import INSTALLATION, register
from handlers.everything import LISTENERS
from handlers.installation import Installation, Installations, OneInstallation
from quality.device import OneTimeCodes
from storage.database import Database
from storage.secret import Safe

SLACK_TIMEOUT = 30  # seconds
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Bot:
    """The parts of a running bot."""

    settings: Settings
    database: Database
    installations: Installations
    app: AsyncApp
    desk: Desk
    delivery: Delivery
    fetching: Fetching
    homes: Homes
    timetable: Timetable
    metrics: Metrics
    oauth: Flow | None  # where workspaces install the app themselves


def real_now() -> datetime:
    """Give the present moment; the only clock of the program."""
    return datetime.now(UTC)


@asynccontextmanager
async def slack_client(settings: Settings) -> AsyncIterator[AsyncWebClient]:
    """Give a client of Slack's Web API with one shared connection pool.

    Without automatic retries: a post whose answer was lost would be posted twice.
    """
    async with ClientSession(timeout=ClientTimeout(total=SLACK_TIMEOUT)) as session:
        token, url = settings.slack_bot_token, settings.slack_api_url
        slack = AsyncWebClient(token=token, base_url=url, session=session, retry_handlers=[], timeout=SLACK_TIMEOUT)
        if urlsplit(url).hostname in LOOPBACK:
            slack.proxy = None  # the environment's proxy is for the world outside, not for this machine
        yield slack


async def identify(slack: AsyncWebClient) -> Installation:
    """Ask Slack who the bot is."""
    answer = await slack.auth_test()
    return Installation(str(answer["team_id"]), str(answer["user_id"]), str(answer.get("bot_id") or ""), slack)


def installations_of(
    settings: Settings,
    database: Database,
    slack: AsyncWebClient,
    own: Installation | None,
    now: Callable[[], datetime] = real_now,
) -> Installations:
    """Give the installations by which the bot speaks: the one of its token, or those that workspaces made."""
    if settings.has_oauth:
        return StoredInstallations(settings, database, slack, now, own)
    if own is None:
        raise SettingsError("SLACK_BOT_TOKEN is missing")
    return OneInstallation(own)


def assemble(
    settings: Settings,
    database: Database,
    slack: AsyncWebClient,
    installations: Installations,
    now: Callable[[], datetime] = real_now,
    between_posts: float = BETWEEN_POSTS,
) -> Bot:
    """Put a bot together; seconds between posts in one channel are what Slack asks for, a stand-in may take more."""
    metrics = Metrics()
    delivery = Delivery(database, installations, now, between_posts, metrics)
    fetching = Fetching(database, installations, now, delivery.wake)

    def wake() -> None:
        delivery.wake()
        fetching.wake()

    timetable = Timetable(database, now, wake, metrics)
    codes = OneTimeCodes(Safe(settings.encryption_key))
    homes = Homes(database, installations, now)
    desk = Desk(database, installations, now, wake, codes, homes.changed)

    async def authorize(
        context: AsyncBoltContext, enterprise_id: str | None, team_id: str | None
    ) -> AuthorizeResult | None:
        named = [one if isinstance(one, str) else None for one in (team_id, enterprise_id)]  # as the payload has it
        found = await installations.find(named[0] or "", named[1])
        if found is None:
            return None
        context[INSTALLATION] = found
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_token=found.slack.token,
            bot_id=found.bot_id,
            bot_user_id=found.user_id,
        )

    # Bolt warns that the token of the environment is not used; the installation above is the one that is.
    logging.getLogger("slack_bolt.AsyncApp").addFilter(lambda line: "`token`" not in line.getMessage())
    app = AsyncApp(
        signing_secret=settings.slack_signing_secret,
        client=slack,
        authorize=authorize,  # type: ignore[arg-type]  # Bolt takes None for a workspace without an installation
        request_verification_enabled=False,  # the server checks signatures itself, before a request is parsed
        process_before_response=True,  # an answer to Slack means that the work is done
    )
    register(app, desk, LISTENERS)
    flow = oauth.flow(settings, installations) if isinstance(installations, StoredInstallations) else None
    return Bot(settings, database, installations, app, desk, delivery, fetching, homes, timetable, metrics, flow)
