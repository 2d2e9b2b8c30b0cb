"""The sandbox as one object: it wires the world, the app's line, the Web API and the page, and serves them."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web

from sandbox import http_mode
from sandbox.acts import Acts
from sandbox.api_server import ApiServer, CallRecord
from sandbox.cast import Cast, Person
from sandbox.clock import Clock
from sandbox.driver import Driver
from sandbox.elements import Json
from sandbox.faults import Fault
from sandbox.goings import Goings
from sandbox.installations import Installation
from sandbox.line import ACK_SECONDS, Delivery, Line, NoAnswer
from sandbox.manifest import Manifest
from sandbox.oauth import OAuth, Secrets
from sandbox.pace import Pace
from sandbox.page_api import PageApi, guard
from sandbox.socket_mode import Sockets
from sandbox.world import World

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Sandbox:
    """A local Slack for one app; use it as `async with Sandbox(...) as box`.

    With `grant_optional=False` the app is installed without the manifest's `bot_optional` scopes; with
    `posts_per_second` it has to keep that pace in each channel, or is told to wait (429). `ack_seconds` is how long
    Slack waits for an answer, and how long a trigger id is good. With `token_rotation` tokens expire after 12 hours.
    `install_url` is the app's own page to install it from, if it has one: the page's menu leads there.
    """

    def __init__(
        self,
        cast: Cast,
        manifest: Json,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        starts_at: datetime | None = None,
        ack_seconds: float = ACK_SECONDS,
        grant_optional: bool = True,
        posts_per_second: float | None = None,
        token_rotation: bool = False,
    ) -> None:
        if host not in _LOOPBACK:
            raise ValueError(f"The sandbox stays on this machine: {host} is not a loopback address.")
        self._host, self._port, self._ack_seconds = host, port, ack_seconds
        self._secrets = Secrets(f"xapp-sandbox-{secrets.token_hex(8)}", *(secrets.token_hex(16) for _ in range(3)))
        self._grant_optional = grant_optional
        self.events_url: str | None = None
        self.install_url: str | None = None
        self.clock = Clock(starts_at)
        known = Manifest(manifest, grant_optional=grant_optional)
        self.world = World(cast, self.clock, known, ack_seconds, rotation=token_rotation)
        self.sockets = Sockets(cast.app.app)
        self.line = Line(self.clock, self._transport, self.world.changed)
        self.acts = Acts(self.world, self.line, lambda key: f"{self.url}response/{key}")
        self.goings = Goings(self.world, self.acts)
        self.oauth = OAuth(self.world, self._secrets)
        self._api = ApiServer(self.world, self._secrets, self.oauth, self.sockets, Pace(posts_per_second))
        self._api.revoked = self._on_revoked
        self._telling: set[asyncio.Task[None]] = set()
        self._page = PageApi(self)
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self._drivers: dict[str, Driver] = {}
        self.url = ""

    async def __aenter__(self) -> Self:
        """Start serving; the port is known from here on."""
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        app = web.Application(middlewares=[guard], client_max_size=30 * 1024 * 1024)
        app.add_routes([*self._api.routes(), *self._page.routes(), web.get("/link", self.sockets.accept)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = self._api.base_url = f"http://{self._host}:{port}/"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving and close every connection."""
        await self.clock.close()
        await asyncio.gather(*self._telling, return_exceptions=True)
        await self.sockets.cut()
        self._page.close()
        if self._session:
            await self._session.close()
        if self._runner:
            await self._runner.cleanup()

    @property
    def api_url(self) -> str:
        """The Web API's base address."""
        return f"{self.url}api/"

    @property
    def bot_token(self) -> str:
        """The token of the app's installation in the home team."""
        return self.token_of(self.world.cast.home.id)

    @property
    def app_token(self) -> str:
        """The app-level token, for Socket Mode."""
        return self._secrets.app_token

    @property
    def signing_secret(self) -> str:
        """The secret requests to the app are signed with."""
        return self._secrets.signing_secret

    @property
    def client_id(self) -> str:
        """The app's client id, for OAuth."""
        return self._secrets.client_id

    @property
    def client_secret(self) -> str:
        """The app's client secret, for OAuth."""
        return self._secrets.client_secret

    @property
    def calls(self) -> list[CallRecord]:
        """Every call the app made, oldest first."""
        return self._api.calls

    @property
    def limited(self) -> int:
        """How many posts were refused because they came faster than `posts_per_second`."""
        return self._api.pace.limited

    def connect_events(self) -> list[Delivery]:
        """Return every request or envelope sent to the app, oldest first."""
        return self.line.deliveries

    def now(self) -> datetime:
        """Return the sandbox's present moment."""
        return self.clock.now()

    async def move_clock(self, to: datetime) -> None:
        """Move the clock forward and let everything due happen."""
        await self.clock.move(to)
        self.world.changed()

    def on_clock_moved(self, callback: Callable[[], Awaitable[object]]) -> None:
        """Have the callback awaited after each move of the clock."""
        self.clock.on_moved(callback)

    def use_manifest(self, manifest: Json) -> None:
        """Take another manifest, as after a change of the app's configuration."""
        self.world.manifest = Manifest(manifest, grant_optional=self._grant_optional)
        self.world.changed()

    def fail_next(self, method: str, **fault: Any) -> None:
        """Spoil the next `times` calls of a method ("*" any, "response_url" too).

        error=, retry_after=: Slack refuses; status=: an HTTP status; hang=seconds: it answers late;
        drop=True: the connection is cut before anything is done; lost=True: it is done, but the answer is cut off;
        garbage=text: it is done, and the text comes in place of Slack's JSON.
        """
        self._api.faults.order(Fault(method, **fault))

    def fail_all(self, method: str, **fault: Any) -> None:
        """Spoil every call of a method, as `fail_next` does, until `heal`; what `fail_next` orders comes first."""
        self._api.faults.stay(Fault(method, **fault))

    def heal(self, method: str = "*") -> None:
        """Take away every fault ordered for a method, or all there are."""
        self._api.faults.heal(method)

    async def archive(self, channel: str, by: str | None = None) -> None:
        """Archive a channel, in the name of a person of the app's own company unless told who."""
        await self.goings.archive(channel, self._somebody(by))

    async def unarchive(self, channel: str, by: str | None = None) -> None:
        """Take a channel out of the archive."""
        await self.goings.unarchive(channel, self._somebody(by))

    async def disconnect(self, channel: str, team: str | None = None) -> None:
        """End the sharing of a channel with a company, or with all but the app's own; see `Goings.disconnect`."""
        await self.goings.disconnect(channel, team)

    async def connect(self, channel: str) -> None:
        """Share a disconnected channel again."""
        await self.goings.connect(channel)

    async def deactivate(self, user_id: str) -> None:
        """End a person's account."""
        await self.goings.deactivate(self.world.cast.person(user_id))

    async def reactivate(self, user_id: str) -> None:
        """Give a deactivated person the account back."""
        await self.goings.reactivate(self.world.cast.person(user_id))

    async def install(self, team_id: str) -> str:
        """Install the app for a team, or org-wide for an organisation, without OAuth; returns the bot token."""
        return await self.goings.install(team_id)

    async def uninstall(self, team_id: str) -> None:
        """Remove the app from a team or organisation: its tokens answer `account_inactive`, the app is told."""
        await self.goings.uninstall(team_id)

    def token_of(self, team_id: str) -> str:
        """Return the newest token of a team's own or its organisation's installation; LookupError without one."""
        installations = self.world.installations
        team = installations.of_team(team_id) or installations.get(team_id)
        token = installations.token_of(team)
        if token is None:
            raise LookupError(f"{team.name} has not installed the app.")
        return token.text

    async def invite(self, member: str, channel: str) -> None:
        """Bring a person, or the bot of an installation, into a channel."""
        await self.goings.invite(member, channel)

    async def change_channel_id(self, old: str, new: str) -> None:
        """Give a channel another id; calls with the old one answer `channel_not_found`."""
        await self.goings.change_id(old, new)

    def _on_revoked(self, installation: Installation) -> None:
        """End an installation whose last token was revoked; the app hears of it after the call's answer."""
        if self.world.installations.token_of(installation) is None:
            self.world.uninstall(installation)
        task = asyncio.create_task(self.goings.tell_of_revoked(installation))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    def _somebody(self, user_id: str | None) -> Person:
        cast = self.world.cast
        return cast.person(user_id) if user_id else next(p for p in cast.people if p.team == cast.home.id)

    async def redeliver_last(self) -> Delivery:
        """Send the last request to the app once more, byte for byte."""
        return await self.line.send_again(self.line.deliveries[-1])

    def person(self, user_id: str) -> Driver:
        """Return the driver that acts as this person."""
        if user_id not in self._drivers:
            self._drivers[user_id] = Driver(
                self.world, self.acts, self.world.cast.person(user_id), self.url, self.oauth
            )
        return self._drivers[user_id]

    async def _transport(self, delivery: Delivery) -> None:
        if delivery.kind == "interaction" and not self.world.manifest.interactive:
            raise NoAnswer("dispatch_failed", "interactivity is off in the manifest")
        if self.sockets.connected:
            await self.sockets.send(delivery, self._ack_seconds)
            return
        if self.events_url is None or self._session is None:
            raise NoAnswer("dispatch_failed", "connection_failed")
        if not delivery.raw:
            content_type, delivery.raw = http_mode.encode(delivery.kind, delivery.body)
            delivery.headers = http_mode.signed(delivery.raw, content_type, self.signing_secret)
            if delivery.attempt:
                delivery.headers |= {
                    "X-Slack-Retry-Num": str(delivery.attempt),
                    "X-Slack-Retry-Reason": delivery.reason,
                }
        await http_mode.post(self._session, self.events_url, delivery, self._ack_seconds)
