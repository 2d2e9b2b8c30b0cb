"""Checks what stands in a pack: that journal, records, signatures and attachments say the same."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from quality.content import digest
from quality.pack.cover import count
from quality.pack.subject import COUNTED, FORMAT
from storage.journal import FIRST, canonical, link

RESULT = ("specification", "test", "lot", "reported", "rounded", "verdict")  # what of a result the journal holds

Lines = Callable[[str], Iterator[bytes]]


class Contents:
    """The checking of what a pack tells; its files are what its manifest says by then, or were told already."""

    def __init__(self, lines: Lines, manifest: dict[str, Any], hashes: dict[str, str]) -> None:
        self.lines, self.manifest, self.hashes = lines, manifest, hashes
        self.counts: Counter[str] = Counter()
        self.entries: set[str] = set()  # their hashes
        self.signed: set[str] = set()  # hashes of what the journal says was signed
        self.results: dict[int, dict[str, Any]] = {}  # what it says of results, by their ids
        self.kept: set[str] = set()  # of the files it says were kept
        self.records: dict[str, None] = {}  # numbers of the records it tells of, in order
        self.there: set[Any] = set()  # of all these, what the pack holds: numbers, ids of results, hashes

    def run(self) -> Iterator[tuple[bool, str]]:
        """Check it; gives whether each part holds."""
        try:
            yield from self._head()
            yield from self._told("journal.jsonl", self._journal(), "entries", self._ended)
            yield from self._told("records.jsonl", self._records(), "records", lambda: "")
            yield from self._told("results.jsonl", self._results(), "results", lambda: "")
            yield from ((False, fault) for fault in self._missing())
            yield from self._numbers()
        except (ValueError, LookupError, TypeError, AttributeError) as wrong:
            yield False, f"what stands in it cannot be read: {type(wrong).__name__}"

    def has_hash(self, begins: str) -> bool:
        """Whether an entry has a hash, or one that begins so."""
        return any(one.startswith(begins) for one in self.entries)

    def _head(self) -> Iterator[tuple[bool, str]]:
        head = json.loads(b"\n".join(self.lines("pack.json")))
        if head["format"] != FORMAT:
            yield False, f"pack.json: its format is {head['format']}, this program knows {FORMAT}"
        if head != {name: one for name, one in self.manifest.items() if name != "files"}:
            yield False, "pack.json: it says something else than manifest.json"

    def _told(
        self, name: str, faults: Iterator[str], what: str, ended: Callable[[], str]
    ) -> Iterator[tuple[bool, str]]:
        wrong = 0
        for fault in faults:
            wrong += 1
            yield False, f"{name}: {fault}"
        if fault := ended():
            wrong += 1
            yield False, f"{name}: {fault}"
        yield not wrong, f"{self.counts[what]} {what} checked"

    def _journal(self) -> Iterator[str]:
        self.seq, self.hash = 0, FIRST
        whole = self.manifest["journal"]["whole"]
        for line in self.lines("journal.jsonl"):
            one = json.loads(line)
            seq, body = one["seq"], json.loads(one["body"])
            if link(one["previous"], one["body"]) != one["hash"]:
                yield f"entry {seq}: its content or the link before it was changed"
            if body["seq"] != seq:
                yield f"entry {seq}: it says that it is entry {body['seq']}"
            if seq <= self.seq or (whole and seq != self.seq + 1):
                yield f"entry {self.seq + 1} is missing, or {seq} is not in its place"
            elif seq == self.seq + 1 and one["previous"] != self.hash:
                yield f"entry {seq}: it does not follow entry {self.seq}"
            self.seq, self.hash = seq, one["hash"]
            self.counts["entries"] += 1
            self._note(one["hash"], body)

    def _note(self, entry: str, body: dict[str, Any]) -> None:
        self.entries.add(entry)
        if number := body.get("record"):
            self.records[number] = None
        if signed := body.get("signature"):
            self.signed.add(signed["hash"])
        if body["event"] in ("result.recorded", "result.to_confirm"):
            said = body["changes"]
            self.results[body["result"]] = {name: said[name][1] for name in RESULT if name in said}
        if kept := body["changes"].get("sha256"):
            self.kept.add(kept[1])

    def _ended(self) -> str:
        end = self.manifest["journal"]
        self.entries.add(end["hash"])
        if end["whole"] and (self.seq, self.hash) != (end["seq"], end["hash"]):
            return f"it ends with entry {self.seq}, the pack is as of entry {end['seq']}"
        return f"entry {self.seq} is later than the end of the journal" if self.seq > end["seq"] else ""

    def _records(self) -> Iterator[str]:
        for line in self.lines("records.jsonl"):
            one = json.loads(line)
            self.counts.update(count(one))
            self.there.add(one["number"])
            for fault in self._faults(one):
                yield f"{one['number']}: {fault}"

    def _results(self) -> Iterator[str]:
        for line in self.lines("results.jsonl"):
            one = json.loads(line)
            self.counts["results"] += 1
            self.there.add(one["id"])
            told = self.results.get(one["id"])
            if told is None and self.manifest["journal"]["whole"]:
                yield f"the result of {one['test']} of {one['lot']} is not in the journal"
            elif told is not None and told != {name: one[name] for name in told}:
                yield f"the result of {one['test']} of {one['lot']} is not what the journal says"

    def _missing(self) -> Iterator[str]:
        """Tell what the journal tells of, and the pack does not hold."""
        yield from (f"records.jsonl: {number} is missing" for number in self.records if number not in self.there)
        for name, one in self.results.items():
            if name not in self.there:
                yield f"results.jsonl: the result of {one.get('test')} of {one.get('lot')} is missing"
        for what, hashes in (("signature", self.signed), ("attachment", self.kept)):
            for gone in sorted(hashes - self.there):
                yield f"records.jsonl: the {what} {gone} of the journal is missing"

    def _faults(self, told: dict[str, Any]) -> Iterator[str]:
        if digest(canonical(told["content"])) != told["content_sha256"]:
            yield "its content is not what its hash says"
        for one in told["signatures"]:
            whose = f"the signature of {one['name']}"
            self.there.add(one["hash"])
            if digest(one["content"]) != one["hash"]:
                yield f"{whose} does not match what was signed"
            elif one["counts"] and one["scope"] == "record" and one["hash"] != told["content_sha256"]:
                yield f"{whose} is not of what the record says"
            if one["hash"] not in self.signed:
                yield f"{whose} is not in the journal"
        for one in told["evidence"]:
            self.there.add(one["sha256"])
            if self.hashes.get(one["file"]) != one["sha256"]:
                yield f"the attachment {one['file']} is not what the record says"
            if one["sha256"] not in self.kept:
                yield f"the attachment {one['file']} is not in the journal"

    def _numbers(self) -> Iterator[tuple[bool, str]]:
        said = self.manifest["counts"]
        for name in COUNTED:
            if self.counts[name] != said[name]:
                yield False, f"manifest.json: it says {said[name]} {name}, {self.counts[name]} are there"
        attached = sum(path.startswith("attachments/") for path in self.hashes)
        if attached != self.counts["attachments"]:
            yield False, f"{attached} files lie under attachments, the records name {self.counts['attachments']}"
        told = ", ".join(f"{self.counts[name]} {name}" for name in ("signatures", "attachments"))
        end = self.manifest["journal"]
        yield True, f"{told} checked, as of entry {end['seq']} of the journal, {end['hash']}"
