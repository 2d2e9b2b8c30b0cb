"""Process capability: how much room limits leave for what a process does; never without the number of results.

Cp and Cpk by the short-term standard deviation of the control chart, Pp and Ppk by that of all results, those that
failed too (NIST/SEMATECH e-Handbook of Statistical Methods, 6.1.6). They assume that results are distributed normally,
which is not tested here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from quality.control_chart import ControlLimits
from quality.limits import DIGITS

FEW = 30  # results, below which an index is no more than a hint


@dataclass(frozen=True)
class Indices:
    """The room that limits leave: as the process could use it, and as it does; the first needs both limits."""

    potential: Decimal | None  # Cp or Pp
    actual: Decimal | None  # Cpk or Ppk


@dataclass(frozen=True)
class Capability:
    """The indices of a process, by its short-term variation and by all of it."""

    number: int  # of results that the short-term variation is of
    within: Indices  # Cp, Cpk
    number_of_all: int  # of results, those that failed too
    overall: Indices  # Pp, Ppk


def indices(mean: Decimal, sigma: Decimal, lower: Decimal | None, upper: Decimal | None) -> Indices:
    """Give the indices of a process with a mean and a standard deviation; None where there is no limit, or no sigma."""
    if not sigma:
        return Indices(None, None)
    with localcontext(prec=DIGITS):
        sides = [upper - mean] if upper is not None else []
        sides += [mean - lower] if lower is not None else []
        both = (upper - lower) / (6 * sigma) if upper is not None and lower is not None else None
        return Indices(both, min(sides) / (3 * sigma) if sides else None)


def of(values: Sequence[Decimal], limits: ControlLimits, lower: Decimal | None, upper: Decimal | None) -> Capability:
    """Give the capability of all results that stand, against the limits of their specification.

    The control limits may be of fewer, those that failed left out; Pp and Ppk leave none out, for they tell what was.
    """
    within = indices(limits.mean, limits.sigma, lower, upper)
    with localcontext(prec=DIGITS):
        mean = sum(values, Decimal()) / len(values)
    return Capability(limits.number, within, len(values), indices(mean, deviation(values, mean), lower, upper))


def deviation(values: Sequence[Decimal], mean: Decimal) -> Decimal:
    """Give the standard deviation of results as a sample: divided by one less than their number."""
    with localcontext(prec=DIGITS):
        return (sum(((one - mean) ** 2 for one in values), Decimal()) / (len(values) - 1)).sqrt()
