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
from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery import Delivery
from bot.fetching import Fetching
from bot.metrics import Metrics
from bot.pace import BETWEEN_POSTS, Pace
from bot.settings import Settings
from bot.timetable import Timetable
from handlers.desk import Desk, Installation
from handlers.dispatch import register
from handlers.everything import LISTENERS
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
    slack: AsyncWebClient
    app: AsyncApp
    desk: Desk
    delivery: Delivery
    fetching: Fetching
    timetable: Timetable
    metrics: Metrics


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
    return Installation(str(answer["team_id"]), str(answer["user_id"]), str(answer.get("bot_id") or ""))


def assemble(
    settings: Settings,
    database: Database,
    slack: AsyncWebClient,
    installation: Installation,
    now: Callable[[], datetime] = real_now,
    between_posts: float = BETWEEN_POSTS,
) -> Bot:
    """Put a bot together; seconds between posts in one channel are what Slack asks for, a stand-in may take more."""
    metrics = Metrics()
    delivery = Delivery(database, slack, installation.team_id, now, Pace(now, between_posts), metrics)
    fetching = Fetching(database, slack, now, delivery.wake)

    def wake() -> None:
        delivery.wake()
        fetching.wake()

    timetable = Timetable(database, now, wake, metrics)
    codes = OneTimeCodes(Safe(settings.encryption_key))
    desk = Desk(database, slack, installation, now, wake, codes)

    async def authorize(**_: object) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None,
            team_id=installation.team_id,
            bot_token=settings.slack_bot_token,
            bot_id=installation.bot_id,
            bot_user_id=installation.user_id,
        )

    # Bolt warns that the token of the environment is not used; the installation above is the one that is.
    logging.getLogger("slack_bolt.AsyncApp").addFilter(lambda line: "`token`" not in line.getMessage())
    app = AsyncApp(
        signing_secret=settings.slack_signing_secret,
        client=slack,
        authorize=authorize,
        request_verification_enabled=False,  # the server checks signatures itself, before a request is parsed
        process_before_response=True,  # an answer to Slack means that the work is done
    )
    register(app, desk, LISTENERS)
    return Bot(settings, database, slack, app, desk, delivery, fetching, timetable, metrics)
