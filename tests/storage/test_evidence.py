"""Evidence: what a file is apart from its bytes."""

import pytest
from sqlmodel import Session

from storage import evidence
from storage.partnership import Partnership
from tests import support
from tests.support import GITA, PNG

pytestmark = pytest.mark.both_engines


def test_a_file_and_its_bytes(session: Session, there: Partnership) -> None:
    """A list reads no bytes; they come back as they went in, all 256 of them."""
    record = support.log_deviation(session)
    content = PNG + bytes(range(256))
    kept = support.keep_file(session, GITA, record, content=content)
    with support.statements(session) as asked:
        assert evidence.list_of_record(session, record.id) == [kept]
    assert not any("evidence_content" in statement for statement, _ in asked)
    session.expunge_all()
    assert evidence.find_content(session, kept.id) == content
    assert (evidence.count(session), evidence.total_size(session)) == (1, len(content))


def test_a_file_is_of_one_record(session: Session, there: Partnership) -> None:
    """With another record's id it is not found, though the same file of Slack may be kept with both."""
    one, other = support.log_deviation(session), support.log_deviation(session)
    kept = support.keep_file(session, GITA, one)
    with pytest.raises(LookupError):
        evidence.get(session, other.id, kept.id)
    assert evidence.find(session, other.id, kept.file_id) is None
    also = support.keep_file(session, GITA, other)
    assert evidence.list_of_file(session, kept.file_id) == [kept, also]
