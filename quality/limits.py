"""Limits of a specification: rounding and comparing as the pharmacopoeia does."""

import re
from decimal import ROUND_HALF_UP, Decimal, localcontext

REPORTED = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?")
THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
DIGITS = 100  # more than a field holds, so that nothing is rounded but what is meant to be


def number(text: str) -> Decimal:
    """Read a reported number, with a decimal point or comma; ValueError for anything else."""
    if REPORTED.fullmatch(text.strip()) is None:
        raise ValueError("This is not a number. Give digits only, such as 98.4; the unit has a field of its own.")
    if THOUSANDS.fullmatch(text.strip()):
        raise ValueError("Its comma may part thousands or decimals. Write it with a point, or without the comma.")
    return Decimal(text.strip().replace(",", "."))


def complies(result: Decimal, lower: Decimal | None, upper: Decimal | None) -> bool:
    """Whether a result, rounded half up to each limit's last place, lies within the inclusive limits."""
    above = lower is None or _rounded(result, lower) >= lower
    below = upper is None or _rounded(result, upper) <= upper
    return above and below


def _rounded(result: Decimal, limit: Decimal) -> Decimal:
    with localcontext(prec=DIGITS):
        return result.quantize(Decimal(1).scaleb(int(limit.as_tuple().exponent)), rounding=ROUND_HALF_UP)
