"""Drafts: found by whom they are of and what they are about, and forgotten."""

import pytest
from sqlmodel import Session

from storage import draft
from storage.partnership import Partnership
from storage.record import Record
from tests import support
from tests.support import DAY, ELIF, FINN, NOW

GIVEN = {"outcome": "Effective", "evidence": "No leak since."}


@pytest.fixture
def logged(session: Session, there: Partnership) -> Record:
    """Log a CAPA."""
    return support.log_capa(session)


def test_a_draft_is_its_persons_about_its_record(session: Session, logged: Record) -> None:
    """Nobody else finds it, and under no other record."""
    elif_, finn = (support.row_of(session, who).id for who in (ELIF, FINN))
    draft_id = draft.save(session, logged.id, elif_, GIVEN, NOW)
    session.expire_all()
    assert draft.find(session, draft_id, logged.id, elif_) == GIVEN
    assert draft.find(session, draft_id, logged.id, finn) is None
    assert draft.find(session, draft_id, logged.id + 1, elif_) is None
    assert draft.find(session, draft_id + 1, logged.id, elif_) is None


def test_old_drafts_are_forgotten(session: Session, logged: Record) -> None:
    """Those from before a moment."""
    elif_ = support.row_of(session, ELIF).id
    ids = [draft.save(session, logged.id, elif_, GIVEN, at) for at in (NOW - DAY, NOW)]
    draft.forget(session, NOW)
    session.expire_all()
    assert [draft.find(session, one, logged.id, elif_) for one in ids] == [None, GIVEN]
