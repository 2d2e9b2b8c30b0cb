"""Inspections: of one company, one open at a time, with a log that nobody changes."""

import hashlib

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from storage import inspection
from storage.inspection import Inspection
from storage.partnership import Partnership, Side
from tests import support
from tests.support import ELIF, NOW

pytestmark = pytest.mark.both_engines


def opened(session: Session, there: Partnership, side: Side = Side.CMO) -> Inspection:
    """Keep an inspection."""
    made = Inspection(
        partnership_id=there.id, side=side, authority="Agency", scope="Filling", inspector="I. Spector",
        first_on=NOW.date(), last_on=NOW.date(), opened_by_id=support.row_of(session, ELIF).id, opened_at=NOW,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def test_it_is_found_by_its_company_alone(session: Session, there: Partnership) -> None:
    """By id, among the open ones and in lists."""
    made = opened(session, there)
    assert inspection.find(session, there.id, Side.CMO, made.id) is made
    assert inspection.find_open(session, there.id, Side.CMO) is made
    assert inspection.list_of_side(session, there.id, Side.CMO, 5) == [made]
    assert inspection.find(session, there.id, Side.SPONSOR, made.id) is None
    assert inspection.find_open(session, there.id, Side.SPONSOR) is None
    assert inspection.list_of_side(session, there.id, Side.SPONSOR, 5) == []


def test_one_is_open_at_a_time(session: Session, there: Partnership) -> None:
    """The database holds that, for each company."""
    opened(session, there)
    opened(session, there, Side.SPONSOR)
    with pytest.raises(IntegrityError), session.begin_nested():
        opened(session, there)


def test_who_takes_part_does_so_once(session: Session, there: Partnership) -> None:
    """However often they are named."""
    made, who = opened(session, there), support.row_of(session, ELIF).id
    inspection.take_part(session, made, [who, who])
    inspection.take_part(session, made, [who])
    assert inspection.participants(session, made.id) == [who]


@pytest.mark.parametrize("statement", ["UPDATE inspection_entry SET body = '{}'", "DELETE FROM inspection_entry"])
def test_the_log_is_neither_changed_nor_deleted(session: Session, there: Partnership, statement: str) -> None:
    """Not even at a SQL prompt; its hash proves an entry without telling it."""
    made = opened(session, there)
    entry = inspection.add_entry(session, made, "closed", made.opened_by_id, {"what": "…"}, NOW)
    assert entry.hash == hashlib.sha256((entry.salt + entry.body).encode()).hexdigest()
    with pytest.raises(IntegrityError, match="kept as it was written"), session.begin_nested():
        session.connection().execute(text(statement))
