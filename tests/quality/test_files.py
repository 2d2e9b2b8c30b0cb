"""Which files are kept: by the ending of the name, the bytes and the size; and what becomes of names."""

import unicodedata
from io import BytesIO
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.files import BY_ENDING, LONGEST_NAME, MOST_BYTES, Unfit, check_known, clean_name, examine, measure


def package(*names: str) -> bytes:
    held = BytesIO()
    with ZipFile(held, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return held.getvalue()


GOOD = {
    "pdf": b"%PDF-1.7\n",
    "png": b"\x89PNG\r\n\x1a\n",
    "jpg": b"\xff\xd8\xff\xe0",
    "jpeg": b"\xff\xd8\xff\xe1",
    "gif": b"GIF89a",
    "tif": b"II*\0",
    "tiff": b"MM\0*",
    "webp": b"RIFF0000WEBP",
    "heic": b"\0\0\0\x18ftypheic",
    "csv": b"time;bar\n1;2.1\n",
    "txt": "Gerät 7 läuft".encode("latin-1"),
    "xlsx": package("[Content_Types].xml", "xl/workbook.xml"),
    "docx": package("[Content_Types].xml", "word/document.xml"),
    "pptx": package("[Content_Types].xml", "ppt/presentation.xml"),
}


def test_every_kept_type_is_tried() -> None:
    """No ending of the table is left out here."""
    assert GOOD.keys() == BY_ENDING.keys()


@pytest.mark.parametrize("ending", GOOD)
def test_a_file_of_its_type_is_kept(ending: str) -> None:
    """In whatever case its ending is written."""
    assert examine(f"scan.{ending.upper()}", GOOD[ending]) is BY_ENDING[ending]


@pytest.mark.parametrize("ending", GOOD)
def test_no_file_passes_as_another_type(ending: str) -> None:
    """The bytes of a type are refused under each other one's name; text may hold any text."""
    for other, content in GOOD.items():
        if BY_ENDING[other] is not BY_ENDING[ending] and ending not in ("csv", "txt"):
            with pytest.raises(Unfit, match="is not what its name says"):
                examine(f"scan.{ending}", content)


@pytest.mark.parametrize(
    "content",
    [b"#!/bin/sh\n", b"\xef\xbb\xbf<!DOCTYPE html>", b"  <HTML>", b"<script>", b"<?xml?>", b"MZ\0\0", b"\x7fELF\0"],
)
def test_what_acts_does_not_pass_as_text(content: bytes) -> None:
    """Pages, scripts and programs are refused under the names of texts."""
    for name in ("a.txt", "a.csv"):
        with pytest.raises(Unfit):
            examine(name, content)


def test_text_of_spreadsheets_is_text() -> None:
    """UTF-16 with its mark is text, though it is full of zeros."""
    assert examine("a.csv", "Zeit;bar\n1;2,1\n".encode("utf-16")).media_type == "text/csv"


@pytest.mark.parametrize("name", ["a.exe", "a.zip", "a.docm", "a.svg", "a.html", "a.pdf.exe", "a", "", ".pdf/"])
def test_other_types_are_refused_with_what_to_do(name: str) -> None:
    """The refusal names the types that are kept."""
    with pytest.raises(Unfit, match=r"Kept are pdf, png, .* such as a PDF"):
        check_known(clean_name(name), 10)


def test_sizes_have_a_least_and_a_most() -> None:
    """The last byte that is allowed is; none, and one more, are not."""
    check_known("a.pdf", MOST_BYTES)
    check_known("a.pdf", None)
    with pytest.raises(Unfit, match=r"26\.2 MB is the most"):
        check_known("a.pdf", MOST_BYTES + 1)
    with pytest.raises(Unfit, match="it has 0 bytes"):
        check_known("a.pdf", 0)


@given(st.text())
def test_a_clean_name_is_a_name(given_name: str) -> None:
    """Whatever it was: one line without folders, control or reordering characters, not too long, and the same again."""
    name = clean_name(given_name)
    assert 0 < len(name) <= LONGEST_NAME
    assert not set(name) & set("/\\\n\r\t\0")
    assert not [c for c in name if unicodedata.category(c) in ("Cc", "Cf", "Cs")]
    assert not name.startswith(".")
    assert clean_name(name) == name


def test_measures() -> None:
    """Sizes are told in words that people use."""
    assert [measure(size) for size in (812, 24_100, 3_140_000, 5_000_000)] == ["812 bytes", "24 kB", "3.1 MB", "5 MB"]
