"""What records of every kind have in common, and the questions asked across them."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import Index, bindparam, false, func, or_, text
from sqlmodel import Field, Session, col, select
from sqlmodel.sql.expression import Select, SelectOfScalar

from storage.authority import AuthorityReport
from storage.clock import DRIVING, Clock, ClockName
from storage.database import locked
from storage.partnership import Side
from storage.person import Person
from storage.prepared import once
from storage.table import Moment, Table, words
from storage.upsert import insert_all, insert_if_new

LONGEST_LOT = 60  # characters


class Kind(StrEnum):
    """The kinds of record."""

    DEVIATION = "deviation"
    OOS = "oos"
    CAPA = "capa"
    SPECIFICATION = "specification"
    DISPOSITION = "disposition"


class Class(StrEnum):
    """How much a deviation may harm product, patient or data."""

    MINOR = "Minor"
    MAJOR = "Major"
    CRITICAL = "Critical"


class State(StrEnum):
    """The states a record can be in; which kind knows which is a rule, not storage."""

    OPEN = "Open"
    UNDER_INVESTIGATION = "Under investigation"
    PHASE_1 = "Phase I"
    PHASE_2 = "Phase II"
    PLANNED = "Planned"
    IN_PROGRESS = "In progress"
    IMPLEMENTED = "Implemented"
    PENDING_APPROVAL = "Pending approval"
    PROPOSED = "Proposed"
    EFFECTIVE = "Effective"
    SUPERSEDED = "Superseded"
    DECIDED = "Decided"
    CLOSED = "Closed"
    VOID = "Void"


class Distributed(StrEnum):
    """Whether the batch has been distributed (21 CFR 211.192)."""

    NO = "No"
    YES = "Yes"
    UNKNOWN = "Unknown"


class Outcome(StrEnum):
    """What a closed record, or one whose approval is asked, came to."""

    CONFIRMED = "Confirmed"  # of an OOS
    INVALIDATED = "Invalidated"
    INCONCLUSIVE = "Inconclusive"  # of an OOS: the result stands; of a check: it is repeated
    EFFECTIVE = "Effective"  # of a CAPA
    NOT_EFFECTIVE = "Not effective"
    RELEASED = "Released"  # of a lot, by its disposition
    REWORK = "Rework"
    REPROCESS = "Reprocess"
    REJECTED = "Rejected"


class Asked(StrEnum):
    """What a record waits for another person to agree to."""

    EXTEND = "extend the due date"
    LOWER = "lower the class"
    VOID = "void"
    REOPEN = "reopen"
    STOP = "stop the clock"


MINUS = "\u2212"  # what some keyboards write for a dash
OPEN = text("closed_at IS NULL")
ASKED = text("asked IS NOT NULL")


def _where(flag: str) -> dict[str, Any]:
    """Say that an index holds the rows with a flag: as queries ask for it, for SQLite compares their words."""
    return {"sqlite_where": text(f"{flag} = 1"), "postgresql_where": text(flag)}


class Record(Table, table=True):
    """A deviation, an OOS result, a CAPA, a specification, a disposition."""

    __table_args__ = (
        Index("ix_record_number", "partnership_id", "number", unique=True),
        Index("ix_record_open", "partnership_id", "kind", "id", sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_record_all", "partnership_id", "kind", "id"),
        Index("ix_record_owner", "owner_id", "id", sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_record_recorded", "partnership_id", "recorded_at"),
        Index("ix_record_closed", "partnership_id", "closed_at"),
        Index("ix_record_holding", "partnership_id", **_where("holds_batches")),
        Index("ix_record_sponsor", "partnership_id", **_where("awaits_sponsor")),
        Index("ix_record_cmo", "partnership_id", **_where("awaits_cmo")),
        Index("ix_record_asked", "partnership_id", sqlite_where=ASKED, postgresql_where=ASKED),
    )

    id: int = Field(default=None, primary_key=True)
    partnership_id: int = Field(foreign_key="partnership.id")
    kind: Kind = Field(sa_type=words(Kind))
    number: str = Field(default="", max_length=24)  # given when it is logged
    version: int = 1
    state: State = Field(sa_type=words(State))
    class_: Class | None = Field(default=None, sa_type=words(Class))
    title: str = Field(max_length=200)
    product: str = Field(default="", max_length=150)
    logged_side: Side = Field(sa_type=words(Side))
    logged_by_id: int = Field(foreign_key="person.id")
    owner_id: int | None = Field(default=None, foreign_key="person.id")
    outcome: Outcome | None = Field(default=None, sa_type=words(Outcome))
    holds_batches: bool = False  # the batches it names are on hold
    # Whose QA has to sign now; kept beside the signatures so that a list of them costs one index.
    awaits_sponsor: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    awaits_cmo: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    asked: Asked | None = Field(default=None, sa_type=words(Asked))  # the request that is open
    # Whose turn it is, since when, and how long each company has had it: time waited counts to who was waited for.
    turn: Side | None = Field(default=None, sa_type=words(Side))
    turn_since: datetime | None = Field(default=None, sa_type=Moment)
    sponsor_seconds: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    cmo_seconds: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    detected_at: datetime = Field(sa_type=Moment)  # awareness: when the clocks start
    recorded_at: datetime = Field(sa_type=Moment)  # the server's time, never edited
    distributed_at: datetime | None = Field(
        default=None, sa_type=Moment
    )  # the first notice that its batch is distributed
    # By the other company; of a CAPA, by the owner who accepts it.
    acknowledged_at: datetime | None = Field(default=None, sa_type=Moment)
    acknowledged_by_id: int | None = Field(default=None, foreign_key="person.id")
    closed_at: datetime | None = Field(default=None, sa_type=Moment)
    closed_by_id: int | None = Field(default=None, foreign_key="person.id")
    void_reason: str | None = None
    # How many files and replies of its thread are kept with it, so that no list has to count them.
    files: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    replies: int = Field(default=0, sa_column_kwargs={"server_default": "0"})

    @property
    def clock_stands(self) -> bool:
        """Whether its clock is stopped by agreement: it is nobody's turn, though work is left to do."""
        return self.is_open and self.turn is None

    @property
    def is_open(self) -> bool:
        """Whether work is left to do."""
        return self.closed_at is None


class RecordBatch(Table, table=True):
    """A batch or lot that a record names."""

    __tablename__ = "record_batch"
    __table_args__ = (Index("ix_record_batch_lot", "partnership_id", "lot_key", "record_id"),)

    record_id: int = Field(primary_key=True, foreign_key="record.id")
    lot_key: str = Field(primary_key=True, max_length=200)  # lot without regard to case
    lot: str = Field(max_length=LONGEST_LOT)
    partnership_id: int = Field(foreign_key="partnership.id")


class RecordLink(Table, table=True):
    """A record and one it comes from: a CAPA and its source, a deviation and the OOS that it follows."""

    __tablename__ = "record_link"

    record_id: int = Field(primary_key=True, foreign_key="record.id")
    source_id: int = Field(primary_key=True, foreign_key="record.id", index=True)
    # By the button on the source's card, not by a number that somebody typed: both tell of one event.
    logged_from: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


@dataclass(frozen=True)
class Row:
    """A record as a list shows it."""

    record: Record
    owner: Person | None
    due_at: datetime | None
    has_reports: bool = False  # questions of reports to authorities


@lru_cache(1024)  # of one record it is asked for several times
def lot_key(lot: str) -> str:
    """Give the form in which lots are compared: without regard to case, kinds of dash and blank, or what is unseen."""
    plain = unicodedata.normalize("NFKC", lot).casefold()
    seen = (c for c in plain if unicodedata.category(c) != "Cf")
    return " ".join("".join("-" if unicodedata.category(c) == "Pd" or c == MINUS else c for c in seen).split())


def each_once(lots: Iterable[str]) -> dict[str, str]:
    """Give lots by the form in which they are compared, each as it was first written."""
    first_written: dict[str, str] = {}
    for lot in lots:
        first_written.setdefault(lot_key(lot), lot)
    return first_written


def get(session: Session, partnership_id: int, record_id: int) -> Record:
    """Get a record of this partnership, locked when it may be changed; LookupError when there is none."""
    wanted = select(Record).where(Record.id == record_id, Record.partnership_id == partnership_id)
    record = session.exec(locked(session, wanted)).first()
    if record is None:
        raise LookupError(f"record {record_id}")
    return record


def find(session: Session, partnership_id: int, number: str) -> Record | None:
    """Find a record by its number, without regard to case."""
    same = select(Record).where(Record.partnership_id == partnership_id, Record.number == number.upper())
    return session.exec(same).first()


def add_batches(session: Session, record: Record, lots: Iterable[str]) -> None:
    """Note the batches a record names, each once."""
    of = {"record_id": record.id, "partnership_id": record.partnership_id}
    insert_all(session, RecordBatch, [{"lot_key": key, "lot": lot, **of} for key, lot in each_once(lots).items()])


LOTS = once(select(RecordBatch.lot).where(RecordBatch.record_id == bindparam("of")))
SOURCES = once(
    select(Record)
    .join(RecordLink, col(RecordLink.source_id) == Record.id)
    .where(RecordLink.record_id == bindparam("of"))
    .order_by(col(Record.id))
)
FOLLOWERS = once(
    select(Record)
    .join(RecordLink, col(RecordLink.record_id) == Record.id)
    .where(RecordLink.source_id == bindparam("of"))
    .order_by(col(Record.id))
)


def batches_of(session: Session, record_id: int) -> list[str]:
    """List the batches a record names."""
    lots = session.exec(LOTS, params={"of": record_id}).all()
    return sorted(lots, key=lot_key)  # signatures hold them: no server's collation has a say


def link(session: Session, record: Record, source: Record, *, logged_from: bool = False) -> bool:
    """Note that a record comes from another, by a button on its card or not; False when that is known already."""
    linked = RecordLink(record_id=record.id, source_id=source.id, logged_from=logged_from)
    return bool(insert_if_new(session, [linked]))


def sources_of(session: Session, record_id: int) -> list[Record]:
    """List the records that a record comes from."""
    return list(session.exec(SOURCES, params={"of": record_id}).all())


def sources_of_all(session: Session, record_ids: Sequence[int]) -> dict[int, list[Record]]:
    """Give the records that each of several records comes from."""
    if not record_ids:
        return {}
    linked = select(RecordLink.record_id, Record).join(Record, col(Record.id) == RecordLink.source_id)
    found: dict[int, list[Record]] = {}
    for record_id, source in session.exec(linked.where(col(RecordLink.record_id).in_(record_ids))).all():
        found.setdefault(record_id, []).append(source)
    return found


def logged_from(session: Session, record_id: int) -> Record | None:
    """Give the record from whose card a record was logged."""
    linked = select(Record).join(RecordLink, col(RecordLink.source_id) == Record.id)
    return session.exec(linked.where(RecordLink.record_id == record_id, col(RecordLink.logged_from))).first()


def followers_of(session: Session, source_id: int) -> list[Record]:
    """List the records that come from a record: its CAPAs, the deviation of an OOS."""
    return list(session.exec(FOLLOWERS, params={"of": source_id}).all())


def list_rows(
    session: Session,
    partnership_id: int,
    *,
    limit: int,
    offset: int = 0,
    kind: Kind | None = None,
    is_open: bool | None = True,
    overdue_at: datetime | None = None,
    owner_id: int | None = None,
    lot: str | None = None,
    is_checked: bool = True,
) -> list[Row]:
    """List records as rows, newest first; with overdue_at only those due before it, the longest late first.

    Those whose effectiveness is to be checked, which is not their owner's to do, can be left out.
    """
    records = select(Record).where(Record.partnership_id == partnership_id)
    if kind is not None:
        records = records.where(Record.kind == kind)
    if is_open is not None:
        records = records.where(col(Record.closed_at).is_(None) if is_open else col(Record.closed_at).is_not(None))
    if owner_id is not None:
        records = records.where(Record.owner_id == owner_id)
    if not is_checked:
        records = records.where(Record.state != State.IMPLEMENTED)
    if lot is not None:
        named = (RecordBatch.partnership_id == partnership_id, RecordBatch.lot_key == lot_key(lot))
        records = records.join(RecordBatch, col(RecordBatch.record_id) == Record.id).where(*named)
    order: tuple[Any, ...] = (col(Record.id).desc(),)
    if overdue_at is not None:
        records = _with_running(records, partnership_id, *DRIVING).where(Clock.due_at < overdue_at)
        records = records.where(col(Clock.paused_at).is_(None))
        order = (col(Clock.due_at).asc(), Record.id)  # many are due at one time: pages need an order among them
    return rows_of(session, session.exec(records.order_by(*order).offset(offset).limit(limit)).all())


def list_by_ids(session: Session, partnership_id: int, ids: Sequence[int]) -> list[Row]:
    """List the given records of a partnership, in the order given."""
    # As a sum the partnership is asked for and not looked for: there may be any number of its records.
    found = select(Record).where(col(Record.partnership_id) + 0 == partnership_id, col(Record.id).in_(ids))
    by_id = {record.id: record for record in session.exec(found).all()}
    return rows_of(session, [by_id[i] for i in ids if i in by_id])


def capas_of_all(session: Session, source_ids: Sequence[int]) -> dict[int, list[str]]:
    """Give the numbers of the CAPAs that come from each of several records."""
    if not source_ids:
        return {}
    linked = select(RecordLink.source_id, Record.number).join(Record, col(Record.id) == RecordLink.record_id)
    linked = linked.where(col(RecordLink.source_id).in_(source_ids), Record.kind == Kind.CAPA)
    found: dict[int, list[str]] = {}
    for source_id, number in session.exec(linked.order_by(col(Record.id))).all():
        found.setdefault(source_id, []).append(number)
    return found


def list_planned(session: Session, partnership_id: int, lot: str, limit: int) -> list[str]:
    """List the numbers of the CAPAs, from records that name a lot, whose plan is not approved yet."""
    linked = select(Record.number).join(RecordLink, col(RecordLink.record_id) == Record.id)
    linked = linked.join(RecordBatch, col(RecordBatch.record_id) == RecordLink.source_id)
    linked = linked.where(RecordBatch.partnership_id == partnership_id, RecordBatch.lot_key == lot_key(lot))
    linked = linked.where(Record.kind == Kind.CAPA, Record.state == State.PLANNED)
    return list(session.exec(linked.group_by(Record.number).order_by(Record.number).limit(limit)).all())


def list_unacknowledged(
    session: Session, partnership_id: int, limit: int, logged_side: Side | None = None
) -> list[Row]:
    """List records, of one company or both, that the other has still to acknowledge, the longest waiting first."""
    waiting = _with_running(select(Record), partnership_id, ClockName.ACKNOWLEDGE)
    if logged_side is not None:
        waiting = waiting.where(Record.logged_side == logged_side)
    return rows_of(session, session.exec(waiting.order_by(col(Clock.due_at)).limit(limit)).all())


def list_unowned(session: Session, partnership_id: int, limit: int) -> list[Row]:
    """List open records that nobody owns, or somebody who left, the oldest first."""
    unowned = _open(partnership_id).outerjoin(Person, col(Person.id) == Record.owner_id)
    unowned = unowned.where(or_(col(Record.owner_id).is_(None), col(Person.active).is_(False)))
    return rows_of(session, session.exec(unowned.order_by(col(Record.id)).limit(limit)).all())


def list_awaiting(session: Session, partnership_id: int, side: Side, limit: int, offset: int = 0) -> list[Row]:
    """List records that the QA of a company has to sign now, the oldest first."""
    awaits = Record.awaits_sponsor if side is Side.SPONSOR else Record.awaits_cmo
    waiting = select(Record).where(Record.partnership_id == partnership_id, col(awaits))
    return rows_of(session, session.exec(waiting.order_by(col(Record.id)).offset(offset).limit(limit)).all())


def list_asked(session: Session, partnership_id: int, limit: int, offset: int = 0) -> list[Row]:
    """List records with a request that nobody has answered, the oldest first."""
    asked = select(Record).where(Record.partnership_id == partnership_id, col(Record.asked).is_not(None))
    return rows_of(session, session.exec(asked.order_by(col(Record.id)).offset(offset).limit(limit)).all())


def list_due_by(
    session: Session, partnership_id: int, names: Sequence[ClockName], limit: int, before: datetime | None = None,
    owner_id: int | None = None, offset: int = 0,
) -> list[Row]:  # fmt: skip
    """List records with a running clock of these names, the soonest due first; before a moment, of an owner."""
    due = _with_running(select(Record), partnership_id, *names)
    if owner_id is not None:
        due = due.where(Record.owner_id == owner_id)
    if before is not None:
        due = due.where(Clock.due_at < before)
    soonest = due.group_by(col(Record.id)).order_by(func.min(Clock.due_at), col(Record.id))
    return rows_of(session, session.exec(soonest.offset(offset).limit(limit)).all(), names)


def list_due(session: Session, partnership_id: int, start: datetime, end: datetime, limit: int) -> list[Row]:
    """List open records due from start up to, not including, end, the soonest first."""
    due = _with_running(select(Record), partnership_id, *DRIVING)
    due = due.where(Clock.due_at >= start, Clock.due_at < end, col(Clock.paused_at).is_(None))
    return rows_of(session, session.exec(due.order_by(col(Clock.due_at)).limit(limit)).all())


def list_recorded_since(session: Session, partnership_id: int, since: datetime, limit: int) -> list[Row]:
    """List records logged since a moment, the oldest first."""
    new = select(Record).where(Record.partnership_id == partnership_id, Record.recorded_at >= since)
    return rows_of(session, session.exec(new.order_by(col(Record.recorded_at)).limit(limit)).all())


def list_closed_since(session: Session, partnership_id: int, since: datetime, limit: int) -> list[Row]:
    """List records closed since a moment, the oldest first."""
    closed = select(Record).where(Record.partnership_id == partnership_id, col(Record.closed_at) >= since)
    return rows_of(session, session.exec(closed.order_by(col(Record.closed_at)).limit(limit)).all())


def list_holding(session: Session, partnership_id: int) -> list[tuple[str, str]]:
    """List (lot, number of a record that holds it), by lot."""
    holding = session.execute(_holding(partnership_id).order_by(col(Record.id))).all()
    return sorted(((lot, number) for lot, number in holding), key=lambda held: lot_key(held[0]))


def holders_of(session: Session, partnership_id: int, lot: str) -> list[Record]:
    """List the records that hold a lot."""
    naming = (RecordBatch.partnership_id == partnership_id, RecordBatch.lot_key == lot_key(lot))
    holding = select(Record).join(RecordBatch, col(RecordBatch.record_id) == Record.id)
    holding = holding.where(*naming, col(Record.holds_batches))
    return list(session.exec(holding.order_by(col(Record.id))).all())


def _holding(partnership_id: int) -> Select[str, str]:
    return (
        select(RecordBatch.lot, Record.number)
        .join(Record, col(Record.id) == RecordBatch.record_id)
        .where(Record.partnership_id == partnership_id, col(Record.holds_batches))
    )


def _open(partnership_id: int) -> SelectOfScalar[Record]:
    return select(Record).where(Record.partnership_id == partnership_id, col(Record.closed_at).is_(None))


def _with_running(records: SelectOfScalar[Record], partnership_id: int, *names: ClockName) -> SelectOfScalar[Record]:
    running = (Clock.partnership_id == partnership_id, col(Clock.name).in_(names), col(Clock.stopped_at).is_(None))
    return records.join(Clock, col(Clock.record_id) == Record.id).where(*running)


def rows_of(session: Session, records: Sequence[Record], names: Sequence[ClockName] = DRIVING) -> list[Row]:
    """Add owner, due time by the soonest of some clocks, and reports to records: a statement each, however many."""
    if not records:
        return []
    owners = [r.owner_id for r in records if r.owner_id is not None]
    people = {p.id: p for p in session.exec(select(Person).where(col(Person.id).in_(owners))).all()}
    ids = [r.id for r in records]
    running = (col(Clock.name).in_(names), col(Clock.stopped_at).is_(None))
    clocks = select(Clock).where(col(Clock.record_id).in_(ids), *running).order_by(col(Clock.due_at).desc())
    due = {c.record_id: c.due_at for c in session.exec(clocks).all()}
    asked = select(AuthorityReport.record_id).where(col(AuthorityReport.record_id).in_(ids))
    reports = set(session.exec(asked).all())
    return [Row(r, people.get(r.owner_id or 0), due.get(r.id), r.id in reports) for r in records]


def list_clocks_due(session: Session, now: datetime, limit: int) -> list[tuple[Clock, Record]]:
    """List the clocks about which something is to be decided now, with their records, the longest waiting first."""
    due = select(Clock, Record).join(Record, col(Clock.record_id) == Record.id)
    due = due.where(col(Clock.next_at) <= now).order_by(col(Clock.next_at)).limit(limit)
    return list(session.exec(due.with_for_update(of=Clock, skip_locked=True)).all())


def list_clocks(session: Session, clock_ids: Iterable[int]) -> list[tuple[Clock, Record]]:
    """List clocks by their ids, with their records."""
    known = select(Clock, Record).join(Record, col(Clock.record_id) == Record.id)
    return list(session.exec(known.where(col(Clock.id).in_(set(clock_ids)))).all())


def list_owned_ids(session: Session, owner_id: int) -> list[int]:
    """List the ids of the open records that a person owns."""
    owned = select(Record.id).where(Record.owner_id == owner_id, col(Record.closed_at).is_(None))
    return list(session.exec(owned.order_by(col(Record.id))).all())
