"""The floors: bare Bolt apps on the bot's transport, which acknowledge `/quality` and do little or nothing else.

    python -m benchmarks.floor PORT SECRET [--database URL]

With a database each command is one row and one audit row in a transaction of its own, as durable as the bot's:
what a bot would do that keeps the least it may.
"""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

import typer
import uvloop
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from sqlmodel import Field, SQLModel

from storage.database import Database

WRITERS = 4  # on PostgreSQL, which takes several transactions at once


class Thing(SQLModel, table=True):
    """What somebody typed."""

    id: int = Field(default=None, primary_key=True)
    title: str
    said_at: datetime


class Audit(SQLModel, table=True):
    """Who typed it."""

    id: int = Field(default=None, primary_key=True)
    thing_id: int = Field(foreign_key="thing.id")
    body: str


async def _serve(port: int, secret: str, url: str) -> None:
    """Serve until killed."""

    async def authorize(**_: object) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T0", bot_token="xoxb-0", bot_user_id="U0")  # noqa: S106 - invented

    app = AsyncApp(signing_secret=secret, authorize=authorize, process_before_response=True)
    keep = _keeping(url) if url else None

    async def on_command(ack: AsyncAck, body: dict[str, Any]) -> None:
        if keep is not None:
            await keep(body)
        await ack()

    app.command("/quality")(on_command)

    async def on_slack(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    async def on_ready(_: web.Request) -> web.Response:
        return web.Response()

    server = web.Application()
    server.add_routes([web.post("/slack/events", on_slack), web.get("/readyz", on_ready)])
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


def _keeping(url: str) -> Callable[[dict[str, Any]], Any]:
    """Give what keeps a command: on SQLite in the loop, which is its fastest way; on PostgreSQL in threads."""
    database = Database(url)
    SQLModel.metadata.create_all(database.engine)

    def keep(body: dict[str, Any]) -> None:
        with database.writing() as session:
            thing = Thing(title=body["text"], said_at=datetime.now(UTC))
            session.add(thing)
            session.flush()
            session.add(Audit(thing_id=thing.id, body=json.dumps({"by": body["user_id"], "said": body["text"]})))

    async def in_loop(body: dict[str, Any]) -> None:
        keep(body)

    threads = ThreadPoolExecutor(WRITERS)

    async def in_thread(body: dict[str, Any]) -> None:
        await asyncio.get_running_loop().run_in_executor(threads, partial(keep, body))

    return in_loop if database.engine.dialect.name == "sqlite" else in_thread


def main(
    port: int, secret: str, database: Annotated[str, typer.Option(help="Where to keep each command.")] = ""
) -> None:  # fmt: skip
    """Serve."""
    uvloop.run(_serve(port, secret, database))


if __name__ == "__main__":
    typer.run(main)
