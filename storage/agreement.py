"""Quality agreements: the terms and settings of a partnership, each version whole, and proposals of the next.

Nothing of a version in force is changed; it is followed by the next.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, Text, bindparam, cast, text
from sqlmodel import Field, Session, col, select

from storage import prepared
from storage.partnership import Side
from storage.table import Moment, Table

PROPOSED = text("in_force_at IS NULL AND dropped_at IS NULL")
MOVING = text("moved_up_to IS NOT NULL")


class Agreement(Table, table=True):
    """A version of a partnership's quality agreement: in force, followed by another, proposed or dropped."""

    __table_args__ = (
        Index("ix_agreement_version", "partnership_id", "version", unique=True),
        Index("ix_agreement_proposed", "partnership_id", unique=True, sqlite_where=PROPOSED, postgresql_where=PROPOSED),
        Index("ix_agreement_moving", "moved_up_to", sqlite_where=MOVING, postgresql_where=MOVING),
    )

    id: int = Field(default=None, primary_key=True)
    partnership_id: int = Field(foreign_key="partnership.id")
    version: int | None = None  # given when it comes into force
    revision: int = 1  # of a proposal: who agrees says to which
    content: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    reason: str = ""
    moves_clocks: bool = False  # clocks that run follow it
    proposed_by_id: int | None = Field(default=None, foreign_key="person.id")  # None: by setting the channel up
    proposed_at: datetime = Field(sa_type=Moment)
    sponsor_agreed_by_id: int | None = Field(default=None, foreign_key="person.id")
    cmo_agreed_by_id: int | None = Field(default=None, foreign_key="person.id")
    in_force_at: datetime | None = Field(default=None, sa_type=Moment)
    dropped_at: datetime | None = Field(default=None, sa_type=Moment)  # refused or withdrawn
    dropped_by_id: int | None = Field(default=None, foreign_key="person.id")
    moved_up_to: int | None = None  # the last clock that followed it; None: none is left to follow

    def agreed_by(self, side: Side) -> int | None:
        """Give the id of who agreed for a company."""
        return self.sponsor_agreed_by_id if side is Side.SPONSOR else self.cmo_agreed_by_id

    def agree(self, side: Side, person_id: int | None) -> None:
        """Note who agreed for a company, or that nobody does any more."""
        if side is Side.SPONSOR:
            self.sponsor_agreed_by_id = person_id
        else:
            self.cmo_agreed_by_id = person_id


NEWEST = (
    select(Agreement)
    .where(Agreement.partnership_id == bindparam("of"), col(Agreement.version).is_not(None))
    .order_by(col(Agreement.version).desc())
    .limit(1)
)
AS_KEPT = NEWEST.with_only_columns(col(Agreement.version), cast(col(Agreement.content), Text))


def in_force(session: Session, partnership_id: int) -> Agreement:
    """Get the version in force; LookupError when there is none."""
    found = session.exec(NEWEST, params={"of": partnership_id}).first()
    if found is None:
        raise LookupError(f"partnership {partnership_id} has no agreement")
    return found


def text_in_force(session: Session, partnership_id: int) -> Callable[[], tuple[int, str]]:
    """Ask, together with the next question, for the version in force and its content as it is kept, unread.

    LookupError when there is none.
    """
    session.flush()
    asked = prepared.begin(session, AS_KEPT, {"of": partnership_id})

    def found() -> tuple[int, str]:
        for version, content in asked():
            return version or 0, content
        raise LookupError(f"partnership {partnership_id} has no agreement")

    return found


def get_version(session: Session, partnership_id: int, version: int) -> Agreement:
    """Get a version that is or was in force."""
    same = (Agreement.partnership_id == partnership_id, Agreement.version == version)
    return session.exec(select(Agreement).where(*same)).one()


def find_proposal(session: Session, partnership_id: int) -> Agreement | None:
    """Find the proposal that is open."""
    waiting = (col(Agreement.in_force_at).is_(None), col(Agreement.dropped_at).is_(None))
    return session.exec(select(Agreement).where(Agreement.partnership_id == partnership_id, *waiting)).first()


def get(session: Session, partnership_id: int, agreement_id: int) -> Agreement:
    """Get a version or a proposal; LookupError when there is none."""
    found = session.get(Agreement, agreement_id)
    if found is None or found.partnership_id != partnership_id:
        raise LookupError(f"agreement {agreement_id}")
    return found


def find_moving(session: Session) -> Agreement | None:
    """Find a version that running clocks have still to follow."""
    return session.exec(select(Agreement).where(col(Agreement.moved_up_to).is_not(None)).limit(1)).first()


def stop_moving(session: Session, partnership_id: int) -> None:
    """Let no running clock follow a version any more that one after it overtook."""
    moving = (Agreement.partnership_id == partnership_id, col(Agreement.moved_up_to).is_not(None))
    for overtaken in session.exec(select(Agreement).where(*moving)).all():
        overtaken.moved_up_to = None


def before(session: Session, found: Agreement) -> Agreement:
    """Get the version that a proposal, or another version, follows."""
    if found.version is None:
        return in_force(session, found.partnership_id)
    return get_version(session, found.partnership_id, found.version - 1)
