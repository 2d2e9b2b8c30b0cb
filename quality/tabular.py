"""Rows of a CSV or XLSX file, read with bounds: its cells as text, its lines by number, all that is wrong at once.

No cell is calculated: a formula is refused by name. Nothing is guessed about decimals: a file that writes some with a
comma and some with a point is refused, and so is a cell of a spreadsheet that shows another number than it holds.
"""

import csv
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

MOST_BYTES = 2 * 1024 * 1024
MOST_UNPACKED = 20 * 1024 * 1024  # of an XLSX file, which is an archive
MOST_ROWS = 2_000
MOST_CELL = 3_000
MOST_COLUMNS = 60
LETTERS = 26
MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
DECIMAL = re.compile(r"[<>≤≥=\s]*[+\-\u2212]?[0-9]+([.,])[0-9]+")
PLACES = re.compile(r"[0#?]\.(0+)")
ZEROS = re.compile(r"0{2,}")  # of numbers that are names, such as lots
CONDITION = re.compile(r"\[[^]]*\]")
OTHER = re.compile(r"[<>≤≥]|[0#?],+(?![0#?,])")  # of a format: a bound beside the number, or its thousands alone


@dataclass(frozen=True)
class Column:
    """A column: the heading it has in templates, whether it has to be there, whether numbers or moments stand in it."""

    heading: str
    required: bool = False
    is_number: bool = False
    is_moment: bool = False
    also: tuple[str, ...] = ()  # other headings


@dataclass(frozen=True)
class Line:
    """A row of a file: its number as a spreadsheet or an editor shows it, and its cells by column."""

    number: int
    cells: Mapping[str, str]

    def get(self, name: str) -> str:
        """Give a cell's text; empty where there is none."""
        return self.cells.get(name, "")


@dataclass
class Table:
    """What was read of a file, and what is wrong with it."""

    lines: list[Line] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Row:
    number: int
    cells: list[str]
    faults: list[str]
    dates: tuple[int, ...] = ()  # the places of cells that a spreadsheet takes for dates


def read(name: str, content: bytes, columns: Mapping[str, Column]) -> Table:
    """Read a file's rows by the headings of its first one; what is wrong is in the table's faults."""
    if len(content) > MOST_BYTES:
        return Table(
            faults=[
                f"The file has more than {MOST_BYTES // 1024 // 1024} MB. Part it, or leave out what is not needed."
            ]
        )
    try:
        rows = _xlsx(content) if name.lower().endswith(".xlsx") else list(_csv(content, columns))
    except _Unreadable as fault:
        return Table(faults=[str(fault)])
    filled = [row for row in rows if any(row.cells) or row.faults]
    if not filled:
        return Table(faults=["The file is empty. Its first line has to name the columns."])
    table = Table()
    places = _headings(filled[0], columns, table.faults)
    if table.faults:
        return table
    if len(filled) == 1:
        table.faults.append("The file has headings and no rows.")
    for row in filled[1:]:
        _line(row, places, columns, table)
    _one_separator(table, columns)
    return table


def _headings(row: _Row, columns: Mapping[str, Column], faults: list[str]) -> dict[int, str]:
    """Tell which column stands where; unknown, missing and doubled ones are faults."""
    known = {_plain(word): name for name, one in columns.items() for word in (name, one.heading, *one.also)}
    places: dict[int, str] = {}
    for place, heading in enumerate(row.cells):
        if not heading:
            continue
        found = known.get(_plain(heading))
        if found is None:
            faults.append(f"Line {row.number}: there is no column “{heading[:60]}”. Take it out, or check its name.")
        elif found in places.values():
            faults.append(f"Line {row.number}: the column {columns[found].heading} stands there twice.")
        else:
            places[place] = found
    missing = [one.heading for name, one in columns.items() if one.required and name not in places.values()]
    if missing:
        faults.append(f"Line {row.number}: these columns are missing: {', '.join(missing)}.")
    if faults:
        faults.append(f"Columns can be: {', '.join(one.heading for one in columns.values())}.")
    return places


def _plain(heading: str) -> str:
    return "".join(char for char in heading.casefold() if char.isalnum())


def _line(row: _Row, places: Mapping[int, str], columns: Mapping[str, Column], table: Table) -> None:
    table.faults += row.faults
    table.faults += [
        f"Line {row.number}: the cell {_at(place, row.number)} holds a date. Format it as text, and write it anew."
        for place in row.dates
        if place in places and not columns[places[place]].is_moment
    ]
    cells = {places[place]: text for place, text in enumerate(row.cells) if place in places and text}
    for place, text in enumerate(row.cells):
        if text and place not in places:
            table.faults.append(f"Line {row.number}: “{text[:40]}” stands in a column without a heading.")
    for name, text in cells.items():
        if text.startswith(("=", "@")):
            table.faults.append(
                f"Line {row.number}, {columns[name].heading}: “{text[:40]}” is a formula. Give the value itself."
            )
        if len(text) > MOST_CELL:
            table.faults.append(f"Line {row.number}, {columns[name].heading}: longer than {MOST_CELL} characters.")
    missing = [one.heading for name, one in columns.items() if one.required and not cells.get(name)]
    if missing and not row.faults:
        table.faults.append(f"Line {row.number}: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} empty.")
    table.lines.append(Line(row.number, cells))


def _one_separator(table: Table, columns: Mapping[str, Column]) -> None:
    """Refuse a file in which some decimals are written with a comma and some with a point."""
    first: dict[str, int] = {}
    for line in table.lines:
        for name, text in line.cells.items():
            found = DECIMAL.fullmatch(text) if columns[name].is_number else None
            if found is not None:
                first.setdefault(found[1], line.number)
    if len(first) > 1:
        table.faults.append(
            f"Line {first[',']} writes decimals with a comma, line {first['.']} with a point. Use one everywhere."
        )


class _Unreadable(Exception):  # noqa: N818 - what is wrong with a file as a whole
    """A file of which no row can be read."""


def _csv(content: bytes, columns: Mapping[str, Column]) -> Iterator[_Row]:
    text = _decoded(content)
    first = text.lstrip("\r\n").partition("\n")[0]
    reader = csv.reader(StringIO(text, newline=""), delimiter=_delimiter(first, columns), strict=True)
    begins = 1
    try:
        for cells in reader:
            if begins > MOST_ROWS + 1:
                raise _Unreadable(f"The file has more than {MOST_ROWS} rows. Part it.")
            if len(cells) > MOST_COLUMNS:
                raise _Unreadable(f"Line {begins} has more than {MOST_COLUMNS} columns.")
            yield _Row(begins, [_clean(cell) for cell in cells], [])
            begins = reader.line_num + 1
    except csv.Error as error:
        raise _Unreadable(f"Line {begins} is no line of a CSV file: {error}.") from None


def _decoded(content: bytes) -> str:
    coding = next((coding for mark, coding in MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(coding)
    except UnicodeDecodeError:
        raise _Unreadable("The file is neither UTF-8 nor UTF-16. Save it as “CSV UTF-8”, or as XLSX.") from None
    if "\0" in text:
        raise _Unreadable("The file is no text. Save it as CSV or XLSX.")
    return text


def _delimiter(first: str, columns: Mapping[str, Column]) -> str:
    """Tell what parts the cells: the one by which the most headings are known."""
    known = {_plain(word) for name, one in columns.items() for word in (name, one.heading, *one.also)}
    return max(",;\t", key=lambda mark: sum(_plain(cell) in known for cell in first.split(mark)))


def _clean(text: str) -> str:
    return " ".join("".join(char for char in text if char.isprintable() or char.isspace()).split())


def _xlsx(content: bytes) -> list[_Row]:
    from openpyxl import load_workbook  # noqa: PLC0415 - it takes a while to import, and few need it

    _check_archive(content)
    try:
        book = load_workbook(BytesIO(content), read_only=True, data_only=False, keep_links=False)
        sheet = next(one for one in book.worksheets if one.sheet_state == "visible")
        sheet.reset_dimensions()  # it may say anything
        rows = [_row(number, cells) for number, cells in enumerate(sheet.iter_rows(max_row=MOST_ROWS + 2), 1)]
    except _Unreadable:
        raise
    except Exception as error:
        raise _Unreadable(f"The file is no whole XLSX workbook ({type(error).__name__}). Save it anew.") from error
    if len(rows) > MOST_ROWS + 1:
        raise _Unreadable(f"The sheet “{sheet.title}” has more than {MOST_ROWS} rows. Part it.")
    return rows


def _row(number: int, cells: Sequence[Any]) -> _Row:
    if any(cell.value is not None for cell in cells[MOST_COLUMNS:]):
        raise _Unreadable(f"Line {number} has more than {MOST_COLUMNS} columns.")
    faults: list[str] = []
    kept = cells[:MOST_COLUMNS]
    dates = tuple(place for place, cell in enumerate(kept) if isinstance(cell.value, date | time))
    return _Row(number, [_cell(cell, number, place, faults) for place, cell in enumerate(kept)], faults, dates)


def _check_archive(content: bytes) -> None:
    try:
        with zipfile.ZipFile(BytesIO(content)) as package:
            sizes = [one.file_size for one in package.infolist()]
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise _Unreadable("The file is no XLSX workbook. Save it anew, without a password.") from None
    if sum(sizes) > MOST_UNPACKED:
        raise _Unreadable(
            f"The file unpacks to more than {MOST_UNPACKED // 1024 // 1024} MB. Leave out pictures and other sheets."
        )


def _cell(cell: Any, line: int, place: int, faults: list[str]) -> str:
    if cell.value is None:
        return ""
    wrong = _wrong(cell)
    if wrong:
        faults.append(f"Line {line}: the cell {_at(place, line)} {wrong}")
        return ""
    return _written(cell.value, cell.number_format or "")


def _at(place: int, line: int) -> str:
    before, last = divmod(place, LETTERS)
    return f"{chr(ord('A') + before - 1) if before else ''}{chr(ord('A') + last)}{line}"


def _wrong(cell: Any) -> str:
    """Say what is wrong with a cell of which no text can be taken; empty where nothing is."""
    if cell.data_type == "f":
        return "holds a formula. Give its value."
    if cell.data_type == "e":
        return f"holds the error {cell.value}."
    if isinstance(cell.value, int | float) and "%" in (cell.number_format or ""):
        return f"is formatted as a percentage and holds {cell.value}. Format it as a number."
    if isinstance(cell.value, int | float) and OTHER.search(CONDITION.sub("", cell.number_format or "")):
        return f"shows something else than the {cell.value} that it holds. Format it as text, and write what it shows."
    return ""


def _written(value: Any, shown: str) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, int | float):
        return _number(value, shown)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return value.isoformat() if isinstance(value, date | time) else _clean(str(value))


def _number(value: float, shown: str) -> str:
    """Write a number as its cell shows it, with no digit lost: a limit of 95 formatted as 0.0 is 95.0."""
    exact = Decimal(value) if isinstance(value, int) else Decimal(format(value, ".15g"))
    written = f"{exact:f}"
    if ZEROS.fullmatch(shown) and exact == exact.to_integral_value():
        return f"{exact:0{len(shown) + exact.is_signed()}.0f}"
    digits = len(written.partition(".")[2])
    asked = PLACES.search(shown)
    return f"{exact:.{max(digits, len(asked[1]))}f}" if asked else written


def template(columns: Mapping[str, Column], examples: Iterable[Sequence[str]]) -> bytes:
    """Give a file to be filled in: the headings and some examples, as CSV that spreadsheets open."""
    held = StringIO()
    writer = csv.writer(held, lineterminator="\r\n")
    writer.writerow([one.heading for one in columns.values()])
    writer.writerows(examples)
    return b"\xef\xbb\xbf" + held.getvalue().encode()
