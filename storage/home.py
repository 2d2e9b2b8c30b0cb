"""Who has App Home before them, and at which page: they see changes without opening it again."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Field, Session, col, select

from storage.person import Person
from storage.table import Moment, Table


class OpenHome(Table, table=True):
    """App Home as a person opened it last."""

    __tablename__ = "open_home"

    user_id: str = Field(primary_key=True, max_length=32)
    team_id: str = Field(primary_key=True, max_length=32)  # of the installation that shows it
    opened_at: datetime = Field(sa_type=Moment)
    page: int = 0
    # Every id of their workspace, with spaces between.
    teams: str = Field(default="", max_length=500, sa_column_kwargs={"server_default": text("''")})


def opened(session: Session, user_id: str, team_id: str, teams: Iterable[str], page: int, now: datetime) -> None:
    """Note that a person opened their Home at a page."""
    session.merge(OpenHome(user_id=user_id, team_id=team_id, teams=" ".join(sorted(teams)), opened_at=now, page=page))


def list_open(session: Session, partnership_id: int, since: datetime) -> list[OpenHome]:
    """List the Homes that people of a partnership opened since a moment; also who left it has them drawn anew."""
    seen = select(OpenHome).join(Person, col(OpenHome.user_id) == Person.user_id)
    seen = seen.where(Person.partnership_id == partnership_id, OpenHome.opened_at >= since)
    return list(session.exec(seen.distinct()).all())
