"""The making of a pack: what is in it, that the same records make the same bytes, and what is not in it."""

import hashlib
import json
import zipfile
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from openpyxl import load_workbook

from quality import export
from quality.pack import cover
from quality.pack.check import check
from quality.pack.scope import Scope, What
from quality.refusal import Refusal
from storage.database import Database
from storage.journal import canonical, link
from storage.record import Kind
from tests import packs, support
from tests.packs import ALL, FORMULA, MARKUP, SECRET, Opened, one, opened
from tests.support import ANNA, ELIF, NOW, actor

OTHER = "C0OTHER"
ORDER = [
    "DEV-2026-0001",
    "DEV-2026-0002",
    "DEV-2026-0003",
    "OOS-2026-0001",
    "CAPA-2026-0001",
    "SPEC-2026-0001",
    "DIS-2026-0001",
]


@pytest.fixture
def filled(database: Database) -> Database:
    """Give a database with records of every kind, and another partnership beside them."""
    with database.writing() as session:
        packs.fill(session, support.set_up(session))
        support.set_up(session, OTHER)
        support.log_deviation(session, title="The walrus of the others", channel_id=OTHER)
    return database


@pytest.mark.both_engines
def test_everything_is_in_it(filled: Database, tmp_path: Path) -> None:
    """Pages, sheets, tables, records, journal, attachments, schema, hashes, and how to check them; all of it holds."""
    found = opened(filled, tmp_path / "all.zip")
    assert [name for name in found.files if not name.startswith(("csv/", "attachments/"))] == [
        *("HOW-TO-CHECK.md", "pack.pdf", "records.xlsx", "pack.json", "records.jsonl", "results.jsonl"),
        *("journal.jsonl", "schema.json", "manifest.json", "SHA256SUMS"),
    ]
    assert list(found.records) == ORDER
    counts = found.data("pack.json")["counts"]
    assert counts == {
        "records": 7, "deviation": 3, "oos": 1, "capa": 1, "specification": 1, "disposition": 1, "results": 2,
        "signatures": 11, "attachments": 2, "replies": 2,
        "entries": len(found.journal),
    }  # fmt: skip
    assert [says for well, says in check(tmp_path / "all.zip") if not well] == []


@pytest.mark.both_engines
def test_the_same_records_make_the_same_bytes(filled: Database, tmp_path: Path) -> None:
    """Made twice, and once more after an export that nothing followed; not after a change."""
    made = [packs.pack(filled, tmp_path / f"{number}.zip") for number in range(2)]
    with filled.writing() as session:
        export.hand_over(session, actor(session, ANNA), ALL, made[0], NOW)
    made.append(packs.pack(filled, tmp_path / "2.zip"))
    assert len({(tmp_path / f"{number}.zip").read_bytes() for number in range(3)}) == 1
    assert len({one.sha256 for one in made}) == 1
    assert made[0].sha256 == hashlib.sha256((tmp_path / "0.zip").read_bytes()).hexdigest()
    with filled.writing() as session:
        support.log_deviation(session)
    assert packs.pack(filled, tmp_path / "3.zip").sha256 != made[0].sha256
    assert "partnership.exported" in [body["event"] for body in Opened(tmp_path / "3.zip").journal]


def test_it_follows_its_schema(filled: Database, tmp_path: Path) -> None:
    """Every JSON file and line, by the schema that is in the pack itself, and that knows no other keys."""
    found = opened(filled, tmp_path / "all.zip")
    schema = found.data("schema.json")
    Draft202012Validator.check_schema(schema)

    def hold(told: object, name: str) -> None:
        part = {"$ref": f"#/$defs/{name}", "$defs": schema["$defs"]}
        Draft202012Validator(part, format_checker=FormatChecker()).validate(told)

    hold(found.data("pack.json"), "pack")
    hold(found.data("manifest.json"), "manifest")
    for name, told in (
        ("record", found.lines("records.jsonl")),
        ("result", found.lines("results.jsonl")),
        ("entry", found.lines("journal.jsonl")),
    ):
        for each in told:
            hold(each, name)
    for body in found.journal:
        hold(body, "body")


def test_the_whole_journal_is_a_chain(filled: Database, tmp_path: Path) -> None:
    """From the first entry to the one that the cover names, recomputed with nothing but SHA-256."""
    found = opened(filled, tmp_path / "all.zip")
    previous = "0" * 64
    for number, entry in enumerate(found.lines("journal.jsonl"), 1):
        assert (entry["seq"], entry["previous"]) == (number, previous)
        previous = hashlib.sha256((previous + entry["body"]).encode()).hexdigest()
        assert entry["hash"] == previous
    assert found.data("pack.json")["journal"]["hash"] == previous


@pytest.mark.both_engines
def test_a_record_alone(filled: Database, tmp_path: Path) -> None:
    """Its own entries, each with the hash before it, its own files, and nothing of the others' words."""
    found = opened(filled, tmp_path / "one.zip", one("DEV-2026-0001"))
    assert list(found.records) == ["DEV-2026-0001"]
    entries = found.lines("journal.jsonl")
    assert all(link(entry["previous"], entry["body"]) == entry["hash"] for entry in entries)
    assert {body["record"] for body in found.journal} == {"DEV-2026-0001"}
    assert [entry["seq"] for entry in entries] == found.records["DEV-2026-0001"]["journal"]
    assert sum(name.startswith("attachments/DEV-2026-0001/") for name in found.files) == 2
    assert "Logged twice." not in json.dumps(found.records)
    assert [says for well, says in check(tmp_path / "one.zip") if not well] == []


def test_a_batch_a_period_and_nothing(filled: Database, tmp_path: Path) -> None:
    """A batch brings the CAPAs of its records; a period counts by logging, its days whole; an empty one is a pack."""
    batch = opened(filled, tmp_path / "batch.zip", Scope(What.BATCH, lot="ab-1001"))
    assert list(batch.records) == ["DEV-2026-0001", "DEV-2026-0002", "DEV-2026-0003", "CAPA-2026-0001"]
    day = NOW.date()
    period = opened(filled, tmp_path / "period.zip", Scope(What.PERIOD, start=day, end=day))
    assert list(period.records) == [number for number in ORDER if number != "DEV-2026-0003"]
    before = day.replace(year=2025)
    none = opened(filled, tmp_path / "none.zip", Scope(What.PERIOD, start=before, end=before))
    assert (none.records, none.journal) == ({}, [])
    for name in ("batch", "period", "none"):
        assert [says for well, says in check(tmp_path / f"{name}.zip") if not well] == []


def test_results_are_in_it(filled: Database, tmp_path: Path) -> None:
    """As reported and as compared, with verdict and who; of a batch, a period, a specification, or all."""
    found = opened(filled, tmp_path / "all.zip")
    first, second = found.lines("results.jsonl")
    assert (first["lot"], first["test"], first["reported"], first["verdict"]) == (
        "AB-1001",
        "Assay",
        "99.6",
        "Complies",
    )
    assert (second["verdict"], second["state"], second["recorded_by"]) == ("OOS", "To confirm", "Gita Rao (Borealis)")
    assert [row["analyst"] for row in found.table("results")] == ["'=G. Rao", "'=G. Rao"]
    for number, (scope, results) in enumerate(
        [
            (Scope(What.BATCH, lot="ab-1001"), 2),
            (Scope(What.BATCH, lot="ab-2002"), 0),
            (one("SPEC-2026-0001"), 2),
            (one("DEV-2026-0001"), 0),
            (Scope(What.PERIOD, start=NOW.date(), end=NOW.date()), 2),
        ]
    ):
        path = tmp_path / f"{number}.zip"
        assert len(opened(filled, path, scope).lines("results.jsonl")) == results
        assert [says for well, says in check(path) if not well] == []


def test_the_cover_has_words_for_every_kind() -> None:
    """A kind that is added is counted on it by name."""
    assert set(cover.NOUNS) == set(Kind)


def test_an_empty_partnership(database: Database, tmp_path: Path) -> None:
    """One that was just set up has a journal and no record."""
    with database.writing() as session:
        support.set_up(session)
    found = opened(database, tmp_path / "empty.zip")
    assert found.records == {}
    assert found.journal[0]["event"] == "partnership.set_up"
    assert [says for well, says in check(tmp_path / "empty.zip") if not well] == []


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_in_every_state(kind: Kind, filled: Database, tmp_path: Path) -> None:
    """What is signed is what the record says, whatever kind it is of; each part of it is in the table of contents."""
    found = opened(filled, tmp_path / "all.zip")
    records = [told for told in found.records.values() if told["kind"] == kind]
    assert records
    for told in records:
        assert hashlib.sha256(canonical(told["content"]).encode()).hexdigest() == told["content_sha256"]
        rows = [row for row in found.table("content") if row["record"] == told["number"]]
        parts = {name for name, part in told["content"].items() if part and isinstance(part, dict)}
        parts |= {f"{name} 1" for name in ("retests", "tests") if told["content"].get(name)}
        assert parts <= {row["part"] for row in rows}


def test_typed_text_is_whole_in_data_and_inert_in_tables(filled: Database, tmp_path: Path) -> None:
    """JSON has it as typed; a CSV cell that begins like a formula begins with an apostrophe; XLSX cells are text."""
    found = opened(filled, tmp_path / "all.zip")
    happened = f"{FORMULA}\n{MARKUP}"
    assert found.records["DEV-2026-0001"]["content"]["report"]["happened"] == happened
    cells = [row["value"] for row in found.table("content")]
    assert f"'{happened}" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    (tmp_path / "records.xlsx").write_bytes(found.files["records.xlsx"])
    book = load_workbook(tmp_path / "records.xlsx")
    assert book["Records"]["A2"].value == "DEV-2026-0001"
    typed = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value == happened]
    assert typed
    assert not [
        cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f" or cell.hyperlink
    ]


def test_attachments_are_whole_under_harmless_names(filled: Database, tmp_path: Path) -> None:
    """By record and place, of plain letters; the name that was given stands in the tables; bytes as they were."""
    found = opened(filled, tmp_path / "all.zip")
    kept = found.records["DEV-2026-0001"]["evidence"]
    assert [one["file"].rpartition("/")[2] for one in kept] == ["001-cmd_A0.png", "002-csv"]
    assert kept[1]["name"] == "结果.csv"
    for each in kept:
        assert hashlib.sha256(found.files[each["file"]]).hexdigest() == each["sha256"]
    with zipfile.ZipFile(tmp_path / "all.zip") as file:
        assert not [name for name in file.namelist() if ".." in name or name.startswith("/") or "\\" in name]


def test_a_file_that_was_changed_is_in_no_pack(filled: Database, tmp_path: Path) -> None:
    """Beside the bot, in the database: whoever asks is told, instead of being handed what nobody gave."""
    with filled.writing() as session:
        connection = session.connection()
        connection.exec_driver_sql("DROP TRIGGER evidence_content_no_update")
        connection.exec_driver_sql("UPDATE evidence_content SET content = x'6f74686572'")
    with pytest.raises(Refusal, match="is not what was kept"):
        packs.pack(filled, tmp_path / "all.zip")


def test_pages_are_for_archives_and_for_everybody(filled: Database, tmp_path: Path) -> None:
    """PDF/A-2b and PDF/UA-1, tagged, in English, its title shown; of no moment but the journal's last."""
    pages = opened(filled, tmp_path / "all.zip").files["pack.pdf"]
    assert b"<pdfaid:part>2</pdfaid:part>" in pages
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in pages
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pages
    assert b"/MarkInfo" in pages
    assert b"/Lang" in pages


def test_nothing_of_others_is_in_it(filled: Database, tmp_path: Path) -> None:
    """Of another partnership nothing at all, and no private note of either company: both get the same pack."""
    found = opened(filled, tmp_path / "all.zip")
    everything = b"".join(found.files.values())
    with zipfile.ZipFile(tmp_path / "all.zip") as file:
        sheets = zipfile.ZipFile(file.open("records.xlsx"))
        everything += b"".join(sheets.read(name) for name in sheets.namelist())
    assert b"walrus" not in everything
    assert SECRET.encode() not in everything
    assert b"zebra" not in everything
    assert found.records["DEV-2026-0003"]["own_numbers"] == {"sponsor": "QMS-77"}


def test_a_pack_of_many_is_in_parts(database: Database, tmp_path: Path) -> None:
    """More records than fit behind the cover: their pages are files of their own, in the order of the contents."""
    with database.writing() as session:
        support.set_up(session)
        for number in range(102):
            support.log_deviation(session, title=f"Number {number}")
    found = opened(database, tmp_path / "many.zip")
    parts = [name for name in found.files if name.startswith("pages/")]
    assert parts == [
        "pages/0001-DEV-2026-0001-to-DEV-2026-0100.pdf",
        "pages/0002-DEV-2026-0101-to-DEV-2026-0102.pdf",
    ]
    assert len(found.records) == 102
    assert [says for well, says in check(tmp_path / "many.zip") if not well] == []


def test_who_takes_it_is_all_the_same(filled: Database, tmp_path: Path) -> None:
    """Both companies' people get the same bytes."""
    digests = set()
    for who in (ANNA, ELIF):
        with filled.reading() as session:
            wanted = export.ask(session, actor(session, who), ALL, NOW)
            digests.add(export.write(session, wanted, tmp_path / "mine.zip", lambda *_: None).sha256)
    assert len(digests) == 1
