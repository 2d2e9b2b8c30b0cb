"""Evidence: the files that are kept with a record, whole; nothing of them is ever changed or removed.

What a file is stands apart from its bytes, so that a list of files reads none of them.
"""

from datetime import datetime

from sqlalchemy import Column, Index, LargeBinary, UniqueConstraint, func
from sqlmodel import Field, Session, col, select

from storage.table import Moment, Table


class Evidence(Table, table=True):
    """A file that is kept with a record."""

    __table_args__ = (
        UniqueConstraint("record_id", "file_id"),
        Index("ix_evidence_file", "file_id"),
    )

    id: int = Field(default=None, primary_key=True)
    partnership_id: int = Field(foreign_key="partnership.id")
    record_id: int = Field(foreign_key="record.id")
    name: str = Field(max_length=150)  # without folders and control characters
    declared_type: str = Field(max_length=150)  # what Slack said
    media_type: str = Field(max_length=150)  # what the bytes are
    size: int  # bytes
    sha256: str = Field(max_length=64)
    description: str = ""
    added_by_id: int = Field(foreign_key="person.id")
    added_at: datetime = Field(sa_type=Moment)  # when the person gave it
    kept_at: datetime = Field(sa_type=Moment)  # when its bytes were stored
    file_id: str = Field(max_length=32)  # Slack's
    message_ts: str | None = Field(default=None, max_length=32)  # of the reply it was shared in; None: by a form


class EvidenceContent(Table, table=True):
    """The bytes of a file."""

    __tablename__ = "evidence_content"

    evidence_id: int = Field(primary_key=True, foreign_key="evidence.id")
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


def add(session: Session, kept: Evidence, content: bytes) -> None:
    """Store a file with its bytes."""
    session.add(kept)
    session.flush()
    session.add(EvidenceContent(evidence_id=kept.id, content=content))
    session.flush()


def get(session: Session, record_id: int, evidence_id: int) -> Evidence:
    """Get a file of a record; LookupError when there is none."""
    found = session.get(Evidence, evidence_id)
    if found is None or found.record_id != record_id:
        raise LookupError(f"evidence {evidence_id}")
    return found


def find(session: Session, record_id: int, file_id: str) -> Evidence | None:
    """Find what is kept of a file of Slack with a record."""
    same = (Evidence.record_id == record_id, Evidence.file_id == file_id)
    return session.exec(select(Evidence).where(*same)).first()


def find_content(session: Session, evidence_id: int) -> bytes | None:
    """Read the bytes of a file."""
    found = session.get(EvidenceContent, evidence_id)
    return found.content if found else None


def list_of_record(session: Session, record_id: int) -> list[Evidence]:
    """List the files of a record in the order in which they were kept, without their bytes."""
    kept = select(Evidence).where(Evidence.record_id == record_id)
    return list(session.exec(kept.order_by(col(Evidence.id))).all())


def list_of_file(session: Session, file_id: str) -> list[Evidence]:
    """List what is kept of a file of Slack, with whatever records."""
    kept = select(Evidence).where(Evidence.file_id == file_id)
    return list(session.exec(kept.order_by(col(Evidence.id))).all())


def count(session: Session) -> int:
    """Count all files."""
    return session.exec(select(func.count()).select_from(Evidence)).one()


def total_size(session: Session) -> int:
    """Give the bytes that all files take."""
    return session.exec(select(func.coalesce(func.sum(Evidence.size), 0))).one()
