"""What was measured: rows beside their floors, printed as tables and written as JSON, and held against limits."""

import json
import os
import platform
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.load import Figure


@dataclass
class Row:
    """One line of a table: medians of the rounds."""

    what: str
    engine: str
    at_once: int
    records: int
    per_second: float
    median_ms: float
    p99_ms: float
    beside: str = ""  # the row of the same run that it is compared with
    share: float | None = None  # of that row's rate
    p99_ratio: float | None = None  # to that row's p99


def row(what: str, engine: str, figures: Iterable[Figure], *, at_once: int = 1, records: int = 0) -> Row:
    """Give the medians of some measurements."""
    found = list(figures)
    rate, median, p99 = (
        statistics.median(getattr(one, name) for one in found) for name in ("per_second", "median_ms", "p99_ms")
    )
    return Row(what, engine, at_once, records, rate, median, p99)


def compare(one: Row, floor: Row) -> Row:
    """Set a row beside another."""
    one.beside, one.share, one.p99_ratio = floor.what, one.per_second / floor.per_second, one.p99_ms / floor.p99_ms
    return one


@dataclass(frozen=True)
class Limit:
    """What a figure has to keep: at most, or at least; in a short run, on whatever machine, it may be further off."""

    what: str
    figure: str
    bound: float
    short: float | None  # None: not held in a short run
    is_least: bool = False
    at_once: int | None = None  # None: however many

    def broken_by(self, value: float, *, is_short: bool) -> str | None:
        """Say how a figure does not keep it; None where it does."""
        bound = self.short if is_short else self.bound
        if bound is None or (value >= bound if self.is_least else value <= bound):
            return None
        return f"{self.figure} of {self.what}: {value:,.2f}, wanted at {'least' if self.is_least else 'most'} {bound:,}"


def machine(fdatasync: float) -> dict[str, Any]:
    """Say what it was measured on."""
    told = {"cores": os.cpu_count(), "python": platform.python_version(), "machine": platform.machine()}
    return told | {"fdatasync_us": round(fdatasync), "at": datetime.now(UTC).isoformat(timespec="seconds")}


def show(rows: Iterable[Row]) -> Iterable[str]:
    """Write rows as a table."""
    yield "| what | engine | records | at once | per second | median | p99 | beside | share | p99 to it |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for one in rows:
        share = f"{one.share:.0%}" if one.share is not None else ""
        ratio = f"{one.p99_ratio:.1f}" if one.p99_ratio is not None else ""
        size = f"{one.records:,}" if one.records else ""
        took = f"{one.per_second:,.0f} | {one.median_ms:.2f} ms | {one.p99_ms:.1f} ms"
        yield f"| {one.what} | {one.engine} | {size} | {one.at_once} | {took} | {one.beside} | {share} | {ratio} |"


def write(path: Path, about: dict[str, Any], **parts: Iterable[Any]) -> None:
    """Write what was measured for machines to read."""
    told = {name: [asdict(one) for one in found] for name, found in parts.items()}
    path.write_text(json.dumps({"machine": about, **told}, indent=2) + "\n", encoding="utf-8")
