"""Partnerships and their two companies."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum

from sqlalchemy import UniqueConstraint, bindparam, func, or_, text, update
from sqlmodel import Field, Session, col, select

from storage.prepared import once
from storage.table import Moment, Table, words
from storage.upsert import insert_if_new

WEEK = "Mon Tue Wed Thu Fri"


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
    digest_days: str = Field(default=WEEK, max_length=32, sa_column_kwargs={"server_default": WEEK})
    figures_on: str = Field(default="Mon", max_length=3, sa_column_kwargs={"server_default": "Mon"})  # empty: never
    # Since when the replies in the threads of cards are kept with their records; None: they are not.
    captures_since: datetime | None = Field(default=None, sa_type=Moment)
    set_up_at: datetime = Field(sa_type=Moment)
    next_digest_at: datetime = Field(sa_type=Moment, index=True)
    # Which process speaks for it, until when: one speaker at a time keeps its messages in order.
    speaker: str | None = Field(default=None, max_length=32)
    speaking_until: datetime | None = Field(default=None, sa_type=Moment)
    # Since when, and why, nothing can be said in its channel.
    muted_at: datetime | None = Field(default=None, sa_type=Moment)
    muted_because: str | None = Field(default=None, max_length=64)


class Company(Table, table=True):
    """The sponsor or the CMO of a partnership, tied to a Slack team."""

    __table_args__ = (UniqueConstraint("partnership_id", "side"),)

    id: int = Field(default=None, primary_key=True)
    partnership_id: int = Field(foreign_key="partnership.id")
    side: Side = Field(sa_type=words(Side))
    name: str = Field(max_length=80)
    team_id: str = Field(max_length=32)
    country: str = Field(max_length=2)  # ISO 3166-1, for public holidays
    # ISO 3166-2 without the country, where holidays differ by it; and its own closing days, as ISO dates.
    region: str = Field(default="", max_length=32, sa_column_kwargs={"server_default": text("''")})
    closing_days: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    confirmed_at: datetime | None = Field(default=None, sa_type=Moment)


def find_in_channel(session: Session, channel_id: str) -> Partnership | None:
    """Find the partnership of a channel."""
    return session.exec(select(Partnership).where(Partnership.channel_id == channel_id)).first()


def add(session: Session, new: Partnership) -> Partnership | None:
    """Add a partnership; None where its channel has one, which somebody else may be adding at this moment."""
    return find_in_channel(session, new.channel_id) if insert_if_new(session, [new]) else None


def get(session: Session, partnership_id: int) -> Partnership:
    """Get a partnership; LookupError when there is none."""
    partnership = session.get(Partnership, partnership_id)
    if partnership is None:
        raise LookupError(f"partnership {partnership_id}")
    return partnership


COMPANIES = once(select(Company).where(Company.partnership_id == bindparam("of")))


def companies(session: Session, partnership_id: int) -> dict[Side, Company]:
    """Give both companies by their side, the sponsor first."""
    return by_side(session.exec(COMPANIES, params={"of": partnership_id}).all())


def by_side(both: Iterable[Company]) -> dict[Side, Company]:
    """Give companies by their side, the sponsor first."""
    return {company.side: company for company in sorted(both, key=lambda one: one.side is Side.CMO)}


def list_digests_due(session: Session, now: datetime, limit: int) -> list[Partnership]:
    """List the partnerships whose next digest is due, the longest waiting first."""
    due = select(Partnership).where(Partnership.next_digest_at <= now)
    return list(session.exec(due.order_by(col(Partnership.next_digest_at)).limit(limit)).all())


def look_again(session: Session, now: datetime) -> None:
    """Let every digest be decided now, and whoever spoke last speak for nobody."""
    session.execute(update(Partnership).where(col(Partnership.next_digest_at) > now).values(next_digest_at=now))
    session.execute(update(Partnership).where(col(Partnership.speaking_until) > now).values(speaking_until=None))


def list_by_ids(session: Session, ids: set[int]) -> list[tuple[Partnership, dict[Side, Company]]]:
    """List partnerships with both companies by their side: two statements, however many."""
    both: dict[int, list[Company]] = {}
    for company in session.exec(select(Company).where(col(Company.partnership_id).in_(ids))).all():
        both.setdefault(company.partnership_id, []).append(company)
    there = session.exec(select(Partnership).where(col(Partnership.id).in_(ids))).all()
    return [(one, by_side(both[one.id])) for one in there]


def mute(session: Session, partnership_id: int, why: str, now: datetime, *, instead: bool = False) -> bool:
    """Note that nothing can be said in a channel; False when that is known, or known for another reason.

    With `instead` the reason takes the place of any other.
    """
    because = col(Partnership.muted_because)
    news = or_(because.is_(None), because != why) if instead else because.is_(None)
    noted = update(Partnership).where(col(Partnership.id) == partnership_id, news)
    noted = noted.values(muted_at=now, muted_because=why[:64])
    return bool(session.connection().execute(noted).rowcount)


def unmute(session: Session, partnership_id: int, *, unless: str = "") -> bool:
    """Note that a channel can be spoken in; False when that is known, or it is muted for the reason that stays."""
    muted = (col(Partnership.id) == partnership_id, col(Partnership.muted_because) != unless)
    noted = update(Partnership).where(*muted).values(muted_at=None, muted_because=None)
    return bool(session.connection().execute(noted).rowcount)


@dataclass(frozen=True)
class Unconfirmed:
    """A company that has still to confirm, and since when the partnership waits for it."""

    name: str
    set_up_at: datetime


def list_unconfirmed(session: Session) -> list[Unconfirmed]:
    """List the companies that have still to confirm a partnership, the longest waiting first."""
    waiting = select(Company.name, Partnership.set_up_at).join(
        Partnership, col(Partnership.id) == Company.partnership_id
    )
    waiting = waiting.where(col(Company.confirmed_at).is_(None)).order_by(col(Partnership.set_up_at))
    return [Unconfirmed(name, set_up_at) for name, set_up_at in session.exec(waiting).all()]


def list_muted(session: Session) -> list[Partnership]:
    """List the partnerships in whose channel nothing can be said, the longest so first."""
    muted = select(Partnership).where(col(Partnership.muted_at).is_not(None))
    return list(session.exec(muted.order_by(col(Partnership.muted_at))).all())


def list_channels(session: Session) -> list[tuple[str, str]]:
    """List the channels that are set up, in the order they were, each with the installation that writes there."""
    there = select(Partnership.channel_id, Partnership.home_team_id)
    return list(session.exec(there.order_by(col(Partnership.id))).all())


def count_captured(session: Session) -> int:
    """Count the channels in which the talk about records is kept."""
    kept = select(func.count()).select_from(Partnership).where(col(Partnership.captures_since).is_not(None))
    return session.exec(kept).one()


def count_muted(session: Session) -> int:
    """Count the channels in which nothing can be said."""
    return session.exec(
        select(func.count()).select_from(Partnership).where(col(Partnership.muted_at).is_not(None))
    ).one()
