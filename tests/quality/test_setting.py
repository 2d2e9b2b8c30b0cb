"""Settings: partnerships with companies and rosters read together, and who stands in for whom."""

from datetime import UTC, date, datetime

import pytest
from sqlmodel import Session

from quality import setting
from quality.setting import Setting
from storage.partnership import Partnership, Side
from storage.person import Role
from tests import support
from tests.support import ANNA, BEN, CARLA, ELIF, FINN, GITA, NOW


def read(session: Session, there: Partnership) -> Setting:
    session.flush()
    return setting.read(session, [there.id])[there.id]


@pytest.mark.parametrize("number", [1, 4])
def test_any_number_is_read_by_three_statements(session: Session, there: Partnership, number: int) -> None:
    """Companies, partnerships and people; nothing is asked for none."""
    ids = [there.id, *(support.set_up(session, f"C0MORE{count}").id for count in range(number))]
    session.expire_all()
    with support.statements(session) as seen:
        found = setting.read(session, ids)
        assert setting.read(session, []) == {}
    assert len(seen) == 3
    assert {one.partnership.id for one in found.values()} == set(ids)


def test_who_holds_a_role_is_listed_in_order(session: Session, there: Partnership) -> None:
    """Of both companies or one, and nobody who left."""
    support.remove(session, BEN)
    here = read(session, there)
    assert [who.name for who in here.holding(Role.QA)] == ["Anna Berg", "Elif Kaya", "Finn Larsen"]
    assert [who.name for who in here.holding(Role.QA, Side.SPONSOR)] == ["Anna Berg"]
    assert here.holding(Role.HEAD) == []


def test_who_left_is_not_found(session: Session, there: Partnership) -> None:
    """Nor nobody."""
    gita = support.row_of(session, GITA).id
    assert read(session, there).find(gita) is not None
    support.remove(session, GITA)
    assert read(session, there).find(gita) is None
    assert read(session, there).find(None) is None


@pytest.mark.parametrize(
    ("now", "name"),
    [
        (NOW, "Finn Larsen"),
        (datetime(2026, 11, 27, 22, 59, tzinfo=UTC), "Finn Larsen"),  # the last minute of the last day in Berlin
        (datetime(2026, 11, 27, 23, 0, tzinfo=UTC), "Gita Rao"),
    ],
)
def test_an_absence_ends_with_its_last_day(session: Session, there: Partnership, now: datetime, name: str) -> None:
    """By midnight where the person is."""
    gita = support.row_of(session, GITA)
    gita.away_until, gita.stand_in_id = date(2026, 11, 27), support.row_of(session, FINN).id
    assert read(session, there).stand_in(gita, now).name == name


def test_who_is_here_stands_for_themselves(session: Session, there: Partnership) -> None:
    """Also while a stand-in is named whom nobody needs any more."""
    carla = support.row_of(session, CARLA)
    carla.stand_in_id = support.row_of(session, ANNA).id
    assert read(session, there).stand_in(carla, NOW) is carla


def test_a_ring_of_absent_people_ends(session: Session, there: Partnership) -> None:
    """Somebody of it gets the message."""
    ring = [support.row_of(session, who) for who in (ELIF, FINN, GITA)]
    for who, instead in zip(ring, [*ring[1:], ring[0]], strict=True):
        who.away_until, who.stand_in_id = date(2026, 12, 31), instead.id
    assert read(session, there).stand_in(ring[0], NOW) in ring
