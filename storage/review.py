"""What an annual review of a product asks, and the statements that people made to its points; none is ever changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Index, and_, exists, func, or_
from sqlalchemy import select as sql_select
from sqlalchemy.orm import aliased
from sqlmodel import Field, Session, col, select

from storage import bulk
from storage.agreement import Agreement
from storage.authority import AuthorityReport
from storage.disposition import BatchDisposition
from storage.journal import JournalEntry
from storage.measure import Within
from storage.record import Kind, Record, RecordBatch, RecordLink, State, each_once, lot_key
from storage.result import COUNTING, LabResult, ResultState, Verdict
from storage.specification import Specification
from storage.table import Moment, Table

SOURCES = (Kind.DEVIATION, Kind.OOS)  # of CAPAs
OF_PRODUCT = (*SOURCES, Kind.DISPOSITION)  # records that name the product themselves


class ReviewStatement(Table, table=True):
    """What QA of a company stated to a point of a product's review; the newest counts, the earlier ones stay."""

    __tablename__ = "review_statement"
    __table_args__ = (Index("ix_review_statement", "partnership_id", "product_key", "year", "id"),)

    id: int = Field(default=None, primary_key=True)
    partnership_id: int = Field(foreign_key="partnership.id")
    product: str = Field(max_length=150)
    product_key: str = Field(max_length=300)
    year: int
    point: int  # of the twelve
    text: str
    stated_by_id: int = Field(foreign_key="person.id")
    stated_at: datetime = Field(sa_type=Moment)


def list_statements(session: Session, partnership_id: int, product: str, year: int) -> list[ReviewStatement]:
    """List all statements to a review, the oldest first."""
    of = select(ReviewStatement).where(
        ReviewStatement.partnership_id == partnership_id,
        ReviewStatement.product_key == lot_key(product),
        ReviewStatement.year == year,
    )
    return list(session.exec(of.order_by(col(ReviewStatement.id))).all())


def list_entries(session: Session, within: Within, year: int, event: str, until: int) -> list[int]:
    """List the seqs of the journal's entries of the statements to a review, up to a seq."""
    of = select(JournalEntry).where(
        JournalEntry.partnership_id == within.partnership_id,
        col(JournalEntry.record_id).is_(None),
        JournalEntry.event == event,
        JournalEntry.seq <= until,
    )
    told = [(one.seq, one.content["changes"]) for one in session.exec(of.order_by(col(JournalEntry.seq))).all()]
    wanted = (lot_key(within.product), year)
    return [seq for seq, said in told if (lot_key(said["product"][1]), said["year"][1]) == wanted]


@dataclass(frozen=True)
class Tested:
    """How the results of a test came out."""

    sample_type: str
    test: str
    time_point: str
    test_id: int  # as the newest version of its specification asks it
    complies: int
    oot: int
    oos: int

    @property
    def number(self) -> int:
        """How many results there are."""
        return self.complies + self.oot + self.oos


def list_tested(session: Session, within: Within) -> list[Tested]:
    """List the tests whose results were recorded in the span, by type of sample."""
    verdicts = (
        func.count().filter(col(LabResult.verdict) == one) for one in (Verdict.COMPLIES, Verdict.OOT, Verdict.OOS)
    )
    name = (col(LabResult.sample_type), col(LabResult.test_key), col(LabResult.time_point))
    newest = func.max(col(LabResult.test_id))
    found = sql_select(
        col(LabResult.sample_type), func.max(col(LabResult.test)), col(LabResult.time_point), newest, *verdicts
    ).where(*_results(within))
    rows = session.execute(found.group_by(*name).order_by(*name)).all()
    return [Tested(*row) for row in rows]


def list_lots(session: Session, within: Within) -> list[tuple[str, int]]:
    """List the lots that results of the span are of, each with how many."""
    found = sql_select(func.min(col(LabResult.lot)), func.count()).where(*_results(within))
    rows = session.execute(found.group_by(col(LabResult.lot_key)).order_by(col(LabResult.lot_key))).all()
    return [(lot, number) for lot, number in rows]


def _results(within: Within) -> Sequence[ColumnElement[bool]]:
    return (
        col(LabResult.partnership_id) == within.partnership_id,
        within.holds(col(LabResult.recorded_at)),
        col(LabResult.product_key) == lot_key(within.product),
        col(LabResult.state).in_(COUNTING),
    )


def list_records(session: Session, within: Within, kind: Kind) -> list[Record]:
    """List the records of a product that were open at some time of the span, in the order of their numbers."""
    of = select(Record).where(Record.partnership_id == within.partnership_id, Record.kind == kind)
    of = of.where(_is_of(Record, within), _was_open(within))
    return list(session.exec(of.order_by(col(Record.id))).all())


def list_capas(session: Session, within: Within, source_ids: Sequence[int]) -> list[Record]:
    """List the CAPAs that come from some records, and those of any record of the product that were open in the span."""
    source = aliased(Record)
    of_product = exists().where(
        col(RecordLink.record_id) == col(Record.id), col(source.id) == col(RecordLink.source_id),
        col(source.kind).in_(SOURCES), _is_of(source, within),
    )  # fmt: skip
    of = select(Record).where(Record.partnership_id == within.partnership_id, Record.kind == Kind.CAPA)
    found = {one.id: one for one in session.exec(of.where(_was_open(within), of_product)).all()}
    for ids in bulk.parts(bulk.list_capas_of(session, source_ids)):
        found |= {one.id: one for one in bulk.list_records(session, ids)}
    return [found[key] for key in sorted(found)]


def _is_of(record: type[Record], within: Within) -> ColumnElement[bool]:
    """Whether a record names the product; or none, and a lot that a result or a disposition of the product names.

    A form asks for a product, and takes none: what happened to its batch must not be left out for that.
    """
    decided = aliased(Record)
    tested = sql_select(col(LabResult.lot_key)).where(
        col(LabResult.partnership_id) == within.partnership_id,
        col(LabResult.product_key) == lot_key(within.product),
    )
    disposed = sql_select(col(BatchDisposition.lot_key)).where(
        col(BatchDisposition.partnership_id) == within.partnership_id,
        col(decided.id) == col(BatchDisposition.record_id),
        col(decided.state) != State.VOID,
        _names(decided, within.product),
    )
    batches = sql_select(col(RecordBatch.record_id)).where(
        col(RecordBatch.partnership_id) == within.partnership_id,
        or_(col(RecordBatch.lot_key).in_(tested), col(RecordBatch.lot_key).in_(disposed)),
    )
    by_lot = and_(col(record.product) == "", col(record.id).in_(batches))
    return or_(_names(record, within.product), by_lot)


def _names(record: type[Record], product: str) -> ColumnElement[bool]:
    return func.lower(col(record.product)) == func.lower(product)


def _was_open(within: Within) -> ColumnElement[bool]:
    """Whether a record was logged before the span ended, and not closed before it began."""
    lasted = or_(col(Record.closed_at).is_(None), col(Record.closed_at) >= within.since)
    return and_(col(Record.recorded_at) < within.before, lasted)


def list_ids(session: Session, within: Within) -> list[int]:
    """List the ids of a product's records of the span, by kind and number, with the CAPAs that come from them."""
    found = {kind: [one.id for one in list_records(session, within, kind)] for kind in OF_PRODUCT}
    sources = [one for kind in SOURCES for one in found[kind]]
    found[Kind.CAPA] = [one.id for one in list_capas(session, within, sources)]
    return [one for kind in Kind for one in found.get(kind, ())]


def list_reports(session: Session, record_ids: Sequence[int]) -> list[tuple[AuthorityReport, Record]]:
    """List the reports to authorities that some records call for."""
    of = select(AuthorityReport, Record).join(Record, col(Record.id) == AuthorityReport.record_id)
    of = of.where(col(AuthorityReport.record_id).in_(record_ids))
    return list(session.exec(of.order_by(col(Record.id), col(AuthorityReport.name))).all())


def list_dispositions(
    session: Session, within: Within, lots: Sequence[str], record_ids: Sequence[int]
) -> list[tuple[BatchDisposition, Record]]:  # fmt: skip
    """List some dispositions, and all of some lots, whenever they were decided; void ones are none.

    Of a lot those count too that name no product: a release must not be told as missing.
    """
    of = select(BatchDisposition, Record).join(Record, col(Record.id) == BatchDisposition.record_id)
    of = of.where(BatchDisposition.partnership_id == within.partnership_id, Record.state != State.VOID)
    found: dict[int, tuple[BatchDisposition, Record]] = {}
    for ids in bulk.parts(record_ids):
        found |= {one.id: (told, one) for told, one in session.exec(of.where(col(Record.id).in_(ids))).all()}
    of = of.where(or_(_names(Record, within.product), col(Record.product) == ""))
    for keys in bulk.parts([lot_key(lot) for lot in lots]):
        of_lots = session.exec(of.where(col(BatchDisposition.lot_key).in_(keys))).all()
        found |= {one.id: (told, one) for told, one in of_lots}
    return [found[key] for key in sorted(found)]


def list_without_record(session: Session, within: Within) -> list[LabResult]:
    """List the OOS results recorded in the span that no OOS record stands for: they wait, or were discarded."""
    of = select(LabResult).where(
        LabResult.partnership_id == within.partnership_id,
        within.holds(col(LabResult.recorded_at)),
        LabResult.product_key == lot_key(within.product),
        LabResult.verdict == Verdict.OOS,
        col(LabResult.state).in_((ResultState.TO_CONFIRM, ResultState.DISCARDED)),
    )
    return list(session.exec(of.order_by(col(LabResult.id))).all())


def list_specifications(session: Session, partnership_id: int, product: str) -> list[tuple[Specification, Record]]:
    """List the versions of all specifications of a product that came into force, by type of sample."""
    of = select(Specification, Record).join(Record, col(Record.id) == Specification.record_id)
    of = of.where(
        Specification.partnership_id == partnership_id,
        Specification.product_key == lot_key(product),
        col(Specification.in_force_from).is_not(None),
        Record.state != State.VOID,
    )
    order = (col(Specification.sample_type), col(Specification.version))
    return list(session.exec(of.order_by(*order)).all())


def list_agreements(session: Session, partnership_id: int, before: datetime) -> list[Agreement]:
    """List the versions of the quality agreement that came into force before a moment, the oldest first."""
    of = select(Agreement).where(
        Agreement.partnership_id == partnership_id,
        col(Agreement.version).is_not(None),
        col(Agreement.in_force_at) < before,
    )
    return list(session.exec(of.order_by(col(Agreement.version))).all())


def find_product(session: Session, partnership_id: int, product: str) -> str | None:
    """Find how a product is written that a result, a specification or a record names; None where none does."""
    of = (LabResult.partnership_id == partnership_id, LabResult.product_key == lot_key(product))
    found = session.exec(select(LabResult.product).where(*of).limit(1)).first()
    if found is not None:
        return found
    named = (Record.partnership_id == partnership_id, func.lower(col(Record.product)) == func.lower(product))
    return session.exec(select(Record.product).where(*named).order_by(col(Record.id)).limit(1)).first()


def list_products(session: Session, partnership_id: int, limit: int) -> list[str]:
    """List the products that records name, each as it was first written; results are of specifications' products."""
    of = select(Record.product).where(
        Record.partnership_id == partnership_id, Record.product != "", Record.state != State.VOID
    )
    known = each_once(session.exec(of.group_by(col(Record.product)).order_by(func.min(col(Record.id)))).all())
    return [known[key] for key in sorted(known)][:limit]
