"""Periods as people type them, and as buttons carry them."""

from datetime import date

import pytest

from quality import period
from quality.period import Period
from quality.refusal import Refusal

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("", date(2025, 11, 25), TODAY),
        ("12 Months", date(2025, 11, 25), TODAY),
        ("month", date(2026, 11, 1), TODAY),
        ("Quarter", date(2026, 10, 1), TODAY),
        ("year", date(2026, 1, 1), TODAY),
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2025-q4", date(2025, 10, 1), date(2025, 12, 31)),
        ("2026-Q1", date(2026, 1, 1), date(2026, 3, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2025-12", date(2025, 12, 1), date(2025, 12, 31)),
    ],
)
def test_periods_are_whole(text: str, first: date, last: date) -> None:
    """From their first day to their last one, or to today."""
    found = period.parse(text, TODAY)
    assert found == Period(first, last)
    assert period.of_code(found.code) == found


def test_twelve_months_from_the_29th_of_february() -> None:
    """There is no such day a year before: they begin with the one after the 28th."""
    assert period.parse("", date(2024, 2, 29)).first == date(2023, 3, 1)


@pytest.mark.parametrize(
    "text", ["week", "2026-13", "2026-00", "0000", "2026-Q5", "26", "2026-1", "9999-12", "<!channel>"]
)
def test_what_is_no_period_says_what_is(text: str) -> None:
    """The words that can be said stand in the answer."""
    with pytest.raises(Refusal, match="Say `month`, `quarter`"):
        period.parse(text, TODAY)


@pytest.mark.parametrize("text", ["2027", "2026-12", "2027-Q1"])
def test_what_has_not_begun_has_no_figures(text: str) -> None:
    """It is said, and not told as nothing missed."""
    with pytest.raises(Refusal, match="has not begun"):
        period.parse(text, TODAY)


@pytest.mark.parametrize("code", ["", "2026-01-01", "2026-02-01 2026-01-01", "a b", "2026-01-01 2026-02-01 2026-03-01"])
def test_a_forged_code_is_none(code: str) -> None:
    """Days in their order, and nothing else."""
    with pytest.raises(ValueError, match=r".*"):
        period.of_code(code)
