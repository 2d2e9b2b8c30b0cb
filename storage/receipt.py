"""Receipts: which deliveries of Slack have been acted on, so that a repeated one changes nothing."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Field, Session, col

from storage.table import Moment, Table
from storage.upsert import begin_new


class Receipt(Table, table=True):
    """A delivery that was acted on, by Slack's own id for it."""

    key: str = Field(primary_key=True, max_length=80)
    at: datetime = Field(sa_type=Moment, index=True)
    content: str = Field(default="", max_length=64)  # a hash of what was delivered, where it may differ


def note(session: Session, key: str, now: datetime, content: str = "") -> Receipt | None:
    """Note a delivery; gives the earlier receipt when it was noted before."""
    return begin(session, key, now, content)()


def begin(session: Session, key: str, now: datetime, content: str = "") -> Callable[[], Receipt | None]:
    """Note a delivery together with the next question; gives what gives the earlier receipt, as `note` does."""
    is_new = begin_new(session, Receipt, {"key": key, "at": now, "content": content})
    return lambda: None if is_new() else find(session, key)


def find(session: Session, key: str) -> Receipt | None:
    """Find the receipt of a delivery."""
    return session.get(Receipt, key)


def take_back(session: Session, key: str) -> None:
    """Take a receipt back: what was delivered was not acted on after all."""
    session.execute(delete(Receipt).where(col(Receipt.key) == key))


def forget(session: Session, before: datetime) -> None:
    """Forget receipts from before a moment, long after Slack's last retry."""
    session.execute(delete(Receipt).where(col(Receipt.at) < before))
