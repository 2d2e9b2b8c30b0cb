"""Results are judged as the pharmacopoeia rounds and compares, and each verdict says why."""

import re
from decimal import Decimal
from random import Random

import pytest

from quality.judging import Criteria, judge, told
from storage.result import Verdict

# The table of rounding in General Notices 7.20 of the USP: limit, value before rounding, rounded, whether it conforms.
# The limit of 3 ppm is written in %, as its values are.
USP_7_20 = [
    (Criteria(lower="98.0", unit="%"), "97.96", "98.0", True),
    (Criteria(lower="98.0", unit="%"), "97.92", "97.9", False),
    (Criteria(lower="98.0", unit="%"), "97.95", "98.0", True),
    (Criteria(upper="101.5", unit="%"), "101.55", "101.6", False),
    (Criteria(upper="101.5", unit="%"), "101.46", "101.5", True),
    (Criteria(upper="101.5", unit="%"), "101.45", "101.5", True),
    (Criteria(upper="0.02", unit="%"), "0.025", "0.03", False),
    (Criteria(upper="0.02", unit="%"), "0.015", "0.02", True),
    (Criteria(upper="0.02", unit="%"), "0.027", "0.03", False),
    (Criteria(upper="0.0003", unit="%"), "0.00035", "0.0004", False),
    (Criteria(upper="0.0003", unit="%"), "0.00025", "0.0003", True),
    (Criteria(upper="0.0003", unit="%"), "0.00028", "0.0003", True),
]
ASSAY = Criteria(lower="95.0", upper="105.0", unit="%")
IMPURITY = Criteria(upper="0.05", unit="%", quantitation="0.02")
TREND = Criteria(
    lower="90.0", upper="110.0", unit="%", alert_lower="96.0", alert_upper="104.0", action_lower="93.0",
    action_upper="107.0",
)  # fmt: skip


@pytest.mark.parametrize(("criteria", "value", "rounded", "conforms"), USP_7_20)
def test_the_worked_examples_of_the_usp(criteria: Criteria, value: str, rounded: str, *, conforms: bool) -> None:
    """The one digit after the limit's last place decides, a five rounds up (USP General Notices 7.20)."""
    judged = judge(criteria, value)
    assert (judged.rounded, judged.verdict) == (rounded, Verdict.COMPLIES if conforms else Verdict.OOS)
    assert value in judged.why
    assert rounded in judged.why


def test_a_hundred_thousand_results_are_judged_as_whole_numbers_are() -> None:
    """Whatever digits a result and its limits have, integer arithmetic comes to the same."""
    random = Random(7)  # noqa: S311 - any numbers will do, the same each time
    for _ in range(100_000):
        digits, places = random.randint(0, 6), random.randint(0, 4)
        value = random.randint(-30_000, 30_000)
        low = random.randint(-300, 300)
        high = low + random.randint(0, 300)
        inclusive = random.random() < 0.5
        criteria = Criteria(
            lower=_written(low, places), upper=_written(high, places), lower_inclusive=inclusive,
            upper_inclusive=inclusive,
        )  # fmt: skip
        rounded = _whole(value, digits, places)
        within = low <= rounded <= high if inclusive else low < rounded < high
        judged = judge(criteria, _written(value, digits))
        assert (judged.verdict is Verdict.COMPLIES) is within, (criteria, value, digits)
        assert Decimal(judged.rounded) == Decimal(rounded).scaleb(-places)


def _written(value: int, places: int) -> str:
    digits = str(abs(value)).rjust(places + 1, "0")
    point = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"-{point}" if value < 0 else point


def _whole(value: int, digits: int, places: int) -> int:
    """Round half away from zero by division of whole numbers alone."""
    if digits <= places:
        return value * int(10 ** (places - digits))
    unit = int(10 ** (digits - places))
    size = (2 * abs(value) + unit) // (2 * unit)
    return -size if value < 0 else size


@pytest.mark.parametrize(
    ("criteria", "result", "verdict", "why"),
    [
        (ASSAY, "93.4", Verdict.OOS, "93.4 is outside the limits: 95.0 to 105.0 %."),
        (ASSAY, "94,95", Verdict.COMPLIES, "94,95, compared as 95.0, complies with 95.0 to 105.0 %."),
        (ASSAY, "105.0", Verdict.COMPLIES, "105.0 complies with 95.0 to 105.0 %."),
        (Criteria(upper="100", upper_inclusive=False, unit="CFU/mL"), "100", Verdict.OOS, "less than 100 CFU/mL"),
        (Criteria(upper="100", upper_inclusive=False, unit="CFU/mL"), "99", Verdict.COMPLIES, "99 complies"),
        (Criteria(upper="100", upper_inclusive=False), "<100", Verdict.COMPLIES, "<100 complies with less than 100"),
        (Criteria(upper="100", upper_inclusive=False), "≤100", None, "either side"),
        (Criteria(lower="80", lower_inclusive=False), "80", Verdict.OOS, "more than 80"),
        (TREND, "100.0", Verdict.COMPLIES, "complies"),
        (TREND, "104.0", Verdict.COMPLIES, "complies"),
        (TREND, "104.1", Verdict.OOT, "complies with 90.0 to 110.0 %, but lies above the upper alert limit 104.0 %."),
        (TREND, "107.1", Verdict.OOT, "but lies above the upper action limit 107.0 %."),
        (TREND, "95.9", Verdict.OOT, "below the lower alert limit"),
        (TREND, "92.9", Verdict.OOT, "below the lower action limit"),
        (TREND, "89.9", Verdict.OOS, "outside the limits"),
        (Criteria(alert_upper="5"), "6", Verdict.OOT, "upper alert limit 5"),
        # Bounds and what has no number.
        (IMPURITY, "<0.05", Verdict.COMPLIES, "<0.05 complies with at most 0.05 %."),
        (IMPURITY, "< 0.05", Verdict.COMPLIES, "complies"),
        (IMPURITY, "≤0.05", Verdict.COMPLIES, "complies"),
        (IMPURITY, "<0.10", None, "“<0.10” does not tell whether it is at most 0.05: it may lie on either side"),
        (IMPURITY, ">0.05", None, "either side"),
        (IMPURITY, ">0.10", Verdict.OOS, "outside the limits"),
        (IMPURITY, "<LOQ", Verdict.COMPLIES, "<LOQ complies"),
        (IMPURITY, "ND", Verdict.COMPLIES, "ND complies"),
        (IMPURITY, "not detected", Verdict.COMPLIES, "complies"),
        (Criteria(upper="0.01", quantitation="0.02"), "ND", None, "either side"),
        (Criteria(upper="0.05"), "< LOQ", None, "the specification no quantitation limit"),
        (Criteria(upper="0.05"), ">LOQ", None, "Give the number that was found"),
        (ASSAY, "ND", None, "“ND” cannot be held against the lower limit 95.0. Give the number that was found"),
        (ASSAY, "<50", Verdict.OOS, "<50 is outside the limits"),
        (ASSAY, "<99.0", None, "either side of the lower limit"),
        (Criteria(lower="80", unit="%"), ">100", Verdict.COMPLIES, ">100 complies"),
        # What is none.
        (ASSAY, "Complies", None, "“Complies” is no number, and this test has limits: 95.0 to 105.0 %"),
        (ASSAY, "1,234", None, "thousands or decimals"),
        (ASSAY, "1.234,5", None, "parts thousands"),
        (ASSAY, "1 234.5", None, "parts thousands"),
        (ASSAY, "1.2E3", None, "power of ten"),
        (ASSAY, "98 %", None, "not a number"),
        (ASSAY, "", None, "missing"),
        # Words.
        (Criteria(criterion="Clear, colourless"), "clear colourless", Verdict.COMPLIES, "complies with “Clear,"),
        (Criteria(criterion="Clear, colourless"), "Complies", Verdict.COMPLIES, "complies"),
        (Criteria(criterion="Clear, colourless"), "Does not comply", Verdict.OOS, "does not comply"),
        (Criteria(criterion="Clear, colourless"), "yellow", None, "Say Complies or Does not comply."),
        (Criteria(criterion="Absent in 10 g"), "Not detected", Verdict.COMPLIES, "complies"),
        (Criteria(criterion="Absent in 10 g"), "detected", Verdict.OOS, "does not comply"),
        (Criteria(criterion="No growth"), "n.d.", Verdict.COMPLIES, "complies"),
    ],
)
def test_each_kind_of_result_is_judged_or_refused_by_name(
    criteria: Criteria, result: str, verdict: Verdict | None, why: str
) -> None:
    """A number, a bound, what was not found, words: each has its verdict, or is refused with what to do."""
    if verdict is None:
        with pytest.raises(ValueError, match=re.escape(why)):
            judge(criteria, result)
    else:
        judged = judge(criteria, result)
        assert (judged.verdict, why in judged.why) == (verdict, True), judged


@pytest.mark.parametrize(
    ("result", "unit", "into", "rounded"),
    [
        ("0.0512", "mg/mL", "µg/mL", "51"),
        ("51", "ug/mL", "\u00b5g/mL", "51"),
        ("51", "\u03bcg/mL", "\u00b5g/mL", "51"),
        ("51", "", "µg/mL", "51"),
        ("51", "mg/L", "µg/mL", "51"),
        ("0.25", "EU/mL", "EU/mL", "0"),
    ],
)
def test_units_that_differ_by_powers_of_ten_are_turned(result: str, unit: str, into: str, rounded: str) -> None:
    """The result is compared in the unit of the limits."""
    assert judge(Criteria(upper="60", unit=into), result, unit).rounded == rounded


@pytest.mark.parametrize(
    ("unit", "into"),
    [("mg/g", "%"), ("%", "mg/g"), ("ppm", "µg/mL"), ("min", "h"), ("g", "mL"), ("EU/mL", "EU/mg"), ("%", "")],
)
def test_other_units_are_refused_by_name(unit: str, into: str) -> None:
    """What needs knowledge of the sample is never guessed."""
    with pytest.raises(ValueError, match=f"in {unit}"):
        judge(Criteria(upper="60", unit=into), "5", unit)


@pytest.mark.parametrize(("unit", "into"), [("mPa", "MPa"), ("MPa", "mPa"), ("N/mm", "N/Mm"), ("M", "m")])
def test_milli_is_not_mega(unit: str, into: str) -> None:
    """Of units that are not known the case of letters is passed over, but where it is the prefix."""
    with pytest.raises(ValueError, match=f"in {unit}"):
        judge(Criteria(upper="60", unit=into), "5", unit)
    assert judge(Criteria(upper="60", unit="mOsm/kg"), "5", "mosm/kg").verdict is Verdict.COMPLIES


@pytest.mark.parametrize("unit", ["", "mg/mL", "µg/mL", "g/mL"])
def test_a_quantitation_limit_is_in_the_unit_of_the_limits(unit: str) -> None:
    """What a result without a number is reported in moves it nowhere; a unit that is none of its limits is refused."""
    lies_above = Criteria(upper="0.01", unit="mg/mL", quantitation="0.02")
    with pytest.raises(ValueError, match="either side"):
        judge(lies_above, "<LOQ", unit)
    assert judge(Criteria(upper="0.05", unit="mg/mL", quantitation="0.02"), "ND", unit).verdict is Verdict.COMPLIES
    with pytest.raises(ValueError, match="in min"):
        judge(lies_above, "<LOQ", "min")


def test_what_a_test_asks_is_told() -> None:
    """By its limits and their unit, or its text."""
    assert told(ASSAY) == "95.0 to 105.0 %"
    assert told(Criteria(lower="80", upper="120", lower_inclusive=False)) == "more than 80 and at most 120"
    assert told(Criteria(criterion="White powder")) == "“White powder”"
