"""What a test of a specification may ask, checked field by field: for the form and for the rows of a file alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from quality import limits
from quality.judging import Criteria
from quality.oos import CATEGORIES
from storage.specification import SpecificationTest

MOST_DECIMALS = 10
NUMBERS = ("lower", "upper", "alert_lower", "alert_upper", "action_lower", "action_upper", "quantitation")
LENGTHS = {"test": 100, "method": 150, "criterion": 300, "unit": 40} | dict.fromkeys(NUMBERS, 40)
# From the innermost to the outermost on each side; each has to lie within the next that is set.
ORDER = (
    ("alert_lower", "action_lower", "lower"),
    ("alert_upper", "action_upper", "upper"),
)
NAMES = {
    "test": "Test",
    "category": "Test category",
    "method": "Method",
    "lower": "Lower limit",
    "upper": "Upper limit",
    "criterion": "Text criterion",
    "unit": "Unit",
    "decimals": "Decimals",
    "alert_lower": "Lower alert limit",
    "alert_upper": "Upper alert limit",
    "action_lower": "Lower action limit",
    "action_upper": "Upper action limit",
    "quantitation": "Quantitation limit",
}


@dataclass(frozen=True)
class TestForm:
    """A test as it is entered."""

    __test__ = False  # pytest takes it for one of its own

    test: str
    category: str = ""
    method: str = ""
    lower: str = ""
    upper: str = ""
    lower_inclusive: bool = True
    upper_inclusive: bool = True
    criterion: str = ""
    unit: str = ""
    decimals: int | None = None
    alert_lower: str = ""
    alert_upper: str = ""
    action_lower: str = ""
    action_upper: str = ""
    quantitation: str = ""


def of_test(row: SpecificationTest | TestForm) -> Criteria:
    """Give what a test asks of its results."""
    return Criteria(**{name: getattr(row, name) for name in Criteria.__dataclass_fields__})


def faults(form: TestForm) -> dict[str, str]:
    """Give what is wrong with a test, by field; nothing where it can be judged by."""
    found = {name: _too_long(most) for name, most in LENGTHS.items() if len(getattr(form, name)) > most}
    if not form.test:
        found["test"] = "Test is needed. Fill it in."
    if form.category and form.category not in CATEGORIES:
        found["category"] = f"This is none of the categories: {', '.join(CATEGORIES)}."
    numbers = _numbers(form, found)
    if form.criterion and any(getattr(form, name) for name in NUMBERS):
        found["criterion"] = "A test has limits or a text criterion, not both. Leave one of them out."
    elif not form.criterion and not any(getattr(form, name) for name in NUMBERS if name != "quantitation"):
        found["lower"] = "A test needs a limit or a text criterion. Give a lower limit, an upper one, or the text."
    if not found:
        found |= _order(form, numbers) | _places(form, numbers)
    return found


def _too_long(most: int) -> str:
    return f"This is longer than {most} characters. Shorten it."


def _numbers(form: TestForm, found: dict[str, str]) -> Mapping[str, Decimal]:
    numbers: dict[str, Decimal] = {}
    for name in NUMBERS:
        written = getattr(form, name)
        if not written:
            continue
        try:
            numbers[name] = limits.number(written)
        except ValueError as fault:
            found[name] = str(fault)
    return numbers


def _order(form: TestForm, numbers: Mapping[str, Decimal]) -> dict[str, str]:
    """Hold the limits against each other: alert within action within the limits, the lower ones below the upper."""
    for names in ORDER:
        inner, outer = list(names[:-1]), list(names[1:])
        for one in inner:
            for other in outer[inner.index(one) :]:
                if one in numbers and other in numbers and not _within(one, numbers[one], numbers[other]):
                    return {one: f"This lies outside the {NAMES[other].lower()} {getattr(form, other)}. Check both."}
    lowers = [name for name in ORDER[0] if name in numbers]
    uppers = [name for name in ORDER[1] if name in numbers]
    for low in lowers:
        for high in uppers:
            if numbers[low] > numbers[high]:
                return {high: f"This lies below the {NAMES[low].lower()} {getattr(form, low)}. Check both."}
    exclusive = not (form.lower_inclusive and form.upper_inclusive)
    if exclusive and {"lower", "upper"} <= numbers.keys() and numbers["lower"] == numbers["upper"]:
        return {"upper": f"No result is both more and less than {form.upper}. Check both limits."}
    return {}


def _within(name: str, inner: Decimal, outer: Decimal) -> bool:
    return inner >= outer if name.endswith("lower") else inner <= outer


def _places(form: TestForm, numbers: Mapping[str, Decimal]) -> dict[str, str]:
    """Hold the decimals against the limits: a result is rounded to the last place that its limit is written with."""
    if form.decimals is None:
        return {}
    if form.decimals > MOST_DECIMALS:
        return {"decimals": f"{MOST_DECIMALS} is the most. Check the number."}
    for name in ("lower", "upper"):
        if name in numbers and limits.places(numbers[name]) != form.decimals:
            wrote = getattr(form, name)
            return {
                name: f"{wrote} has {limits.places(numbers[name])} decimals, and Decimals says {form.decimals}. "
                "Results are rounded to the last place of the limit: write it with as many."
            }
    return {}
