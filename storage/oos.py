"""What only an out-of-specification or out-of-trend result has."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, Session, col, select

from storage.investigation import Disposition
from storage.record import Distributed, Outcome
from storage.table import Moment, Table, words


class ResultKind(StrEnum):
    """Outside the limits, or inside them but outside the trend."""

    OOS = "OOS"
    OOT = "OOT"


class Oos(Table, table=True):
    """A laboratory result; numbers are kept as they were reported, digit by digit."""

    record_id: int = Field(primary_key=True, foreign_key="record.id")
    test: str = Field(max_length=150)
    category: str = Field(default="", max_length=40)
    result_kind: ResultKind = Field(sa_type=words(ResultKind))
    sample_type: str = Field(max_length=40)
    result: str = Field(max_length=40)
    unit: str = Field(default="", max_length=40)
    lower: str = Field(default="", max_length=40)
    upper: str = Field(default="", max_length=40)
    method: str = Field(default="", max_length=150)
    analyst: str = Field(default="", max_length=150)
    analysed_at: datetime = Field(sa_type=Moment)
    distributed: Distributed = Field(sa_type=words(Distributed))


class PhaseOne(Table, table=True):
    """The laboratory's investigation: phase I of the guidances."""

    __tablename__ = "phase_one"

    record_id: int = Field(primary_key=True, foreign_key="record.id")
    checklist: list[str] = Field(sa_column=Column(JSON, nullable=False))
    cause_found: bool
    evidence: str
    submitted_by_id: int = Field(foreign_key="person.id")
    submitted_at: datetime = Field(sa_type=Moment)


class RetestPlan(Table, table=True):
    """What is to be tested again and how often, fixed before any testing."""

    __tablename__ = "retest_plan"

    record_id: int = Field(primary_key=True, foreign_key="record.id")
    hypothesis: str
    number: int  # of retests
    second_analyst: str = Field(max_length=150)
    submitted_by_id: int = Field(foreign_key="person.id")
    submitted_at: datetime = Field(sa_type=Moment)
    approved_at: datetime | None = Field(default=None, sa_type=Moment)


class Retest(Table, table=True):
    """One result of the approved plan; every one is kept, digit by digit."""

    __table_args__ = (UniqueConstraint("record_id", "number"),)

    id: int = Field(default=None, primary_key=True)
    record_id: int = Field(foreign_key="record.id")
    number: int
    result: str = Field(max_length=40)
    analyst: str = Field(max_length=150)
    submitted_by_id: int = Field(foreign_key="person.id")
    submitted_at: datetime = Field(sa_type=Moment)


class PhaseTwo(Table, table=True):
    """The full investigation: manufacturing review, other batches, outcome."""

    __tablename__ = "phase_two"

    record_id: int = Field(primary_key=True, foreign_key="record.id")
    manufacturing_review: str
    root_cause: str
    other_batches: str
    outcome: Outcome = Field(sa_type=words(Outcome))
    cause_found: bool  # of the laboratory; without one no result is invalidated
    evidence: str
    disposition: Disposition = Field(sa_type=words(Disposition))
    submitted_by_id: int = Field(foreign_key="person.id")
    submitted_at: datetime = Field(sa_type=Moment)


def list_retests(session: Session, record_id: int) -> list[Retest]:
    """List the results of a retest plan in order."""
    results = select(Retest).where(Retest.record_id == record_id)
    return list(session.exec(results.order_by(col(Retest.number))).all())


def list_plans(session: Session, record_ids: Sequence[int]) -> list[RetestPlan]:
    """List the retest plans of some records."""
    return list(session.exec(select(RetestPlan).where(col(RetestPlan.record_id).in_(record_ids))).all())


def get(session: Session, record_id: int) -> Oos:
    """Get the result of a record."""
    return session.get_one(Oos, record_id)


def list_by_ids(session: Session, record_ids: Sequence[int]) -> list[Oos]:
    """List the results of some records."""
    return list(session.exec(select(Oos).where(col(Oos.record_id).in_(record_ids))).all())
