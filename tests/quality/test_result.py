"""Results are recorded as judged; one outside its limits waits for a person, and becomes a record by their word."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from quality import result
from quality.criteria import TestForm
from quality.result import ResultForm
from storage import record as records
from storage import specification as kept
from storage.oos import Oos, ResultKind
from storage.outbox import Outgoing
from storage.partnership import Partnership
from storage.person import Role
from storage.record import Distributed, Record, State
from storage.result import LabResult, ResultState, Verdict
from tests import support
from tests.support import ANNA, APPEARANCE, ASSAY, CARLA, DAY, ELIF, GITA, IMPURITY, NOW, actor

COUNT = TestForm("Count", "Other", "MIC-01", upper="100", upper_inclusive=False, unit="CFU/mL")
CONTENT = TestForm("Content", upper="60", unit="µg/mL")


@pytest.fixture(autouse=True)
def specified(session: Session) -> Record:
    """Have a specification in force."""
    support.set_up(session)
    return support.effective(session, tests=(ASSAY, IMPURITY, APPEARANCE, COUNT, CONTENT))


def form(specified: Record, reported: str = "99.6", **more: Any) -> ResultForm:
    return replace(ResultForm(specified.id, "Assay", "AB-1", reported, NOW), **more)


def give(session: Session, specified: Record, reported: str, **more: Any) -> LabResult:
    return result.record(session, actor(session, GITA), form(specified, reported, **more), NOW)


def queued(session: Session, kind: str) -> list[Outgoing]:
    return list(session.exec(select(Outgoing).where(Outgoing.kind == kind)).all())


def test_what_complies_is_done(session: Session, specified: Record) -> None:
    """Kept as reported with what it was compared as; nobody is asked anything."""
    made = give(session, specified, "94.95 ".strip(), analyst="G. Rao")
    assert (made.verdict, made.state) == (Verdict.OOT, ResultState.TO_CONFIRM)
    made = give(session, specified, "99,64")
    assert (made.reported, made.rounded, made.unit, made.verdict, made.state) == (
        "99,64", "99.6", "%", Verdict.COMPLIES, ResultState.RECORDED,
    )  # fmt: skip
    assert made.specification == "SPEC-2026-0001, version 1"
    assert support.last_entry(session).event == "result.recorded"
    assert len(queued(session, "result")) == 1


@pytest.mark.parametrize(
    ("changes", "kind", "columns"),
    [
        ({"reported": "93.4"}, ResultKind.OOS, {"result": "93.4", "lower": "95.0", "upper": "105.0", "unit": "%"}),
        ({"reported": "96.9"}, ResultKind.OOT, {"result": "96.9", "method": "HPLC-01", "category": "Assay or potency"}),
        ({"test": "Impurity A", "reported": "0.06"}, ResultKind.OOS, {"lower": "", "upper": "0.05"}),
        ({"test": "Count", "reported": "100"}, ResultKind.OOS, {"upper": "100 (exclusive)"}),
        ({"test": "Appearance", "reported": "Does not comply"}, ResultKind.OOS, {"result": "Does not comply"}),
        ({"test": "Content", "reported": "0.07", "unit": "mg/mL"}, ResultKind.OOS, {"result": "70", "unit": "µg/mL"}),
        ({"reported": "<50", "time_point": "6 months"}, ResultKind.OOS, {"result": "<50", "test": "Assay (6 months)"}),
    ],
)
def test_what_does_not_comply_is_logged_by_confirming(
    session: Session, specified: Record, changes: dict[str, Any], kind: ResultKind, columns: dict[str, str]
) -> None:
    """Its kind, limits, unit and method are the test's; the record and the result lead to each other."""
    made = result.record(session, actor(session, GITA), form(specified, **changes), NOW)
    assert (made.state, len(queued(session, "result"))) == (ResultState.TO_CONFIRM, 1)
    result.confirm(session, actor(session, ELIF), made.id, NOW)
    assert made.record_id is not None
    logged, details = session.get_one(Record, made.record_id), session.get_one(Oos, made.record_id)
    assert (details.result_kind, logged.product, logged.holds_batches) == (kind, "Tablet 10 mg", kind is ResultKind.OOS)
    assert {name: getattr(details, name) for name in columns} == columns
    assert (logged.logged_by_id, made.decided_by_id) == (support.row_of(session, ELIF).id,) * 2
    assert support.sheet_of(session, logged).result == made
    assert records.batches_of(session, logged.id) == ["AB-1"]
    entry = support.last_entry(session)
    assert (entry.event, entry.content["changes"]["record"]) == ("result.confirmed", [None, logged.number])


def test_a_discarded_result_stays_with_its_reason(session: Session, specified: Record) -> None:
    """It is judged no more, and the same may be recorded again."""
    made = give(session, specified, "9.96")
    result.discard(session, actor(session, ELIF), made.id, "A slip.", NOW)
    assert (made.state, made.reason, made.record_id) == (ResultState.DISCARDED, "A slip.", None)
    assert "is Discarded already, by Elif" in support.refused(
        session, result.confirm, actor(session, GITA), made.id, NOW
    )
    give(session, specified, "9.96")


@pytest.mark.parametrize(("who", "may"), [(GITA, True), (ELIF, True), (ANNA, False), (CARLA, False)])
def test_who_recorded_it_or_their_qa_confirms(session: Session, specified: Record, who: Any, *, may: bool) -> None:
    """Nobody of the other company, and no colleague who is no QA."""
    made = give(session, specified, "93.4")
    if may:
        result.confirm(session, actor(session, who), made.id, NOW)
    else:
        told = support.refused(session, result.confirm, actor(session, who), made.id, NOW)
        assert "for them, or QA of Borealis" in told


@pytest.mark.parametrize(("who", "may"), [(GITA, False), (ELIF, True), (ANNA, True), (CARLA, False)])
def test_qa_other_than_who_recorded_it_discards(session: Session, specified: Record, who: Any, *, may: bool) -> None:
    """Of either company; nobody lets a failing result of their own disappear, not even as QA."""
    support.give_roles(session, GITA, Role.QA)
    made = give(session, specified, "93.4")
    if may:
        result.discard(session, actor(session, who), made.id, "A slip.", NOW)
    else:
        told = support.refused(session, result.discard, actor(session, who), made.id, "A slip.", NOW)
        assert "QA of either company, other than Gita Rao, may discard it" in told


def test_viewers_decide_nothing_even_of_their_own(session: Session, specified: Record) -> None:
    """Who became a viewer since."""
    made = give(session, specified, "93.4")
    support.give_roles(session, GITA, Role.VIEWER)
    assert support.refused(session, result.confirm, actor(session, GITA), made.id, NOW)
    assert "Only QA or member" in support.refused(
        session, result.record, actor(session, GITA), form(specified, "99.0"), NOW
    )


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"test": "pH"}, "test", "has no test “pH”. Its tests: Assay, Impurity A, Appearance, Count, Content."),
        ({"test": 4711}, "test", "has no such test"),
        ({"reported": "high"}, "result", "is no number"),
        ({"reported": "ND"}, "result", "Give the number that was found"),
        ({"unit": "mg/g"}, "result", "limits are in %"),
        ({"lot": " "}, "lot", "needed"),
        ({"analysed_at": NOW + DAY}, "analysed_at", "future"),
        ({"analysed_at": NOW - 3000 * DAY}, "analysed_at", "five years"),
        ({"analysed_at": NOW - DAY}, "analysed_at", "is in force from Tue 24 Nov 2026, not on Mon 23 Nov 2026"),
        ({"specification_id": 4711}, "specification", "no specification of this channel"),
    ],
)
def test_faults_stand_at_their_fields(
    session: Session, specified: Record, changes: dict[str, Any], field: str, says: str
) -> None:
    """What is wrong, and what to do."""
    given = form(specified, **changes)
    assert says in support.field_errors(session, result.record, actor(session, GITA), given, NOW)[field]


def test_a_result_is_recorded_once(session: Session, specified: Record) -> None:
    """The same test, batch, value and moment again is told, with who recorded it."""
    give(session, specified, "99.6")
    errors = support.field_errors(session, result.record, actor(session, ELIF), form(specified), NOW)
    assert "Gita Rao recorded this result on 24 Nov 2026 09:00 UTC already" in errors["result"]
    give(session, specified, "99.6", lot="AB-2")
    give(session, specified, "99.6", analysed_at=NOW - timedelta(minutes=1))


def test_each_result_belongs_to_the_version_of_its_day(session: Session, specified: Record) -> None:
    """A superseded one still judges what was analysed while it was in force, a proposed or void one nothing."""
    later = NOW + 3 * DAY
    second = support.effective(session, later)
    assert specified.state is State.SUPERSEDED
    old = form(specified, analysed_at=NOW)
    assert result.record(session, actor(session, GITA), old, later).verdict is Verdict.COMPLIES
    for one, at in ((specified, later), (second, NOW)):
        errors = support.field_errors(session, result.record, actor(session, GITA), form(one, analysed_at=at), later)
        assert "Choose the version that was in force then" in errors["analysed_at"]
    proposed = support.propose(session, product="Syrup")
    errors = support.field_errors(session, result.record, actor(session, GITA), form(proposed), later)
    assert "is Proposed, and nothing is judged by it" in errors["specification"]


def test_log_oos_result_confirms_at_once(session: Session, specified: Record) -> None:
    """Who logs it has said that it is so; whether the batch is distributed comes with it."""
    made = result.log(session, actor(session, GITA), form(specified, "93.4"), Distributed.YES, NOW)
    assert made.state is ResultState.CONFIRMED
    assert queued(session, "result") == []
    assert session.get_one(Oos, made.record_id).distributed is Distributed.YES
    made = result.log(session, actor(session, GITA), form(specified, "99.4"), Distributed.NO, NOW)
    assert (made.state, made.record_id) == (ResultState.RECORDED, None)


def test_another_partnership_s_result_and_specification_are_not_there(session: Session, specified: Record) -> None:
    """By whatever id."""
    made = give(session, specified, "93.4")
    other = support.set_up(session, "C0OTHER")
    assert isinstance(other, Partnership)
    theirs = actor(session, GITA, "C0OTHER")
    assert "not one of this channel's" in support.refused(session, result.confirm, theirs, made.id, NOW)
    assert support.field_errors(session, result.record, theirs, form(specified), NOW).keys() == {"specification"}
    assert kept.list_in_force(session, other.id, NOW.date(), 9) == []
