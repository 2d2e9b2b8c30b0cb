"""Files that are still to be fetched: claimed by one, counted."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from storage import download
from storage.database import Database
from storage.download import LEASE, Download
from storage.partnership import Partnership
from tests import support
from tests.support import GITA, NOW

pytestmark = pytest.mark.both_engines


def wanted(session: Session, number: int = 1) -> Download:
    record = support.log_deviation(session)
    gita = support.row_of(session, GITA)
    return Download(
        key=f"{record.id}:F{number}", partnership_id=record.partnership_id, record_id=record.id, person_id=gita.id,
        file_id=f"F{number}", name="a.pdf", asked_at=NOW, next_at=NOW,
    )  # fmt: skip


def test_what_was_noted_before_is_left(session: Session, there: Partnership) -> None:
    """A key is taken once."""
    one = wanted(session)
    assert [download.put(session, [one]), download.put(session, [one])] == [1, 0]
    assert download.put(session, []) == 0
    assert download.count_waiting(session) == 1


def test_one_claims_it(database: Database, there: Partnership) -> None:
    """Of two processes one fetches it; when that one died, another does after a while."""
    with database.writing() as session:
        download.put(session, [wanted(session)])
    claims = support.at_once(database, 2, lambda session: len(download.claim(session, NOW, 9)))
    assert sorted(claims) == [0, 1]
    with database.writing() as session:
        assert download.claim(session, NOW + LEASE - timedelta(seconds=1), 9) == []
        (again,) = download.claim(session, NOW + LEASE, 9)
        assert again.attempts == 2


def test_the_next_one_is_known(session: Session, there: Partnership) -> None:
    """When it is due, until somebody has it in hand."""
    assert download.next_due(session) is None
    download.put(session, [wanted(session)])
    assert download.next_due(session) == NOW
    download.claim(session, NOW, 9)
    session.flush()
    assert download.next_due(session) is None
