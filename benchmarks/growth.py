"""What more records change: the same pages, passes and reports from a small database to a large one."""

import asyncio
import hashlib
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from sqlmodel import Session

from benchmarks.acks import ASKED
from benchmarks.load import Figure, measure, request
from benchmarks.serving import SECRET, Engine, bot, resident
from benchmarks.table import Row, compare, row
from benchmarks.world import CHUNK, NOW, World, channel, fill
from handlers.digest import draw
from quality import digest, export, people
from quality.beat import beat
from quality.people import Identity
from storage import journal
from storage.database import Database

CHANNELS = 10
ANNA = Identity("T0SPONSOR", "U0ANNA")
TIMES = 20  # that something in the process is repeated
SERVING = "serve, after these pages"
VERIFY, BARE = "verify, journal entries", "a bare walk of the chain, entries"


@dataclass
class Memory:
    """The memory that a process took, and how long it ran."""

    what: str
    engine: str
    records: int
    mb: float
    seconds: float | None = None  # in all, with the start of the process
    times_the_smallest: float = 1.0


async def grown(
    engine: Engine, sizes: Sequence[int], rounds: int, seconds: float
) -> tuple[list[Row], list[Row], list[Memory]]:
    """Measure in databases of several sizes, which take turns; each row is set beside the smallest.

    The largest is verified too, beside a floor; and all are, in processes whose memory is told.
    """
    urls = {size: engine.new() for size in sizes}
    for size, url in urls.items():
        with closing(Database(url)) as database:
            fill(database, World(CHANNELS, size))
    told: dict[tuple[str, int], list[Figure]] = {}
    memory = []
    async with AsyncExitStack() as running:
        bots = {size: await running.enter_async_context(bot(url)) for size, url in urls.items()}
        for _ in range(rounds):
            for what, form in ASKED.items():
                for size, (port, _) in bots.items():
                    requests = [request(port, SECRET, form(n)) for n in range(int(seconds * 1000))]
                    told.setdefault((what, size), []).append(await measure(port, requests, 1, seconds))
        memory += [Memory(SERVING, engine.name, size, resident(pid)) for size, (_, pid) in bots.items()]
    for _ in range(rounds):
        for what, work in INSIDE.items():
            for size, url in urls.items():
                with closing(Database(url)) as database:
                    told.setdefault((what, size), []).append(await asyncio.to_thread(_inside, database, work))
    rows = {key: row(key[0], engine.name, figures, records=key[1]) for key, figures in told.items()}
    smallest = min(sizes)
    compared = [compare(one, rows[what, smallest]) if size != smallest else one for (what, size), one in rows.items()]
    memory += [_verified(engine, size, url) for size, url in urls.items()]
    for one in memory:
        one.times_the_smallest = one.mb / next(other.mb for other in memory if other.what == one.what)
    return compared, _verifying(engine, max(sizes), urls[max(sizes)], rounds), memory


def _inside(database: Database, work: Callable[[Session], object]) -> Figure:
    """Do something a few times, each in a transaction that is taken back."""
    times = []
    for _ in range(TIMES):
        with database.writing() as session:
            began = time.perf_counter()
            work(session)
            times.append(time.perf_counter() - began)
            session.rollback()
    return Figure(1 / median(times), median(times) * 1000, max(times) * 1000)


def _verifying(engine: Engine, entries: int, url: str, rounds: int) -> list[Row]:
    """Verify all journals, and do the least that a chain needs, in turns; as many entries as records."""
    told: dict[str, list[Figure]] = {BARE: [], VERIFY: []}
    with closing(Database(url)) as database:
        for _ in range(rounds):
            for what, check in ((BARE, _bare), (VERIFY, _whole)):
                with database.reading() as session:
                    began = time.perf_counter()
                    check(session)
                    spent = time.perf_counter() - began
                told[what].append(Figure(entries / spent, spent * 1000, spent * 1000))
    bare, whole = (row(what, engine.name, figures, records=entries) for what, figures in told.items())
    return [bare, compare(whole, bare)]


def _bare(session: Session) -> None:
    """Reckon every link from the stored bytes alone: what any checking of a chain has to do."""
    chain = "SELECT partnership_id, body, hash FROM journal ORDER BY partnership_id, seq"
    streaming = session.connection().execution_options(yield_per=CHUNK)
    of, before = 0, journal.FIRST
    for partnership_id, body, kept in streaming.exec_driver_sql(chain):
        of, before = partnership_id, before if partnership_id == of else journal.FIRST
        if hashlib.sha256(f"{before}{body}".encode()).hexdigest() != kept:
            raise RuntimeError(f"a link of partnership {of} does not hold")
        before = kept


def _whole(session: Session) -> None:
    if broken := [one for one in journal.verify(session) if isinstance(one, journal.Break)]:
        raise RuntimeError(f"verify found {broken[0]}")


def _digest(session: Session) -> object:
    actor = people.actor_in_channel(session, channel(1), ANNA)
    return draw(digest.collect(session, actor.partnership, NOW))


def _export(session: Session) -> object:
    actor = people.actor_in_channel(session, channel(1), ANNA)
    with TemporaryDirectory() as folder:
        wanted = export.ask_of(session, actor, CHANNELS, NOW)
        return export.write(session, wanted, Path(folder) / "pack.zip", lambda *_: None)


def _pass(session: Session) -> object:
    return beat(session, NOW + timedelta(minutes=1))


INSIDE: dict[str, Callable[[Session], object]] = {
    "the digest of a channel": _digest,
    "a pass over nothing due": _pass,
    "the pack of a record": _export,
}


def _verified(engine: Engine, size: int, url: str) -> Memory:
    """Verify all journals in a process of its own, which tells the most memory that it took."""
    environment = {**os.environ, "DATABASE_URL": url, "LOG_LEVEL": "ERROR"}
    silent = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0) for number in (1, 2)]
    began = time.perf_counter()
    pid = os.posix_spawn(sys.executable, [sys.executable, "-m", "bot", "verify"], environment, file_actions=silent)
    _, status, used = os.wait4(pid, 0)
    if status:
        raise RuntimeError(f"verify found fault with {url}")
    return Memory("verify", engine.name, size, used.ru_maxrss / 1024, time.perf_counter() - began)
