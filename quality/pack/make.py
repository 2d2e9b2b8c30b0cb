"""Makes a pack: reads one moment of the database, some records at a time, and writes a file."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TextIO

from sqlmodel import Session

from quality import review
from quality.pack import charts, cover, pages, results, review_pages
from quality.pack.archive import Archive
from quality.pack.gather import Gathered, gather
from quality.pack.printing import Printing
from quality.pack.scope import Scope, What, ids_of
from quality.pack.subject import COUNTED, Subject
from quality.pack.tables import RESULTS, Tables
from quality.pack.told import told
from quality.refusal import Refusal
from quality.review import Review
from storage import bulk, evidence
from storage.bulk import End, Link
from storage.evidence import Evidence
from storage.journal import canonical
from storage.partnership import Company, Partnership, Side

AT_ONCE = 100  # records that are read together
ON_A_PAGE = 100  # results that follow each other under one heading
FOLDER = Path(__file__).parent
Progress = Callable[[int, int], None]  # records that are done, of how many; what it raises ends the making


@dataclass(frozen=True)
class Made:
    """A pack that was made: its hash, where the journal ended, and what is in it."""

    sha256: str
    size: int
    end: End
    counts: dict[str, int]


def _nothing(_done: int, _all: int) -> None: ...


def make(
    session: Session, there: Partnership, companies: dict[Side, Company], scope: Scope, target: Path,
    progress: Progress = _nothing,
) -> Made:  # fmt: skip
    """Write the pack of a scope into a file, as of the journal's end; the session is kept within the partnership.

    Memory does not grow with the number of records, nor what one costs. Nothing of the present moment stands in it.
    """
    end = bulk.end_of(session, there.id)
    if end is None:
        raise Refusal("There is nothing in this channel's journal yet.")
    subject = Subject(there, companies, scope, end, ids_of(session, there, scope))
    with TemporaryDirectory(prefix="pack-", dir=target.parent) as folder, target.open("wb") as out:
        archive = _Making(session, subject, Path(folder), Archive(out), progress)
        sha256 = archive.make()
        return Made(sha256, archive.archive.offset, end, {name: subject.counts[name] for name in COUNTED})


class _Making:
    """The making of one pack: parts go into a folder of their own first, and from there into the archive."""

    def __init__(self, session: Session, subject: Subject, folder: Path, archive: Archive, progress: Progress) -> None:
        self.session, self.subject, self.folder = session, subject, folder
        self.archive, self.progress = archive, progress
        self.seqs: list[int] = []
        self.files: list[tuple[str, Evidence]] = []  # paths in the pack, with what lies there

    def make(self) -> str:
        """Read, print, and write all there is; gives the SHA-256 of the pack."""
        subject = self.subject
        with ExitStack() as stack:
            printing = stack.enter_context(Printing(self.folder, subject))
            with Tables(self.folder, subject.end.at) as tables, self._lines("records.jsonl") as lines:
                for ids in bulk.parts(subject.ids, AT_ONCE):
                    some = gather(self.session, subject.there, subject.companies, ids, subject.end.seq)
                    for found in some:
                        printing.add(self._take(found, lines, tables))
                    self.session.expunge_all()
                    self.progress(subject.counts["records"], len(subject.ids))
                self._results(tables, printing)
            if subject.scope.what is What.REVIEW:
                printing.add_file(review_pages.NAME, review_pages.of_review(subject, self._reviewed()))
            self._journal()
            printing.finish()
        self._write(printing.paths)
        return self.archive.close()

    def _reviewed(self) -> Review:
        """Gather the review, as of the journal's end, and the entries of its statements."""
        scope, there, both = self.subject.scope, self.subject.there, self.subject.companies
        wanted = review.scope_of(there, both, scope.product, scope.year, self.subject.end.at)
        self.seqs += review.entries(self.session, wanted, self.subject.end.seq)
        return review.gather(self.session, wanted)

    def _take(self, found: Gathered, lines: TextIO, tables: Tables) -> dict[str, Any]:
        """Write a record's lines; gives its pages."""
        one = told(found, self.subject.end.at)
        lines.write(canonical(one) + "\n")
        tables.add(one, found)
        self.seqs += one["journal"]
        self.files += [(a["file"], kept) for a, kept in zip(one["evidence"], found.sheet.files, strict=True)]
        self.subject.counts.update(cover.count(one))
        return pages.of_record(one, found)

    def _results(self, tables: Tables, printing: Printing) -> None:
        """Write the laboratory results, their pages behind those of the records, and behind them their charts."""
        with self._lines("results.jsonl") as lines:
            for some in results.of_pack(self.session, self.subject):
                for one in some:
                    lines.write(canonical(one) + "\n")
                    tables.write(RESULTS, results.cells(one))
                for place in range(0, len(some), ON_A_PAGE):
                    printing.add(results.page(some[place : place + ON_A_PAGE], self.subject.counts["results"] + 1))
                    self.subject.counts["results"] += len(some[place : place + ON_A_PAGE])
        for page in charts.pages(self.session, self.subject):
            printing.add(page)

    def _lines(self, name: str) -> TextIO:
        return (self.folder / name).open("w", encoding="utf-8")

    def _journal(self) -> None:
        with self._lines("journal.jsonl") as lines:
            for entry in self._links():
                lines.write(canonical(entry._asdict()) + "\n")
                self.subject.counts["entries"] += 1

    def _links(self) -> Iterator[Link]:
        there, end = self.subject.there.id, self.subject.end.seq
        if self.subject.is_whole:
            return bulk.whole_chain(self.session, there, end)
        return bulk.links_at(self.session, there, sorted(self.seqs))

    def _write(self, printed: Sequence[str]) -> None:
        """Write all files in their order, and what holds each to its hash last."""
        head = self.subject.head()
        add, here = self.archive.add, self.folder
        add("HOW-TO-CHECK.md", FOLDER / "HOW-TO-CHECK.md")
        for name in [*printed, Tables.XLSX, *Tables.NAMES]:
            add(name, here / name)
        add("pack.json", _json(head))
        for name in ("records.jsonl", "results.jsonl", "journal.jsonl"):
            add(name, here / name)
        add("schema.json", FOLDER / "schema.json")
        for path, kept in self.files:
            written = add(path, evidence.find_content(self.session, kept.id) or b"", stored=True)
            self.session.expunge_all()
            if written.sha256 != kept.sha256:
                raise Refusal(f"{kept.name} is not what was kept ({path}): `qualbridge verify` says more.")
        files = [asdict(one) for one in self.archive.hashed]
        add("manifest.json", _json(head | {"files": files}), stored=True)
        add("SHA256SUMS", sums((one.path, one.sha256) for one in self.archive.hashed), stored=True)


def sums(files: Iterator[tuple[str, str]]) -> bytes:
    """Write hashes as `sha256sum -c` reads them."""
    return "".join(f"{digest}  {path}\n" for path, digest in files).encode()


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()
