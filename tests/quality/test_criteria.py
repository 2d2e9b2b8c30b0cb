"""A test of a specification is checked field by field before anything is judged by it."""

from dataclasses import replace

import pytest

from quality.criteria import TestForm, faults, of_test
from quality.judging import judge
from storage.result import Verdict
from tests.support import APPEARANCE, ASSAY, IMPURITY


@pytest.mark.parametrize("form", [ASSAY, IMPURITY, APPEARANCE, replace(ASSAY, decimals=1)])
def test_whole_tests_have_no_fault(form: TestForm) -> None:
    """Limits on both sides or one, or a text."""
    assert faults(form) == {}


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"test": ""}, "test", "needed"),
        ({"test": "x" * 101}, "test", "longer than 100"),
        ({"category": "Taste"}, "category", "none of the categories: Identity"),
        ({"lower": "ninety"}, "lower", "not a number"),
        ({"upper": "1,234"}, "upper", "thousands or decimals"),
        ({"criterion": "White"}, "criterion", "not both"),
        ({"lower": "", "upper": "", "alert_lower": ""}, "lower", "needs a limit or a text criterion"),
        ({"lower": "106.0", "alert_lower": ""}, "upper", "below the lower limit 106.0"),
        ({"alert_lower": "94.0"}, "alert_lower", "outside the lower limit 95.0"),
        ({"alert_lower": "107.0"}, "upper", "below the lower alert limit 107.0"),
        ({"action_lower": "98.0"}, "alert_lower", "outside the lower action limit 98.0"),
        ({"action_upper": "105.1"}, "action_upper", "outside the upper limit 105.0"),
        ({"decimals": 2}, "lower", "95.0 has 1 decimals, and Decimals says 2"),
        ({"decimals": 11}, "decimals", "10 is the most"),
        ({"lower": "105.0", "alert_lower": "", "upper_inclusive": False}, "upper", "more and less than"),
    ],
)
def test_each_fault_stands_at_its_field(changes: dict[str, object], field: str, says: str) -> None:
    """What is wrong, and what to do."""
    found = faults(replace(ASSAY, **changes))
    assert list(found) == [field], found
    assert says in found[field]


def test_all_faults_are_told_at_once() -> None:
    """Not one after the other."""
    assert faults(replace(ASSAY, test="", lower="x", upper="y")).keys() == {"test", "lower", "upper"}


def test_a_test_is_what_results_are_judged_by() -> None:
    """Its fields are the criteria's."""
    assert judge(of_test(ASSAY), "96.9").verdict is Verdict.OOT
    assert judge(of_test(APPEARANCE), "white tablets").verdict is Verdict.COMPLIES
