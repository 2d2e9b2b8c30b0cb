"""Inspections of one company: who takes part, what is asked, and the log of all that was handed over.

Every question names the company: the other one has no part in it.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, Session, col, select, update

from storage.database import locked
from storage.journal import canonical
from storage.partnership import Side
from storage.table import Moment, Table, words
from storage.upsert import insert_missing

OPEN = text("closed_at IS NULL")
TICKING = text("next_at IS NOT NULL")


class Inspection(Table, table=True):
    """An authority's visit to a company, or a customer's."""

    __table_args__ = (
        Index("ix_inspection_open", "partnership_id", "side", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_inspection_side", "partnership_id", "side", "id"),
    )

    id: int = Field(default=None, primary_key=True)
    partnership_id: int = Field(foreign_key="partnership.id")
    side: Side = Field(sa_type=words(Side))  # whose it is
    authority: str = Field(max_length=150)
    scope: str
    inspector: str = Field(max_length=300)  # the names as they were told
    first_on: date
    last_on: date
    opened_by_id: int = Field(foreign_key="person.id")
    opened_at: datetime = Field(sa_type=Moment)
    closed_by_id: int | None = Field(default=None, foreign_key="person.id")
    closed_at: datetime | None = Field(default=None, sa_type=Moment)


class Participant(Table, table=True):
    """Somebody of the company who takes part."""

    __tablename__ = "inspection_participant"

    inspection_id: int = Field(primary_key=True, foreign_key="inspection.id")
    person_id: int = Field(primary_key=True, foreign_key="person.id")
    partnership_id: int = Field(foreign_key="partnership.id")


class InspectionRequest(Table, table=True):
    """Something that the inspector asked for, with its owner and its clock."""

    __tablename__ = "inspection_request"
    __table_args__ = (
        UniqueConstraint("inspection_id", "number"),
        Index("ix_inspection_request_next", "next_at", sqlite_where=TICKING, postgresql_where=TICKING),
    )

    id: int = Field(default=None, primary_key=True)
    partnership_id: int = Field(foreign_key="partnership.id")
    inspection_id: int = Field(foreign_key="inspection.id")
    number: int
    asked: str
    owner_id: int = Field(foreign_key="person.id")
    due_at: datetime = Field(sa_type=Moment)
    asked_at: datetime = Field(sa_type=Moment)
    answered_at: datetime | None = Field(default=None, sa_type=Moment)  # when something was first handed over
    closed_at: datetime | None = Field(default=None, sa_type=Moment)
    next_at: datetime | None = Field(default=None, sa_type=Moment)  # None: nothing more to remind of

    @property
    def is_waiting(self) -> bool:
        """Whether nothing was handed over for it yet."""
        return self.closed_at is None and self.answered_at is None


class InspectionEntry(Table, table=True):
    """One entry of an inspection's log, kept as it was written."""

    __tablename__ = "inspection_entry"
    __table_args__ = (Index("ix_inspection_entry_log", "inspection_id", "id"),)

    id: int = Field(default=None, primary_key=True)
    partnership_id: int = Field(foreign_key="partnership.id")
    inspection_id: int = Field(foreign_key="inspection.id")
    request_id: int | None = Field(default=None, foreign_key="inspection_request.id")
    record_id: int | None = Field(default=None, foreign_key="record.id")  # that was handed over
    person_id: int = Field(foreign_key="person.id")
    at: datetime = Field(sa_type=Moment)
    event: str = Field(max_length=32)
    body: str  # canonical JSON: who, when and what
    salt: str = Field(max_length=32)

    @property
    def hash(self) -> str:
        """The SHA-256 by which the journal proves the entry without telling it: of the salt followed by the body."""
        return hashlib.sha256((self.salt + self.body).encode()).hexdigest()


def find(session: Session, partnership_id: int, side: Side, inspection_id: int) -> Inspection | None:
    """Find an inspection of a company, locked when it may be changed."""
    of = select(Inspection).where(Inspection.id == inspection_id, *_of(partnership_id, side))
    return session.exec(locked(session, of)).first()


def find_open(session: Session, partnership_id: int, side: Side) -> Inspection | None:
    """Find the inspection of a company that is open: there is at most one."""
    return session.exec(select(Inspection).where(*_of(partnership_id, side), OPEN)).first()


def list_of_side(session: Session, partnership_id: int, side: Side, limit: int) -> list[Inspection]:
    """List the newest inspections of a company."""
    of = select(Inspection).where(*_of(partnership_id, side))
    return list(session.exec(of.order_by(col(Inspection.id).desc()).limit(limit)).all())


def _of(partnership_id: int, side: Side) -> tuple[Any, Any]:
    return Inspection.partnership_id == partnership_id, Inspection.side == side


def take_part(session: Session, inspection: Inspection, person_ids: Sequence[int]) -> None:
    """Let people take part; those who do already still do."""
    of = {"inspection_id": inspection.id, "partnership_id": inspection.partnership_id}
    insert_missing(session, Participant, [{"person_id": one, **of} for one in sorted(set(person_ids))])


def participants(session: Session, inspection_id: int) -> list[int]:
    """List the ids of the people who take part."""
    of = select(Participant.person_id).where(Participant.inspection_id == inspection_id)
    return list(session.exec(of.order_by(col(Participant.person_id))).all())


def list_requests(session: Session, inspection_id: int) -> list[InspectionRequest]:
    """List the requests of an inspection in order."""
    of = select(InspectionRequest).where(InspectionRequest.inspection_id == inspection_id)
    return list(session.exec(of.order_by(col(InspectionRequest.number))).all())


def find_request(session: Session, inspection_id: int, request_id: int) -> InspectionRequest | None:
    """Find a request of an inspection."""
    found = session.get(InspectionRequest, request_id)
    return found if found is not None and found.inspection_id == inspection_id else None


def list_due(session: Session, now: datetime, limit: int) -> list[tuple[InspectionRequest, Inspection]]:
    """List the requests of everybody about which something is to be decided now, the longest waiting first."""
    due = select(InspectionRequest, Inspection).join(
        Inspection, col(Inspection.id) == InspectionRequest.inspection_id
    ).where(TICKING, col(InspectionRequest.next_at) <= now)  # fmt: skip
    due = due.order_by(col(InspectionRequest.next_at)).limit(limit)
    return list(session.exec(due.with_for_update(of=InspectionRequest, skip_locked=True)).all())


def look_again(session: Session, now: datetime) -> None:
    """Let something be decided now about every request that waits."""
    ahead = (TICKING, col(InspectionRequest.next_at) > now)
    session.execute(update(InspectionRequest).where(*ahead).values(next_at=now))


def add_entry(
    session: Session, inspection: Inspection, event: str, person_id: int, content: dict[str, Any], at: datetime,
    request_id: int | None = None, record_id: int | None = None,
) -> InspectionEntry:  # fmt: skip
    """Keep an entry of the log; nobody guesses it from its hash, for it is salted."""
    entry = InspectionEntry(
        partnership_id=inspection.partnership_id, inspection_id=inspection.id, request_id=request_id,
        record_id=record_id, person_id=person_id, at=at, event=event,
        body=canonical({"event": event, "at": at.isoformat(), **content}), salt=secrets.token_hex(16),
    )  # fmt: skip
    session.add(entry)
    session.flush()
    return entry


def get_entry(session: Session, partnership_id: int, entry_id: int) -> InspectionEntry:
    """Get an entry; LookupError when there is none."""
    entry = session.get(InspectionEntry, entry_id)
    if entry is None or entry.partnership_id != partnership_id:
        raise LookupError(f"inspection entry {entry_id}")
    return entry


def list_entries(session: Session, inspection_id: int, limit: int, offset: int = 0) -> list[InspectionEntry]:
    """List the log of an inspection, the newest first."""
    of = select(InspectionEntry).where(InspectionEntry.inspection_id == inspection_id)
    return list(session.exec(of.order_by(col(InspectionEntry.id).desc()).offset(offset).limit(limit)).all())
