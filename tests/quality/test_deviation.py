"""Deviations: what logging keeps, starts, journals and queues; investigations without holes; batches on hold."""

from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlmodel import Session

from quality import deviation, request
from quality.people import Profile
from quality.terms import LONGEST_AGO
from storage import clock, record, search
from storage.clock import ClockName
from storage.investigation import Cause, Investigation
from storage.partnership import Partnership, Side
from storage.person import Role
from storage.record import Class, Outcome, Record, State
from tests import support
from tests.support import ANNA, CARLA, DEVIATION, ELIF, GITA, NOW, actor, queued, ref


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
    assert acknowledge.rule == "1 working day from logging"
    assert acknowledge.next_at == datetime(2026, 11, 25, 7, tzinfo=UTC)  # on the day it is due


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


def submit(session: Session, record: Record, **changes: Any) -> Record:
    form = replace(support.INVESTIGATION, **changes)
    return deviation.submit(session, actor(session, GITA), ref(record), form, NOW)


@pytest.fixture
def investigated(session: Session, there: Partnership) -> Record:
    """Bring a major deviation that Gita owns under investigation."""
    return support.investigate(session, support.log_deviation(session))


@pytest.mark.parametrize(
    ("who", "allowed"), [(GITA, True), (ELIF, True), (ANNA, True), (CARLA, False)], ids=["owner", "CMO QA", "QA", "no"]
)
def test_the_owner_or_qa_starts_the_investigation(
    session: Session, there: Partnership, who: Profile, *, allowed: bool
) -> None:
    """Others are told who may."""
    made = support.log_deviation(session)
    support.assign(session, made, GITA)
    begin = deviation.begin_investigation
    if allowed:
        assert begin(session, actor(session, who), ref(made), NOW).state is State.UNDER_INVESTIGATION
        assert support.last_entry(session).content["changes"] == {"state": ["Open", "Under investigation"]}
    else:
        assert "is for the owner or QA" in support.refused(session, begin, actor(session, who), ref(made), NOW)


def test_without_an_owner_nobody_submits(session: Session, there: Partnership) -> None:
    """QA is told to say who owns it first."""
    made = support.log_deviation(session)
    deviation.begin_investigation(session, actor(session, ELIF), ref(made), NOW)
    assert "nobody owns it yet, QA assigns an owner first" in support.refused(session, submit, made)


def test_what_is_submitted_is_journaled_whole(session: Session, investigated: Record) -> None:
    """Every field of the investigation, and who submitted it."""
    submit(session, investigated)
    entry = support.last_entry(session)
    given = {name: value for name, value in asdict(support.INVESTIGATION).items() if value not in ("", None)}
    assert entry.event == "deviation.submitted"
    assert entry.content["changes"] == {
        **{name: [None, value] for name, value in given.items()},
        "state": ["Under investigation", "Pending approval"],
    }
    found = support.sheet_of(session, investigated).part(Investigation)
    assert found is not None
    assert found.submitted_by_id == support.row_of(session, GITA).id


def test_a_second_investigation_takes_the_firsts_place(session: Session, investigated: Record) -> None:
    """What it said before stands in the journal."""
    submit(session, investigated)
    request.send_back(session, actor(session, ELIF), ref(investigated), "Why the seal?", NOW)
    submit(session, investigated, root_cause="The seal was of another lot.")
    found = support.sheet_of(session, investigated).part(Investigation)
    assert found is not None
    assert found.root_cause == "The seal was of another lot."
    causes = [entry.content["changes"].get("root_cause") for entry in support.entries(session, investigated)]
    assert [cause[1] for cause in causes if cause] == ["The housing leaks at its seal.", "The seal was of another lot."]


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"no_capa_reason": ""}, {"no_capa_reason"}),
        ({"capa_needed": True, "no_capa_reason": ""}, set()),
        ({"category": Cause.PEOPLE}, {"human_error"}),
        ({"category": Cause.PEOPLE, "human_error": "Procedure, process and system were excluded."}, set()),
        ({"category": Cause.PEOPLE, "no_capa_reason": ""}, {"human_error", "no_capa_reason"}),
    ],
)
def test_an_investigation_has_no_holes(
    session: Session, investigated: Record, changes: dict[str, Any], fields: set[str]
) -> None:
    """No CAPA takes a reason, and human error a justification; all that is missing is said at once."""
    if fields:
        assert set(support.field_errors(session, partial(submit, **changes), investigated)) == fields
    else:
        assert submit(session, investigated, **changes).state is State.PENDING_APPROVAL


def test_a_capa_that_is_needed_is_linked_before_the_last_signature(session: Session, investigated: Record) -> None:
    """The CMO may sign before there is one; the sponsor's signature, which closes it, waits."""
    submit(session, investigated, capa_needed=True, no_capa_reason="")
    support.sign(session, ELIF, investigated)
    assert "needs a CAPA before its last signature" in support.sign_refused(session, ANNA, investigated)
    support.log_capa(session, sources=(investigated.number,))
    support.sign(session, ANNA, investigated)
    assert investigated.state is State.CLOSED


def test_a_minor_ones_only_signature_waits_for_the_capa(session: Session, there: Partnership) -> None:
    """It is the last one."""
    made = support.submit(
        session, support.log_deviation(session, class_=Class.MINOR), capa_needed=True, no_capa_reason=""
    )
    support.sign_refused(session, ELIF, made)


def test_a_void_capa_is_none(session: Session, investigated: Record) -> None:
    """Nor is one that was found not effective; what follows from it is."""
    action = support.log_capa(session, sources=(investigated.number,))
    submit(session, investigated, capa_needed=True, no_capa_reason="")
    support.sign(session, ELIF, investigated)
    request.void(session, actor(session, ELIF), ref(action), "Logged twice.", NOW)
    support.sign_refused(session, ANNA, investigated)
    another = support.log_capa(session, sources=(investigated.number,))
    support.implement(session, support.begin_capa(session, another))
    then = NOW + timedelta(days=90)
    support.check(session, ELIF, another, Outcome.NOT_EFFECTIVE, then)
    assert [one.number for one in support.sheet_of(session, investigated).capas] == ["CAPA-2027-0001"]
    support.sign(session, ANNA, investigated, now=then)


HOLDS = [(Class.MINOR, False), (Class.MAJOR, True), (Class.CRITICAL, True)]


@pytest.mark.parametrize(("class_", "holds"), HOLDS)
def test_an_open_serious_deviation_holds_its_batches_until_it_is_closed(
    session: Session, there: Partnership, class_: Class, *, holds: bool
) -> None:
    """Through every state of its life."""
    made = support.log_deviation(session, class_=class_)
    seen = [
        made.holds_batches,
        *(bring(session, made).holds_batches for bring in (support.investigate, support.submit)),
    ]
    support.sign(session, ELIF, made)
    if made.state is not State.CLOSED:
        seen.append(made.holds_batches)
        support.sign(session, ANNA, made)
    assert set(seen) == {holds}
    assert (made.state, made.holds_batches) == (State.CLOSED, False)


def test_a_batch_is_on_hold_as_long_as_one_record_holds_it(session: Session, there: Partnership) -> None:
    """The last one to close or to be voided releases it."""
    first, second = support.log_deviation(session), support.log_deviation(session)
    support.close(session, first)
    assert [one.number for one in record.holders_of(session, there.id, "ab-1001")] == [second.number]
    request.void(session, actor(session, ELIF), ref(second), "Logged twice.", NOW)
    session.flush()
    assert record.holders_of(session, there.id, "AB-1001") == []


def test_unknown_sources_are_refused(session: Session, there: Partnership) -> None:
    """A deviation that follows from a record names one that is there."""
    form = replace(DEVIATION, sources=("OOS-2026-0009",))
    assert set(support.field_errors(session, deviation.log, actor(session, GITA), form, NOW)) == {"sources"}
