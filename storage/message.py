"""Where the bot's lasting messages stand in Slack, so that they can be updated, linked and answered to."""

from collections.abc import Sequence

from sqlalchemy import Index
from sqlmodel import Field, Session, col, select

from storage.table import Table
from storage.upsert import insert_if_new


class Message(Table, table=True):
    """A posted message, by what it shows: `card:12`, `front door`."""

    __table_args__ = (Index("ix_message_ts", "channel_id", "ts"),)

    partnership_id: int = Field(primary_key=True, foreign_key="partnership.id")
    subject: str = Field(primary_key=True, max_length=64)
    team_id: str = Field(max_length=32)  # the installation that posted it: only its author can update it
    channel_id: str = Field(max_length=32)
    ts: str = Field(max_length=32)
    permalink: str | None = Field(default=None, max_length=300)


def find(session: Session, partnership_id: int, subject: str) -> Message | None:
    """Find the message that shows a subject."""
    return session.get(Message, (partnership_id, subject))


def find_at(session: Session, partnership_id: int, channel_id: str, ts: str) -> Message | None:
    """Find the message that stands at a place in Slack."""
    there = (Message.channel_id == channel_id, Message.ts == ts, Message.partnership_id == partnership_id)
    return session.exec(select(Message).where(*there)).first()


def permalinks(session: Session, partnership_id: int, subjects: Sequence[str]) -> dict[str, str]:
    """Give the addresses of the messages that show the subjects, where Slack gave one."""
    shown = select(Message).where(Message.partnership_id == partnership_id, col(Message.subject).in_(subjects))
    return {found.subject: found.permalink for found in session.exec(shown).all() if found.permalink}


def save(session: Session, message: Message) -> None:
    """Remember a message, in place of an earlier one of the same subject."""
    if not insert_if_new(session, [message]):
        session.merge(message)
