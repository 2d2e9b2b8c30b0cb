"""Reports to authorities: one question of a name for each record."""

import pytest
from sqlmodel import Session

from storage import authority
from storage.authority import Answer
from storage.clock import ClockName
from storage.partnership import Partnership
from storage.record import Distributed
from tests import support
from tests.support import NOW

pytestmark = pytest.mark.both_engines


def test_a_records_reports_are_listed_in_one_order(session: Session, there: Partnership) -> None:
    """Field alert, biologic, EU; another record has its own, and one that calls for none has none."""
    made = support.log_oos(session, distributed=Distributed.YES)
    other = support.log_oos(session)
    names = [one.name for one in authority.list_of_record(session, made.id)]
    assert names == [ClockName.FIELD_ALERT, ClockName.BIOLOGIC, ClockName.EU_DEFECT]
    assert authority.list_of_record(session, other.id) == []
    assert authority.find(session, other.id, ClockName.BIOLOGIC) is None


def test_a_report_is_settled_by_a_filing_or_a_no(session: Session, there: Partnership) -> None:
    """Unanswered, unknown and needed ones are open."""
    made = support.log_oos(session, distributed=Distributed.YES)
    found = authority.find(session, made.id, ClockName.FIELD_ALERT)
    assert found is not None
    seen = {}
    for found.answer in (None, *Answer):
        seen[found.answer] = found.is_settled
    assert seen == {None: False, Answer.NEEDED: False, Answer.NOT_NEEDED: True, Answer.UNKNOWN: False}
    found.answer, found.filed_at = Answer.NEEDED, NOW
    assert found.is_settled
