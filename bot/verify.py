"""Checking what is kept, every journal link by link, every signature that counts, every file; and handed-out packs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from quality import evidence, signature
from quality.pack import check as pack
from storage import journal
from storage.database import Database


@dataclass(frozen=True)
class Checked:
    """Something that was looked at, and whether it holds."""

    well: bool
    says: str


UNREADABLE = (ValueError, TypeError, SQLAlchemyError)  # SQLite keeps values that are none of their column's type
SQLITE = b"SQLite format 3\0"  # how every backup begins


def is_database(file: Path) -> bool:
    """Whether a file is a database, such as a backup; else it has to be a pack."""
    with file.open("rb") as opened:
        return opened.read(len(SQLITE)) == SQLITE


def check_pack(file: Path, witnessed: Sequence[str] = ()) -> Iterator[Checked]:
    """Check an inspection pack, without a database; what does not hold is named."""
    for well, says in pack.check(file, witnessed):
        yield Checked(well=well, says=f"{'whole ' if well else 'BROKEN'}  {says}")


def check(database: Database, witnessed: Sequence[str] = ()) -> Iterator[Checked]:
    """Check everything in a database; what does not hold is named.

    A chain alone does not show that its end was cut off, head and all, or that an older copy was put in its place. So
    each hash that a digest named has to be that of an entry.
    """
    with database.reading() as session:
        for one in witnessed:
            is_there = len(one) >= pack.SHORTEST and journal.has_hash(session, one.lower())
            says = "whole   an entry has the hash" if is_there else "BROKEN  no entry has the hash"
            yield Checked(well=is_there, says=f"{says} {one}")
        for result in journal.verify(session):
            if isinstance(result, journal.Break):
                says = f"BROKEN  partnership {result.partnership_id}, entry {result.seq}: {result.why}"
                yield Checked(well=False, says=says)
            else:
                says = f"whole   partnership {result.partnership_id}: {result.seq} entries, {result.hash}"
                yield Checked(well=True, says=says)
        for what, faults in (("signatures", signature.verify(session)), ("files", evidence.verify(session))):
            yield from _each(what, faults)


def _each(what: str, faults: Iterator[str | None]) -> Iterator[Checked]:
    number = 0
    try:
        for fault in faults:
            number += 1
            if fault:
                yield Checked(well=False, says=f"BROKEN  {fault}")
    except UNREADABLE as error:  # what a broken entry keeps from being read
        yield Checked(well=False, says=f"BROKEN  {what} after {number} cannot be read ({type(error).__name__})")
    yield Checked(well=True, says=f"{number} {what} checked")
