"""What a deviation's investigation found."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import exists
from sqlalchemy.orm import aliased
from sqlmodel import Field, Session, col, select

from storage.record import Kind, Record, RecordBatch, RecordLink, State, lot_key
from storage.table import Moment, Table, words


class Cause(StrEnum):
    """The classes of root causes (6M)."""

    PEOPLE = "People"
    MACHINE = "Machine"
    MATERIAL = "Material"
    METHOD = "Method"
    MEASUREMENT = "Measurement"
    ENVIRONMENT = "Environment"


class Disposition(StrEnum):
    """What is recommended to be done with a batch; the sponsor decides."""

    RELEASE = "Release"
    REWORK = "Rework"
    REPROCESS = "Reprocess"
    REJECT = "Reject"
    NOT_APPLICABLE = "Not applicable"


class Investigation(Table, table=True):
    """The investigation as last submitted; what it said before stands in the journal."""

    record_id: int = Field(primary_key=True, foreign_key="record.id")
    category: Cause = Field(sa_type=words(Cause))
    root_cause: str
    other_batches: str
    impact: str
    disposition: Disposition = Field(sa_type=words(Disposition))
    capa_needed: bool
    no_capa_reason: str = ""
    human_error: str = ""
    conclusion: str
    submitted_by_id: int = Field(foreign_key="person.id")
    submitted_at: datetime = Field(sa_type=Moment)


def list_lacking_capa(session: Session, partnership_id: int, lot: str, limit: int) -> list[str]:
    """List the numbers of the open records that name a lot, need a CAPA and have none yet."""
    capa = aliased(Record)
    linked = exists().where(
        col(RecordLink.source_id) == Record.id,
        capa.id == RecordLink.record_id,  # type: ignore[arg-type]
        capa.kind == Kind.CAPA,  # type: ignore[arg-type]
        capa.state != State.VOID,  # type: ignore[arg-type]
    )
    needing = select(Record.number).join(Investigation, col(Investigation.record_id) == Record.id)
    needing = needing.join(RecordBatch, col(RecordBatch.record_id) == Record.id)
    needing = needing.where(RecordBatch.partnership_id == partnership_id, RecordBatch.lot_key == lot_key(lot))
    needing = needing.where(col(Record.closed_at).is_(None), col(Investigation.capa_needed), ~linked)
    return list(session.exec(needing.order_by(col(Record.id)).limit(limit)).all())
