"""What only a CAPA has."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, Session, col, select

from storage.record import Outcome
from storage.table import Moment, Table, words


class ActionType(StrEnum):
    """Against what happened, or against what could."""

    CORRECTIVE = "Corrective"
    PREVENTIVE = "Preventive"


class Capa(Table, table=True):
    """A corrective or preventive action."""

    record_id: int = Field(primary_key=True, foreign_key="record.id")
    problem: str
    action_type: ActionType = Field(sa_type=words(ActionType))
    plan: str
    criterion: str = ""


class Implementation(Table, table=True):
    """What shows that a CAPA was carried out."""

    record_id: int = Field(primary_key=True, foreign_key="record.id")
    evidence: str
    implemented_on: date
    submitted_by_id: int = Field(foreign_key="person.id")
    submitted_at: datetime = Field(sa_type=Moment)


class EffectivenessCheck(Table, table=True):
    """One check of whether a CAPA worked; an inconclusive one is followed by another."""

    __tablename__ = "effectiveness_check"
    __table_args__ = (UniqueConstraint("record_id", "number"),)

    id: int = Field(default=None, primary_key=True)
    record_id: int = Field(foreign_key="record.id")
    number: int
    outcome: Outcome = Field(sa_type=words(Outcome))
    evidence: str
    submitted_by_id: int = Field(foreign_key="person.id")
    submitted_at: datetime = Field(sa_type=Moment)


def list_checks(session: Session, record_id: int) -> list[EffectivenessCheck]:
    """List a CAPA's checks in order."""
    checks = select(EffectivenessCheck).where(EffectivenessCheck.record_id == record_id)
    return list(session.exec(checks.order_by(col(EffectivenessCheck.number))).all())


def get(session: Session, record_id: int) -> Capa:
    """Get the CAPA of a record."""
    return session.get_one(Capa, record_id)
