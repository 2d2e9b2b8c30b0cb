"""The checking of a pack, offline: a changed byte anywhere is found and named, and so is what somebody made to fit."""

import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quality import result
from quality.pack.archive import Archive
from quality.pack.check import check
from quality.result import ResultForm
from storage.database import Database
from storage.journal import canonical, link
from tests import packs, support
from tests.packs import Opened

KEEPERS = ("manifest.json", "SHA256SUMS")


@pytest.fixture
def path(database: Database, tmp_path: Path) -> Path:
    """Make a pack with a file and signatures."""
    with database.writing() as session:
        support.set_up(session)
        made = support.log_deviation(session, title="A walk")
        support.keep_file(session, support.GITA, made)
        support.close(session, made)
        specified = support.effective(session)
        form = ResultForm(specified.id, "Assay", "AB-1", "99.6", support.NOW)
        result.record(session, support.actor(session, support.GITA), form, support.NOW)
    packs.pack(database, tmp_path / "pack.zip")
    return tmp_path / "pack.zip"


def broken(path: Path, *witnessed: str) -> list[str]:
    return [says for well, says in check(path, witnessed) if not well]


def changed(path: Path, content: bytes) -> list[str]:
    other = path.with_name("changed.zip")
    other.write_bytes(content)
    return broken(other)


def test_a_whole_pack_holds(path: Path) -> None:
    """And says what was looked at, with the hashes to compare."""
    says = [words for well, words in check(path) if well]
    assert broken(path) == []
    assert hashlib.sha256(path.read_bytes()).hexdigest() in says[0]
    assert "4 signatures, 1 attachments checked" in says[-1]
    assert Opened(path).data("pack.json")["journal"]["hash"] in says[-1]


def test_a_changed_byte_is_found_wherever_it_is(path: Path) -> None:
    """A bit anywhere: in each file, in each header, in the list at the end, in the last bytes; three hundred in all."""
    whole = path.read_bytes()
    chance = random.Random(7)  # noqa: S311 - the same places each time
    ends = len(whole) - whole.rindex(b"manifest.json", 0, whole.rindex(b"PK\x01\x02")) + 4000
    places = [chance.randrange(len(whole)) for _ in range(120)]
    places += [len(whole) - 1 - chance.randrange(min(ends, len(whole))) for _ in range(120)]
    places += range(30)  # the first header
    places += range(len(whole) - 22, len(whole))  # the very end
    for place in places:
        other = bytearray(whole)
        other[place] ^= 1 << chance.randrange(8)
        assert changed(path, bytes(other)), f"byte {place}"


def test_bytes_that_are_added_or_left_out_are_found(path: Path) -> None:
    """Before, behind, within; cut off; a comment; a pack that is no pack at all."""
    whole = path.read_bytes()
    middle = whole.index(b"PK\x03\x04", 100)
    for other in (
        b"#!" + whole,
        whole + b"\n",
        whole[:middle] + b"\0" + whole[middle:],
        whole[:-1],
        whole[: len(whole) // 2],
        whole[:-2] + b"\x02\x00hi",
        b"PK\x03\x04",
        b"\0" * 100,
        b"x",
    ):
        assert changed(path, other)


def files_of(path: Path) -> dict[str, bytes]:
    return Opened(path).files


def written(path: Path, files: dict[str, bytes], *, manifest: bool = True) -> Path:
    """Write files as a pack, with hashes that fit them, as somebody would who knows the form."""
    other = path.with_name("other.zip")
    with other.open("wb") as out:
        archive = Archive(out)
        for name, content in files.items():
            if name not in KEEPERS:
                archive.add(name, content, stored=name.startswith("attachments/"))
        told = json.loads(files["manifest.json"])
        if manifest:
            told["files"] = [one.__dict__ for one in archive.hashed]
        archive.add("manifest.json", json.dumps(told).encode(), stored=True)
        sums = "".join(f"{one.sha256}  {one.path}\n" for one in archive.hashed)
        archive.add("SHA256SUMS", sums.encode(), stored=True)
        archive.close()
    return other


def test_files_that_are_missing_added_or_others_are_named(path: Path) -> None:
    """Though everything else was made to fit, the manifest knows its files."""
    files = files_of(path)
    gone = {name: content for name, content in files.items() if name != "csv/clocks.csv"}
    assert "csv/clocks.csv: it is missing" in broken(written(path, gone, manifest=False))
    more = files | {"notes.txt": b"hello"}
    assert any(says.startswith("notes.txt: it was added") for says in broken(written(path, more, manifest=False)))
    other = files | {"pack.pdf": b"%PDF-1.7"}
    found = broken(written(path, other, manifest=False))
    assert "pack.pdf: its content is not what the manifest says" in found


def lines(files: dict[str, bytes], name: str) -> list[Any]:
    return [json.loads(line) for line in files[name].decode().splitlines()]


def put(files: dict[str, bytes], name: str, told: list[Any]) -> dict[str, bytes]:
    return files | {name: "".join(canonical(one) + "\n" for one in told).encode()}


def edit_entry(files: dict[str, bytes]) -> dict[str, bytes]:
    told = lines(files, "journal.jsonl")
    told[5]["body"] += " "
    return put(files, "journal.jsonl", told)


def relink_entry(files: dict[str, bytes]) -> dict[str, bytes]:
    told = lines(files, "journal.jsonl")
    at = next(place for place, one in enumerate(told) if "A walk" in one["body"])
    told[at]["body"] = told[at]["body"].replace("A walk", "A talk")
    told[at]["hash"] = link(told[at]["previous"], told[at]["body"])
    return put(files, "journal.jsonl", told)


def leave_out_entry(files: dict[str, bytes]) -> dict[str, bytes]:
    told = lines(files, "journal.jsonl")
    return put(files, "journal.jsonl", told[:3] + told[4:])


def cut_off(files: dict[str, bytes]) -> dict[str, bytes]:
    return put(files, "journal.jsonl", lines(files, "journal.jsonl")[:-1])


def edit_content(files: dict[str, bytes]) -> dict[str, bytes]:
    told = lines(files, "records.jsonl")
    told[0]["content"]["title"] = "A talk"
    return put(files, "records.jsonl", told)


def edit_content_and_hash(files: dict[str, bytes]) -> dict[str, bytes]:
    told = lines(files, "records.jsonl")
    told[0]["content"]["title"] = "A talk"
    told[0]["content_sha256"] = hashlib.sha256(canonical(told[0]["content"]).encode()).hexdigest()
    return put(files, "records.jsonl", told)


def edit_signed(files: dict[str, bytes]) -> dict[str, bytes]:
    told = lines(files, "records.jsonl")
    told[0]["signatures"][0]["content"] += " "
    return put(files, "records.jsonl", told)


def forge_signature(files: dict[str, bytes]) -> dict[str, bytes]:
    told = lines(files, "records.jsonl")
    forged = told[0]["signatures"][0] | {"scope": "plan", "content": "{}"}
    told[0]["signatures"].append(forged | {"hash": hashlib.sha256(b"{}").hexdigest()})
    return put(files, "records.jsonl", told)


def leave_out_record(files: dict[str, bytes]) -> dict[str, bytes]:
    return files | {"records.jsonl": b""}


def other_attachment(files: dict[str, bytes]) -> dict[str, bytes]:
    name = next(name for name in files if name.startswith("attachments/"))
    return files | {name: b"something else"}


def other_head(files: dict[str, bytes]) -> dict[str, bytes]:
    told = json.loads(files["pack.json"])
    told["counts"]["records"] = 7
    return files | {"pack.json": json.dumps(told).encode()}


def edit_result(files: dict[str, bytes]) -> dict[str, bytes]:
    told = lines(files, "results.jsonl")
    told[0]["reported"] = "100.0"
    return put(files, "results.jsonl", told)


def forge_result(files: dict[str, bytes]) -> dict[str, bytes]:
    told = lines(files, "results.jsonl")
    return put(files, "results.jsonl", [*told, told[0] | {"id": 77}])


def lowered(files: dict[str, bytes], **fewer: int) -> dict[str, bytes]:
    """Let the numbers fit what was taken out."""
    for name in ("pack.json", "manifest.json"):
        told = json.loads(files[name])
        for what, number in fewer.items():
            told["counts"][what] -= number
        files = files | {name: json.dumps(told).encode()}
    return files


def take_out_record(files: dict[str, bytes]) -> dict[str, bytes]:
    told = lines(files, "records.jsonl")
    return lowered(put(files, "records.jsonl", told[:-1]), records=1, specification=1, signatures=2)


def take_out_result(files: dict[str, bytes]) -> dict[str, bytes]:
    return lowered(files | {"results.jsonl": b""}, results=1)


def take_out_signature(files: dict[str, bytes]) -> dict[str, bytes]:
    told = lines(files, "records.jsonl")
    told[0]["signatures"] = []
    return lowered(put(files, "records.jsonl", told), signatures=2)


def take_out_attachment(files: dict[str, bytes]) -> dict[str, bytes]:
    told = lines(files, "records.jsonl")
    told[0]["evidence"] = []
    kept = {name: content for name, content in files.items() if not name.startswith("attachments/")}
    return lowered(put(kept, "records.jsonl", told), attachments=1)


def no_json(files: dict[str, bytes]) -> dict[str, bytes]:
    return files | {"records.jsonl": b"[1]\n"}


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (edit_entry, "journal.jsonl: entry 6: its content or the link before it was changed"),
        (relink_entry, "it does not follow entry"),
        (leave_out_entry, "journal.jsonl: entry 4 is missing, or 5 is not in its place"),
        (cut_off, "the pack is as of entry"),
        (edit_content, "DEV-2026-0001: its content is not what its hash says"),
        (edit_content_and_hash, "the signature of Elif Kaya is not of what the record says"),
        (edit_signed, "the signature of Elif Kaya does not match what was signed"),
        (forge_signature, "the signature of Elif Kaya is not in the journal"),
        (leave_out_record, "manifest.json: it says 2 records, 0 are there"),
        (other_attachment, "is not what the record says"),
        (other_head, "pack.json: it says something else than manifest.json"),
        (edit_result, "results.jsonl: the result of Assay of AB-1 is not what the journal says"),
        (forge_result, "results.jsonl: the result of Assay of AB-1 is not in the journal"),
        (take_out_record, "records.jsonl: SPEC-2026-0001 is missing"),
        (take_out_result, "results.jsonl: the result of Assay of AB-1 is missing"),
        (take_out_signature, "of the journal is missing"),
        (take_out_attachment, "of the journal is missing"),
        (no_json, "what stands in it cannot be read"),
    ],
)
def test_what_was_made_to_fit_is_found_by_what_it_says(
    path: Path, harm: Callable[[dict[str, bytes]], dict[str, bytes]], says: str
) -> None:
    """Every hash of a file fits; journal, records, signatures and attachments hold each other."""
    assert broken(written(path, files_of(path))) == []
    assert any(says in found for found in broken(written(path, harm(files_of(path)))))


def test_a_witnessed_hash_is_looked_for(path: Path) -> None:
    """The pack's own or that of an entry, whole or its beginning; another one is not there, nor is one too short."""
    whole = hashlib.sha256(path.read_bytes()).hexdigest()
    end = Opened(path).data("pack.json")["journal"]["hash"]
    assert broken(path, whole, end, end[:16].upper(), whole[:12]) == []
    assert len(broken(path, "f" * 64, end[:11], "")) == 3
