"""The tables of a pack: CSV files for any program, and the same as sheets of one XLSX file.

What was typed is text, never a formula: in CSV a cell that a program could take for one begins with an apostrophe
(OWASP, CSV injection); in XLSX each cell says of itself that it is text.
"""

import csv
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from quality.pack import timeline
from quality.pack.gather import Gathered
from quality.pack.results import COLUMNS
from quality.pack.told import people_of

Told = dict[str, Any]
Rows = Iterable[Sequence[Any]]
STARTERS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # the last four as wide signs
MOST_SIGNS = 32_000  # of a cell; XLSX takes 32,767
MOST_ROWS = 1_048_000  # of a sheet; XLSX takes 1,048,576
CUT = " … (cut; the CSV file has it whole)"
WIDEST = 60


@dataclass(frozen=True)
class Table:
    """A table: its name, its columns with their widths in a sheet, and the rows that a record brings."""

    name: str
    columns: dict[str, int]
    rows: Callable[[Told, Gathered], Rows]


def _of(key: str, *names: str) -> Callable[[Told, Gathered], Rows]:
    """Give rows of a record's parts, the record's number first."""

    def rows(told: Told, _found: Gathered) -> Rows:
        return ([told["number"], *(one[name] for name in names)] for one in told[key])

    return rows


def _record(told: Told, _found: Gathered) -> Rows:
    own = told["own_numbers"]
    yield [
        *(told[name] for name in ("number", "kind", "state", "outcome", "class", "title", "product")),
        ", ".join(told["batches"]), told["holds_batches"], told["owner"], told["logged_by"],
        *(told[name] for name in ("detected_at", "recorded_at", "acknowledged_at", "closed_at")),
        own.get("sponsor"), own.get("CMO"), told["void_reason"], told["version"], told["content_sha256"],
    ]  # fmt: skip


def _content(told: Told, found: Gathered) -> Rows:
    """Give every value of what was submitted, part by part; files stand in a table of their own."""
    people = people_of(found.sheet)
    for part, value in told["content"].items():
        if part == "evidence":
            continue
        for place, one in enumerate(value if isinstance(value, list) else [value], 1):
            if isinstance(one, dict):
                where = f"{part} {place}" if isinstance(value, list) else part
                yield from ([told["number"], where, name, _text(each, people)] for name, each in one.items())


def _text(value: Any, people: dict[str, str]) -> str:
    """Write a value, a person by name and company."""
    return people.get(value, value) if isinstance(value, str) else timeline.value(value)


def _timeline(told: Told, found: Gathered) -> Rows:
    for entry in found.entries:
        at = entry.content["at"]
        yield [told["number"], entry.seq, at, entry.event, timeline.by(entry), timeline.said(entry), entry.hash]


SIGNATURE = ("name", "company", "role", "at", "zone", "meaning", "scope", "version", "method", "hash", "voided_at",
             "voided_because")  # fmt: skip
CLOCK = ("name", "state", "rule", "duty", "started_at", "due_at", "first_due_at", "extensions", "paused_seconds",
         "stopped_at", "agreement_version", "agreement_row")  # fmt: skip
FILE = ("name", "file", "size", "media_type", "sha256", "submitted", "added_by", "added_at", "description")
REPORT = ("name", "answer", "answered_by", "answered_at", "filed_by", "filed_at", "reason")
LINK, REPLY = ("how", "number", "title", "state"), ("said_at", "name", "text", "deleted_at")
NUMBER = {"record": 16}


def _wide(*names: str) -> dict[str, int]:
    return NUMBER | dict.fromkeys(names, 22)


RESULTS = Table("results", _wide(*COLUMNS), lambda _told, _found: ())  # which stand beside the records
TABLES = (
    Table(
        "records",
        NUMBER | {
            "kind": 10, "state": 18, "outcome": 13, "class": 9, "title": 44, "product": 22, "batches": 22,
            "holds batches": 9, "owner": 24, "logged by": 24, "detected at": 22, "recorded at": 22,
            "acknowledged at": 22, "closed at": 22, "sponsor QMS number": 18, "CMO QMS number": 18, "void because": 24,
            "version": 8, "content SHA-256": 20,
        },
        _record,
    ),
    Table("content", NUMBER | {"part": 18, "field": 22, "value": WIDEST}, _content),
    Table("signatures", _wide(*SIGNATURE), _of("signatures", *SIGNATURE)),
    RESULTS,
    Table("clocks", _wide(*CLOCK), _of("clocks", *CLOCK)),
    Table("reports", _wide(*REPORT), _of("reports_to_authorities", *REPORT)),
    Table("evidence", _wide(*FILE), _of("evidence", *FILE)),
    Table("links", NUMBER | {"how": 12, "other": 16, "title": 44, "state": 18}, _of("links", *LINK)),
    Table("thread", NUMBER | {"said at": 22, "who": 24, "text": WIDEST, "deleted at": 22}, _of("thread", *REPLY)),
    Table(
        "timeline",
        NUMBER | {"entry": 8, "at": 22, "event": 24, "by": 28, "tells": WIDEST, "hash": 20},
        _timeline,
    ),
)  # fmt: skip


def disarmed(text: str) -> str:
    """Give a text as a CSV cell that no program takes for a formula: with an apostrophe before what could begin one."""
    return f"'{text}" if text.startswith(STARTERS) else text


def cell(value: Any) -> str:
    """Write a value as the text of a cell."""
    if value is None:
        return ""
    return {True: "Yes", False: "No"}[value] if isinstance(value, bool) else str(value)


class Tables:
    """All tables of a pack that is being made, row by row."""

    XLSX = "records.xlsx"
    NAMES = tuple(f"csv/{table.name}.csv" for table in TABLES)

    def __init__(self, folder: Path, as_of: datetime) -> None:
        self.folder, self.as_of = folder, as_of
        self._open = ExitStack()

    def __enter__(self) -> Self:
        (self.folder / "csv").mkdir()
        options = {"constant_memory": True, "tmpdir": str(self.folder)}
        options |= dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
        self._book = Workbook(str(self.folder / self.XLSX), options)
        self._book.set_properties({"title": "Inspection pack", "created": self.as_of.replace(tzinfo=None)})
        bold = self._book.add_format({"bold": True, "bottom": 1})
        wrapped = self._book.add_format({"text_wrap": True, "valign": "top"})
        self._rows = dict.fromkeys((table.name for table in TABLES), 0)
        self._written: dict[str, Any] = {}
        self._into: dict[str, Worksheet] = {}
        for table in TABLES:
            file = self._open.enter_context(
                (self.folder / "csv" / f"{table.name}.csv").open("w", encoding="utf-8-sig", newline="")
            )
            self._written[table.name] = csv.writer(file)
            self._written[table.name].writerow(table.columns)
            sheet = self._into[table.name] = self._book.add_worksheet(table.name.capitalize())
            for place, (name, width) in enumerate(table.columns.items()):
                sheet.set_column(place, place, width, wrapped)
                sheet.write_string(0, place, name, bold)
            sheet.freeze_panes(1, 1)
        return self

    def __exit__(
        self, wrong: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        for table in TABLES:
            self._into[table.name].autofilter(0, 0, max(1, self._rows[table.name]), len(table.columns) - 1)
        self._book.close()
        self._open.close()

    def add(self, told: Told, found: Gathered) -> None:
        """Write the rows of a record."""
        for table in TABLES:
            for row in table.rows(told, found):
                self.write(table, row)

    def write(self, table: Table, row: Iterable[Any]) -> None:
        """Write a row of a table."""
        values, name = [*row], table.name
        self._written[name].writerow([disarmed(cell(value)) for value in values])
        self._rows[name] += 1
        if self._rows[name] <= MOST_ROWS:
            self._put(self._into[name], self._rows[name], values)

    def _put(self, sheet: Worksheet, place: int, row: Sequence[Any]) -> None:
        for column, value in enumerate(row):
            if isinstance(value, int) and not isinstance(value, bool):
                sheet.write_number(place, column, value)
            elif text := cell(value):
                sheet.write_string(place, column, text if len(text) <= MOST_SIGNS else text[:MOST_SIGNS] + CUT)
