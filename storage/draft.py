"""Drafts: what a person filled in and has still to sign; no change of a record until then."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, delete
from sqlmodel import Field, Session, col

from storage.table import Moment, Table


class Draft(Table, table=True):
    """A filled-in form that waits for its signature."""

    id: int = Field(default=None, primary_key=True)
    record_id: int = Field(foreign_key="record.id")
    person_id: int = Field(foreign_key="person.id")
    given: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    at: datetime = Field(sa_type=Moment, index=True)


def save(session: Session, record_id: int, person_id: int, given: dict[str, Any], now: datetime) -> int:
    """Keep a draft; gives its id."""
    draft = Draft(record_id=record_id, person_id=person_id, given=given, at=now)
    session.add(draft)
    session.flush()
    return draft.id


def find(session: Session, draft_id: int, record_id: int, person_id: int) -> dict[str, Any] | None:
    """Find what a person filled in about a record."""
    draft = session.get(Draft, draft_id)
    if draft is None or (draft.record_id, draft.person_id) != (record_id, person_id):
        return None
    return draft.given


def forget(session: Session, before: datetime) -> None:
    """Forget drafts from before a moment, that nobody will sign any more."""
    session.execute(delete(Draft).where(col(Draft.at) < before))
