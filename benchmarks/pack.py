"""What an inspection pack costs: time and memory of `export` and of `verify`, by the number of records; needs Linux.

    .venv/bin/python -m benchmarks.pack [--records 1000 --records 10000]

A process makes the pack, others set its pages: the memory told is the most that all of them had together.
"""

import os
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.world import World, channel, fill
from storage.database import Database

LOOK = 0.1  # seconds between two looks at the memory


def main(
    records: Annotated[list[int] | None, typer.Option(help="Records of a pack; also several times.")] = None,
) -> None:
    """Measure and print."""
    typer.echo(
        "| records | export, s | a record, ms | MB, all processes | pack, MB | verify, s |\n|---|---|---|---|---|---|"
    )
    for number in records or [1_000, 10_000]:
        with tempfile.TemporaryDirectory(dir=Path()) as folder:
            url, pack = f"sqlite:///{folder}/pack.db", Path(folder) / "pack.zip"
            with closing(Database(url)) as database:
                fill(database, World(1, number))
            took, most = _run(url, "export", "--channel", channel(1), "--out", str(pack))
            checked, _ = _run(url, "verify", str(pack))
            size, each = pack.stat().st_size / 1e6, took * 1000 / number
        typer.echo(f"| {number:,} | {took:.1f} | {each:.1f} | {most:.0f} | {size:.1f} | {checked:.1f} |")


def _run(url: str, *words: str) -> tuple[float, float]:
    """Run a command; gives its seconds, and the most memory in MB that it and its children had at one time."""
    began, most = time.perf_counter(), 0.0
    environment = {**os.environ, "DATABASE_URL": url, "LOG_LEVEL": "ERROR"}
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, "-m", "bot", *words], env=environment, **silent) as process:  # noqa: S603 - our own
        while process.poll() is None:
            most = max(most, sum(map(_memory, [process.pid, *_children(process.pid)])))
            time.sleep(LOOK)
    if process.returncode:
        raise RuntimeError(f"{words[0]} ended with status {process.returncode}")
    return time.perf_counter() - began, most


def _children(pid: int) -> list[int]:
    try:
        found = [thread.read_text() for thread in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:  # it has just ended
        return []
    return [int(child) for children in found for child in children.split()]


def _memory(pid: int) -> float:
    """Give a process's memory in MB, what it shares with others in shares."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))


if __name__ == "__main__":
    typer.run(main)
