"""Objects that plain statements write and read."""

from datetime import UTC, datetime

import pytest
from sqlmodel import Session, select

from storage import objects
from storage.record import Class, Kind, Record, State
from tests import support

pytestmark = pytest.mark.both_engines
SEEN = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _set_up(session: Session) -> None:
    support.set_up(session)


def new(session: Session, **fields: object) -> Record:
    who = support.actor(session, support.GITA).person
    by = {"logged_side": who.side, "logged_by_id": who.id, "turn": who.side, "turn_since": SEEN}
    of = {"partnership_id": who.partnership_id, "kind": Kind.DEVIATION, "state": State.OPEN, "class_": Class.MINOR}
    moments = {"detected_at": SEEN, "recorded_at": SEEN}
    return objects.made(Record, {**of, **by, **moments, "title": "Torn bag", "number": "DEV-2026-0901", **fields})


def test_what_is_added_is_what_the_constructor_would_give(session: Session) -> None:
    """Column by column, those that were left out too; the id is the database's."""
    row = new(session)
    given = {name: value for name, value in row.model_dump().items() if name != "id"}
    assert given == {name: value for name, value in Record(**given).model_dump().items() if name != "id"}
    objects.add(session, row)
    found = session.exec(select(Record.id, Record.version).where(Record.number == "DEV-2026-0901")).one()
    assert found == (row.id, 1)


def test_what_was_added_is_the_sessions(session: Session) -> None:
    """A query gives the same object, and a change of it is written."""
    row = new(session)
    objects.add(session, row)
    assert session.get(Record, row.id) is row
    row.title = "Torn bag, replaced"
    session.flush()
    session.expire(row)
    assert row.title == "Torn bag, replaced"
    assert row.detected_at == SEEN


def test_a_naive_moment_is_refused(session: Session) -> None:
    """By the column's type, as everywhere."""
    with pytest.raises(ValueError, match="naive"):
        objects.add(session, new(session, detected_at=datetime(2026, 3, 2)))  # noqa: DTZ001 - that is the point
