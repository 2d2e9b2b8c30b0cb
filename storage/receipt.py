"""Receipts: which deliveries of Slack have been acted on, so that a repeated one changes nothing."""

from datetime import datetime

from sqlmodel import Field, Session

from storage.table import Moment, Table


class Receipt(Table, table=True):
    """A delivery that was acted on, by Slack's own id for it."""

    key: str = Field(primary_key=True, max_length=80)
    at: datetime = Field(sa_type=Moment)


def first_time(session: Session, key: str, now: datetime) -> bool:
    """Note a delivery; False when it was noted before."""
    if session.get(Receipt, key) is not None:
        return False
    session.add(Receipt(key=key, at=now))
    return True
