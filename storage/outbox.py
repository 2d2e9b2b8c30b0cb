"""The outbox: what the bot has to say, written in the change's own transaction and sent afterwards.

A row names what to say, never the words: they are rendered from the present state when it is sent.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Column, Index, func, text, update
from sqlmodel import Field, Session, col, select

from storage.table import Moment, Table

LEASE = timedelta(minutes=2)  # a claim older than this belonged to a process that died
PENDING = text("done_at IS NULL")
CLAIMED = text("claimed_until IS NOT NULL")


class Outgoing(Table, table=True):
    """One thing to say, once."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_pending", "next_at", sqlite_where=PENDING, postgresql_where=PENDING),
        Index("ix_outbox_claimed", "claimed_until", sqlite_where=CLAIMED, postgresql_where=CLAIMED),
    )

    id: int = Field(default=None, primary_key=True)
    key: str = Field(unique=True, max_length=120)
    partnership_id: int = Field(foreign_key="partnership.id")
    kind: str = Field(max_length=32)
    about: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    created_at: datetime = Field(sa_type=Moment)
    next_at: datetime = Field(sa_type=Moment)  # not sent before this
    claimed_until: datetime | None = Field(default=None, sa_type=Moment)
    attempts: int = 0
    last_error: str | None = Field(default=None, max_length=200)
    done_at: datetime | None = Field(default=None, sa_type=Moment)
    outcome: str | None = Field(default=None, max_length=32)  # sent, not needed


def put(session: Session, partnership_id: int, kind: str, key: str, now: datetime, **about: Any) -> None:
    """Queue something to say; a key that was queued before is left as it is."""
    known = session.exec(select(Outgoing.id).where(Outgoing.key == key)).first()
    if known is None:
        row = Outgoing(key=key, partnership_id=partnership_id, kind=kind, about=about, created_at=now, next_at=now)
        session.add(row)


def claim(session: Session, now: datetime, limit: int) -> list[Outgoing]:
    """Take rows that are due, in the order they were written; nobody else gets them within the lease.

    Nobody else gets other rows of their partnerships either: one channel has one speaker at a time.
    """
    waiting = col(Outgoing.done_at).is_(None)
    busy = select(Outgoing.partnership_id).where(col(Outgoing.claimed_until) > now)
    due = select(Outgoing.id).where(waiting, Outgoing.next_at <= now, col(Outgoing.partnership_id).not_in(busy))
    # The index of waiting rows has this order; by id alone, SQLite would walk every row ever sent.
    ids = session.exec(due.order_by(col(Outgoing.next_at), col(Outgoing.id)).limit(limit)).all()
    taken = (
        update(Outgoing)
        .where(col(Outgoing.id).in_(ids), waiting, col(Outgoing.next_at) <= now)
        .values(claimed_until=now + LEASE, attempts=Outgoing.attempts + 1)
        .returning(Outgoing)
        .execution_options(populate_existing=True)
    )
    return sorted(session.scalars(taken).all(), key=lambda row: row.id)


def renew(session: Session, row: Outgoing, now: datetime) -> bool:
    """Hold on to a claimed row for another lease; False when it ran out and somebody else has it."""
    mine = update(Outgoing).where(col(Outgoing.id) == row.id, col(Outgoing.done_at).is_(None))
    mine = mine.where(col(Outgoing.claimed_until) == row.claimed_until).values(claimed_until=now + LEASE)
    return bool(session.connection().execute(mine).rowcount)


def release(session: Session, rows: Sequence[Outgoing], at: datetime) -> None:
    """Give rows of one claim back that were not tried; one that somebody else claimed since is left alone."""
    ids, until = [row.id for row in rows], {row.claimed_until for row in rows}
    given_back = update(Outgoing).where(col(Outgoing.id).in_(ids), col(Outgoing.claimed_until).in_(until))
    session.execute(given_back.values(claimed_until=None, next_at=at, attempts=Outgoing.attempts - 1))


def done(session: Session, row_id: int, outcome: str, now: datetime) -> None:
    """Note that a row needs no more work."""
    row = session.get_one(Outgoing, row_id)
    row.done_at, row.outcome, row.last_error, row.claimed_until = now, outcome, None, None


def retry(session: Session, row_id: int, at: datetime, error: str) -> None:
    """Put a row back for a later attempt."""
    row = session.get_one(Outgoing, row_id)
    row.next_at, row.last_error, row.claimed_until = at, error[:200], None


def pending(session: Session) -> tuple[int, datetime | None]:
    """Give how many rows wait, and since when the oldest does."""
    waiting = select(func.count(), func.min(Outgoing.created_at)).where(col(Outgoing.done_at).is_(None))
    number, oldest = session.exec(waiting).one()
    return number, oldest


def next_due(session: Session) -> datetime | None:
    """Give when the next row that nobody holds is due."""
    soonest = select(Outgoing.next_at).where(col(Outgoing.done_at).is_(None), col(Outgoing.claimed_until).is_(None))
    return session.exec(soonest.order_by(col(Outgoing.next_at)).limit(1)).first()
