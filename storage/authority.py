"""Reports to authorities that a record may call for: whether each is needed, and when it was filed."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import bindparam
from sqlmodel import Field, Session, select

from storage.clock import ClockName
from storage.prepared import once
from storage.table import Moment, Table, words


class Answer(StrEnum):
    """What the sponsor's QA says about a report."""

    NEEDED = "Needed"
    NOT_NEEDED = "Not needed"
    UNKNOWN = "Unknown"


class AuthorityReport(Table, table=True):
    """One question of a record to the sponsor's QA; its clock has the same name."""

    __tablename__ = "authority_report"

    record_id: int = Field(primary_key=True, foreign_key="record.id")
    name: ClockName = Field(primary_key=True, sa_type=words(ClockName))
    partnership_id: int = Field(foreign_key="partnership.id")
    answer: Answer | None = Field(default=None, sa_type=words(Answer))
    reason: str = ""
    answered_by_id: int | None = Field(default=None, foreign_key="person.id")
    answered_at: datetime | None = Field(default=None, sa_type=Moment)
    filed_at: datetime | None = Field(default=None, sa_type=Moment)
    filed_by_id: int | None = Field(default=None, foreign_key="person.id")

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to do about it."""
        return self.filed_at is not None or self.answer is Answer.NOT_NEEDED


OF_RECORD = once(select(AuthorityReport).where(AuthorityReport.record_id == bindparam("of")))


def list_of_record(session: Session, record_id: int) -> list[AuthorityReport]:
    """List the reports that a record may call for."""
    asked = session.exec(OF_RECORD, params={"of": record_id}).all()
    return sorted(asked, key=lambda report: report.name, reverse=True)


def find(session: Session, record_id: int, name: ClockName) -> AuthorityReport | None:
    """Find one of them."""
    return session.get(AuthorityReport, (record_id, name))
