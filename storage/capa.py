"""What only a CAPA has."""

from enum import StrEnum

from sqlmodel import Field, Session

from storage.table import Table, words


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


def get(session: Session, record_id: int) -> Capa:
    """Get the CAPA of a record."""
    return session.get_one(Capa, record_id)
