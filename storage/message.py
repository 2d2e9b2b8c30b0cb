"""Where the bot's lasting messages stand in Slack, so that they can be updated, linked and answered to."""

from collections.abc import Sequence

from sqlalchemy import Index, text, update
from sqlmodel import Field, Session, col, select

from storage.table import Table
from storage.upsert import insert_if_new

UNDRESSED = text("permalink IS NULL OR is_pinned IS FALSE")


class Message(Table, table=True):
    """A posted message, by what it shows: `card:12`, `front door`."""

    __table_args__ = (
        Index("ix_message_ts", "channel_id", "ts"),
        Index("ix_message_undressed", "partnership_id", sqlite_where=UNDRESSED, postgresql_where=UNDRESSED),
    )

    partnership_id: int = Field(primary_key=True, foreign_key="partnership.id")
    subject: str = Field(primary_key=True, max_length=64)
    team_id: str = Field(max_length=32)  # the installation that posted it: only its author can update it
    channel_id: str = Field(max_length=32)
    ts: str = Field(max_length=32)
    permalink: str | None = Field(default=None, max_length=300)  # None: not asked yet; empty: there is none
    is_pinned: bool | None = None  # None: it is not to be pinned


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


def list_undressed(session: Session, limit: int) -> list[Message]:
    """List messages whose address is still to be asked, or that are still to be pinned."""
    undressed = select(Message).where(UNDRESSED).limit(limit)
    return list(session.exec(undressed).all())


def save(session: Session, message: Message) -> None:
    """Remember a message, in place of an earlier one of the same subject."""
    if not insert_if_new(session, [message]):
        session.merge(message)


def dress(session: Session, message: Message) -> None:
    """Note a message's address and that it is pinned, unless another message has taken its place."""
    same = (Message.partnership_id == message.partnership_id, Message.subject == message.subject)
    found = session.exec(select(Message).where(*same, Message.ts == message.ts)).first()
    if found is not None:
        found.permalink, found.is_pinned = message.permalink, message.is_pinned


def follow(session: Session, partnership_id: int, old_id: str, new_id: str) -> None:
    """Note that a channel has another id: its messages stand there, under the times they had; links are asked anew."""
    moved = update(Message).where(col(Message.partnership_id) == partnership_id, col(Message.channel_id) == old_id)
    session.execute(moved.values(channel_id=new_id, permalink=None))
