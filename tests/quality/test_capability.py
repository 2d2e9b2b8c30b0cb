"""Process capability, against published worked examples."""

from decimal import Decimal

import pytest

from quality import capability, control_chart
from quality.capability import Indices

D = Decimal


def test_the_worked_example_of_the_nist_handbook() -> None:
    """6.1.6, "What is Process Capability?": limits 8 and 20, mean 16, sigma 2: Cp 1.0, Cpk 0.6667."""
    found = capability.indices(D(16), D(2), D(8), D(20))
    assert (found.potential, round(found.actual or D(), 4)) == (D(1), D("0.6667"))


@pytest.mark.parametrize(
    ("lower", "upper", "potential", "actual"),
    [(D(8), None, None, "1.3333"), (None, D(20), None, "0.6667"), (None, None, None, None)],
)
def test_one_limit_leaves_one_index(lower: D | None, upper: D | None, potential: None, actual: str | None) -> None:
    """The handbook's one-sided indices, of the same process; without a limit there is none."""
    found = capability.indices(D(16), D(2), lower, upper)
    assert found.potential is potential
    assert (None if found.actual is None else f"{found.actual:.4f}") == actual


def test_results_that_are_all_the_same_have_no_index() -> None:
    """There is no sigma to divide by."""
    assert capability.indices(D(16), D(0), D(8), D(20)) == Indices(None, None)


def test_a_mean_outside_the_limits_is_below_zero() -> None:
    """What lies beyond its limit on average has no room at all."""
    found = capability.indices(D(21), D(1), D(8), D(20))
    assert found.actual is not None
    assert found.actual < 0


def test_both_ways_of_reckoning_sigma() -> None:
    """Short-term by moving ranges, and of all results as a sample; the number is told with them."""
    values = [D(one) for one in (2, 4, 4, 4, 5, 5, 7, 9)]  # a standard deviation that is known: 2.1381 as a sample
    limits = control_chart.limits_of(values)
    found = capability.of(values, limits, D(0), D(10))
    assert f"{capability.deviation(values, limits.mean):.4f}" == "2.1381"
    assert (found.number, found.number_of_all) == (8, 8)
    assert f"{found.overall.potential:.4f}" == "0.7795"  # 10 / (6 x 2.1381)
    assert f"{found.within.potential:.4f}" == f"{10 / (6 * 1 / 1.128):.4f}"  # the mean range is 1


def test_what_failed_is_left_out_of_no_overall_index() -> None:
    """Control limits may be of fewer results; Pp and Ppk are of all, or leaving failures out would better them."""
    values = [D(one) for one in (2, 4, 4, 4, 5, 5, 7, 9)]
    found = capability.of([*values, D(12)], control_chart.limits_of(values), D(0), D(10))
    assert (found.number, found.number_of_all) == (8, 9)
    assert f"{found.within.potential:.4f}" == f"{10 / (6 * 1 / 1.128):.4f}"
    assert f"{found.overall.potential:.4f}" == "0.5423"  # a sample deviation of 3.0732
    assert f"{found.overall.actual:.4f}" == "0.4580"  # mean 5.7778: (10 - 5.7778) / (3 x 3.0732)
