"""The invented companies, people and channels of the sandbox, as data; what happens among them is in `world`."""

from dataclasses import dataclass
from typing import TypeVar


@dataclass(frozen=True)
class Team:
    """A Slack workspace; `installed` says whether it has installed the app."""

    id: str
    name: str
    domain: str
    installed: bool = False


@dataclass(frozen=True)
class Person:
    """A member of a team; a guest is a single-channel guest (`is_restricted`)."""

    id: str
    name: str
    title: str
    team: str
    tz: str
    guest: bool = False

    @property
    def username(self) -> str:
        """Slack's old-style handle: `anna.berg`."""
        return self.name.lower().replace(" ", ".")


_Thing = TypeVar("_Thing", Team, Person)


@dataclass(frozen=True)
class Room:
    """A channel as it is when the sandbox starts."""

    id: str
    name: str
    members: tuple[str, ...]
    shared: bool = False
    private: bool = False
    topic: str = ""


@dataclass(frozen=True)
class AppIds:
    """The ids Slack gave the app when it was installed."""

    app: str = "A0QUALBRIDGE"
    bot: str = "B0QUALBRIDGE"
    user: str = "U0QUALBRIDGE"


@dataclass(frozen=True)
class Cast:
    """Everybody and everything a sandbox starts with; the first installed team is the app's home."""

    teams: tuple[Team, ...]
    people: tuple[Person, ...]
    rooms: tuple[Room, ...]
    app: AppIds = AppIds()

    @property
    def home(self) -> Team:
        """The team whose installation (and token) the app uses."""
        return next(team for team in self.teams if team.installed)

    def team(self, team_id: str) -> Team:
        """Return the team or raise KeyError."""
        return _by_id(self.teams, team_id)

    def person(self, user_id: str) -> Person:
        """Return the person or raise KeyError."""
        return _by_id(self.people, user_id)

    def has_app(self, person: Person) -> bool:
        """Say whether the person's own company has installed the app."""
        return self.team(person.team).installed


def _by_id(things: tuple[_Thing, ...], wanted: str) -> _Thing:
    for thing in things:
        if thing.id == wanted:
            return thing
    raise KeyError(wanted)


_BERLIN, _ZURICH, _LONDON = "Europe/Berlin", "Europe/Zurich", "Europe/London"

_EXAMPLE_TEAMS = (
    Team("T0AURORA", "Aurora Therapeutics (example)", "aurora-example", installed=True),
    Team("T0BOREAL", "Borealis Manufacturing (example)", "borealis-example"),
    Team("T0CYGNUS", "Cygnus Advisory (example)", "cygnus-example"),
)
_EXAMPLE_PEOPLE = (
    Person("U0ANNA", "Anna Berg", "QA lead", "T0AURORA", _BERLIN),
    Person("U0BEN", "Ben Ortiz", "QA", "T0AURORA", _BERLIN),
    Person("U0CARLA", "Carla Novak", "CMC manager", "T0AURORA", _BERLIN),
    Person("U0DAN", "Dan Whitfield", "Head of quality", "T0AURORA", _BERLIN),
    Person("U0ELIF", "Elif Kaya", "QA lead", "T0BOREAL", _ZURICH),
    Person("U0FINN", "Finn Larsen", "QA", "T0BOREAL", _ZURICH),
    Person("U0GITA", "Gita Rao", "Production", "T0BOREAL", _ZURICH),
    Person("U0HUGO", "Hugo Meyer", "Laboratory", "T0BOREAL", _ZURICH),
    Person("U0MIRA", "Mira Stone", "Consultant", "T0CYGNUS", _LONDON),
    Person("U0GUEST", "Gus Teller", "Guest", "T0AURORA", _LONDON, guest=True),
)
_SPONSOR = ("U0ANNA", "U0BEN", "U0CARLA", "U0DAN")


def example_cast() -> Cast:
    """Return the two companies, the stranger and the guest that `make sandbox` and the tests play with."""
    bot = AppIds().user
    everybody = tuple(person.id for person in _EXAMPLE_PEOPLE)
    shared = Room("C0SHARED", "aurora-borealis-quality", (*everybody, bot), shared=True)
    internal = Room("C0INTERNAL", "aurora-internal", (*_SPONSOR, bot), private=True)
    return Cast(_EXAMPLE_TEAMS, _EXAMPLE_PEOPLE, (shared, internal))
