"""Judging: a reported result held against the limits of a test, with the verdict and a sentence that says why.

A result outside the limits is OOS; inside them, but beyond an alert or an action limit, OOT. Each comparison rounds the
result as it was reported to the last place of that limit; nothing is rounded twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from quality import limits, reported, units
from quality.reported import Reported, Sign
from storage.result import Verdict


@dataclass(frozen=True)
class Criteria:
    """What a test asks of its results: limits as they are written, or a text; empty ones are not set."""

    lower: str = ""
    upper: str = ""
    lower_inclusive: bool = True
    upper_inclusive: bool = True
    criterion: str = ""  # a text, in place of limits
    unit: str = ""
    alert_lower: str = ""
    alert_upper: str = ""
    action_lower: str = ""
    action_upper: str = ""
    quantitation: str = ""  # the limit of the method below which it gives no number


@dataclass(frozen=True)
class Judged:
    """What a result comes to; rounded is as it was compared, in the unit of the limits."""

    verdict: Verdict
    rounded: str
    why: str


@dataclass(frozen=True)
class Bound:
    """A limit on one side."""

    name: str  # `lower limit`, `alert limit`
    limit: Decimal
    written: str
    is_upper: bool
    inclusive: bool
    verdict: Verdict  # of a result beyond it

    @property
    def words(self) -> str:
        """`at most 0.05`, `less than 100`."""
        says = {(True, True): "at most", (True, False): "less than", (False, True): "at least"}
        return f"{says.get((self.is_upper, self.inclusive), 'more than')} {self.written}"


SIDES = (
    ("lower", "lower limit", False, Verdict.OOS),
    ("upper", "upper limit", True, Verdict.OOS),
    ("action_lower", "lower action limit", False, Verdict.OOT),
    ("action_upper", "upper action limit", True, Verdict.OOT),
    ("alert_lower", "lower alert limit", False, Verdict.OOT),
    ("alert_upper", "upper alert limit", True, Verdict.OOT),
)
BELOW = (Sign.BELOW, Sign.AT_MOST)
# What laboratories write for yes and no, without case and punctuation.
PASSES = frozenset({"complies", "conforms", "pass", "passes", "passed", "compliant", "meets", "satisfactory"})
FAILS = frozenset(
    {
        *("does not comply", "does not conform", "fail", "fails", "failed", "not compliant", "non-compliant"),
        *("noncompliant", "does not meet", "unsatisfactory", "not satisfactory"),
    }
)
ABSENT = ("not detected", "none detected", "nd", "n d", "absent", "absence", "negative", "no growth")
PRESENT = frozenset({"detected", "present", "presence", "positive", "growth"})


def judge(criteria: Criteria, result: str, unit: str = "") -> Judged:
    """Judge a result; ValueError says what cannot be judged, and what to do."""
    if criteria.criterion:
        return _by_words(criteria, " ".join(result.split()))
    found = reported.read(result)
    if found.is_trace:
        found = _quantified(found, criteria)
    if found.value is None:
        raise ValueError(f"“{found.text}” is no number, and this test has limits: {told(criteria)}. Give the number.")
    value = units.convert(found.value, unit.strip() or criteria.unit, criteria.unit)
    if found.is_trace:
        value = found.value  # which is the specification's, in the unit of its limits, whatever the result's own is
    beyond = _beyond_sign if found.sign else _beyond
    for bound in bounds(criteria):
        if beyond(found, value, bound):
            return _told(criteria, found, value, bound)
    shown = _shown(found, value, finest(criteria))
    return Judged(Verdict.COMPLIES, shown, f"{_leads(found, shown)} complies with {told(criteria)}.")


def bounds(criteria: Criteria) -> Iterator[Bound]:
    """Give the limits that are set, the ones that decide about OOS first."""
    for name, words, is_upper, verdict in SIDES:
        written = getattr(criteria, name)
        if written:
            inclusive = getattr(criteria, f"{name}_inclusive", True)
            yield Bound(words, limits.number(written), written, is_upper, inclusive, verdict)


def told(criteria: Criteria) -> str:
    """Say what a test asks: `95.0 to 105.0 %`, `less than 100 CFU/mL`, `Clear, colourless`."""
    if criteria.criterion:
        return f"“{criteria.criterion}”"
    both = criteria.lower and criteria.upper and criteria.lower_inclusive and criteria.upper_inclusive
    if both:
        return f"{criteria.lower} to {criteria.upper} {criteria.unit}".strip()
    set_ = [one.words for one in bounds(criteria) if one.verdict is Verdict.OOS]
    return f"{' and '.join(set_) or 'no limits'} {criteria.unit if set_ else ''}".strip()


def finest(criteria: Criteria) -> Decimal | None:
    """Give the limit that is written with the most decimal places, by which a result that complies is shown."""
    set_ = [one.limit for one in bounds(criteria) if one.verdict is Verdict.OOS]
    return max(set_ or [one.limit for one in bounds(criteria)], key=limits.places, default=None)


def _beyond(_found: Reported, value: Decimal, bound: Bound) -> bool:
    outside = limits.is_above if bound.is_upper else limits.is_below
    return outside(value, bound.limit, inclusive=bound.inclusive)


def _beyond_sign(found: Reported, value: Decimal, bound: Bound) -> bool:
    """Hold a result such as `<0.05` against a limit; ValueError where it may lie on either side of it."""
    outside = _beyond(found, value, bound)
    on_its_side = (found.sign in BELOW) is bound.is_upper  # `<` says something for an upper limit
    if on_its_side is not outside:
        return outside
    if on_its_side and value == bound.limit and found.sign in (Sign.BELOW, Sign.ABOVE):
        return False  # less than the limit, as the limit asks
    if bound.verdict is not Verdict.OOS:
        return False  # it complies, and of a trend it tells nothing
    raise ValueError(
        f"“{found.text}” does not tell whether it is {bound.words}: it may lie on either side of the {bound.name}. "
        "Give the number that was found."
    )


def _quantified(found: Reported, criteria: Criteria) -> Reported:
    """Put what is below the method's limit as a number, where the specification names that limit."""
    for bound in bounds(criteria):
        if not bound.is_upper and bound.verdict is Verdict.OOS:
            raise ValueError(
                f"“{found.text}” cannot be held against the {bound.name} {bound.written}. Give the number that was "
                "found; where nothing was, 0."
            )
    if not criteria.quantitation:
        raise ValueError(
            f"“{found.text}” names no number, and the specification no quantitation limit. "
            "Give it as a number, such as <0.05."
        )
    return Reported(found.text, limits.number(criteria.quantitation), Sign.BELOW, is_trace=True)


def _told(criteria: Criteria, found: Reported, value: Decimal, bound: Bound) -> Judged:
    shown = _shown(found, value, bound.limit)
    unit = f" {criteria.unit}" if criteria.unit else ""
    if bound.verdict is Verdict.OOS:
        why = f"is outside the limits: {told(criteria)}"
    else:
        way = "above" if bound.is_upper else "below"
        why = f"complies with {told(criteria)}, but lies {way} the {bound.name} {bound.written}{unit}"
    return Judged(bound.verdict, shown, f"{_leads(found, shown)} {why}.")


def _shown(found: Reported, value: Decimal, limit: Decimal | None) -> str:
    if found.sign:
        return found.text if found.is_trace else f"{found.sign}{value:f}"
    return f"{limits.rounded(value, limit) if limit is not None else value:f}"


def _leads(found: Reported, shown: str) -> str:
    """`97.96, rounded 98.0,`; only the result where rounding changed nothing."""
    return shown if shown == found.text else f"{found.text}, compared as {shown},"


def _by_words(criteria: Criteria, result: str) -> Judged:
    """Hold words against words: only what says yes or no, or repeats the criterion, is understood."""
    if not result:
        raise ValueError("The result is missing. Give it as it was reported.")
    given, wanted = _bare(result), _bare(criteria.criterion)
    is_absence = wanted in ABSENT or wanted.startswith(tuple(f"{word} in " for word in ABSENT))
    if given in PASSES or given == wanted or (is_absence and given in ABSENT):
        return Judged(Verdict.COMPLIES, result, f"“{result}” complies with {told(criteria)}.")
    if given in FAILS or (is_absence and given in PRESENT):
        return Judged(Verdict.OOS, result, f"“{result}” does not comply with {told(criteria)}.")
    raise ValueError(
        f"“{result}” cannot be held against {told(criteria)} by a machine. Say Complies or Does not comply."
    )


def _bare(text: str) -> str:
    return " ".join(text.casefold().replace(",", " ").replace(".", " ").split())
