"""What only an out-of-specification or out-of-trend result has."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, Session

from storage.record import Distributed
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


def get(session: Session, record_id: int) -> Oos:
    """Get the result of a record."""
    return session.get_one(Oos, record_id)
