"""What a deviation's investigation found."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field

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
