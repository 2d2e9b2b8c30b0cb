"""Results are kept as reported, and found by lot, test, state and record."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from quality import result as results
from quality.result import ResultForm
from storage import result
from storage.partnership import Partnership
from storage.record import Record
from storage.result import LabResult
from tests import support
from tests.support import ELIF, GITA, NOW, actor

pytestmark = pytest.mark.both_engines


@pytest.fixture
def there(session: Session) -> Partnership:
    """Set a partnership up."""
    return support.set_up(session)


@pytest.fixture
def specified(session: Session, there: Partnership) -> Record:
    """Have a specification in force."""
    assert there.id
    return support.effective(session)


def give(session: Session, record: Record, reported: str, **more: Any) -> LabResult:
    form = ResultForm(
        **{"specification_id": record.id, "test": "Assay", "lot": "AB-1", "analysed_at": NOW, **more}, reported=reported
    )
    return results.record(session, actor(session, GITA), form, NOW)


def test_results_are_found_by_their_lot(session: Session, there: Partnership, specified: Record) -> None:
    """The newest first, a page at a time, however the lot is written."""
    made = [give(session, specified, f"99.{digit}") for digit in range(3)]
    give(session, specified, "99.0", lot="AB-2")
    assert result.list_of_lot(session, there.id, "ab\u20131", 9) == made[::-1]
    assert result.list_of_lot(session, there.id, "AB-1", 1, 1) == [made[1]]
    assert result.list_of_lot(session, there.id, "AB-1", 9, product="tablet 10 MG") == made[::-1]
    assert result.list_of_lot(session, there.id, "AB-1", 9, product="Syrup") == []
    assert result.list_of_lot(session, there.id + 1, "AB-1", 9) == []


def test_results_of_a_test_are_in_order_of_time(session: Session, there: Partnership, specified: Record) -> None:
    """Across the versions of the specification, the newest of them; undecided ones left out, time points apart."""
    later = give(session, specified, "99.1")
    first = give(session, specified, "99.2", analysed_at=NOW - timedelta(hours=2))
    give(session, specified, "99.3", time_point="6 months")
    gone = give(session, specified, "9.9")
    give(session, specified, "9.8")
    results.discard(session, actor(session, ELIF), gone.id, "A slip.", NOW)
    second = give(session, support.effective(session), "99.4", analysed_at=NOW - timedelta(hours=1))
    of = (there.id, "tablet 10 mg", "ASSAY", "Finished product")
    assert result.list_of_test(session, *of, 9) == [first, second, later]
    assert result.list_of_test(session, *of, 2) == [second, later]
    assert [one.reported for one in result.list_of_test(session, *of, 9, "6 months")] == ["99.3"]


def test_time_points_of_a_test_are_listed(session: Session, there: Partnership, specified: Record) -> None:
    """Those last analysed first, each once; what waits makes none, nor what has none."""
    for point, hours in (("3 months", 3), ("12 months", 1), ("3 months", 2), ("", 0)):
        give(session, specified, f"99.{hours}", time_point=point, analysed_at=NOW - timedelta(hours=hours))
    give(session, specified, "9.8", time_point="24 months")
    of = (there.id, "tablet 10 mg", "ASSAY", "Finished product")
    assert result.list_time_points(session, *of, 9) == ["12 months", "3 months"]
    assert result.list_time_points(session, *of, 1) == ["12 months"]
    assert result.list_time_points(session, there.id + 1, *of[1:], 9) == []


def test_what_waits_is_listed_until_it_is_decided(session: Session, there: Partnership, specified: Record) -> None:
    """The oldest first; the record that it led to leads back to it."""
    one, other = give(session, specified, "93.4"), give(session, specified, "93.5")
    give(session, specified, "99.0")
    assert result.list_waiting(session, there.id, 9) == [one, other]
    assert result.count_waiting(session, there.id) == 2
    results.confirm(session, actor(session, GITA), one.id, NOW)
    assert result.list_waiting(session, there.id, 9) == [other]
    assert one.record_id is not None
    assert result.find_of_record(session, one.record_id) == one
    assert result.find_of_record(session, specified.id) is None


def test_another_partnership_s_result_is_not_there(session: Session, there: Partnership, specified: Record) -> None:
    """Whoever asks for it."""
    made = give(session, specified, "99.0")
    assert result.get(session, there.id, made.id) == made
    with pytest.raises(LookupError):
        result.get(session, there.id + 1, made.id)
