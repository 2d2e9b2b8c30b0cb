"""Signing devices: what each person's one-time codes are made from, encrypted at rest."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from storage.database import locked
from storage.table import Moment, Table

IN_USE = text("confirmed_at IS NOT NULL AND revoked_at IS NULL")


class Device(Table, table=True):
    """A signing device of a Slack person; one at a time is in use."""

    __tablename__ = "signing_device"
    __table_args__ = (
        Index("ix_signing_device_person", "team_id", "user_id"),
        Index(
            "ix_signing_device_in_use", "team_id", "user_id", unique=True, sqlite_where=IN_USE, postgresql_where=IN_USE
        ),
    )

    id: int = Field(default=None, primary_key=True)
    team_id: str = Field(max_length=32)
    user_id: str = Field(max_length=32)
    partnership_id: int = Field(foreign_key="partnership.id")  # where it was set up, whose QA agree to replace it
    secret: str = Field(max_length=500)  # encrypted
    set_up_at: datetime = Field(sa_type=Moment)
    confirmed_at: datetime | None = Field(default=None, sa_type=Moment)  # by a first code
    last_step: int = 0  # of the last code accepted: none up to it is accepted again
    failures: int = 0  # since the last code accepted
    locked_until: datetime | None = Field(default=None, sa_type=Moment)
    file_id: str | None = Field(default=None, max_length=32)  # the QR image in Slack, until confirmed
    replacement_asked_at: datetime | None = Field(default=None, sa_type=Moment)
    replacement_reason: str | None = Field(default=None, max_length=300)
    revoked_at: datetime | None = Field(default=None, sa_type=Moment)


def find(session: Session, team_id: str, user_id: str) -> Device | None:
    """Find the device that a person signs with."""
    return session.exec(_of(session, team_id, user_id).where(col(Device.confirmed_at).is_not(None))).first()


def find_unconfirmed(session: Session, team_id: str, user_id: str) -> Device | None:
    """Find the device that a person is setting up."""
    return session.exec(_of(session, team_id, user_id).where(col(Device.confirmed_at).is_(None))).first()


def get(session: Session, device_id: int) -> Device:
    """Get a device; LookupError when there is none."""
    device = session.get(Device, device_id)
    if device is None:
        raise LookupError(f"device {device_id}")
    return device


def _of(session: Session, team_id: str, user_id: str) -> SelectOfScalar[Device]:
    mine = (Device.team_id == team_id, Device.user_id == user_id, col(Device.revoked_at).is_(None))
    return locked(session, select(Device).where(*mine))
