"""Tables of CSV and XLSX files are read within bounds, and everything wrong with them is told at once, by line."""

import struct
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from quality import tabular
from quality.tabular import MOST_BYTES, MOST_COLUMNS, MOST_ROWS, Column, Table

COLUMNS = {
    "lot": Column("Batch or lot", required=True, also=("Lot",)),
    "result": Column("Result", required=True, is_number=True),
    "at": Column("Analysed at", is_moment=True),
}
GOOD = "Batch or lot,Result\r\nAB-1,99.6\r\nAB-2,0.5\r\n"


def read(content: bytes | str, name: str = "a.csv") -> Table:
    return tabular.read(name, content.encode() if isinstance(content, str) else content, COLUMNS)


def cells(table: Table) -> list[dict[str, str]]:
    assert table.faults == []
    return [dict(line.cells) for line in table.lines]


def book(*rows: Sequence[object], formats: Mapping[str, str] = MappingProxyType({})) -> bytes:
    """Make a workbook with the headings and some rows; formats are given by cell."""
    made = Workbook()
    sheet = made.active
    for row in (["Batch or lot", "Result", "Analysed at"], *rows):
        sheet.append(list(row))
    for cell, shown in formats.items():
        sheet[cell].number_format = shown
    held = BytesIO()
    made.save(held)
    return held.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        GOOD.encode(),
        GOOD.encode("utf-8-sig"),
        GOOD.encode("utf-16"),
        GOOD.replace("\r\n", "\n").encode(),
        GOOD.replace(",", ";").encode(),
        GOOD.replace(",", "\t").encode(),
        GOOD.replace("Batch or lot", "LOT").replace("Result", " result ").encode(),
        (GOOD + "\r\n,\r\n").encode(),
        b"Result,Lot\r\n99.6,AB-1\r\n0.5,AB-2\r\n",
        b'Lot,Result\r\n"AB-1","99.6"\r\nAB-2,0.5',
    ],
)
def test_a_csv_file_is_read_however_it_is_saved(content: bytes) -> None:
    """With or without a mark, in UTF-16, with other separators and order; empty lines are passed over."""
    assert cells(read(content)) == [{"lot": "AB-1", "result": "99.6"}, {"lot": "AB-2", "result": "0.5"}]


def test_decimal_commas_go_with_semicolons() -> None:
    """The comma stays in the number."""
    assert cells(read("Lot;Result\nAB-1;99,6\n"))[0]["result"] == "99,6"


def test_lines_are_numbered_as_editors_do() -> None:
    """Also after a cell of several lines."""
    table = read('Lot,Result\n"AB\n1",2\nAB-2,\n')
    assert [line.number for line in table.lines] == [2, 4]
    assert table.faults == ["Line 4: Result is empty."]


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        ("", ["The file is empty. Its first line has to name the columns."]),
        (" \n \n", ["The file is empty. Its first line has to name the columns."]),
        ("Lot,Result\n", ["The file has headings and no rows."]),
        ("Lot,Wert\nA,1\n", ["no column “Wert”", "these columns are missing: Result", "Columns can be: Batch or lot"]),
        ("Lot,Lot,Result\nA,B,1\n", ["the column Batch or lot stands there twice", "Columns can be"]),
        ("Lot,Result\nA,1,2\n", ["Line 2: “2” stands in a column without a heading."]),
        ("Lot,Result\nA,=1+1\nB,@x\n", ["Line 2, Result: “=1+1” is a formula", "Line 3, Result: “@x” is a formula"]),
        ("Lot;Result\nA;1,5\nB;2\nC;2.5\n", ["Line 2 writes decimals with a comma, line 4 with a point."]),
        ("Lot;Result\nA;<1,5\nB;>2.5\n", ["Line 2 writes decimals with a comma, line 3 with a point."]),
        ('Lot,Result\n"A,1\n', ["Line 2 is no line of a CSV file"]),
        ("Lot,Result\n,\nA,\n,1\n", ["Line 3: Result is empty.", "Line 4: Batch or lot is empty."]),
        (f"Lot,Result\nA,{'1' * 3001}\n", ["Line 2, Result: longer than 3000 characters."]),
        (b"Lot,Result\nA\xe4,1\n", ["neither UTF-8 nor UTF-16"]),
        (b"\x7fELF\0\0\0", ["is no text"]),
        (b"\xff\xfeL", ["neither UTF-8 nor UTF-16"]),
        ("Lot,Result\n" + "A,1\n" * (MOST_ROWS + 1), ["more than 2000 rows"]),
        (b"x" * (MOST_BYTES + 1), ["more than 2 MB"]),
        (",".join("x" * 99) + "\n", ["more than 60 columns"]),
    ],
)
def test_a_bad_csv_file_is_told_whole(content: bytes | str, faults: list[str]) -> None:
    """Each fault with its line and column, all of them together."""
    found = read(content).faults
    assert len(found) == len(faults), found
    assert all(says in fault for says, fault in zip(faults, found, strict=True)), found


def test_a_workbook_is_read_as_its_cells_show() -> None:
    """A number has the places of its cell and loses none; dates are written as ISO does."""
    whole = book(
        ["AB-1", 95, datetime(2026, 11, 24, 9, 30)],  # noqa: DTZ001 - a cell has no zone
        ["AB-2", 0.1 + 0.2],
        ["AB-3", 99.64],
        [],
        [4711, "<0.05"],
        formats={"B2": "0.0", "B4": "#,##0.0"},
    )
    assert cells(read(whole, "a.xlsx")) == [
        {"lot": "AB-1", "result": "95.0", "at": "2026-11-24 09:30"},
        {"lot": "AB-2", "result": "0.3"},
        {"lot": "AB-3", "result": "99.64"},
        {"lot": "4711", "result": "<0.05"},
    ]


def test_formulas_and_percentages_of_a_workbook_are_named() -> None:
    """By their cells; errors as well."""
    whole = book(["AB-1", "=1+1"], ["AB-2", 0.934], ["AB-3", "#DIV/0!"], formats={"B3": "0.0%"})
    assert read(whole, "a.xlsx").faults == [
        "Line 2: the cell B2 holds a formula. Give its value.",
        "Line 3: the cell B3 is formatted as a percentage and holds 0.934. Format it as a number.",
        "Line 4: the cell B4 holds the error #DIV/0!.",
    ]


def test_what_a_workbook_made_of_a_lot_is_not_taken_for_it() -> None:
    """A date is named by its cell; zeros that a cell shows, and every digit of a long number, are kept."""
    made = book([datetime(2026, 2, 1), 1])  # noqa: DTZ001 - a cell has no zone
    assert read(made, "a.xlsx").faults == ["Line 2: the cell A2 holds a date. Format it as text, and write it anew."]
    shown = book([1001, 1], [1234567890123456, 1], formats={"A2": "0000000"})
    assert [one["lot"] for one in cells(read(shown, "a.xlsx"))] == ["0001001", "1234567890123456"]


@pytest.mark.parametrize("shown", ['"<"0.00', "0.0,", "#,##0,", "≤0.0"])
def test_a_cell_that_shows_another_number_is_named(shown: str) -> None:
    """A bound that stands in the format alone, and a number in thousands; colours and conditions are none."""
    found = read(book(["A", 95000], formats={"B2": shown}), "a.xlsx").faults
    says = "the cell B2 shows something else than the 95000 that it holds. Format it as text, and write what it shows."
    assert found == [f"Line 2: {says}"]
    assert read(book(["A", 95], formats={"B2": "[<100][Red]#,##0.0;0.0"}), "a.xlsx").faults == []


def test_only_a_sheet_that_is_shown_is_read() -> None:
    """Who uploads a workbook has seen what is loaded."""
    made = Workbook()
    made.active.append(["Lot", "Result"])
    made.active.append(["HIDDEN", 1])
    seen = made.create_sheet()
    seen.append(["Lot", "Result"])
    seen.append(["AB-1", 2])
    made.active.sheet_state = "hidden"
    made.active = 1
    held = BytesIO()
    made.save(held)
    assert cells(read(held.getvalue(), "a.xlsx")) == [{"lot": "AB-1", "result": "2"}]


def test_nothing_stands_unread_beside_the_columns() -> None:
    """A cell far to the right is told, however far."""
    for far in (MOST_COLUMNS + 1, 16_384):
        whole = book(["AB-1", 1, *[None] * (far - 3), "x"])
        assert read(whole, "a.xlsx").faults == ["Line 2 has more than 60 columns."]


def test_rows_of_a_workbook_are_counted() -> None:
    """One more than may be is told; nothing is cut off in silence."""
    assert len(cells(read(book(*[["A", 1]] * MOST_ROWS), "a.xlsx"))) == MOST_ROWS
    assert "more than 2000 rows" in read(book(*[["A", 1]] * (MOST_ROWS + 1)), "a.xlsx").faults[0]


def test_bombs_are_not_unpacked() -> None:
    """What says that it unpacks to too much is refused; what lies about it is no whole workbook."""
    held = BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/workbook.xml", b"0" * (30 * 1024 * 1024))
    assert len(held.getvalue()) < MOST_BYTES
    assert "unpacks to more than 20 MB" in read(held.getvalue(), "a.xlsx").faults[0]
    lying = bytearray(held.getvalue())
    entry = lying.rfind(b"PK\x01\x02")
    struct.pack_into("<I", lying, entry + 24, 10)
    assert "no whole XLSX workbook" in read(bytes(lying), "a.xlsx").faults[0]


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"not a zip", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)]
)
def test_what_is_no_workbook_is_told(content: bytes) -> None:
    """Empty, cut off, another format, one with a password."""
    assert "no XLSX workbook" in read(content, "a.xlsx").faults[0]


@given(st.binary(max_size=400))
def test_any_bytes_are_answered(content: bytes) -> None:
    """Whatever a file holds, it is read or its faults are told."""
    for name in ("a.csv", "a.xlsx"):
        table = read(content, name)
        assert table.faults or table.lines


def test_a_template_is_a_table() -> None:
    """Its headings are known, and its examples stand under them."""
    made = tabular.template(COLUMNS, [("AB-1", "99.6", "2026-11-24")])
    assert cells(read(made)) == [{"lot": "AB-1", "result": "99.6", "at": "2026-11-24"}]
