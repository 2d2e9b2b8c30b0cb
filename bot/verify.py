"""Checking what is kept: every journal link by link, every signature that counts, every file."""

from collections.abc import Iterator
from dataclasses import dataclass

from quality import evidence, signature
from storage import journal
from storage.database import Database


@dataclass(frozen=True)
class Checked:
    """Something that was looked at, and whether it holds."""

    well: bool
    says: str


def check(database: Database) -> Iterator[Checked]:
    """Check everything in a database; what does not hold is named."""
    with database.reading() as session:
        for result in journal.verify(session):
            if isinstance(result, journal.Break):
                says = f"BROKEN  partnership {result.partnership_id}, entry {result.seq}: {result.why}"
                yield Checked(well=False, says=says)
            else:
                says = f"whole   partnership {result.partnership_id}: {result.seq} entries, {result.hash}"
                yield Checked(well=True, says=says)
        for what, faults in (("signatures", signature.verify(session)), ("files", evidence.verify(session))):
            number = 0
            for fault in faults:
                number += 1
                if fault:
                    yield Checked(well=False, says=f"BROKEN  {fault}")
            yield Checked(well=True, says=f"{number} {what} checked")
