"""Specifications are kept version by version, and found by the day on which they are in force."""

from datetime import date

import pytest
from sqlmodel import Session

from storage import specification
from storage.partnership import Partnership
from tests import support
from tests.support import DAY, NOW

pytestmark = pytest.mark.both_engines
TODAY, NEXT_WEEK = date(2026, 11, 24), date(2026, 12, 1)
OF = ("Tablet 10 mg", "Finished product")


@pytest.fixture
def there(session: Session) -> Partnership:
    """Set a partnership up."""
    return support.set_up(session)


def test_the_version_in_force_is_found_by_the_day(session: Session, there: Partnership) -> None:
    """Before the first none, then each until the next one's day; whatever the letters of the product's name."""
    first = support.effective(session)
    second = support.effective(session, effective_on=NEXT_WEEK, product="TABLET 10 mg")
    versions = specification.list_versions(session, there.id, *OF)
    found = [
        [record.id for details, record in versions if specification.is_in_force(details, record, on)]
        for on in (TODAY - DAY, TODAY, NEXT_WEEK - DAY, NEXT_WEEK, NEXT_WEEK + DAY)
    ]
    assert found == [[], [first.id], [first.id], [second.id], [second.id]]


def test_what_is_in_force_is_listed_and_searched(session: Session, there: Partnership) -> None:
    """By product, each as it is on the day; proposed and void ones are not there."""
    tablet, syrup = support.effective(session), support.effective(session, product="Syrup 5%_")
    support.propose(session, product="Ampoule")

    def listed(typed: str = "", on: date = TODAY) -> list[int]:
        return [record.id for _, record in specification.list_in_force(session, there.id, on, 10, typed)]

    assert listed() == [syrup.id, tablet.id]
    assert listed("SYRUP") == listed("5%_") == [syrup.id]
    assert listed("%") == [syrup.id]  # typed words are data, no pattern
    assert listed(tablet.number.lower()) == [tablet.id]
    assert listed(on=TODAY - DAY) == []


def test_tests_are_listed_in_order_without_those_taken_out(session: Session, there: Partnership) -> None:
    """The row of one taken out stays, and its number is not used again."""
    record = support.propose(session)
    assay, impurity = specification.list_tests(session, record.id)
    assay.removed_by_id = record.logged_by_id
    session.flush()
    assert specification.list_tests(session, record.id) == [impurity]
    assert specification.list_tests_of_all(session, [record.id]) == [impurity]
    assert specification.last_number(session, record.id) == 2
    assert specification.find_test(session, there.id, assay.id) == assay
    assert specification.find_test(session, there.id + 1, assay.id) is None


def test_versions_that_a_day_ends_are_found_once(session: Session, there: Partnership) -> None:
    """Only as long as their record has not followed."""
    first = support.effective(session)
    assert there.id
    support.effective(session, effective_on=NEXT_WEEK)
    assert specification.list_retiring(session, NEXT_WEEK - DAY, 10) == []
    [(found, record)] = specification.list_retiring(session, NEXT_WEEK, 10)
    assert (found.record_id, record.id) == (first.id, first.id)
    found.retires_on = None
    session.flush()
    assert specification.list_retiring(session, NEXT_WEEK, 10) == []
    assert NOW.date() == TODAY
