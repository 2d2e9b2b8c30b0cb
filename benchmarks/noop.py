"""What an acknowledgement costs, beside a bare Bolt app on the same transport; needs Linux.

    .venv/bin/python -m benchmarks.noop [--rounds 5] [--seconds 3] [--folder .]

The bot is the real `serve` on a database in the folder; Slack is a stand-in that answers after 80 ms.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from datetime import UTC, datetime
from datetime import time as clock
from pathlib import Path
from socket import socket
from typing import Annotated, Any

import typer
import uvloop
from aiohttp import ClientError, ClientSession, web

from benchmarks.load import Figure, command, measure, request, submission
from quality.partnership import SetUpForm, set_up
from quality.people import Identity, Profile
from storage.database import Database
from storage.migrate import migrate

SECRET = "benchmark"  # noqa: S105 - invented
SLACK_ANSWERS_IN = 0.08  # seconds
MOST = 30_000  # requests in one measurement
AT_ONCE = (1, 16)


def main(
    rounds: Annotated[int, typer.Option(help="Rounds; the medians are told.")] = 5,
    seconds: Annotated[float, typer.Option(help="Seconds of one measurement.")] = 3,
    folder: Annotated[Path, typer.Option(help="Where the database lies while it is measured.")] = Path(),
) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(dir=folder) as inside:
        uvloop.run(_all(Path(inside), rounds, seconds))


async def _all(folder: Path, rounds: int, seconds: float) -> None:
    typer.echo(
        f"{os.cpu_count()} cores, Python {sys.version.split()[0]}; fdatasync of 4 KiB: {fdatasync(folder):.0f} µs"
    )
    path = folder / "benchmark.db"
    _prepare(path)
    told: dict[tuple[str, int], list[Figure]] = {}
    async with AsyncExitStack() as running:
        bot = await running.enter_async_context(_bot(path))
        floor = [await running.enter_async_context(_floor(*kind)) for kind in ((1, "no"), (30, "no"), (1, "yes"))]
        cases: dict[str, tuple[int, Callable[[int], dict[str, Any]]]] = {
            "bare Bolt app, a command that does nothing": (floor[0], lambda _: command("help")),
            "the same behind 29 other listeners": (floor[1], lambda _: command("help")),
            "the same without `process_before_response`": (floor[2], lambda _: command("help")),
            "QualBridge: `/quality help`": (bot, lambda _: command("help")),
            "QualBridge: Log deviation, committed": (bot, submission),
        }
        for _ in range(rounds):
            for name, (port, form) in cases.items():
                for at_once in AT_ONCE:
                    requests = [request(port, SECRET, form(n)) for n in range(min(MOST, int(seconds * 8000)))]
                    figure = await measure(port, requests, at_once, seconds)
                    told.setdefault((name, at_once), []).append(figure)
    _print(told)


@asynccontextmanager
async def _bot(path: Path) -> AsyncIterator[int]:
    port = free_port()
    async with slack() as slack_port:
        environment = {
            "SLACK_BOT_TOKEN": "xoxb-0",
            "SLACK_SIGNING_SECRET": SECRET,
            "SLACK_APP_TOKEN": "",
            "SLACK_API_URL": f"http://127.0.0.1:{slack_port}/",
            "DATABASE_URL": f"sqlite:///{path}",
            "HOST": "127.0.0.1",
            "LOG_LEVEL": "ERROR",
        }
        async with serving(port, "bot", "serve", **environment) as (ready, resident):
            typer.echo(f"serve: ready after {ready:.2f} s, {resident:.0f} MB resident at rest")
            yield port


@asynccontextmanager
async def _floor(listeners: int, waiting: str) -> AsyncIterator[int]:
    port = free_port()
    async with serving(port, "benchmarks.floor", str(port), SECRET, str(listeners), waiting):
        yield port


def _print(told: dict[tuple[str, int], list[Figure]]) -> None:
    typer.echo("\n| answer | at once | per second | of the floor | median | p99 |\n|---|---|---|---|---|---|")
    floors: dict[int, float] = {}
    for (name, at_once), figures in told.items():
        rate, median, p99 = (
            statistics.median(getattr(one, what) for one in figures) for what in ("per_second", "median_ms", "p99_ms")
        )
        share = rate / floors.setdefault(at_once, rate)
        typer.echo(f"| {name} | {at_once} | {rate:,.0f} | {share:.0%} | {median:.2f} ms | {p99:.1f} ms |")


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


def _prepare(path: Path) -> None:
    """Set one channel up."""
    anna = Profile(Identity("T0SPONSOR", "U0ANNA"), "Anna Berg", "Europe/Berlin")
    elif_ = Profile(Identity("T0CMO", "U0ELIF"), "Elif Kaya", "Europe/Zurich")
    form = SetUpForm(
        channel_id="C0SHARED",
        home_team_id="T0SPONSOR",
        sponsor="Aurora (example)",
        cmo="Borealis (example)",
        sponsor_team_id="T0SPONSOR",
        sponsor_qa=(anna,),
        cmo_qa=(elif_,),
        time_zone="Europe/Berlin",
        digest_at=clock(8),
        sponsor_country="DE",
        cmo_country="CH",
    )
    with closing(Database(f"sqlite:///{path}")) as database:
        migrate(database)
        with database.writing() as session:
            set_up(session, anna, form, datetime.now(UTC))


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
async def serving(port: int, module: str, *arguments: str, **environment: str) -> AsyncIterator[tuple[float, float]]:
    """Run a server; gives the seconds until it was ready and its memory in MB a second later."""
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, env={**os.environ, **environment, "PORT": str(port)}
    )
    try:
        await _ready(port)
        ready = time.perf_counter() - began
        await asyncio.sleep(1)
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")  # noqa: ASYNC240 - no disk
        resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        yield ready, int(resident.split()[1]) / 1024
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


if __name__ == "__main__":
    typer.run(main)
