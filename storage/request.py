"""Requests: what one person asks about a record and another has to agree to."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Index, bindparam, text
from sqlmodel import Field, Session, col, select

from storage.prepared import once
from storage.record import Asked
from storage.table import Moment, Table, words

UNANSWERED = text("answered_at IS NULL")


class Request(Table, table=True):
    """A request about a record; one at a time is open."""

    __table_args__ = (
        Index("ix_request_open", "record_id", unique=True, sqlite_where=UNANSWERED, postgresql_where=UNANSWERED),
        Index("ix_request_record", "record_id", "id"),
        Index("ix_request_answered", "partnership_id", "what", "answered_at"),
    )

    id: int = Field(default=None, primary_key=True)
    partnership_id: int = Field(foreign_key="partnership.id")
    record_id: int = Field(foreign_key="record.id")
    what: Asked = Field(sa_type=words(Asked))
    wanted: str = Field(default="", max_length=64)  # the new due date, the new class
    reason: str
    asked_by_id: int = Field(foreign_key="person.id")
    asked_at: datetime = Field(sa_type=Moment)
    by_both: bool = False  # QA of both companies have to agree
    first_yes_by_id: int | None = Field(default=None, foreign_key="person.id")  # ... and one of them did
    answered_by_id: int | None = Field(default=None, foreign_key="person.id")
    answered_at: datetime | None = Field(default=None, sa_type=Moment)
    agreed: bool = False


OPEN_OF_RECORD = once(select(Request).where(Request.record_id == bindparam("of"), col(Request.answered_at).is_(None)))


def find_open(session: Session, record_id: int) -> Request | None:
    """Find the request about a record that nobody has answered."""
    return session.exec(OPEN_OF_RECORD, params={"of": record_id}).first()


def list_open(session: Session, record_ids: Sequence[int]) -> list[Request]:
    """List the requests about some records that nobody has answered."""
    asked = select(Request).where(col(Request.record_id).in_(record_ids), col(Request.answered_at).is_(None))
    return list(session.exec(asked).all())


def count_agreed(session: Session, record_id: int, what: Asked) -> int:
    """Count how often a request was agreed to."""
    agreed = select(Request.id).where(Request.record_id == record_id, Request.what == what, col(Request.agreed))
    return len(session.exec(agreed).all())
