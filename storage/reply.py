"""Replies in the threads of cards that are kept with their records, each once by its channel and time stamp.

The journal has every word that was said; a row says what the reply is now, so that a later edit can tell what it was.
"""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, update
from sqlmodel import Field, Session, col, select

from storage.database import locked
from storage.table import Moment, Table
from storage.upsert import insert_if_new


class Reply(Table, table=True):
    """A reply of a person in the thread of a record's card."""

    __table_args__ = (UniqueConstraint("channel_id", "ts"), Index("ix_reply_record", "record_id", "id"))

    id: int = Field(default=None, primary_key=True)
    partnership_id: int = Field(foreign_key="partnership.id")
    record_id: int = Field(foreign_key="record.id")
    channel_id: str = Field(max_length=32)
    ts: str = Field(max_length=32)
    team_id: str = Field(max_length=32)  # Slack's ids of who said it, on the roster or not
    user_id: str = Field(max_length=32)
    name: str = Field(max_length=120)  # as it was
    text: str  # as it is in Slack now
    said_at: datetime = Field(sa_type=Moment)
    deleted_at: datetime | None = Field(default=None, sa_type=Moment)  # in Slack; what was said stays in the journal


def add(session: Session, reply: Reply) -> bool:
    """Keep a reply; False when it is kept already."""
    return bool(insert_if_new(session, [reply]))


def find(session: Session, channel_id: str, ts: str) -> Reply | None:
    """Find a reply by where and when it was said."""
    same = select(Reply).where(Reply.channel_id == channel_id, Reply.ts == ts)
    return session.exec(locked(session, same)).first()


def texts_of_record(session: Session, record_id: int, limit: int) -> list[str]:
    """List what the newest replies of a record say now, deleted ones left out."""
    said = select(Reply.text).where(Reply.record_id == record_id, col(Reply.deleted_at).is_(None))
    return list(session.exec(said.order_by(col(Reply.id).desc()).limit(limit)).all())


def follow(session: Session, partnership_id: int, old_id: str, new_id: str) -> None:
    """Note that a channel has another id: what was said there was said under the times that it had."""
    moved = update(Reply).where(col(Reply.partnership_id) == partnership_id, col(Reply.channel_id) == old_id)
    session.execute(moved.values(channel_id=new_id))
