"""Files that are still to be fetched from Slack: noted in the transaction that asked for them, fetched afterwards.

A row is claimed before it is fetched; who has died with it loses it after a while. Its key is unique, so a file that
is asked for twice is fetched once.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Column, Index, func, text, update
from sqlmodel import Field, Session, col, select

from storage.database import locked
from storage.table import Moment, Table
from storage.upsert import insert_if_new

LEASE = timedelta(minutes=5)  # longer than any file may take
PENDING = text("done_at IS NULL")
EVIDENCE, TESTS, RESULTS = "evidence", "tests", "results"  # what a file is fetched for


class Download(Table, table=True):
    """A file of Slack that is to be kept with a record, or read into it."""

    __table_args__ = (
        Index("ix_download_pending", "next_at", sqlite_where=PENDING, postgresql_where=PENDING),
        Index("ix_download_record", "record_id"),
    )

    id: int = Field(default=None, primary_key=True)
    key: str = Field(unique=True, max_length=80)
    partnership_id: int = Field(foreign_key="partnership.id")
    record_id: int = Field(foreign_key="record.id")
    person_id: int = Field(foreign_key="person.id")  # who gave it
    file_id: str = Field(max_length=32)
    name: str = Field(max_length=150)  # as far as it is known; Slack says more when it is fetched
    description: str = ""
    message_ts: str | None = Field(default=None, max_length=32)  # of the reply it was shared in; None: by a form
    asked_at: datetime = Field(sa_type=Moment)
    next_at: datetime = Field(sa_type=Moment)  # not tried before this
    claimed_until: datetime | None = Field(default=None, sa_type=Moment)
    attempts: int = 0
    last_error: str | None = Field(default=None, max_length=300)
    done_at: datetime | None = Field(default=None, sa_type=Moment)
    outcome: str | None = Field(default=None, max_length=16)  # kept, not kept
    purpose: str = Field(default=EVIDENCE, max_length=16, sa_column_kwargs={"server_default": EVIDENCE})
    # What the form said about a file that is read, and what its reading came to.
    given: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))


def put(session: Session, wanted: Sequence[Download]) -> int:
    """Note files to be fetched; gives how many of them were not asked for before."""
    return insert_if_new(session, wanted)


def put_anew(session: Session, wanted: Download) -> bool:
    """Note a file anew that was given up, as it is asked for now; False where there is none such."""
    given_up = (col(Download.key) == wanted.key, col(Download.outcome) == "not kept")
    given = {name: getattr(wanted, name) for name in ("person_id", "description", "message_ts", "asked_at", "next_at")}
    again = update(Download).where(*given_up).values(**given, done_at=None, outcome=None, last_error=None, attempts=0)
    return bool(session.connection().execute(again).rowcount)


def claim(session: Session, now: datetime, limit: int) -> list[Download]:
    """Take files that are due and that nobody else is fetching."""
    unheld = col(Download.claimed_until).is_(None) | (col(Download.claimed_until) <= now)
    due = select(Download).where(col(Download.done_at).is_(None), Download.next_at <= now, unheld)
    due = due.order_by(col(Download.next_at), col(Download.id)).limit(limit)
    found = list(session.exec(due.with_for_update(skip_locked=True)).all())
    for row in found:
        row.claimed_until, row.attempts = now + LEASE, row.attempts + 1
    return found


def find_waiting(session: Session, download_id: int) -> Download | None:
    """Find a file that is still to be fetched; None when somebody else has it done."""
    waiting = select(Download).where(Download.id == download_id, col(Download.done_at).is_(None))
    return session.exec(locked(session, waiting)).first()


def get(session: Session, download_id: int) -> Download:
    """Get a row; LookupError when there is none."""
    found = session.get(Download, download_id)
    if found is None:
        raise LookupError(f"download {download_id}")
    return found


def count_waiting(session: Session, record_id: int | None = None) -> int:
    """Count the files that are still to be fetched: of a record, or of all."""
    waiting = select(func.count()).select_from(Download).where(col(Download.done_at).is_(None))
    return session.exec(waiting.where(Download.record_id == record_id) if record_id else waiting).one()


def newest_failing(session: Session) -> Download | None:
    """Find the newest file that was tried in vain and is tried again."""
    failing = select(Download).where(col(Download.done_at).is_(None), col(Download.last_error).is_not(None))
    return session.exec(failing.order_by(col(Download.id).desc()).limit(1)).first()


def next_due(session: Session) -> datetime | None:
    """Give when the next file is due."""
    waiting = select(func.min(Download.next_at)).where(col(Download.done_at).is_(None))
    return session.exec(waiting.where(col(Download.claimed_until).is_(None))).one()
