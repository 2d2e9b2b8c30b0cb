"""All that there is about many records: the same sheets as of one, by one statement for each table."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlmodel import Session

from quality.sheet import PARTS, Sheet
from storage import bulk, person, request
from storage.author import Author
from storage.authority import AuthorityReport
from storage.capa import EffectivenessCheck
from storage.clock import Clock
from storage.evidence import Evidence
from storage.journal import JournalEntry
from storage.oos import Retest
from storage.own import OwnNumber
from storage.partnership import Company, Partnership, Side
from storage.person import Person
from storage.record import Kind, Record, RecordBatch, lot_key
from storage.reply import Reply
from storage.result import LabResult
from storage.signature import Signature
from storage.specification import SpecificationTest
from storage.table import Table


@dataclass(frozen=True)
class Gathered:
    """A record with its journal and what was said in its thread."""

    sheet: Sheet
    entries: list[JournalEntry]
    replies: list[Reply]


def gather(
    session: Session, there: Partnership, both: dict[Side, Company], ids: Sequence[int], until: int
) -> list[Gathered]:
    """Gather some records in the order of their ids; their journal up to an entry."""
    found = bulk.list_records(session, ids)
    entries, replies = bulk.entries_of(session, ids, until), bulk.replies_of(session, ids)
    return [
        Gathered(sheet, entries.get(sheet.record.id, []), replies.get(sheet.record.id, []))
        for sheet in sheets(session, there, both, found)
    ]


def sheets(session: Session, there: Partnership, both: dict[Side, Company], found: Sequence[Record]) -> list[Sheet]:
    """Gather records whole; without what only decides about them or draws their cards."""
    ids = [record.id for record in found]
    parts = _parts(session, found)
    tables: tuple[type[Table], ...] = (
        Retest,
        EffectivenessCheck,
        Clock,
        AuthorityReport,
        Evidence,
        OwnNumber,
        RecordBatch,
        Signature,
        Author,
    )
    tables += (SpecificationTest, LabResult)
    of: dict[type[Table], dict[int, list[Any]]] = {table: bulk.rows_of(session, table, ids) for table in tables}
    asked = {one.record_id: one for one in request.list_open(session, ids)}
    sources, followers = bulk.links_of(session, ids)
    loose = [*chain.from_iterable(chain.from_iterable(rows.values()) for rows in of.values()), *asked.values()]
    people = _people(session, [*found, *chain.from_iterable(one.values() for one in parts.values()), *loose])
    return [
        Sheet(
            partnership=there,
            companies=both,
            people=people,
            record=record,
            parts=parts[record.id],
            retests=sorted(of[Retest].get(record.id, []), key=lambda one: one.number),
            checks=sorted(of[EffectivenessCheck].get(record.id, []), key=lambda one: one.number),
            clocks={one.name: one for one in of[Clock].get(record.id, [])},
            signatures=of[Signature].get(record.id, []),
            authors=of[Author].get(record.id, []),
            request=asked.get(record.id),
            reports=sorted(of[AuthorityReport].get(record.id, []), key=lambda one: one.name, reverse=True),
            files=of[Evidence].get(record.id, []),
            lots=sorted((one.lot for one in of[RecordBatch].get(record.id, [])), key=lot_key),
            own_numbers=_by_side(of[OwnNumber].get(record.id, [])),
            sources=sources.get(record.id, []),
            followers=followers.get(record.id, []),
            plan_signatures=[],
            permalink=None,
            tests=[one for one in of[SpecificationTest].get(record.id, []) if one.removed_by_id is None],
            result=next(iter(of[LabResult].get(record.id, [])), None),
        )
        for record in found
    ]


def _parts(session: Session, found: Sequence[Record]) -> dict[int, dict[type[Table], Table]]:
    parts: dict[int, dict[type[Table], Table]] = {record.id: {} for record in found}
    for kind in Kind:
        ids = [record.id for record in found if record.kind is kind]
        for table in PARTS[kind] if ids else ():
            for record_id, rows in bulk.rows_of(session, table, ids).items():
                parts[record_id][table] = rows[0]
    return parts


def _by_side(numbers: Sequence[OwnNumber]) -> dict[Side, str]:
    return {one.side: one.number for one in sorted(numbers, key=lambda one: one.side is Side.CMO)}


def _people(session: Session, rows: Sequence[Table]) -> dict[int, Person]:
    named = {
        value for row in rows for name, value in row if name.endswith("_by_id") or name in ("owner_id", "person_id")
    }
    return {who.id: who for who in person.list_by_ids(session, named - {None})}
