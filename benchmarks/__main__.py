"""Measure the bot beside bare Bolt apps and in growing databases, on both engines; needs Linux.

    .venv/bin/python -m benchmarks [--short] [--json FILE] [--engine sqlite] [--largest 1000000]

Every figure stands beside a floor or the smallest database of the same run: compare the ratios, for absolute figures
belong to the machine. Where a limit is not kept it says so, and its exit status is 1. The short form is for continuous
integration: it fails on a ratio, never on a time.
"""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from benchmarks import acks
from benchmarks.acks import acknowledged
from benchmarks.growth import INSIDE, SERVING, VERIFY, Memory, grown
from benchmarks.serving import engine, fdatasync
from benchmarks.table import Limit, Row, machine, show, write

SHARE, P99, RATE = "share of the floor", "p99 beside the floor's", "a second"
GROWTH, MEMORY = "times the smallest", "memory beside the smallest"
# What the bot is held to. In a short run, on a machine that does other things, less: it finds what broke.
LIMITS = (
    Limit(acks.LOG, SHARE, 0.5, short=0.3, is_least=True),
    Limit(acks.LOG, P99, 2, short=None, at_once=64),
    Limit(acks.HELP, SHARE, 0.7, short=0.3, is_least=True),
    Limit(VERIFY, RATE, 100_000, short=None, is_least=True),
    Limit(VERIFY, SHARE, 0.3, short=0.15, is_least=True),
    *(Limit(what, GROWTH, 1.5, short=3) for what in (*acks.ASKED, *INSIDE)),
    *(Limit(what, MEMORY, 1.5, short=1.5) for what in ("verify", SERVING)),
)


def main(
    engines: Annotated[list[str] | None, typer.Option("--engine", help="sqlite or postgresql; both, if none.")] = None,
    rounds: Annotated[int, typer.Option(help="Rounds; the medians are told.")] = 3,
    seconds: Annotated[float, typer.Option(help="Seconds of one measurement.")] = 2,
    largest: Annotated[int, typer.Option(help="Records of the largest database.")] = 1_000_000,
    folder: Annotated[Path, typer.Option(help="Where databases lie while they are measured.")] = Path(),
    json: Annotated[Path | None, typer.Option(help="A file for the figures.")] = None,
    *,
    short: Annotated[bool, typer.Option("--short", help="A minute or two, with wider limits.")] = False,
) -> None:
    """Measure and print; exit status 1 where a limit is not kept."""
    names = engines or (["sqlite"] if short else ["sqlite", "postgresql"])
    sizes = [1_000, 20_000] if short else sorted({1_000, min(100_000, largest), largest})
    at_once = [16] if short else [1, 16, 64]
    rounds, seconds = (3, 1) if short else (rounds, seconds)
    with tempfile.TemporaryDirectory(dir=folder) as inside:
        uvloop.run(_measure(Path(inside), names, sizes, at_once, rounds, seconds, json, short=short))


async def _measure(
    folder: Path, names: Sequence[str], sizes: Sequence[int], at_once: Sequence[int], rounds: int, seconds: float,
    told: Path | None, *, short: bool,
) -> None:  # fmt: skip
    about = machine(fdatasync(folder))
    typer.echo(", ".join(f"{name} {value}" for name, value in about.items()))
    acked: list[Row] = []
    growing: list[Row] = []
    memory: list[Memory] = []
    for name in names:
        with engine(name, folder) as one:
            acked += await acknowledged(one, at_once, rounds, seconds)
            pages, verified, took = await grown(one, sizes, rounds, seconds)
            acked += verified
            growing += pages
            memory += took
    _print(acked, growing, memory)
    if told is not None:
        write(told, about, acknowledged=acked, growth=growing, memory=memory)
    broken = [*_broken(acked, growing, memory, short=short)]
    for line in broken:
        typer.echo(line)
    if broken:
        raise typer.Exit(1)


def _print(acked: Sequence[Row], growing: Sequence[Row], memory: Sequence[Memory]) -> None:
    typer.echo("\n## Acknowledged, and verified, beside its floor\n")
    for line in (*show(acked), "\n## Growing, beside the smallest database\n", *show(growing)):
        typer.echo(line)
    typer.echo("\n## Memory\n\n| what | engine | records | MB | seconds | of the smallest |\n|---|---|---|---|---|---|")
    for one in memory:
        took = f"{one.seconds:.1f}" if one.seconds is not None else ""
        size = f"| {one.what} | {one.engine} | {one.records:,} "
        typer.echo(f"{size}| {one.mb:.0f} | {took} | {one.times_the_smallest:.2f} |")


def _broken(acked: Sequence[Row], growing: Sequence[Row], memory: Sequence[Memory], *, short: bool) -> Iterator[str]:
    """Say which limits do not hold, and by how much."""
    found = [(SHARE, one.what, one.engine, one.at_once, one.share) for one in acked]
    found += [(P99, one.what, one.engine, one.at_once, one.p99_ratio) for one in acked]
    found += [(RATE, one.what, one.engine, one.at_once, one.per_second) for one in acked]
    found += [(GROWTH, one.what, one.engine, 1, one.share and 1 / one.share) for one in growing]
    found += [(MEMORY, one.what, one.engine, 1, one.times_the_smallest) for one in memory]
    for figure, what, name, at_once, value in found:
        for limit in LIMITS:
            is_meant = (limit.figure, limit.what) == (figure, what) and limit.at_once in (None, at_once)
            if is_meant and value is not None and (why := limit.broken_by(value, is_short=short)):
                yield f"not kept on {name}, {at_once} at once: {why}"


if __name__ == "__main__":
    typer.run(main)
