"""What a sandbox starts with, as data: companies, people, channels. The invented ones are in `setups`."""

from dataclasses import dataclass
from typing import TypeVar


@dataclass(frozen=True)
class Enterprise:
    """An Enterprise Grid organisation; `installed` says whether it starts with the app installed org-wide."""

    id: str
    name: str
    installed: bool = False


@dataclass(frozen=True)
class Team:
    """A Slack workspace; `installed` says whether it starts with the app installed.

    With `shown_as_enterprise` other companies see its people under the organisation's id (`E...`), as often on Grid.
    """

    id: str
    name: str
    domain: str
    installed: bool = False
    enterprise: str | None = None
    shown_as_enterprise: bool = False


@dataclass(frozen=True)
class Person:
    """A member of a team; a guest (`is_restricted`) is of one channel only, unless `many_channels`."""

    id: str
    name: str
    title: str
    team: str
    tz: str
    guest: bool = False
    many_channels: bool = False

    @property
    def username(self) -> str:
        """Slack's old-style handle: `anna.berg`."""
        return self.name.lower().replace(" ", ".")


_Thing = TypeVar("_Thing", Team, Person, Enterprise)


@dataclass(frozen=True)
class Room:
    """A channel as it is when the sandbox starts; `host` is the team that owns it, the app's home unless said."""

    id: str
    name: str
    members: tuple[str, ...]
    shared: bool = False
    private: bool = False
    topic: str = ""
    host: str = ""


@dataclass(frozen=True)
class AppIds:
    """The ids Slack gave the app: its own, and those of a bot of it; every installation has a bot of its own."""

    app: str = "A0QUALBRIDGE"
    bot: str = "B0QUALBRIDGE"
    user: str = "U0QUALBRIDGE"


@dataclass(frozen=True)
class Cast:
    """Everybody and everything a sandbox starts with; the first team that starts with the app is the app's home."""

    teams: tuple[Team, ...]
    people: tuple[Person, ...]
    rooms: tuple[Room, ...]
    app: AppIds = AppIds()
    enterprises: tuple[Enterprise, ...] = ()

    @property
    def home(self) -> Team:
        """The team whose installation `Sandbox.bot_token` belongs to; without any, the first team."""
        return next((team for team in self.teams if team.installed), self.teams[0])

    def team(self, team_id: str) -> Team:
        """Return the team or raise KeyError."""
        return _by_id(self.teams, team_id)

    def person(self, user_id: str) -> Person:
        """Return the person or raise KeyError."""
        return _by_id(self.people, user_id)

    def enterprise(self, enterprise_id: str) -> Enterprise:
        """Return the organisation or raise KeyError."""
        return _by_id(self.enterprises, enterprise_id)

    @property
    def installers(self) -> tuple[Team | Enterprise, ...]:
        """Whoever can install the app: every team and every organisation."""
        return (*self.teams, *self.enterprises)

    def enterprise_of(self, team_id: str) -> Enterprise | None:
        """Return the organisation that a team belongs to, or None."""
        wanted = self.team(team_id).enterprise
        return self.enterprise(wanted) if wanted else None

    def teams_of(self, installer: str) -> tuple[Team, ...]:
        """Return the teams that an installation by this team, or org-wide by this organisation, serves."""
        return tuple(team for team in self.teams if installer in (team.id, team.enterprise))

    def shown_team(self, team_id: str, to: str) -> str:
        """Return the id under which this team or organisation `to` sees a team's people."""
        team = self.team(team_id)
        is_own = team in self.teams_of(to) or team.enterprise in [own.enterprise for own in self.teams_of(to)]
        return team.id if is_own or not (team.shown_as_enterprise and team.enterprise) else team.enterprise


def _by_id(things: tuple[_Thing, ...], wanted: str) -> _Thing:
    for thing in things:
        if thing.id == wanted:
            return thing
    raise KeyError(wanted)
