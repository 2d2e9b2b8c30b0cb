"""Control charts of single results: individuals and moving range, and the rules by which a process shows a change.

The limits are those of Shewhart's chart for individuals (NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.2): the
mean of the results, more or less three times their short-term standard deviation, which is the mean of the ranges from
each result to the next, divided by d2 of two results.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from itertools import pairwise

from quality.limits import DIGITS

D2 = Decimal("1.128")  # of ranges between two results
D4 = Decimal("3.267")  # the upper limit of such ranges, by their mean
THREE = Decimal(3)


@dataclass(frozen=True)
class ControlLimits:
    """What results keep within while nothing but chance moves them; in their unit."""

    number: int  # of results
    mean: Decimal
    mean_range: Decimal  # of the moving ranges
    sigma: Decimal  # the short-term standard deviation

    @property
    def lower(self) -> Decimal:
        """The lower control limit of the results."""
        return self.mean - THREE * self.sigma

    @property
    def upper(self) -> Decimal:
        """The upper control limit of the results."""
        return self.mean + THREE * self.sigma

    @property
    def range_upper(self) -> Decimal:
        """The upper control limit of the moving ranges; the lower one is 0."""
        return D4 * self.mean_range

    def holds(self, value: Decimal) -> bool:
        """Whether a result lies within the control limits."""
        return self.lower <= value <= self.upper


@dataclass(frozen=True)
class Rule:
    """A pattern that chance seldom makes: it looks at so many results at once, each in sigmas from the mean."""

    name: str  # in the words of who set it up
    says: str
    length: int
    least: int  # so many of them do, where a trend has only begun
    shows: Callable[[Sequence[Decimal]], bool]
    sigmas: int | None = None  # only results further away than these are what shows it; None: all that it looks at


@dataclass(frozen=True)
class Signal:
    """A rule that is broken, by these results; their places count from 0."""

    rule: Rule
    at: tuple[int, ...]

    @property
    def first(self) -> int:
        """The place of the first."""
        return self.at[0]

    @property
    def last(self) -> int:
        """The place of the last."""
        return self.at[-1]


def _beyond(number: int, sigmas: int) -> Callable[[Sequence[Decimal]], bool]:
    """So many of the results are further from the mean than some sigmas, on one side of it; the last one is."""

    def shows(results: Sequence[Decimal]) -> bool:
        last = results[-1]
        side = 1 if last > 0 else -1
        return side * last > sigmas and sum(side * one > sigmas for one in results) >= number

    return shows


def _one_side(results: Sequence[Decimal]) -> bool:
    return all(one > 0 for one in results) or all(one < 0 for one in results)


def _one_way(results: Sequence[Decimal]) -> bool:
    steps = [later - one for one, later in pairwise(results)]
    return all(step > 0 for step in steps) or all(step < 0 for step in steps)


def _up_and_down(results: Sequence[Decimal]) -> bool:
    steps = [later - one for one, later in pairwise(results)]
    return all(step * following < 0 for step, following in pairwise(steps))


def _within_one(results: Sequence[Decimal]) -> bool:
    return all(abs(one) < 1 for one in results)


def _beyond_one(results: Sequence[Decimal]) -> bool:
    """None is within one sigma, and they lie on both sides: on one side alone it is another rule's."""
    return all(abs(one) > 1 for one in results) and not _one_side(results)


# Western Electric, Statistical Quality Control Handbook, 1956; L. S. Nelson, Journal of Quality Technology 16, 1984.
RULES = (
    Rule("Western Electric 1, Nelson 1", "beyond three sigma", 1, 1, _beyond(1, 3), 3),
    Rule("Western Electric 2, Nelson 5", "two of three beyond two sigma, on one side", 3, 2, _beyond(2, 2), 2),
    Rule("Western Electric 3, Nelson 6", "four of five beyond one sigma, on one side", 5, 4, _beyond(4, 1), 1),
    Rule("Western Electric 4", "eight in a row on one side of the mean", 8, 8, _one_side),
    Rule("Nelson 2", "nine in a row on one side of the mean", 9, 9, _one_side),
    Rule("Nelson 3", "six in a row, each above or each below the one before", 6, 6, _one_way),
    Rule("Nelson 4", "fourteen in a row, up and down by turns", 14, 14, _up_and_down),
    Rule("Nelson 7", "fifteen in a row within one sigma of the mean", 15, 15, _within_one),
    Rule("Nelson 8", "eight in a row, none within one sigma, on both sides", 8, 8, _beyond_one),
)


def ranges(values: Sequence[Decimal]) -> list[Decimal]:
    """Give the moving ranges: from each result to the next, without a sign."""
    return [abs(later - one) for one, later in pairwise(values)]


def limits_of(values: Sequence[Decimal]) -> ControlLimits:
    """Give the control limits of results in order of time; ValueError for fewer than two."""
    if len(values) < 2:  # noqa: PLR2004 - the first range
        raise ValueError("control limits need two results at least")
    with localcontext(prec=DIGITS):
        moved = ranges(values)
        mean_range = sum(moved, Decimal()) / len(moved)
        return ControlLimits(len(values), sum(values, Decimal()) / len(values), mean_range, mean_range / D2)


def signals(values: Sequence[Decimal], limits: ControlLimits) -> Iterator[Signal]:
    """Give where results break a rule, in the order of the rules; what overlaps or follows at once is one signal."""
    if not limits.sigma:
        return  # all the same: nothing moved
    with localcontext(prec=DIGITS):
        away = [(one - limits.mean) / limits.sigma for one in values]
    for rule in RULES:
        ends = [end for end in range(rule.least, len(away) + 1) if rule.shows(away[max(0, end - rule.length) : end])]
        for first, last in _joined(ends, rule.length):
            far = (at for at in range(first, last + 1) if rule.sigmas is None or abs(away[at]) > rule.sigmas)
            yield Signal(rule, tuple(far))


def _joined(ends: Sequence[int], length: int) -> Iterator[tuple[int, int]]:
    """Join stretches of some length, given by the place after their last result, that overlap or meet."""
    first = last = -1
    for end in ends:
        begins = max(0, end - length)
        if last >= 0 and begins <= last + 1:
            last = end - 1
            continue
        if last >= 0:
            yield first, last
        first, last = begins, end - 1
    if last >= 0:
        yield first, last
