"""Trends: the results of a test over time, with their control limits, the rules they break, and their capability.

Limits and capability come from results that are decided and stand: those that wait to be confirmed, that were
discarded, or whose record was invalidated or voided are in no trend. An OOS result that stands is drawn, and counts in
no limit, for limits are those of a process that keeps to its specification.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlmodel import Session

from quality import capability, control_chart, limits, reported, units
from quality.capability import Capability
from quality.control_chart import ControlLimits, Signal
from quality.judging import Judged
from quality.people import Actor
from quality.refusal import Refusal
from storage import record as records
from storage import result, specification
from storage.result import LabResult, Verdict
from storage.specification import SpecificationTest

MOST = 100  # results in a trend, the newest
MOST_POINTS = 12  # time points that are offered
LEAST = 10  # results from which on there are control limits, and so OOT by them


@dataclass(frozen=True)
class Measured:
    """What is measured again and again: across the versions of its specification, each time point apart."""

    product: str
    sample_type: str
    test: str
    time_point: str = ""

    @property
    def words(self) -> str:
        """`Assay of Tablet 10 mg, Finished product`."""
        return f"{self.test} of {self.product}, {self.sample_type}{f', {self.time_point}' if self.time_point else ''}"


@dataclass(frozen=True)
class Point:
    """A result that is a plain number, in the unit of the test."""

    result: LabResult
    value: Decimal

    @property
    def counts(self) -> bool:
        """Whether it counts in limits."""
        return self.result.verdict is not Verdict.OOS


@dataclass(frozen=True)
class Trend:
    """The newest results of what is measured, the oldest first, and what they show."""

    of: Measured
    test: SpecificationTest  # by whose limits and unit
    points: tuple[Point, ...]
    left_out: tuple[LabResult, ...]  # those that are no plain number in this unit
    limits: ControlLimits | None = None  # None: too few results, or all the same
    signals: tuple[Signal, ...] = ()
    beyond_range: tuple[int, ...] = ()  # places of results whose range from the one before is beyond its limit
    capability: Capability | None = None

    @property
    def places(self) -> int:
        """With how many decimal places its figures are told: one more than its results have."""
        return 1 + max((limits.places(one.value) for one in self.points), default=0)

    def shown(self, value: Decimal) -> str:
        """Write a figure of it."""
        return f"{value:.{self.places}f}"

    @property
    def is_in_control(self) -> bool:
        """Whether no rule is broken."""
        return not self.signals and not self.beyond_range


def gather(session: Session, actor: Actor, test_id: int, time_point: str = "") -> Trend:
    """Gather the trend of a test of the actor's partnership, as a version of its specification asks it."""
    test = specification.find_test(session, actor.partnership.id, test_id)
    if test is None:
        raise Refusal("That test is not one of this channel's. Choose one with `/quality trend`.")
    return of_test_in(session, test, time_point)


def time_points(session: Session, found: Trend) -> list[str]:
    """Give the time points of which there are results, where a trend of none or of another one was asked for."""
    of = found.of
    if of.time_point and found.points:
        return []
    pid = found.test.partnership_id
    return result.list_time_points(session, pid, of.product, of.test, of.sample_type, MOST_POINTS)


def of_test_in(session: Session, test: SpecificationTest, time_point: str = "") -> Trend:
    """Give the trend of a test."""
    pid = test.partnership_id
    record, details = records.get(session, pid, test.record_id), specification.get(session, test.record_id)
    of = Measured(record.product, details.sample_type, test.test, time_point)
    return made(of, test, _history(session, pid, of))


def _history(session: Session, partnership_id: int, of: Measured) -> list[LabResult]:
    return result.list_of_test(session, partnership_id, of.product, of.test, of.sample_type, MOST, of.time_point)


def made(of: Measured, test: SpecificationTest, rows: Sequence[LabResult]) -> Trend:
    """Make a trend of results in order of time."""
    points, left_out = _points(test, rows)
    trend = Trend(of, test, points, left_out)
    counted = [one.value for one in points if one.counts]
    known = limits_of(counted)
    if known is None:
        return trend
    values = [one.value for one in points]
    far = [at for at, moved in enumerate(control_chart.ranges(values), 1) if moved > known.range_upper]
    lower, upper = (limits.number(limit) if limit else None for limit in (test.lower, test.upper))
    return replace(
        trend, limits=known, signals=tuple(control_chart.signals(values, known)), beyond_range=tuple(far),
        capability=capability.of(values, known, lower, upper),
    )  # fmt: skip


def limits_of(values: Sequence[Decimal]) -> ControlLimits | None:
    """Give the control limits of results; None for too few, and for those that are all the same."""
    known = control_chart.limits_of(values) if len(values) >= LEAST else None
    return known if known is not None and known.sigma else None


def _points(test: SpecificationTest, rows: Sequence[LabResult]) -> tuple[tuple[Point, ...], tuple[LabResult, ...]]:
    points: list[Point] = []
    left_out: list[LabResult] = []
    for one in rows:
        value = number(one.reported, one.unit, test.unit)
        if value is None:
            left_out.append(one)
        else:
            points.append(Point(one, value))
    return tuple(points), tuple(left_out)


def number(text: str, unit: str, into: str) -> Decimal | None:
    """Give a reported result as a number in a unit; None for `<0.05`, `<LOQ`, `ND`, words, and what does not turn."""
    try:
        found = reported.read(text)
        return units.convert(found.value, unit or into, into) if found.value is not None and not found.sign else None
    except ValueError:
        return None


def apart(limit: Decimal, value: Decimal) -> str:
    """Write a limit that a value lies beyond, with one place more than the value has, or as many as tell them apart."""
    places = limits.places(value) + 1
    while Decimal(shown := f"{limit:.{places}f}") == value:
        places += 1
    return shown


class History:
    """The control limits of what was measured before, each asked for once."""

    def __init__(self, session: Session, partnership_id: int) -> None:
        self._session, self._partnership_id = session, partnership_id
        self._known: dict[tuple[Measured, str], ControlLimits | None] = {}

    def judge(self, judged: Judged, of: Measured, test: SpecificationTest, text: str, unit: str) -> Judged:
        """Hold a result that complies against the control limits of those that are known: beyond them it is OOT."""
        value = number(text, unit, test.unit) if judged.verdict is Verdict.COMPLIES and not test.criterion else None
        known = self._limits(of, test) if value is not None else None
        if value is None or known is None or known.holds(value):
            return judged
        is_above = value > known.upper
        limit = apart(known.upper if is_above else known.lower, value)
        why = (  # with the result as it was reported: rounded to its specification's limit it may lie within
            f"{judged.why.removesuffix('.')}, but lies {'above' if is_above else 'below'} the "
            f"{'upper' if is_above else 'lower'} control limit {f'{limit} {test.unit}'.strip()} of the "
            f"{known.number} results recorded before it."
        )
        return replace(judged, verdict=Verdict.OOT, why=why)

    def _limits(self, of: Measured, test: SpecificationTest) -> ControlLimits | None:
        key = (of, test.unit)
        if key not in self._known:
            points, _ = _points(test, _history(self._session, self._partnership_id, of))
            self._known[key] = limits_of([one.value for one in points if one.counts])
        return self._known[key]
