"""`qualbridge sandbox`: the real bot in a local Slack, with sample records, for a person in a browser."""

import asyncio
import secrets
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import typer

from bot import oauth
from bot.installations import StoredInstallations
from bot.samples import DAYS, Stage
from bot.server import Server, in_service, listening
from bot.settings import Settings
from bot.wiring import Bot, assemble, identify, slack_client
from handlers.everything import LISTENERS
from handlers.manifest import manifest
from sandbox import SETUPS, Sandbox, cast_of
from storage import installation
from storage.database import Database
from storage.installation import Installed
from storage.migrate import migrate

__all__ = ["SETUPS", "opened", "play"]
TOLD = ("connect", "both")  # set-ups in which the sample story plays
BEGINS_AT = time(8, 30)  # UTC, within both companies' working hours


async def play(data: Path, port: int, setup: str, *, empty: bool, socket_mode: bool) -> None:
    """Play until interrupted."""
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    typer.echo("Starting a local Slack with two companies …")
    async with opened(data, port, setup, empty=empty, socket_mode=socket_mode) as box:
        typer.echo(f"Open {box.url} in your browser. Ctrl+C ends it; the next start begins anew.")
        await stop.wait()


@asynccontextmanager
async def opened(
    data: Path, port: int, setup: str = "connect", *, empty: bool = False, socket_mode: bool = False
) -> AsyncIterator[Sandbox]:
    """Give a sandbox in which the bot is in service; data is a folder of its own, begun anew.

    The sample story is of two workspaces: where the CMO has none, or is in an organisation, the channel is not set up.
    """
    _begin_anew(data)
    empty = empty or setup not in TOLD
    begins = datetime.combine(datetime.now(UTC).date() - timedelta(days=DAYS), BEGINS_AT, UTC)
    database = Database(f"sqlite:///{data / 'sandbox.db'}")
    migrate(database)
    starts_at = None if empty else begins
    cast = cast_of(setup)
    try:
        async with (
            Sandbox(cast=cast, manifest=manifest(LISTENERS), port=port, starts_at=starts_at) as box,
            connected(box, database, socket_mode=socket_mode) as bot,
        ):
            if not empty:
                await Stage(box, bot, begins).play()
                await box.move_clock(max(datetime.now(UTC), box.now()))
            box.on_clock_moved(bot.timetable.beat)
            async with in_service(bot):
                yield box
    finally:
        database.close()


def _begin_anew(data: Path) -> None:
    """Remove the last sandbox's database, and nothing else that may be in the folder."""
    data.mkdir(parents=True, exist_ok=True)
    for old in data.glob("sandbox.db*"):
        old.unlink()


@asynccontextmanager
async def connected(box: Sandbox, database: Database, *, socket_mode: bool = False) -> AsyncIterator[Bot]:
    """Give a bot that this sandbox reaches by HTTP, and by Socket Mode once it is in service where that is chosen.

    It knows the workspaces that have the app, and others install it by its pages.
    """
    settings = Settings.model_construct(
        slack_bot_token=box.bot_token,
        slack_signing_secret=box.signing_secret,
        slack_app_token=box.app_token if socket_mode else "",
        slack_client_id=box.client_id,
        slack_client_secret=box.client_secret,
        slack_api_url=box.api_url,
        encryption_key=secrets.token_urlsafe(32),
    )
    server = Server()
    async with slack_client(settings) as slack, listening(server, "127.0.0.1", 0) as port:
        # The sandbox takes posts as fast as they come, and nobody waits for two months of them.
        known = StoredInstallations(settings, database, slack, box.now, await identify(slack))
        bot = assemble(settings, database, slack, known, box.now, between_posts=0)
        server.bot = bot
        here = f"http://127.0.0.1:{port}"
        box.events_url, box.install_url = f"{here}/slack/events", f"{here}{oauth.INSTALL}"
        if not socket_mode:
            box.use_manifest(manifest(LISTENERS, box.events_url))
        for one in box.world.installations.live[1:]:
            await adopt(known, box.token_of(one.id))
        yield bot


async def adopt(known: StoredInstallations, token: str) -> None:
    """Let the bot know an installation that it did not make itself, by its token."""
    answer = await known.slack.auth_test(token=token)
    organisation = answer["is_enterprise_install"]
    row = Installed(
        serves=answer["enterprise_id"] if organisation else answer["team_id"],
        name=answer["team"],
        bot_user_id=answer["user_id"],
        bot_id=answer["bot_id"],
        scopes="",
        token=known.safe.lock(token),
        installed_at=known.now(),
        installed_by="",
    )
    await known.database.write(lambda session: installation.save(session, row))
