"""Similar records of the last twelve months: same product, place or test, and words of the title in common.

Found by the database's full text search; a repeated minor deviation is a reason to look again at its class.
"""

import re
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session

from quality.sheet import Sheet
from storage import deviation, oos, record, search
from storage.deviation import Deviation
from storage.oos import Oos
from storage.record import Record, State
from storage.table import Table

WITHIN = timedelta(days=366)
LOOKED_AT = 200  # the newest records that hold any of the words
MOST = 5
ENOUGH = 3  # points
WORD = re.compile(r"[^\W\d_]{3,}")  # shorter words and numbers say little


@dataclass(frozen=True)
class Similar:
    """Records like another one, the most like it first, with the CAPAs that came from each."""

    found: list[Record]
    number: int  # of all that were found
    capas: dict[int, list[str]]


def find(session: Session, sheet: Sheet) -> Similar:
    """Find the records most like one, logged in the twelve months before it."""
    about = sheet.record
    place = _place(sheet.details)
    terms = [*_words(about.title), *_words(about.product), *_words(place)]
    ids = [one for one in search.find_any(session, about.partnership_id, terms, LOOKED_AT) if one < about.id]
    rows = record.list_by_ids(session, about.partnership_id, ids)
    recent = [row.record for row in rows if row.record.recorded_at > about.recorded_at - WITHIN]
    places = _places(session, type(sheet.details), [one.id for one in recent])
    scored = [(_points(about, place, one, places.get(one.id, "")), one.id, one) for one in recent]
    alike = sorted((entry for entry in scored if entry[0] >= ENOUGH), reverse=True)
    found = [one for _, _, one in alike[:MOST]]
    return Similar(found, len(alike), record.capas_of_all(session, [one.id for one in found]))


def _points(about: Record, place: str, other: Record, its_place: str) -> int:
    """Count what two records have in common: product and place or test two points each, a word of the title one."""
    if other.state is State.VOID or other.kind is not about.kind:
        return 0
    same_product = bool(about.product) and about.product.casefold() == other.product.casefold()
    same_place = bool(place) and place.casefold() == its_place.casefold()
    return 2 * same_product + 2 * same_place + len((_words(about.title) & _words(other.title)) - _words(place))


def _places(session: Session, table: type[Table], ids: list[int]) -> dict[int, str]:
    """Give the place or test of several records, in one statement."""
    if table is Deviation:
        return {one.record_id: one.location for one in deviation.list_by_ids(session, ids)}
    return {one.record_id: one.test for one in oos.list_by_ids(session, ids)}


def _place(details: Table | None) -> str:
    if isinstance(details, Deviation):
        return details.location
    return details.test if isinstance(details, Oos) else ""


def _words(text: str) -> set[str]:
    return {word.casefold() for word in WORD.findall(text)}
