"""What people set for themselves: being out of office, and when the morning list comes."""

from datetime import UTC, date, datetime, time

import pytest
from sqlmodel import Session

from quality import mine
from quality.mine import Wishes
from quality.people import Profile
from storage.partnership import Partnership
from storage.person import ListMode, Role
from tests import support
from tests.support import ANNA, CARLA, DAY, FINN, GITA, NOW, actor

UNTIL = date(2026, 12, 4)


def go_away(session: Session, who: Profile, instead: Profile, until: date = UNTIL, now: datetime = NOW) -> object:
    return mine.go_away(session, actor(session, who), support.row_of(session, instead).id, until, now)


def test_a_colleague_stands_in(session: Session, there: Partnership) -> None:
    """Up to and including a day, journaled."""
    go_away(session, GITA, FINN)
    gita = support.row_of(session, GITA)
    assert (gita.away_until, gita.stand_in_id) == (UNTIL, support.row_of(session, FINN).id)
    entry = support.last_entry(session)
    assert (entry.event, entry.content["by"]["name"]) == ("person.away", "Gita Rao")
    assert entry.content["changes"] == {"stand_in": [None, "Finn Larsen"], "away_until": [None, "2026-12-04"]}


@pytest.mark.parametrize(
    ("instead", "error"),
    [
        (ANNA, "Choose a colleague of Borealis from the list."),  # of the other company
        (GITA, "This is you. Choose a colleague."),
    ],
    ids=["the other company", "oneself"],
)
def test_a_stand_in_is_a_colleague(session: Session, there: Partnership, instead: Profile, error: str) -> None:
    """Of one's own company, and not oneself."""
    assert support.field_errors(session, go_away, GITA, instead) == {"stand_in": error}


def test_a_viewer_or_somebody_unknown_stands_in_for_nobody(session: Session, there: Partnership) -> None:
    """Who only reads can do nothing about what waits; an id from elsewhere names nobody."""
    support.give_roles(session, FINN, Role.VIEWER)
    wrong = {"stand_in": "Choose a colleague of Borealis from the list."}
    assert support.field_errors(session, go_away, GITA, FINN) == wrong
    assert support.field_errors(session, lambda s: mine.go_away(s, actor(s, GITA), 999, UNTIL, NOW)) == wrong


@pytest.mark.parametrize(
    ("until", "error"),
    [
        (date(2026, 11, 23), "This day is past. Give the last day on which you are away."),
        (date(2027, 11, 26), "This is more than a year ahead. Check the year."),
        (date(2026, 11, 24), None),
        (date(2027, 11, 25), None),
    ],
)
def test_an_absence_is_from_today_on(session: Session, there: Partnership, until: date, error: str | None) -> None:
    """Today counts, a year ahead as well, beyond it is a slip of the pen."""
    if error is None:
        go_away(session, GITA, FINN, until)
    else:
        assert support.field_errors(session, go_away, GITA, FINN, until) == {"until": error}


def test_today_is_where_the_person_is(session: Session, there: Partnership) -> None:
    """Late in the evening in Berlin it is tomorrow in Tokyo."""
    support.row_of(session, GITA).time_zone = "Asia/Tokyo"
    evening = datetime(2026, 11, 24, 20, tzinfo=UTC)
    assert support.field_errors(session, go_away, GITA, FINN, date(2026, 11, 24), evening)
    go_away(session, GITA, FINN, date(2026, 11, 25), evening)


def test_an_absence_ends_early(session: Session, there: Partnership) -> None:
    """By a button, once; who is not away has nothing to end."""
    go_away(session, GITA, FINN)
    for _ in range(2):
        mine.be_back(session, actor(session, GITA), NOW + DAY)
    gita = support.row_of(session, GITA)
    assert (gita.away_until, gita.stand_in_id) == (None, None)
    assert support.events(session).count("person.back") == 1
    assert support.last_entry(session).content["changes"] == {"away_until": ["2026-12-04", None]}


# The morning list


def test_a_person_says_when_their_list_comes(session: Session, there: Partnership) -> None:
    """Journaled with what it was; the next one is on the next working day of their company."""
    now = datetime(2026, 11, 25, 12, tzinfo=UTC)
    mine.wish(session, actor(session, CARLA), Wishes(ListMode.DAILY, time(9, 30)), now)
    carla = support.row_of(session, CARLA)
    assert (carla.list_mode, carla.list_at) == (ListMode.DAILY, time(9, 30))
    assert carla.next_list_at == datetime(2026, 11, 27, 8, 30, tzinfo=UTC)  # after Thanksgiving
    entry = support.last_entry(session)
    assert (entry.event, entry.content["by"]["name"]) == ("person.list_set", "Carla Diaz")
    assert entry.content["changes"] == {"list": ["When something needs me, 08:00", "Every working day, 09:30"]}
