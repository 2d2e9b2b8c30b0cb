"""The invented companies in each set-up Slack allows: guests, one installation, two, Enterprise Grid; all as data."""

from dataclasses import dataclass, replace

from sandbox.cast import AppIds, Cast, Enterprise, Person, Room, Team

_BERLIN, _ZURICH, _LONDON, _DUBLIN = "Europe/Berlin", "Europe/Zurich", "Europe/London", "Europe/Dublin"

_AURORA = Team("T0AURORA", "Aurora Therapeutics (example)", "aurora-example", installed=True)
_BOREAL = Team("T0BOREAL", "Borealis Manufacturing (example)", "borealis-example")
_CYGNUS = Team("T0CYGNUS", "Cygnus Advisory (example)", "cygnus-example")
_DELPHI = Team("T0DELPH", "Delphi Fill & Finish (example)", "delphi-example")
_ORG = Enterprise("E0BOREAL", "Borealis Group (example)", installed=True)

_SPONSORS = (
    Person("U0ANNA", "Anna Berg", "QA lead", _AURORA.id, _BERLIN),
    Person("U0BEN", "Ben Ortiz", "QA", _AURORA.id, _BERLIN),
    Person("U0CARLA", "Carla Novak", "CMC manager", _AURORA.id, _BERLIN),
    Person("U0DAN", "Dan Whitfield", "Head of quality", _AURORA.id, _BERLIN),
)
_MAKERS = (
    Person("U0ELIF", "Elif Kaya", "QA lead", _BOREAL.id, _ZURICH),
    Person("U0FINN", "Finn Larsen", "QA", _BOREAL.id, _ZURICH),
    Person("U0GITA", "Gita Rao", "Production", _BOREAL.id, _ZURICH),
    Person("U0HUGO", "Hugo Meyer", "Laboratory", _BOREAL.id, _ZURICH),
)
_OTHERS = (
    Person("U0MIRA", "Mira Stone", "Consultant", _CYGNUS.id, _LONDON),
    Person("U0GUEST", "Gus Teller", "Guest", _AURORA.id, _LONDON, guest=True),
)
_FILLERS = (
    Person("U0IRIS", "Iris Doyle", "QA lead", _DELPHI.id, _DUBLIN),
    Person("U0JONAS", "Jonas Weber", "QA", _DELPHI.id, _DUBLIN),
    Person("U0KIRA", "Kira Petrov", "Production", _DELPHI.id, _DUBLIN),
)


@dataclass(frozen=True)
class SetUp:
    """How the CMO's people come into the sponsor's channel: in a team of their own, or as guests without one."""

    maker: Team | None
    enterprise: Enterprise | None = None


SETUPS = {
    "guests": SetUp(None),
    "connect": SetUp(_BOREAL),
    "both": SetUp(replace(_BOREAL, installed=True)),
    "grid": SetUp(replace(_BOREAL, enterprise=_ORG.id, shown_as_enterprise=True), _ORG),
}


def cast_of(setup: str, *, third: bool = False, installed: bool = True) -> Cast:
    """Return the cast of a set-up; with `third` a second CMO, Delphi, has a channel of its own with Aurora.

    With `installed=False` nobody has the app yet. KeyError for a set-up that is none of `SETUPS`.
    """
    chosen = SETUPS[setup]
    people: tuple[Person, ...] = (*_SPONSORS, *_MAKERS, *_OTHERS)
    if chosen.maker is None:
        people = tuple(person if person.team == _AURORA.id else _as_guest(person) for person in people)
    teams = (_AURORA, *([chosen.maker, _CYGNUS] if chosen.maker else []))
    enterprises = (chosen.enterprise,) if chosen.enterprise else ()
    cast = Cast(teams, people, _rooms(people, shared=chosen.maker is not None), enterprises=enterprises)
    cast = _with_third(cast) if third else cast
    return cast if installed else _before_any(cast)


def example_cast() -> Cast:
    """Return the two companies, the stranger and the guest that `make sandbox` and the tests play with."""
    return cast_of("connect")


def _as_guest(person: Person) -> Person:
    return replace(person, team=_AURORA.id, guest=True, many_channels=True)


def _rooms(people: tuple[Person, ...], *, shared: bool) -> tuple[Room, ...]:
    bot = AppIds().user
    everybody = tuple(person.id for person in people)
    sponsors = tuple(person.id for person in _SPONSORS)
    return (
        Room("C0SHARED", "aurora-borealis-quality", (*everybody, bot), shared=shared),
        Room("C0INTERNAL", "aurora-internal", (*sponsors, bot), private=True),
    )


def _before_any(cast: Cast) -> Cast:
    teams = tuple(replace(team, installed=False) for team in cast.teams)
    return replace(cast, teams=teams, enterprises=tuple(replace(one, installed=False) for one in cast.enterprises))


def _with_third(cast: Cast) -> Cast:
    members = ("U0ANNA", "U0BEN", *(person.id for person in _FILLERS), cast.app.user)
    room = Room("C0DELPHI", "aurora-delphi-quality", members, shared=True)
    return replace(cast, teams=(*cast.teams, _DELPHI), people=(*cast.people, *_FILLERS), rooms=(*cast.rooms, room))
