"""Control charts, against published worked examples and a second reckoning of every rule."""

import random
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from statistics import fmean

import pytest

from quality import control_chart
from quality.control_chart import RULES, ControlLimits, Signal

# NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.2, "Individuals Control Charts": flowrate of ten batches.
FLOWRATE = [Decimal(one) for one in ("49.6", "47.6", "49.9", "51.3", "47.8", "51.2", "52.6", "52.4", "53.6", "52.1")]
# Montgomery, Introduction to Statistical Quality Control, the chart for individuals: cost of processing mortgage loans
# in twenty weeks; mean 300.5, mean moving range 7.79, limits 321.22 and 279.78, of the ranges 25.45.
LOANS = [
    *(310, 288, 297, 298, 307, 303, 294, 297, 308, 306),
    *(294, 299, 297, 299, 314, 295, 293, 306, 301, 304),
]
STANDARD = ControlLimits(20, Decimal(0), D := Decimal("1.128"), Decimal(1))  # mean 0, sigma 1


def rounded(value: Decimal, places: int = 4) -> str:
    return f"{value:.{places}f}"


def test_the_worked_example_of_the_nist_handbook() -> None:
    """Mean 50.81, mean moving range 1.8778, limits 45.8159 and 55.8041; nothing is out of control."""
    limits = control_chart.limits_of(FLOWRATE)
    assert (rounded(limits.mean, 2), rounded(limits.mean_range)) == ("50.81", "1.8778")
    assert abs(limits.upper - Decimal("55.8041")) < Decimal("0.0002")
    assert abs(limits.lower - Decimal("45.8159")) < Decimal("0.0002")
    assert all(limits.holds(one) for one in FLOWRATE)
    assert [one.rule.name for one in control_chart.signals(FLOWRATE, limits) if one.rule.length == 1] == []


def test_montgomerys_example_of_individuals() -> None:
    """The cost of mortgage loans: both charts' limits as they are printed."""
    limits = control_chart.limits_of([Decimal(one) for one in LOANS])
    assert (rounded(limits.mean, 1), rounded(limits.mean_range, 2)) == ("300.5", "7.79")
    assert (rounded(limits.upper, 2), rounded(limits.lower, 2)) == ("321.22", "279.78")
    assert rounded(limits.range_upper, 2) == "25.45"


def found(values: Sequence[float]) -> dict[str, list[tuple[int, int]]]:
    """Give the signals of results in sigmas, by rule."""
    given = [Decimal(str(one)) for one in values]
    told: dict[str, list[tuple[int, int]]] = {}
    for one in control_chart.signals(given, STANDARD):
        told.setdefault(one.rule.name, []).append((one.first, one.last))
    return told


# As Nelson's article and the handbook of Western Electric draw them: a pattern, and one that just is none.
PATTERNS = [
    ("Western Electric 1, Nelson 1", [0, 3.1], [0, 3]),
    ("Western Electric 1, Nelson 1", [0, -3.1], [0, -3]),
    ("Western Electric 2, Nelson 5", [2.1, 0, 2.1], [2.1, 0, -2.1]),
    ("Western Electric 2, Nelson 5", [0, -2.1, -2.5], [2, 2, 2]),
    ("Western Electric 3, Nelson 6", [1.1, 1.2, 0.5, 1.1, 1.3], [1.1, 1.2, 0.5, 0.9, 1.3]),
    ("Western Electric 3, Nelson 6", [-1.1, -1.2, 0.5, -1.1, -1.3], [-1.1, -1.2, 0.5, 1.1, -1.3]),
    ("Western Electric 2, Nelson 5", [2.1, 2.2, 0, 0], [2.1, 0, 0]),  # two are two of three, whatever comes next
    ("Western Electric 3, Nelson 6", [1.1, 1.2, 1.1, 1.3, 0], [1.1, 1.2, 1.1, 0]),
    ("Western Electric 4", [0.1] * 8, [*[0.1] * 7, -0.1]),
    ("Nelson 2", [-0.1] * 9, [*[-0.1] * 8, 0]),
    ("Nelson 3", [0, 0.1, 0.2, 0.3, 0.4, 0.5], [0, 0.1, 0.2, 0.3, 0.4, 0.4]),
    ("Nelson 3", [0.5, 0.4, 0.3, 0.2, 0.1, 0], [0.5, 0.4, 0.3, 0.2, 0.1]),
    ("Nelson 4", [0, 0.5] * 7, [*[0, 0.5] * 6, 0, 0]),
    ("Nelson 7", [0.9, -0.9, 0.2] * 5, [*[0.9, -0.9, 0.2] * 4, 0.9, 1, 0.2]),
    ("Nelson 8", [1.1, -1.2, 1.3, 1.1, -1.1, -1.4, 1.2, 1.1], [1.1, -1.2, 1.3, 0.9, -1.1, -1.4, 1.2, 1.1]),
]


@pytest.mark.parametrize(("rule", "pattern", "none"), PATTERNS)
def test_each_rule_sees_its_pattern_and_no_other(rule: str, pattern: list[float], none: list[float]) -> None:
    """On either side of the mean; what comes near to it is no signal."""
    assert rule in found(pattern)
    assert rule not in found(none)


def test_every_rule_has_a_pattern() -> None:
    """No rule of the table goes without one."""
    assert {rule for rule, *_ in PATTERNS} == {one.name for one in RULES}


def test_signals_that_overlap_are_one() -> None:
    """Twelve in a row on one side are one stretch; two stretches apart are two."""
    told = found([*[0.5] * 12, -0.5, *[0.4] * 8])
    assert told["Western Electric 4"] == [(0, 11), (13, 20)]
    assert told["Nelson 2"] == [(0, 11)]


def test_what_lies_well_is_no_part_of_a_signal() -> None:
    """The third of two of three beyond two sigma is not what shows it."""
    assert found([0, 2.1, 0.5, 2.2, 0])["Western Electric 2, Nelson 5"] == [(1, 3)]
    (one,) = control_chart.signals([Decimal(str(one)) for one in (0, 2.1, 0.5, 2.2, 0)], STANDARD)
    assert one.at == (1, 3)


def test_results_that_are_all_the_same_show_nothing() -> None:
    """There is no sigma to measure by; fewer than two results have no limits."""
    same = [Decimal(5)] * 20
    assert [*control_chart.signals(same, control_chart.limits_of(same))] == []
    with pytest.raises(ValueError, match="two results"):
        control_chart.limits_of(same[:1])


def naive(values: Sequence[float], name: str, end: int) -> bool:  # noqa: PLR0911 - a rule each
    """Reckon a rule once more, in floating point, for the results up to a place."""

    def run(length: int) -> Sequence[float]:
        return values[max(0, end - length + 1) : end + 1]

    def full(length: int) -> bool:
        return end + 1 >= length

    now = values[end]
    match name:
        case "Western Electric 1, Nelson 1":
            return abs(now) > 3
        case "Western Electric 2, Nelson 5" | "Western Electric 3, Nelson 6":
            of, some, sigmas = (3, 2, 2) if "Nelson 5" in name else (5, 4, 1)
            above = len([one for one in run(of) if one > sigmas])
            below = len([one for one in run(of) if one < -sigmas])
            return (above >= some and now > sigmas) or (below >= some and now < -sigmas)
        case "Western Electric 4" | "Nelson 2":
            length = 8 if name == "Western Electric 4" else 9
            return full(length) and (min(run(length)) > 0 or max(run(length)) < 0)
        case "Nelson 3":
            six = list(run(6))
            return full(6) and len(set(six)) == 6 and six in (sorted(six), sorted(six, reverse=True))
        case "Nelson 4":
            some = list(run(14))
            return full(14) and all((b - a) * (c - b) < 0 for a, b, c in zip(some, some[1:], some[2:], strict=False))
        case "Nelson 7":
            return full(15) and all(-1 < one < 1 for one in run(15))
        case "Nelson 8":
            some = list(run(8))
            return full(8) and all(one < -1 or one > 1 for one in some) and min(some) < 0 < max(some)
    raise LookupError(name)


def test_a_second_reckoning_finds_the_same() -> None:
    """Two hundred random walks and patterns, each rule at each place."""
    chance = random.Random(7)  # noqa: S311 - no secret
    for number in range(200):
        drift = chance.choice([0, 0, 0.1, -0.2])
        spread = chance.choice([0.3, 1, 1.5])
        values = [round(chance.gauss(drift * place, spread), 1) for place in range(40)]
        told = list(control_chart.signals([Decimal(str(one)) for one in values], STANDARD))
        for rule in RULES:
            ends = [end for end in range(len(values)) if naive(values, rule.name, end)]
            covered = {place for end in ends for place in range(max(0, end - rule.length + 1), end + 1)}
            far = {"Nelson 1": 3, "Nelson 5": 2, "Nelson 6": 1}.get(rule.name.partition(", ")[2])
            shown = {place for place in covered if far is None or abs(values[place]) > far}
            assert shown == {place for one in told if one.rule is rule for place in one.at}, (number, rule.name)


def test_the_mean_of_random_results_is_a_floats_mean() -> None:
    """Limits reckoned in decimals stand where floating point puts them."""
    chance = random.Random(3)  # noqa: S311 - no secret
    values = [round(chance.gauss(100, 2), 2) for _ in range(50)]
    limits = control_chart.limits_of([Decimal(str(one)) for one in values])
    moved = fmean(abs(later - one) for one, later in pairwise(values))
    assert float(limits.mean) == pytest.approx(fmean(values))
    assert float(limits.upper) == pytest.approx(fmean(values) + 3 * moved / 1.128)


def test_a_signal_names_its_rule() -> None:
    """What is told of it is a rule of the table, and the places of the results."""
    (one,) = control_chart.signals([Decimal(0), Decimal("3.5")], STANDARD)
    assert one == Signal(RULES[0], (1,))
