"""The outbox: what the bot has to say, written in the change's own transaction and sent afterwards.

A row names what to say, never the words: they are rendered from the present state when it is sent. Any number of
processes may send: one of them at a time speaks for a partnership, and claims its rows by a conditional update.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Column, ColumnElement, Index, and_, case, false, func, or_, text, update
from sqlmodel import Field, Session, col, select

from storage.partnership import Partnership
from storage.table import Moment, Table
from storage.upsert import insert_missing

LEASE = timedelta(minutes=2)  # who has said nothing for so long has died
PENDING = text("done_at IS NULL")


class Outgoing(Table, table=True):
    """One thing to say, once."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_pending", "next_at", sqlite_where=PENDING, postgresql_where=PENDING),)

    id: int = Field(default=None, primary_key=True)
    key: str = Field(unique=True, max_length=120)
    partnership_id: int = Field(foreign_key="partnership.id")
    person_id: int | None = Field(default=None, foreign_key="person.id")  # whom it is for; None: the channel
    kind: str = Field(max_length=32)
    about: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    created_at: datetime = Field(sa_type=Moment)
    next_at: datetime = Field(sa_type=Moment)  # not sent before this
    claimed_until: datetime | None = Field(default=None, sa_type=Moment)
    attempts: int = 0
    # Slack may have it, though nobody noted that: whoever tried to send it died, or Slack's answer was lost.
    in_doubt: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    last_error: str | None = Field(default=None, max_length=200)
    done_at: datetime | None = Field(default=None, sa_type=Moment)
    outcome: str | None = Field(default=None, max_length=32)  # sent, not needed


@dataclass(frozen=True)
class Said:
    """Something to say, before it is queued: not before a moment, to a person or in the channel."""

    partnership_id: int
    kind: str
    key: str
    at: datetime
    about: dict[str, Any] = field(default_factory=dict)
    person_id: int | None = None


def put(
    session: Session, partnership_id: int, kind: str, key: str, now: datetime, *, to: int | None = None, **about: Any
) -> None:
    """Queue something to say, to a person or in the channel; a key that was queued before is left as it is."""
    put_all(session, [Said(partnership_id, kind, key, now, about, to)], now)


def put_all(session: Session, said: Iterable[Said], now: datetime) -> None:
    """Queue things to say, in their order; keys that were queued before are left as they are."""
    rows = [
        {
            "key": one.key,
            "partnership_id": one.partnership_id,
            "person_id": one.person_id,
            "kind": one.kind,
            "about": one.about,
            "created_at": now,
            "next_at": one.at,
        }
        for one in said
    ]
    insert_missing(session, Outgoing, rows)


def claim(session: Session, speaker: str, now: datetime, limit: int) -> list[Outgoing]:
    """Take rows that are due, in the order they were written, of partnerships for which nobody else speaks now.

    A row that was in the hands of somebody who died is in doubt: Slack may have it.
    """
    unheld = or_(col(Outgoing.claimed_until).is_(None), col(Outgoing.claimed_until) <= now)
    waiting = and_(col(Outgoing.done_at).is_(None), unheld)
    columns = (Outgoing.id, Outgoing.partnership_id, col(Outgoing.person_id))
    due = select(*columns).join(Partnership).where(waiting, Outgoing.next_at <= now, _free(speaker, now))
    # The index of waiting rows has this order; by id alone, SQLite would walk every row ever sent.
    found = session.exec(due.order_by(col(Outgoing.next_at), col(Outgoing.id)).limit(limit)).all()
    if not found:
        return []
    speaks = update(Partnership).where(col(Partnership.id).in_({pid for _, pid, _ in found}), _free(speaker, now))
    speaks = speaks.values(speaker=speaker, speaking_until=now + LEASE).returning(col(Partnership.id))
    mine = set(session.scalars(speaks).all())
    ids = [row_id for row_id, pid, _ in found if pid in mine]
    # All that is due for a person goes together, so that it can be one message.
    people = {person_id for _, pid, person_id in found if pid in mine and person_id is not None}
    theirs = and_(col(Outgoing.person_id).in_(people), col(Outgoing.next_at) <= now)
    taken = (
        update(Outgoing)
        .where(or_(col(Outgoing.id).in_(ids), theirs), waiting)
        .values(
            claimed_until=now + LEASE,
            attempts=Outgoing.attempts + 1,
            in_doubt=case((col(Outgoing.claimed_until).is_not(None), True), else_=Outgoing.in_doubt),
        )
        .returning(Outgoing)
        .execution_options(populate_existing=True)
    )
    return sorted(session.scalars(taken).all(), key=lambda row: row.id)


def _free(speaker: str, now: datetime) -> ColumnElement[bool]:
    """Whether a process may speak for a partnership: nobody does now, or it did itself until just now."""
    silent = or_(col(Partnership.speaking_until).is_(None), col(Partnership.speaking_until) <= now)
    return or_(silent, col(Partnership.speaker) == speaker)


def speak_on(session: Session, speaker: str, partnership_id: int, now: datetime) -> bool:
    """Go on speaking for a partnership for another lease; False when somebody else does by now."""
    mine = (col(Partnership.id) == partnership_id, col(Partnership.speaker) == speaker)
    held = update(Partnership).where(*mine).values(speaking_until=now + LEASE)
    return bool(session.connection().execute(held).rowcount)


def fall_silent(session: Session, speaker: str, partnership_ids: Iterable[int], until: datetime | None = None) -> None:
    """Let others speak for partnerships; from a moment on where one is given, for a channel has its pace."""
    mine = update(Partnership).where(col(Partnership.id).in_(set(partnership_ids)), col(Partnership.speaker) == speaker)
    session.execute(mine.values(speaker=speaker if until else None, speaking_until=until))


def release(session: Session, rows: Sequence[Outgoing], at: datetime) -> None:
    """Give rows of one claim back that were not tried; one that somebody else claimed since is left alone."""
    ids, until = [row.id for row in rows], {row.claimed_until for row in rows}
    given_back = update(Outgoing).where(col(Outgoing.id).in_(ids), col(Outgoing.claimed_until).in_(until))
    session.execute(given_back.values(claimed_until=None, next_at=at, attempts=Outgoing.attempts - 1))


def done(session: Session, row_ids: Sequence[int], outcome: str, now: datetime) -> None:
    """Note that rows need no more work."""
    ended = update(Outgoing).where(col(Outgoing.id).in_(row_ids))
    session.execute(ended.values(done_at=now, outcome=outcome, last_error=None, claimed_until=None, in_doubt=False))


def retry(session: Session, row_ids: Sequence[int], at: datetime, error: str | None, *, in_doubt: bool = False) -> None:
    """Put rows back for a later attempt, without an error where they only wait; in doubt where Slack may have them."""
    again = update(Outgoing).where(col(Outgoing.id).in_(row_ids))
    values: dict[str, Any] = {"next_at": at, "last_error": error[:200] if error else None, "claimed_until": None}
    session.execute(again.values(values | ({"in_doubt": True} if in_doubt else {})))


def hasten(session: Session, partnership_id: int, now: datetime) -> None:
    """Try again at once what waits for a channel that can be spoken in again."""
    waiting = (col(Outgoing.done_at).is_(None), col(Outgoing.claimed_until).is_(None), col(Outgoing.next_at) > now)
    channel = update(Outgoing).where(col(Outgoing.partnership_id) == partnership_id, *waiting)
    session.execute(channel.where(col(Outgoing.person_id).is_(None)).values(next_at=now))


def pending(session: Session) -> tuple[int, datetime | None]:
    """Give how many rows wait, and since when the oldest does."""
    waiting = select(func.count(), func.min(Outgoing.created_at)).where(col(Outgoing.done_at).is_(None))
    number, oldest = session.exec(waiting).one()
    return number, oldest


def newest_at(session: Session) -> datetime | None:
    """Give when the newest row was queued; None where there is none."""
    return session.exec(select(Outgoing.created_at).order_by(col(Outgoing.id).desc()).limit(1)).first()


def look_again(session: Session, now: datetime) -> None:
    """Let what was queued, or taken to be sent, in a time that has not come be sent now."""
    waiting = update(Outgoing).where(col(Outgoing.done_at).is_(None))
    session.execute(waiting.where(col(Outgoing.created_at) > now).values(next_at=now))
    session.execute(waiting.where(col(Outgoing.claimed_until) > now + LEASE).values(claimed_until=now))


def find_last_sent(session: Session, partnership_id: int, after: str, before: str) -> Outgoing | None:
    """Find what was sent last of a partnership's rows whose keys lie between two, which stand in the order of time."""
    between = (col(Outgoing.key) > after, col(Outgoing.key) < before)
    sent = select(Outgoing).where(*between, Outgoing.partnership_id == partnership_id, Outgoing.outcome == "sent")
    return session.exec(sent.order_by(col(Outgoing.key).desc()).limit(1)).first()


def newest_failing(session: Session) -> Outgoing | None:
    """Find the newest row that was tried in vain."""
    failing = select(Outgoing).where(col(Outgoing.done_at).is_(None), col(Outgoing.last_error).is_not(None))
    return session.exec(failing.order_by(col(Outgoing.created_at).desc(), col(Outgoing.id).desc()).limit(1)).first()


def count_failing(session: Session) -> int:
    """Count the rows that were tried in vain."""
    failing = select(func.count()).where(col(Outgoing.done_at).is_(None), col(Outgoing.last_error).is_not(None))
    return session.exec(failing).one()


def next_due(session: Session, speaker: str, now: datetime) -> datetime | None:
    """Give when the next row is due that nobody holds, of partnerships for which nobody speaks."""
    soonest = select(Outgoing.next_at).join(Partnership).where(col(Outgoing.done_at).is_(None), _free(speaker, now))
    return session.exec(soonest.order_by(col(Outgoing.next_at)).limit(1)).first()
