"""Signatures: a person's approval of one version of a record, bound to a hash of what was signed.

Nothing of a signature ever changes but that it is voided, once; triggers refuse the rest.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Index, bindparam, func
from sqlmodel import Field, Session, col, select

from storage.partnership import Side
from storage.prepared import once
from storage.table import Moment, Table, words


class Signature(Table, table=True):
    """One signature, whole in itself: it reads the same whatever becomes of the roster."""

    __table_args__ = (Index("ix_signature_record", "record_id", "id"),)

    id: int = Field(default=None, primary_key=True)
    partnership_id: int = Field(foreign_key="partnership.id")
    record_id: int = Field(foreign_key="record.id")
    person_id: int = Field(foreign_key="person.id")
    scope: str = Field(max_length=16)  # what of the record was signed: record, plan, check 1
    meaning: str = Field(max_length=150)
    name: str = Field(max_length=80)  # printed, as it was
    company: str = Field(max_length=80)
    side: Side = Field(sa_type=words(Side))
    role: str = Field(max_length=32)
    team_id: str = Field(max_length=32)
    user_id: str = Field(max_length=32)
    at: datetime = Field(sa_type=Moment)
    zone: str = Field(max_length=64)  # the signer's
    method: str = Field(max_length=32)  # the second component
    version: int  # of the record
    content: str  # canonical JSON of what was signed
    hash: str = Field(max_length=64)  # its SHA-256
    voided_at: datetime | None = Field(default=None, sa_type=Moment)
    voided_because: str | None = Field(default=None, max_length=300)

    @property
    def counts(self) -> bool:
        """Whether it was not voided."""
        return self.voided_at is None


OF_RECORD = once(select(Signature).where(Signature.record_id == bindparam("of")).order_by(col(Signature.id)))


def list_of_record(session: Session, record_id: int) -> list[Signature]:
    """List all signatures of a record, the voided ones too, in order."""
    return list(session.exec(OF_RECORD, params={"of": record_id}).all())


def list_of_records(session: Session, record_ids: Sequence[int]) -> list[Signature]:
    """List all signatures of some records, the voided ones too, in order."""
    if not record_ids:
        return []
    signed = select(Signature).where(col(Signature.record_id).in_(record_ids))
    return list(session.exec(signed.order_by(col(Signature.id))).all())


def find(session: Session, record_id: int, user_id: str, at: datetime) -> Signature | None:
    """Find the signature that a person gave a record at a moment."""
    given = (Signature.record_id == record_id, Signature.user_id == user_id, Signature.at == at)
    return session.exec(select(Signature).where(*given)).first()


def count(session: Session) -> int:
    """Count all signatures."""
    return session.exec(select(func.count()).select_from(Signature)).one()
