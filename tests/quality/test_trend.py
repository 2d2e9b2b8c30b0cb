"""Trends: which results are in one, what they show, and what is OOT by those before it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session

from quality import request, result, trend
from quality.criteria import TestForm
from quality.oos import PhaseOneForm
from quality.result import ResultForm
from quality.trend import LEAST, Trend
from storage import record as records
from storage import result as storage_result
from storage import specification
from storage.record import Record
from storage.result import LabResult, ResultState, Verdict
from tests import support
from tests.support import ANNA, APPEARANCE, ASSAY, ELIF, GITA, NOW, actor, ref

CONTENT = TestForm("Content", upper="60", unit="µg/mL", quantitation="1")
STEADY = ("99.6", "99.8", "99.5", "99.9", "99.6", "99.7", "99.8", "99.5", "99.7", "99.6")  # mean 99.67


@pytest.fixture(autouse=True)
def specified(session: Session) -> Record:
    """Have a specification in force."""
    support.set_up(session)
    return support.effective(session, tests=(ASSAY, APPEARANCE, CONTENT))


def give(session: Session, specified: Record, reported: str, at: int = 0, **more: Any) -> LabResult:
    """Record a result, analysed some minutes after the others."""
    form = {"test": "Assay", "lot": f"AB-{at}", "reported": reported, "analysed_at": NOW + timedelta(minutes=at - 300)}
    return result.record(session, actor(session, GITA), ResultForm(specified.id, **(form | more)), NOW)


def steady(session: Session, specified: Record, number: int = LEAST) -> list[LabResult]:
    return [give(session, specified, one, at) for at, one in enumerate(STEADY[:number])]


def seen(session: Session, specified: Record, test: str = "Assay", time_point: str = "") -> Trend:
    tests = specification.list_tests(session, specified.id)
    test_id = next(one.id for one in tests if one.test == test)
    return trend.gather(session, actor(session, ANNA), test_id, time_point)


def test_ten_results_have_limits(session: Session, specified: Record) -> None:
    """Nine have none; from the tenth on there are limits, signals and capability, with their number."""
    steady(session, specified, LEAST - 1)
    found = seen(session, specified)
    assert (found.limits, found.capability, len(found.points)) == (None, None, LEAST - 1)
    give(session, specified, STEADY[-1], LEAST)
    found = seen(session, specified)
    assert found.limits is not None
    assert found.capability is not None
    assert (found.limits.number, found.capability.number) == (LEAST, LEAST)
    assert found.shown(found.limits.mean) == "99.67"
    assert found.of.words == "Assay of Tablet 10 mg, Finished product"
    assert found.is_in_control


def test_what_lies_beyond_the_control_limits_is_oot(session: Session, specified: Record) -> None:
    """It complies with its specification, and says by how many results it is out of trend."""
    assert give(session, specified, "101.2", -1).verdict is Verdict.COMPLIES  # nothing was known before it
    steady(session, specified)
    before = seen(session, specified).limits
    made = give(session, specified, "103.9", 50)
    assert (made.verdict, made.state) == (Verdict.OOT, ResultState.TO_CONFIRM)
    assert before is not None
    assert made.why == (
        "103.9 complies with 95.0 to 105.0 %, but lies above the upper control limit "
        f"{before.upper:.2f} % of the 11 results recorded before it."
    )
    low = give(session, specified, "97.0", 51)
    assert low.verdict is Verdict.OOT
    assert "below the lower control limit" in low.why
    assert give(session, specified, "99.9", 52).verdict is Verdict.COMPLIES


def test_what_is_oot_is_told_as_it_was_reported(session: Session) -> None:
    """Rounded to the limit of its specification it might lie within the control limits, and a limit upon the result."""
    coarse = support.effective(session, tests=(TestForm("Assay", lower="95", upper="105", unit="%"),))
    steady(session, coarse)
    before = seen(session, coarse).limits
    assert before is not None
    assert give(session, coarse, "100.4", 50).why == (
        "100.4, compared as 100, complies with 95 to 105 %, but lies above the upper control limit "
        f"{before.upper:.2f} % of the 10 results recorded before it."
    )


@pytest.mark.parametrize(
    ("limit", "value", "shown"),
    [
        ("99.96", "100", "99.96"),
        ("99.91", "100", "99.9"),
        ("100.0004", "100.0", "100.0004"),
        ("98.2", "100.0", "98.20"),
    ],
)
def test_a_limit_is_told_apart_from_what_lies_beyond_it(limit: str, value: str, shown: str) -> None:
    """With as many places as it takes."""
    assert trend.apart(Decimal(limit), Decimal(value)) == shown


def test_the_limits_of_the_specification_decide_first(session: Session, specified: Record) -> None:
    """A result outside them is OOS, whatever its trend says; one beyond an alert limit is OOT by that."""
    steady(session, specified)
    assert give(session, specified, "93.0", 50).verdict is Verdict.OOS
    assert "alert limit" in give(session, specified, "96.9", 51).why


def test_what_waits_or_does_not_stand_is_in_no_trend(session: Session, specified: Record) -> None:
    """To confirm, discarded, invalidated, void: each left out; confirmed it is drawn."""
    steady(session, specified)
    made = [give(session, specified, f"93.{digit}", 50 + digit) for digit in range(4)]
    assert len(seen(session, specified).points) == LEAST
    result.discard(session, actor(session, ELIF), made[0].id, "A slip.", NOW)
    for one in made[1:]:
        result.confirm(session, actor(session, GITA), one.id, NOW)
    assert len(seen(session, specified).points) == LEAST + 3
    record = records.get(session, made[1].partnership_id, made[1].record_id or 0)
    request.void(session, actor(session, ELIF), ref(record), "Logged twice.", NOW)
    invalidated = records.get(session, made[2].partnership_id, made[2].record_id or 0)
    support.phase_1(session, invalidated, PhaseOneForm(cause_found=True, evidence="The balance was not level."))
    found = seen(session, specified)
    assert [one.result for one in found.points if not one.counts] == [made[3]]


def test_an_oos_result_that_stands_counts_in_no_limit(session: Session, specified: Record) -> None:
    """It is drawn, and breaks a rule."""
    steady(session, specified)
    before = seen(session, specified).limits
    result.confirm(session, actor(session, GITA), give(session, specified, "93.0", 50).id, NOW)
    found = seen(session, specified)
    assert found.limits == before
    assert (found.signals[0].rule.length, found.signals[0].first) == (1, LEAST)
    assert found.beyond_range == (LEAST,)


@pytest.mark.parametrize("reported", ["<LOQ", "ND", "<0.5"])
def test_what_is_no_plain_number_is_left_out(session: Session, specified: Record, reported: str) -> None:
    """It is told that it is; a unit that turns is turned."""
    give(session, specified, "0.05", 1, test="Content", unit="mg/mL")
    out = give(session, specified, reported, 2, test="Content")
    found = seen(session, specified, "Content")
    assert ([one.value for one in found.points], found.left_out) == ([Decimal(50)], (out,))


def test_words_have_no_trend(session: Session, specified: Record) -> None:
    """A test by a text criterion is judged by that alone."""
    made = [give(session, specified, "Complies", at, test="Appearance") for at in range(LEAST + 2)]
    assert {one.verdict for one in made} == {Verdict.COMPLIES}
    found = seen(session, specified, "Appearance")
    assert (found.points, len(found.left_out)) == ((), LEAST + 2)


def test_results_that_are_all_the_same_set_no_limit(session: Session, specified: Record) -> None:
    """The first that differs is not out of trend: nothing is known of how results move."""
    for at in range(LEAST):
        give(session, specified, "99.6", at)
    assert seen(session, specified).limits is None
    assert give(session, specified, "99.7", 50).verdict is Verdict.COMPLIES


def test_each_time_point_is_a_trend_of_its_own(session: Session, specified: Record) -> None:
    """And versions of the specification are one."""
    steady(session, specified)
    assert give(session, specified, "103.9", 50, time_point="6 months").verdict is Verdict.COMPLIES
    assert len(seen(session, specified, time_point="6 months").points) == 1
    second = support.effective(session, tests=(ASSAY,))
    assert len(seen(session, second).points) == LEAST
    assert give(session, second, "103.9", 51).verdict is Verdict.OOT


def test_a_trend_is_read_from_its_index(session: Session, specified: Record) -> None:
    """The newest results without sorting all, and the time points: neither walks the results of other tests."""
    of = (specified.partnership_id, "Tablet 10 mg", "Assay", "Finished product")
    with support.statements(session) as seen:
        storage_result.list_of_test(session, *of, trend.MOST)
        storage_result.list_time_points(session, *of, trend.MOST_POINTS)
    listed, points = (
        [row[3] for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given)]
        for sql, given in seen
    )
    assert "INDEX ix_result_trend (partnership_id=? AND product_key=? AND test_key=?)" in listed[0]
    assert "INDEX ix_result_trend (partnership_id=? AND product_key=? AND test_key=?)" in points[0]
    assert not [step for step in listed if "TEMP B-TREE" in step]


def test_another_channel_s_test_is_not_there(session: Session) -> None:
    """A forged id is refused like one that does not exist."""
    assert "not one of this channel's" in support.refused(session, trend.gather, actor(session, ANNA), 4711)
