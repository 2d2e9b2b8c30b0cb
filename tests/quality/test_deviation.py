"""Logging a deviation: what it keeps, starts, journals and queues, and what is refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from quality import deviation
from quality.terms import LONGEST_AGO
from storage import clock, record, search
from storage.clock import ClockName
from storage.partnership import Partnership, Side
from storage.person import Role
from storage.record import Class, State
from tests import support
from tests.support import CARLA, DEVIATION, GITA, NOW, actor, queued


def test_a_deviation_is_open_and_numbered(session: Session, there: Partnership) -> None:
    """It belongs to the company of the person who logged it, and nobody owns it."""
    logged = support.log_deviation(session)
    assert (logged.number, logged.state, logged.version) == ("DEV-2026-0001", State.OPEN, 1)
    assert (logged.logged_side, logged.owner_id) == (Side.CMO, None)
    assert (logged.detected_at, logged.recorded_at) == (NOW, NOW)


def test_the_year_of_a_number_is_local(session: Session, there: Partnership) -> None:
    """Half an hour before midnight UTC on New Year's Eve it is 2027 in Berlin."""
    logged = support.log_deviation(session, now=datetime(2026, 12, 31, 23, 30, tzinfo=UTC))
    assert logged.number == "DEV-2027-0001"


@pytest.mark.parametrize(
    ("class_", "due", "holds"),
    [
        (Class.MINOR, datetime(2026, 12, 24, 16, tzinfo=UTC), False),
        (Class.MAJOR, datetime(2027, 1, 8, 16, tzinfo=UTC), True),
        (Class.CRITICAL, datetime(2027, 1, 8, 16, tzinfo=UTC), True),
    ],
)
def test_the_class_decides_due_time_and_hold(
    session: Session, there: Partnership, class_: Class, due: datetime, *, holds: bool
) -> None:
    """Minor ones have 30 days and hold no batch, the others 45 and hold."""
    logged = support.log_deviation(session, class_=class_)
    close = clock.find(session, logged.id, ClockName.CLOSE)
    assert close is not None
    assert (close.due_at, logged.holds_batches) == (due, holds)


def test_the_clocks_start_at_detection_and_at_logging(session: Session, there: Partnership) -> None:
    """Closing counts from awareness, acknowledging from the record."""
    logged = support.log_deviation(session, detected_at=NOW - timedelta(days=10))
    close, acknowledge = (clock.find(session, logged.id, name) for name in (ClockName.CLOSE, ClockName.ACKNOWLEDGE))
    assert close is not None
    assert acknowledge is not None
    assert close.due_at == datetime(2026, 12, 29, 16, tzinfo=UTC)
    assert close.rule == "45 calendar days from detection"
    assert acknowledge.due_at == datetime(2026, 11, 25, 16, tzinfo=UTC)
    assert acknowledge.next_at is None


def test_a_deviation_can_be_found(session: Session, there: Partnership) -> None:
    """Number, words and batch lead to it at once."""
    logged = support.log_deviation(session)
    for words in ("DEV-2026-0001", "bubble point", "AB-1001", "integrity"):
        assert search.find(session, there.id, words, 10) == [logged.id]
    assert record.batches_of(session, logged.id) == ["AB-1001"]


def test_logging_is_journalled_with_every_value(session: Session, there: Partnership) -> None:
    """The entry holds what was typed, what follows from it, and who logged it; empty fields are left out."""
    logged = support.log_deviation(session)
    entry = support.last_entry(session)
    assert (entry.event, entry.record_id) == ("deviation.logged", logged.id)
    assert entry.content["by"]["name"] == "Gita Rao"
    assert entry.content["changes"] == {
        "title": [None, "Filter integrity test failed"],
        "batches": [None, "AB-1001"],
        "class": [None, "Major"],
        "happened": [None, "The bubble point of filter 2 was 2.1 bar."],
        "distributed": [None, "No"],
        "due": [None, "2027-01-08T16:00:00+00:00"],
        "detected": [None, "2026-11-24T09:00:00+00:00"],
    }


def test_logging_queues_the_card_and_what_is_similar(session: Session, there: Partnership) -> None:
    """The card is the announcement; its thread starts with what is similar, where there is something."""
    support.empty_outbox(session)
    logged = support.log_deviation(session)
    rows = [(row.kind, row.about) for row in support.newly_queued(session)]
    assert rows == [(kind, {"record_id": logged.id}) for kind in ("card", "similar")]


def test_both_companies_members_may_log(session: Session, there: Partnership) -> None:
    """The sponsor logs as well."""
    assert support.log_deviation(session, CARLA).logged_side is Side.SPONSOR


def test_an_unconfirmed_partnership_can_be_logged_in(session: Session) -> None:
    """Records need no confirmation, only approvals do."""
    support.set_up(session, "C0OTHER", confirmed=False)
    assert support.log_deviation(session, channel_id="C0OTHER").number == "DEV-2026-0001"


def test_the_future_cannot_have_been_detected(session: Session, there: Partnership) -> None:
    """Now is the latest detection there is."""
    form = replace(DEVIATION, detected_at=NOW + timedelta(minutes=1))
    errors = support.field_errors(session, deviation.log, actor(session, GITA), form, NOW)
    assert set(errors) == {"detected_at"}


def test_a_detection_more_than_five_years_ago_is_a_slip(session: Session, there: Partnership) -> None:
    """A wrong year is named at its field; five years ago is allowed."""
    form = replace(DEVIATION, detected_at=NOW - LONGEST_AGO - timedelta(minutes=1))
    errors = support.field_errors(session, deviation.log, actor(session, GITA), form, NOW)
    assert errors == {"detected_at": "This is more than five years ago. Check the year."}
    assert support.log_deviation(session, detected_at=NOW - LONGEST_AGO).number == "DEV-2026-0001"


def test_a_viewer_cannot_log(session: Session, there: Partnership) -> None:
    """A viewer is told who may."""
    support.give_roles(session, GITA, Role.VIEWER)
    told = support.refused(session, deviation.log, actor(session, GITA), DEVIATION, NOW)
    assert told.startswith("Only QA or member may log deviations: ")
    assert "Elif Kaya (Borealis)" in told
    assert queued(session, "card") == []
