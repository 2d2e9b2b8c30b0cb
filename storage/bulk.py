"""Many records at once, as a pack takes them: which there are, and each table's rows of a few hundred of them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, and_, func, inspect, or_
from sqlalchemy import select as sql_select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from storage.journal import FIRST, JournalEntry
from storage.record import Kind, Record, RecordBatch, RecordLink, lot_key
from storage.reply import Reply
from storage.result import LabResult
from storage.table import Table

Row = TypeVar("Row", bound=Table)
Key = TypeVar("Key")
FEW = 500
EXPORTED = ".exported"  # how the event ends that a pack itself leaves in the journal


class Link(NamedTuple):
    """An entry of the journal with the hash of the one before it."""

    seq: int
    previous: str
    hash: str
    body: str


class End(NamedTuple):
    """Where a journal ends, but for exports that nothing followed."""

    seq: int
    hash: str
    at: datetime


def end_of(session: Session, partnership_id: int) -> End | None:
    """Give the newest entry of a journal that tells of more than an export; None in one without any."""
    last = select(JournalEntry.seq, JournalEntry.hash, JournalEntry.at).where(
        JournalEntry.partnership_id == partnership_id,
        ~col(JournalEntry.event).endswith(EXPORTED),
    )
    found = session.exec(last.order_by(col(JournalEntry.seq).desc()).limit(1)).first()
    return End(*found) if found else None


def list_ids(
    session: Session, partnership_id: int, *, lot: str | None = None, start: datetime | None = None,
    end: datetime | None = None,
) -> list[int]:  # fmt: skip
    """List the ids of records by kind and number: of a partnership, or those that name a lot, or were logged in a span.

    The span goes from its start up to, not including, its end.
    """
    wanted = select(Record.kind, Record.id).where(Record.partnership_id == partnership_id)
    if lot is not None:
        named = (RecordBatch.partnership_id == partnership_id, RecordBatch.lot_key == lot_key(lot))
        wanted = wanted.join(RecordBatch, col(RecordBatch.record_id) == Record.id).where(*named)
    if start is not None:
        wanted = wanted.where(Record.recorded_at >= start)
    if end is not None:
        wanted = wanted.where(Record.recorded_at < end)
    return _in_order(session.exec(wanted).all())


def list_capas_of(session: Session, source_ids: Sequence[int]) -> list[int]:
    """List the ids of the CAPAs that come from some records."""
    found: list[tuple[Any, int]] = []
    for ids in parts(source_ids):
        linked = select(Record.kind, Record.id).join(RecordLink, col(RecordLink.record_id) == Record.id)
        linked = linked.where(col(RecordLink.source_id).in_(ids), Record.kind == Kind.CAPA)
        found += session.exec(linked).all()
    return _in_order(set(found))


def _in_order(found: Any) -> list[int]:
    order = {kind: place for place, kind in enumerate(Kind)}
    return [record_id for _, record_id in sorted(found, key=lambda one: (order[one[0]], one[1]))]


def parts(ids: Sequence[Key], size: int = FEW) -> Iterator[Sequence[Key]]:
    """Give ids, or other keys, some at a time."""
    for first in range(0, len(ids), size):
        yield ids[first : first + size]


def list_records(session: Session, ids: Sequence[int]) -> list[Record]:
    """List records in the order of the ids given."""
    found = {one.id: one for one in session.exec(select(Record).where(col(Record.id).in_(ids))).all()}
    return [found[record_id] for record_id in ids]


def rows_of(session: Session, table: type[Row], record_ids: Sequence[int]) -> dict[int, list[Row]]:
    """Give a table's rows of some records, by record, in the order of the table's key."""
    keys = inspect(table).primary_key
    wanted = select(table).where(_record_id(table).in_(record_ids)).order_by(*keys)
    found: dict[int, list[Row]] = {}
    for row in session.exec(wanted).all():
        found.setdefault(getattr(row, "record_id"), []).append(row)  # noqa: B009 - the type does not know it
    return found


def _record_id(table: type[Table]) -> Any:
    return col(getattr(table, "record_id"))  # noqa: B009 - as above


def links_of(session: Session, record_ids: Sequence[int]) -> tuple[dict[int, list[Record]], dict[int, list[Record]]]:
    """Give of each of some records those it comes from, and those that come from it."""
    sources: dict[int, list[Record]] = {}
    followers: dict[int, list[Record]] = {}
    for told, of, other in (
        (sources, RecordLink.record_id, RecordLink.source_id),
        (followers, RecordLink.source_id, RecordLink.record_id),
    ):
        linked = select(of, Record).join(Record, col(Record.id) == other).where(col(of).in_(record_ids))
        for record_id, found in session.exec(linked.order_by(col(Record.id))).all():
            told.setdefault(record_id, []).append(found)
    return sources, followers


def entries_of(session: Session, record_ids: Sequence[int], until: int) -> dict[int, list[JournalEntry]]:
    """Give the journal's entries of some records up to a seq, by record, the oldest first."""
    wanted = select(JournalEntry).where(col(JournalEntry.record_id).in_(record_ids), JournalEntry.seq <= until)
    found: dict[int, list[JournalEntry]] = {}
    for entry in session.exec(wanted.order_by(col(JournalEntry.record_id), col(JournalEntry.seq))).all():
        found.setdefault(entry.record_id or 0, []).append(entry)
    return found


def replies_of(session: Session, record_ids: Sequence[int]) -> dict[int, list[Reply]]:
    """Give the kept replies of some records, by record, in the order in which they were said."""
    found = rows_of(session, Reply, record_ids)
    return {record_id: sorted(said, key=lambda one: (one.said_at, one.ts)) for record_id, said in found.items()}


def numbers_of(session: Session, record_ids: Sequence[int]) -> dict[int, str]:
    """Give the numbers of some records by their ids."""
    found = session.exec(select(Record.id, Record.number).where(col(Record.id).in_(record_ids))).all()
    return dict(found)


def results(
    session: Session, partnership_id: int, *, lot: str | None = None, start: datetime | None = None,
    end: datetime | None = None, of: Sequence[int] | None = None, product: str | None = None,
) -> Iterator[list[LabResult]]:  # fmt: skip
    """Give laboratory results in the order in which they were recorded, some at a time.

    Of a partnership, of a lot, of a span of time, or those that led to some records or were judged by them.
    """
    wanted = select(LabResult).where(*_results(partnership_id, lot, start, end, of, product))
    after = 0
    while page := session.exec(wanted.where(LabResult.id > after).order_by(col(LabResult.id)).limit(FEW)).all():
        after = page[-1].id
        yield list(page)
        session.expunge_all()


def measured(
    session: Session, partnership_id: int, limit: int, *, lot: str | None = None, start: datetime | None = None,
    end: datetime | None = None, of: Sequence[int] | None = None, product: str | None = None,
) -> list[tuple[int, str]]:  # fmt: skip
    """List what such results measure, the most often measured first: the newest test of it, and the time point."""
    newest = func.max(col(LabResult.test_id))
    name = (col(LabResult.product_key), col(LabResult.sample_type), col(LabResult.test_key), col(LabResult.time_point))
    found = sql_select(newest, col(LabResult.time_point)).where(*_results(partnership_id, lot, start, end, of, product))
    found = found.group_by(*name).order_by(func.count().desc(), newest, col(LabResult.time_point))
    return [(test_id, point) for test_id, point in session.execute(found.limit(limit)).all()]


def _results(
    partnership_id: int,
    lot: str | None,
    start: datetime | None,
    end: datetime | None,
    of: Sequence[int] | None,
    product: str | None,
) -> Iterator[ColumnElement[bool]]:
    yield col(LabResult.partnership_id) == partnership_id
    if lot is not None:
        yield col(LabResult.lot_key) == lot_key(lot)
    if product is not None:
        yield col(LabResult.product_key) == lot_key(product)
    if start is not None and end is not None:
        yield and_(col(LabResult.recorded_at) >= start, col(LabResult.recorded_at) < end)
    if of is not None:
        yield or_(col(LabResult.record_id).in_(of), col(LabResult.specification_id).in_(of))


def whole_chain(session: Session, partnership_id: int, until: int) -> Iterator[Link]:
    """Give a journal from its first entry up to a seq."""
    previous, after = FIRST, 0
    of_entry = (JournalEntry.seq, JournalEntry.hash, JournalEntry.body)
    while after < until:
        some = select(*of_entry).where(JournalEntry.partnership_id == partnership_id, JournalEntry.seq > after)
        page = session.exec(some.where(JournalEntry.seq <= until).order_by(col(JournalEntry.seq)).limit(FEW)).all()
        if not page:
            return
        for seq, digest, body in page:
            yield Link(seq, previous, digest, body)
            previous = digest
        after = page[-1][0]


def links_at(session: Session, partnership_id: int, seqs: Sequence[int]) -> Iterator[Link]:
    """Give some entries of a journal, in order, each with the hash of the one before it, which may be none of them."""
    before = aliased(JournalEntry)
    for some in parts(seqs):
        wanted = select(JournalEntry.seq, before.hash, JournalEntry.hash, JournalEntry.body).outerjoin(
            before,
            and_(col(before.partnership_id) == JournalEntry.partnership_id, col(before.seq) == JournalEntry.seq - 1),
        )
        wanted = wanted.where(JournalEntry.partnership_id == partnership_id, col(JournalEntry.seq).in_(some))
        for seq, previous, digest, body in session.exec(wanted.order_by(col(JournalEntry.seq))).all():
            yield Link(seq, previous or FIRST, digest, body)
