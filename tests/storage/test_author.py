"""Authors: who worked on what of a record, each noted once."""

import pytest
from sqlmodel import Session

from storage import author
from storage.database import Database
from storage.partnership import Partnership
from tests import support
from tests.support import ELIF, GITA

pytestmark = pytest.mark.both_engines


def test_a_person_is_noted_once_for_each_scope(session: Session, there: Partnership) -> None:
    """However often they worked on it; other records have their own."""
    made, other = support.log_oos(session), support.log_oos(session)
    gita, elif_ = (support.row_of(session, who).id for who in (GITA, ELIF))
    for person_id, scope in ((gita, "record"), (gita, "record"), (gita, "plan"), (elif_, "plan")):
        author.note(session, made.id, person_id, scope)
        session.flush()
    found = {(one.person_id, one.scope) for one in author.list_of_record(session, made.id)}
    assert found == {(gita, "record"), (gita, "plan"), (elif_, "plan")}
    assert author.list_of_record(session, other.id) == []


def test_a_person_is_noted_once_by_transactions_at_once(database: Database, there: Partnership) -> None:
    """Whoever comes second finds the note and leaves it."""
    with database.writing() as session:
        made, gita = support.log_oos(session), support.row_of(session, GITA)
    support.one_after_the_other(database, lambda session: author.note(session, made.id, gita.id, "plan"))
    with database.reading() as session:
        assert [one.scope for one in author.list_of_record(session, made.id)].count("plan") == 1


def test_who_worked_on_several_records_is_read_together(session: Session, there: Partnership) -> None:
    """In one statement; for no record in none."""
    made, other, third = (support.log_oos(session) for _ in range(3))
    gita = support.row_of(session, GITA).id
    for one in (made, other, third):
        author.note(session, one.id, gita, "record")
    session.flush()
    with support.statements(session) as seen:
        found = author.list_of_records(session, [made.id, other.id])
        assert author.list_of_records(session, []) == []
    assert len(seen) == 1
    assert sorted(one.record_id for one in found) == [made.id, other.id]
