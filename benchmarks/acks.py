"""What an acknowledgement costs, beside bare Bolt apps on the same transport: some do nothing, some keep two rows."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from benchmarks.load import Figure, command, measure, press, request, submission
from benchmarks.serving import SECRET, Engine, bot, floor
from benchmarks.table import Row, compare, row
from benchmarks.world import LOT, RARE, World, fill
from storage.database import Database
from storage.record import Record

NOTHING = "a bare Bolt app that does nothing"
TWO_ROWS = "a bare Bolt app that keeps a row and an audit row"
HELP, LOG, CLICK, LIST, SEARCH, MINE, BATCH = (
    "`/quality help`",
    "Log deviation, submitted",
    "*Acknowledge*, pressed",
    "`/deviation list`",
    "`/quality search`",
    "`/quality mine`",
    "`/quality batch`",
)
FASTEST = 9_000  # requests a second that are prepared for a measurement at most
WRITES = 1_500


@dataclass(frozen=True)
class Case:
    """What is asked of whom, and the floor it is set beside."""

    what: str
    port: int
    form: Callable[[int], dict[str, Any]]
    floor: str = ""
    most: int = FASTEST  # a second


async def acknowledged(engine: Engine, at_once: Sequence[int], rounds: int, seconds: float) -> list[Row]:
    """Measure what is acknowledged; the cases take turns, for other programs disturb a machine now and then."""
    told: dict[tuple[str, int], list[Figure]] = {}
    presses = int(rounds * len(at_once) * seconds * WRITES)
    world = World(channels=1, records=presses + 1000, open_each=presses + 1000)
    url = engine.new()
    with closing(Database(url)) as database:
        fill(database, world)
    async with AsyncExitStack() as running:
        port, _ = await running.enter_async_context(bot(url))
        nothing = await running.enter_async_context(floor())
        two_rows = await running.enter_async_context(floor("--database", engine.new()))
        cases = [
            Case(NOTHING, nothing, lambda _: command("help")),
            Case(TWO_ROWS, two_rows, lambda _: command("help")),
            Case(HELP, port, lambda _: command("help"), NOTHING),
            Case(LOG, port, submission, TWO_ROWS, WRITES),
            Case(CLICK, port, lambda number: press("record.acknowledge", number + 1), TWO_ROWS, WRITES),
            *(Case(what, port, form, NOTHING) for what, form in ASKED.items()),
        ]  # fmt: skip
        sent: Counter[str] = Counter()
        for _ in range(rounds):
            for case in cases:
                for number in at_once:
                    count = int(seconds * case.most)
                    requests = [request(case.port, SECRET, case.form(sent[case.what] + n)) for n in range(count)]
                    sent[case.what] += count
                    told.setdefault((case.what, number), []).append(await measure(case.port, requests, number, seconds))
    with closing(Database(url)) as database:
        _prove(database, world.records, {what: _answers(told, what) for what in (LOG, CLICK)})
    rows = {key: row(key[0], engine.name, figures, at_once=key[1]) for key, figures in told.items()}
    beside = {case.what: case.floor for case in cases}
    return [compare(one, rows[beside[what], number]) if beside[what] else one for (what, number), one in rows.items()]


def _answers(told: Mapping[tuple[str, int], Sequence[Figure]], what: str) -> int:
    return sum(one.answers for (case, _), figures in told.items() if case == what for one in figures)


def _prove(database: Database, before: int, answers: Mapping[str, int]) -> None:
    """Hold what was answered against what was kept, so that no refusal is taken for an act; RuntimeError."""
    with database.reading() as session:
        logged = select(func.count()).select_from(Record).where(col(Record.id) > before)
        noted = select(func.count()).select_from(Record).where(col(Record.acknowledged_at).is_not(None))
        kept = {LOG: session.exec(logged).one(), CLICK: session.exec(noted).one()}
    if kept != answers:
        raise RuntimeError(f"answered {answers}, kept {kept}")


def _asked(path: str, text: str) -> Callable[[int], dict[str, Any]]:
    return lambda _number: command(text, path)


# What is only read, of whatever size the database is.
ASKED = {
    LIST: _asked("/deviation", "list"),
    SEARCH: _asked("/quality", f"search {RARE}"),
    MINE: _asked("/quality", "mine"),
    BATCH: _asked("/quality", f"batch {LOT}"),
}
