"""Authors: who worked on a record, and therefore does not approve it, whoever owns it by then."""

from collections.abc import Sequence

from sqlalchemy import bindparam
from sqlmodel import Field, Session, col, select

from storage.prepared import once
from storage.table import Table
from storage.upsert import insert_if_new


class Author(Table, table=True):
    """A person who worked on what is signed under a scope of a record."""

    __tablename__ = "record_author"

    record_id: int = Field(primary_key=True, foreign_key="record.id")
    person_id: int = Field(primary_key=True, foreign_key="person.id")
    scope: str = Field(primary_key=True, max_length=16)  # as of a signature: record, plan


def note(session: Session, record_id: int, person_id: int, scope: str) -> None:
    """Note that a person worked on a record."""
    insert_if_new(session, [Author(record_id=record_id, person_id=person_id, scope=scope)])


OF_RECORD = once(select(Author).where(Author.record_id == bindparam("of")))


def list_of_record(session: Session, record_id: int) -> list[Author]:
    """List who worked on a record."""
    return list(session.exec(OF_RECORD, params={"of": record_id}).all())


def list_of_records(session: Session, record_ids: Sequence[int]) -> list[Author]:
    """List who worked on each of some records."""
    return list(session.exec(select(Author).where(col(Author.record_id).in_(record_ids))).all()) if record_ids else []
