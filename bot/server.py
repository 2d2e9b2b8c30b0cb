"""The bot in service: by HTTP or Socket Mode, with its timetable and its delivery, until it is told to stop."""

import asyncio
import gc
import logging
import signal
import time
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from bot import metrics, oauth
from bot.settings import Settings, SettingsError
from bot.wiring import SLACK_TIMEOUT, Bot, assemble, identify, installations_of, slack_client
from handlers import slack_errors
from handlers.installation import Installation
from storage.database import Database
from storage.migrate import migrate
from storage.reseal import reseal
from storage.secret import Safe

log = logging.getLogger(__name__)
http_log = logging.getLogger("bot.http")

MOST_BYTES = 1_000_000  # Slack's largest payload, a view of 250 kB, form-encoded
WRONG_TOKEN = ("invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired")
LONGEST_PAUSE = 60.0
MOST_DIGITS = 12  # of a moment in seconds
PINGED_WITHIN = 2.0  # seconds; who asks whether the bot is ready does not wait for long


def _is_news(line: logging.LogRecord) -> bool:
    """Whether a line is more than that somebody sent bytes that are no HTTP: anybody can, as often as they like."""
    return not (line.exc_info and isinstance(line.exc_info[1], HttpProcessingError))


http_log.addFilter(_is_news)


class Server:
    """The HTTP side: Slack's requests, and whether the bot is alive and ready."""

    def __init__(self) -> None:
        self.bot: Bot | None = None
        self.socket: AsyncSocketModeHandler | None = None
        self._asking = ThreadPoolExecutor(1, thread_name_prefix="ready")
        self._asked: asyncio.Future[None] | None = None
        self.web = web.Application(client_max_size=MOST_BYTES)
        self.web.router.add_get("/healthz", self.on_alive)
        self.web.router.add_get("/readyz", self.on_ready)
        self.web.router.add_get("/metrics", self.on_metrics)
        self.web.router.add_post("/slack/events", self.on_slack)
        self.web.router.add_get(oauth.INSTALL, self.on_install)
        self.web.router.add_get(oauth.REDIRECT, self.on_redirect)

    async def on_alive(self, _request: web.Request) -> web.Response:
        """Say that the process runs."""
        return web.json_response({"status": "alive"})

    async def on_ready(self, _request: web.Request) -> web.Response:
        """Say whether requests of Slack can be served: Slack knows the bot, and the database answers."""
        if self.bot is None:
            return web.json_response({"status": "waiting for Slack"}, status=503)
        try:
            await self._ping(self.bot)
        except Exception:
            log.exception("the database does not answer")
            return web.json_response({"status": "the database does not answer"}, status=503)
        if self.socket is not None and not await self.socket.client.is_connected():
            return web.json_response({"status": "waiting for Socket Mode"}, status=503)
        return web.json_response({"status": "ready"})

    async def _ping(self, bot: Bot) -> None:
        """Ask the database whether it answers; a server that stands still would never say no, and is asked once."""
        if self._asked is None or self._asked.done():
            self._asked = asyncio.get_running_loop().run_in_executor(self._asking, bot.database.ping)
        async with asyncio.timeout(PINGED_WITHIN):
            await asyncio.shield(self._asked)

    async def on_metrics(self, _request: web.Request) -> web.Response:
        """Give Prometheus its figures."""
        if self.bot is None:
            return web.Response(status=503, text="waiting for Slack")
        now = self.bot.desk.now()
        found = await self.bot.database.read(lambda session: metrics.standing(session, now))
        return web.Response(body=self.bot.metrics.page(found), headers={"Content-Type": metrics.CONTENT_TYPE})

    async def on_slack(self, request: web.Request) -> web.Response:
        """Serve a signed request of Slack; without a signing secret none can be trusted."""
        if self.bot is None or not self.bot.settings.slack_signing_secret:
            return web.Response(status=503 if self.bot is None else 404)
        began = time.perf_counter()
        answer = await self._answered(request, self.bot)
        self.bot.metrics.acked(answer.status, time.perf_counter() - began)
        return answer

    async def _answered(self, request: web.Request, bot: Bot) -> web.Response:
        try:
            raw = await request.read()
        except (ConnectionError, web.RequestPayloadError):  # who sent it is gone, or never meant it
            return web.Response(status=400)
        if not _is_signed(raw, request.headers, bot.settings.slack_signing_secret):
            return web.Response(status=401, text="not signed by Slack")
        try:
            bolt = AsyncBoltRequest(body=raw.decode(), query=request.query_string, headers=dict(request.headers))
            answer = await bot.app.async_dispatch(bolt)
        except Exception as error:  # noqa: BLE001 - what our handlers raise is answered there: Bolt cannot read this body
            log.warning("a signed request could not be read: %s", type(error).__name__)
            return web.Response(status=400, text="not a request of Slack")
        headers = answer.first_headers_without_set_cookie()
        return web.Response(status=answer.status, body=answer.body.encode(), headers=headers)

    async def on_install(self, request: web.Request) -> web.Response:
        """Show the page that begins an installation."""
        return await self._by_oauth(request, "handle_installation")

    async def on_redirect(self, request: web.Request) -> web.Response:
        """Finish an installation to which Slack leads back."""
        return await self._by_oauth(request, "handle_callback")

    async def _by_oauth(self, request: web.Request, step: str) -> web.Response:
        flow = self.bot.oauth if self.bot is not None else None
        if flow is None:
            return web.Response(status=404, text="This QualBridge is not installed by OAuth.")
        asked = AsyncBoltRequest(body="", query=request.query_string, headers=dict(request.headers), mode="http")
        try:
            answer = await getattr(flow, step)(asked)
        except Exception:
            log.exception("an installation failed")
            answer = oauth.failed()
        return web.Response(status=answer.status, body=answer.body.encode(), headers=_headers(answer))


def _headers(answer: BoltResponse) -> list[tuple[str, str]]:
    return [(name, value) for name, values in answer.headers.items() for value in values]


def _is_signed(body: bytes, headers: Mapping[str, str], secret: str) -> bool:
    """Whether Slack signed a request in the last five minutes; asked before anything in it is read."""
    stamp, signature = headers.get("X-Slack-Request-Timestamp", ""), headers.get("X-Slack-Signature", "")
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= MOST_DIGITS):
        return False
    try:
        return SignatureVerifier(secret).is_valid(body, stamp, signature)
    except (ValueError, TypeError):  # a body that is not UTF-8, a signature that is not ASCII
        return False


async def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM, then finish what was begun."""
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    database = Database(settings.database_url)
    migrate(database)
    _retire_keys(settings, database)
    server = Server()
    try:
        async with slack_client(settings) as slack, listening(server, settings.host, settings.port) as port:
            log.info("listening on http://%s:%s", settings.host, port)
            own = await _identified(slack, stop) if settings.slack_bot_token else None
            if stop.is_set():
                return
            await _check_socket(settings, slack)
            bot = assemble(settings, database, slack, installations_of(settings, database, slack, own))
            # What is loaded by now stays: to look through all of it for garbage would hold up who waits meanwhile.
            gc.collect()
            gc.freeze()
            async with in_service(bot) as server.socket:
                server.bot = bot
                log.info("ready, by %s", "Socket Mode" if settings.socket_mode else "HTTP")
                if not settings.encryption_key:
                    log.warning("ENCRYPTION_KEY is missing: nobody can sign until it is set")
                await stop.wait()
                log.info("stopping")
    finally:
        database.close()


def _retire_keys(settings: Settings, database: Database) -> None:
    """Seal with the first of several keys what the others sealed."""
    if "," not in settings.encryption_key:
        return
    with database.writing() as session:
        done = reseal(session, Safe(settings.encryption_key))
    log.info("%s secrets were sealed anew with the first key of ENCRYPTION_KEY", done.anew)


@asynccontextmanager
async def listening(server: Server, host: str, port: int) -> AsyncIterator[int]:
    """Listen on an address while inside; gives the port, chosen by the system when it was 0."""
    # Signatures are over the bytes as they came: nothing unpacks them before they are checked.
    runner = web.AppRunner(server.web, access_log=None, shutdown_timeout=5, auto_decompress=False, logger=http_log)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            why = f"HOST {host} with PORT {port} cannot be listened on: {error.strerror or error}."
            raise SettingsError(f"{why} Choose another, or end what uses it.") from error
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


@asynccontextmanager
async def in_service(bot: Bot) -> AsyncIterator[AsyncSocketModeHandler | None]:
    """Run delivery, timetable and, where it is chosen, Socket Mode while inside; gives the latter."""
    workers = (bot.homes, bot.fetching, bot.delivery)
    running = [asyncio.create_task(worker.run()) for worker in workers]
    bot.timetable.start()
    socket = AsyncSocketModeHandler(bot.app, bot.settings.slack_app_token) if bot.settings.socket_mode else None
    try:
        if socket is not None:
            await socket.connect_async()  # type: ignore[no-untyped-call]  # Bolt leaves it untyped
        yield socket
    finally:
        if socket is not None:
            await socket.close_async()  # type: ignore[no-untyped-call]  # as above
        await bot.timetable.stop()
        bot.desk.stopping.set()
        await bot.desk.finish()
        await bot.installations.finish()
        for worker in workers:
            worker.stop()
        for task in running:
            with suppress(TimeoutError):  # cancelled before, a message could be said twice
                await asyncio.wait_for(task, SLACK_TIMEOUT)


async def _identified(slack: AsyncWebClient, stop: asyncio.Event) -> Installation | None:
    """Ask Slack who the bot is until it answers; None when told to stop meanwhile."""
    pause = 1.0
    while not stop.is_set():
        try:
            return await identify(slack)
        except SlackApiError as error:
            why = slack_errors.word(error)
            if why in WRONG_TOKEN:
                raise SettingsError(f"SLACK_BOT_TOKEN is wrong: Slack says {why}. Install the app anew.") from error
            log.warning("Slack does not say who the bot is: %s", why)
        except slack_errors.UNREACHABLE as error:
            log.warning("Slack does not answer: %s", error)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)
        pause = min(pause * 2, LONGEST_PAUSE)
    return None


async def _check_socket(settings: Settings, slack: AsyncWebClient) -> None:
    """Refuse an app token that Slack refuses; Bolt itself would try for ever without a word."""
    if not settings.socket_mode:
        return
    try:
        await slack.apps_connections_open(app_token=settings.slack_app_token)
    except slack_errors.FAILURES as error:
        why = slack_errors.word(error)
        if why in WRONG_TOKEN:
            says = f"SLACK_APP_TOKEN is wrong: Slack says {why}. Make an app-level token with connections:write."
            raise SettingsError(says) from error
        log.warning("Slack opens no connection for Socket Mode yet: %s", why)
