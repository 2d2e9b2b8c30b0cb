"""The roster: who belongs to which company of a partnership, with which roles."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from sqlalchemy import JSON, Column, Index, UniqueConstraint, and_, bindparam, text, update
from sqlmodel import Field, Session, col, select

from storage.database import locked
from storage.objects import Read
from storage.partnership import Company, Partnership, Side, by_side
from storage.prepared import once
from storage.table import Moment, Table, words


class Role(StrEnum):
    """What a person may do."""

    QA = "QA"  # may approve
    MEMBER = "member"  # may log, own, comment
    HEAD = "head of quality"  # is told of escalations
    VIEWER = "viewer"  # reads


class ListMode(StrEnum):
    """When a person gets a morning list."""

    NEEDED = "When something needs me"
    DAILY = "Every working day"
    NEVER = "Never"


LISTED = text("next_list_at IS NOT NULL")


class Person(Table, table=True):
    """A Slack person on the roster of one partnership."""

    __table_args__ = (
        UniqueConstraint("partnership_id", "team_id", "user_id"),
        Index("ix_person_list", "next_list_at", sqlite_where=LISTED, postgresql_where=LISTED),
    )

    id: int = Field(default=None, primary_key=True)
    partnership_id: int = Field(foreign_key="partnership.id")
    team_id: str = Field(max_length=32)
    # Other ids by which Slack names their workspace: on Enterprise Grid now one of several, now their organisation.
    other_teams: str = Field(default="", max_length=500, sa_column_kwargs={"server_default": text("''")})
    user_id: str = Field(max_length=32, index=True)
    side: Side = Field(sa_type=words(Side))
    name: str = Field(max_length=80)
    roles: list[Role] = Field(sa_column=Column(JSON, nullable=False))
    time_zone: str = Field(max_length=64)
    joined_at: datetime = Field(sa_type=Moment)
    active: bool = True
    left_at: datetime | None = Field(default=None, sa_type=Moment)  # by leaving the channel, or Slack
    away_until: date | None = None  # out of office up to and including this day
    stand_in_id: int | None = Field(default=None, foreign_key="person.id")  # who gets their messages meanwhile
    list_mode: ListMode = Field(
        default=ListMode.NEEDED, sa_type=words(ListMode), sa_column_kwargs={"server_default": ListMode.NEEDED.value}
    )
    list_at: time = Field(default=time(8), sa_column_kwargs={"server_default": "08:00:00"})  # local, in time_zone
    next_list_at: datetime | None = Field(default=None, sa_type=Moment)  # None: never
    dm_channel_id: str | None = Field(default=None, max_length=32)
    dm_team_id: str | None = Field(default=None, max_length=32)  # the installation whose conversation that is

    def has(self, role: Role) -> bool:
        """Whether the person holds the role now."""
        return self.active and role in self.roles

    @property
    def team_ids(self) -> set[str]:
        """Every id by which Slack named their workspace."""
        return {self.team_id, *self.other_teams.split()}


SEATS = (
    select(Partnership, Company, Person)
    .join(Company)
    .outerjoin(Person, and_(col(Person.partnership_id) == Partnership.id, col(Person.user_id) == bindparam("user_id")))
    .order_by(col(Person.active).desc(), col(Person.id))
)
# Made once: they are asked with every act.
OF_WHOM = (Partnership, Company, Person)
IN_CHANNEL = Read(SEATS.where(col(Partnership.channel_id) == bindparam("which")), *OF_WHOM)
OF_PARTNERSHIP = Read(SEATS.where(col(Partnership.id) == bindparam("which")), *OF_WHOM)


@dataclass(frozen=True)
class Seat:
    """A Slack user's place in a partnership: its companies, and their row where the roster has one."""

    partnership: Partnership
    companies: dict[Side, Company]
    person: Person | None


def find_seat(session: Session, seats: Read, which: str | int, team_id: str, user_id: str) -> Seat | None:
    """Find a user's place in the partnership of a channel, or with an id, by one statement; None without one."""
    rows = [*seats.rows(session, which=which, user_id=user_id)]
    if not rows:
        return None
    both = by_side(company for _, company, _ in rows)
    known = next((who for _, _, who in rows if who is not None and team_id in who.team_ids), None)
    return Seat(rows[0][0], both, known)


def find(session: Session, partnership_id: int, team_id: str, user_id: str) -> Person | None:
    """Find a person by their Slack identity."""
    return next((who for who in _rows_of(session, partnership_id, user_id) if team_id in who.team_ids), None)


def find_user(session: Session, partnership_id: int, user_id: str) -> Person | None:
    """Find who has a user id, whatever the team: the same person, if Slack says that the teams belong together."""
    return next(iter(_rows_of(session, partnership_id, user_id)), None)


def _rows_of(session: Session, partnership_id: int, user_id: str) -> Sequence[Person]:
    """Give who has a user id, active ones first: one row, but where Slack named the same person by unknown ids."""
    same = (Person.partnership_id == partnership_id, Person.user_id == user_id)
    return session.exec(select(Person).where(*same).order_by(col(Person.active).desc(), col(Person.id))).all()


def get(session: Session, partnership_id: int, person_id: int) -> Person:
    """Get a person of this partnership; LookupError when there is none."""
    person = session.get(Person, person_id)
    if person is None or person.partnership_id != partnership_id:
        raise LookupError(f"person {person_id}")
    return person


ACTIVE = once(select(Person).where(Person.partnership_id == bindparam("of"), col(Person.active)))


def list_active(session: Session, partnership_id: int) -> list[Person]:
    """List the active roster, sponsor first, by name."""
    people = session.exec(ACTIVE, params={"of": partnership_id}).all()
    return sorted(people, key=lambda p: (p.side is not Side.SPONSOR, p.name.casefold()))


def hold(session: Session, partnership_id: int, side: Side) -> None:
    """Read a company's active people anew, and let nobody else change them before this transaction ends."""
    theirs = select(Person).where(Person.partnership_id == partnership_id, Person.side == side, col(Person.active))
    session.exec(locked(session, theirs.order_by(col(Person.id)))).all()


def list_by_ids(session: Session, ids: Iterable[int]) -> list[Person]:
    """List people by their ids, whoever left among them."""
    wanted = set(ids)
    return list(session.exec(select(Person).where(col(Person.id).in_(wanted))).all()) if wanted else []


def list_with_role(session: Session, partnership_id: int, role: Role) -> list[Person]:
    """List the active people who hold a role."""
    return [person for person in list_active(session, partnership_id) if person.has(role)]


def list_stood_in_for(session: Session, partnership_id: int, person_id: int) -> list[Person]:
    """List who is out of office and has a person stand in, by name."""
    away = select(Person).where(Person.partnership_id == partnership_id, Person.stand_in_id == person_id)
    return list(session.exec(away.where(col(Person.active)).order_by(col(Person.name))).all())


def list_identities(session: Session, team_id: str, user_id: str) -> list[Person]:
    """List the roster rows of one Slack person, one for each partnership."""
    return list_of_user_in(session, user_id, {team_id})


def list_teams(session: Session, partnership_id: int, side: Side) -> set[str]:
    """List the ids by which Slack named the workspaces of a company's people."""
    theirs = select(Person).where(Person.partnership_id == partnership_id, Person.side == side)
    return {team for who in session.exec(theirs).all() for team in who.team_ids}


def list_of_user(session: Session, user_id: str) -> list[Person]:
    """List the roster rows of a Slack user id, whatever the team; ids are unique across Slack."""
    rows = select(Person).where(Person.user_id == user_id, col(Person.active))
    return list(session.exec(rows.order_by(col(Person.partnership_id))).all())


def list_of_user_in(session: Session, user_id: str, team_ids: set[str]) -> list[Person]:
    """List the roster rows of a person whose workspace has one of some ids."""
    return [who for who in list_of_user(session, user_id) if who.team_ids & team_ids]


def save_direct_channel(session: Session, person_id: int, channel_id: str, team_id: str) -> None:
    """Remember where the direct messages of an installation to a person go."""
    who = session.get_one(Person, person_id)
    who.dm_channel_id, who.dm_team_id = channel_id, team_id


def list_of_all(session: Session, partnership_ids: set[int]) -> dict[int, dict[int, Person]]:
    """Give the rosters of several partnerships by partnership and person, also those who left."""
    rosters: dict[int, dict[int, Person]] = {}
    people = select(Person).where(col(Person.partnership_id).in_(partnership_ids))
    for who in session.exec(people).all():
        rosters.setdefault(who.partnership_id, {})[who.id] = who
    return rosters


def look_again(session: Session, now: datetime) -> None:
    """Let everybody's morning list be decided now."""
    session.execute(update(Person).where(col(Person.next_list_at) > now).values(next_list_at=now))


def list_lists_due(session: Session, now: datetime, limit: int) -> list[Person]:
    """List the people whose next morning list is due, the longest waiting first."""
    due = select(Person).where(col(Person.next_list_at) <= now).order_by(col(Person.next_list_at))
    return list(session.exec(due.limit(limit).with_for_update(skip_locked=True)).all())
