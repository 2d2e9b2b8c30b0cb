"""Partnerships and their two companies."""

from datetime import datetime, time
from enum import StrEnum

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, Session, col, select

from storage.table import Moment, Table, words


class Side(StrEnum):
    """Which of a partnership's two companies."""

    SPONSOR = "sponsor"
    CMO = "CMO"

    @property
    def other(self) -> "Side":
        """The partner's side."""
        return Side.CMO if self is Side.SPONSOR else Side.SPONSOR


class Partnership(Table, table=True):
    """One sponsor, one CMO, one Slack channel."""

    id: int = Field(default=None, primary_key=True)
    channel_id: str = Field(unique=True, max_length=32)
    home_team_id: str = Field(max_length=32)  # the installation that writes in the channel
    time_zone: str = Field(max_length=64)
    digest_at: time  # local, in time_zone
    set_up_at: datetime = Field(sa_type=Moment)
    next_digest_at: datetime = Field(sa_type=Moment, index=True)


class Company(Table, table=True):
    """The sponsor or the CMO of a partnership, tied to a Slack team."""

    __table_args__ = (UniqueConstraint("partnership_id", "side"),)

    id: int = Field(default=None, primary_key=True)
    partnership_id: int = Field(foreign_key="partnership.id")
    side: Side = Field(sa_type=words(Side))
    name: str = Field(max_length=80)
    team_id: str = Field(max_length=32)
    country: str = Field(max_length=2)  # ISO 3166-1, for public holidays
    confirmed_at: datetime | None = Field(default=None, sa_type=Moment)


def find_in_channel(session: Session, channel_id: str) -> Partnership | None:
    """Find the partnership of a channel."""
    return session.exec(select(Partnership).where(Partnership.channel_id == channel_id)).first()


def get(session: Session, partnership_id: int) -> Partnership:
    """Get a partnership; LookupError when there is none."""
    partnership = session.get(Partnership, partnership_id)
    if partnership is None:
        raise LookupError(f"partnership {partnership_id}")
    return partnership


def companies(session: Session, partnership_id: int) -> dict[Side, Company]:
    """Give both companies by their side, the sponsor first."""
    found = session.exec(select(Company).where(Company.partnership_id == partnership_id)).all()
    return {company.side: company for company in sorted(found, key=lambda one: one.side is Side.CMO)}


def list_digests_due(session: Session, now: datetime, limit: int) -> list[Partnership]:
    """List the partnerships whose next digest is due, the longest waiting first."""
    due = select(Partnership).where(Partnership.next_digest_at <= now)
    return list(session.exec(due.order_by(col(Partnership.next_digest_at)).limit(limit)).all())
