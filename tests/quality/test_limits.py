"""Numbers are read as reported, rounded half up to the limit's last place, and limits are inclusive."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality import limits

NUMBERS = st.decimals(min_value=-10_000, max_value=10_000, allow_nan=False, allow_infinity=False, places=4)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("98.4", "98.4"),
        ("98,4", "98.4"),
        (" 98.40 ", "98.40"),
        ("-0.5", "-0.5"),
        ("+7", "7"),
        ("0", "0"),
    ],
)
def test_reported_numbers_are_read_digit_by_digit(text: str, value: str) -> None:
    """A point or a comma may stand, and trailing zeros are kept."""
    assert str(limits.number(text)) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "ca. 98",
        "98 %",
        "<0.1",
        "n/a",
        "NaN",
        "inf",
        "-Infinity",
        "1.2.3",
        "1,234.5",
        "1_000",
        "1e9",
        "٣",
        "--1",
        ".5",
        "5.",
    ],
)
def test_anything_else_is_no_number(text: str) -> None:
    """Words, units, infinities, exponents and two separators are refused with what to give."""
    with pytest.raises(ValueError, match="not a number"):
        limits.number(text)


CASES = [
    ("94.9", "95.0", "105.0", False),
    ("94.94", "95.0", "105.0", False),
    ("94.95", "95.0", "105.0", True),
    ("95.0", "95.0", "105.0", True),
    ("105.0", "95.0", "105.0", True),
    ("105.04", "95.0", "105.0", True),
    ("105.05", "95.0", "105.0", False),
    ("105.4", "95", "105", True),
    ("105.5", "95", "105", False),
    ("94.5", "95", "105", True),
    ("94.49", "95", "105", False),
    ("0.105", None, "0.10", False),
    ("0.104", None, "0.10", True),
    ("0.25", None, "0.2", False),  # half up, not half even
    ("0.24", None, "0.2", True),
    ("7", "7.0", None, True),
    ("6.95", "7.0", None, True),
    ("6.94", "7.0", None, False),
    ("-0.05", None, "-0.1", True),
    ("-0.04", None, "-0.1", False),
    ("1000000", None, None, True),
    ("12345678901234567890123456789012345678", None, "0.0000000000000000001", False),
]


@pytest.mark.parametrize(("result", "lower", "upper", "complies"), CASES)
def test_results_comply_as_the_pharmacopoeia_says(
    result: str, lower: str | None, upper: str | None, *, complies: bool
) -> None:
    """Round to the limit's last place, half up, then compare; the limit itself complies."""
    low, high = (limits.number(text) if text else None for text in (lower, upper))
    assert limits.complies(limits.number(result), low, high) is complies


@given(limit=NUMBERS)
def test_a_limit_complies_with_itself(limit: Decimal) -> None:
    """Limits are inclusive, whatever the number."""
    assert limits.complies(limit, limit, limit)


@given(result=NUMBERS, other=NUMBERS, upper=NUMBERS)
def test_a_smaller_result_is_never_worse_at_an_upper_limit(result: Decimal, other: Decimal, upper: Decimal) -> None:
    """Rounding keeps the order of results."""
    low, high = sorted((result, other))
    assert limits.complies(low, None, upper) >= limits.complies(high, None, upper)


@given(value=st.integers(-10_000, 10_000), tenths=st.integers(-20, 20), limit=st.integers(-10_000, 10_000))
def test_rounding_agrees_with_whole_numbers(value: int, tenths: int, limit: int) -> None:
    """Against a whole limit a result counts as the nearest whole number, halves away from zero."""
    scaled = value * 10 + tenths
    rounded = (abs(scaled) + 5) // 10 * (1 if scaled >= 0 else -1)
    assert limits.complies(Decimal(scaled) / 10, None, Decimal(limit)) is (rounded <= limit)
