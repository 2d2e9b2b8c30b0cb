"""Where the app is installed: the tokens of each workspace or whole organisation, sealed, and pending installations."""

import hashlib
from datetime import datetime

from sqlalchemy import Index, delete, text
from sqlmodel import Field, Session, col, select

from storage.table import Moment, Table
from storage.upsert import insert_all

LIVE = text("ended_at IS NULL")


class Installed(Table, table=True):
    """An installation; one that ended is kept, without its tokens."""

    __tablename__ = "installation"
    __table_args__ = (Index("ix_installation_live", "serves", unique=True, sqlite_where=LIVE, postgresql_where=LIVE),)

    id: int = Field(default=None, primary_key=True)
    serves: str = Field(max_length=32)  # the team, or of an organisation the enterprise, by its Slack id
    name: str = Field(max_length=120)
    bot_user_id: str = Field(max_length=32)
    bot_id: str = Field(max_length=32)
    scopes: str
    token: str  # sealed
    refresh_token: str | None = None  # sealed; None: the token does not expire
    expires_at: datetime | None = Field(default=None, sa_type=Moment)
    installed_at: datetime = Field(sa_type=Moment)
    installed_by: str = Field(max_length=32)  # Slack user id
    ended_at: datetime | None = Field(default=None, sa_type=Moment)
    ended_because: str | None = Field(default=None, max_length=32)


class PendingInstallation(Table, table=True):
    """A state that was given out with the address of an installation, by its hash; good once, and not for long."""

    __tablename__ = "pending_installation"

    state_hash: str = Field(primary_key=True, max_length=64)
    expires_at: datetime = Field(sa_type=Moment, index=True)


def find(session: Session, serves: str) -> Installed | None:
    """Find the installation that serves a workspace or an organisation now."""
    live = select(Installed).where(Installed.serves == serves, col(Installed.ended_at).is_(None))
    return session.exec(live).first()


def list_live(session: Session) -> list[Installed]:
    """List the installations there are, by name."""
    live = select(Installed).where(col(Installed.ended_at).is_(None))
    return list(session.exec(live.order_by(col(Installed.name))).all())


def save(session: Session, installed: Installed) -> None:
    """Keep an installation, in place of an earlier one of the same workspace."""
    end(session, installed.serves, "installed again", installed.installed_at)
    # By its values: work may be done more than once, and an object that was saved is not new any more.
    insert_all(session, Installed, [installed.model_dump(exclude={"id"})])


def renew(
    session: Session,
    installed_id: int,
    expired_at: datetime | None,
    token: str,
    refresh_token: str,
    expires_at: datetime,
) -> Installed:
    """Keep a renewed token, unless somebody else renewed it meanwhile; gives the installation as it is then."""
    found = session.get_one(Installed, installed_id, with_for_update=True, populate_existing=True)
    if found.ended_at is None and found.expires_at == expired_at:
        found.token, found.refresh_token, found.expires_at = token, refresh_token, expires_at
    return found


def end(session: Session, serves: str, why: str, now: datetime, told_at: datetime | None = None) -> bool:
    """End an installation that was there when Slack said so, and forget its tokens; False where there is none."""
    found = find(session, serves)
    if found is None or (told_at is not None and found.installed_at.replace(microsecond=0) > told_at):
        return False
    found.ended_at, found.ended_because = now, why[:32]
    found.token, found.refresh_token = "", None
    session.flush()
    return True


def has_ended(session: Session, serves: str, since: datetime) -> bool:
    """Whether a workspace's own installation ended after a moment."""
    ended = select(Installed.id).where(Installed.serves == serves, col(Installed.ended_at) >= since)
    return session.exec(ended).first() is not None


def expect(session: Session, state: str, expires_at: datetime) -> None:
    """Note a state that was given out."""
    session.add(PendingInstallation(state_hash=_hash(state), expires_at=expires_at))


def consume(session: Session, state: str, now: datetime) -> bool:
    """Use a state up; False where it was never given out, was used, or is too old."""
    same = (PendingInstallation.state_hash == _hash(state), col(PendingInstallation.expires_at) > now)
    used = session.connection().execute(delete(PendingInstallation).where(*same))  # type: ignore[arg-type]
    return bool(used.rowcount)


def forget_pending(session: Session, now: datetime) -> None:
    """Forget the states that are too old."""
    session.execute(delete(PendingInstallation).where(col(PendingInstallation.expires_at) <= now))


def _hash(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()
