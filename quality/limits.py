"""Limits of a specification: rounding and comparing as the pharmacopoeia does."""

import re
from decimal import ROUND_HALF_UP, Decimal, localcontext

REPORTED = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?")
THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
DIGITS = 100  # more than a field holds, so that nothing is rounded but what is meant to be
MINUS = "\u2212"  # what spreadsheets and word processors write for a hyphen
NO_NUMBER = "This is not a number. Give digits only, such as 98.4; the unit has a field of its own."
EITHER = "Its comma may part thousands or decimals. Write it with a point, or without the comma."
# What looks like a number and is none here, and what to write instead.
NEARLY = (
    (
        re.compile(r"[+-]?[0-9]{1,3}([., '\u00a0\u2009\u202f][0-9]{3})+([.,][0-9]+)?"),
        "This is not a number that can be read: it parts thousands. Write it without, such as 1234.5.",
    ),
    (
        re.compile(r"[+-]?[0-9]+([.,][0-9]+)?\s*([eE]|[x\u00d7*]\s*10\s*\^?)\s*[+-]?[0-9]+"),
        "This is not a number that can be read: it is a power of ten. Write it out, such as 1200 or 0.0012.",
    ),
    (
        re.compile(r"[+-]?([.,][0-9]+|[0-9]+[.,])"),
        "This is not a number that can be read: a digit is missing beside the point. Write 0.5 or 5.",
    ),
)


def number(text: str) -> Decimal:
    """Read a reported number, with a decimal point or comma; ValueError for anything else."""
    given = text.strip().replace(MINUS, "-")
    if THOUSANDS.fullmatch(given):
        raise ValueError(EITHER)
    if REPORTED.fullmatch(given) is None:
        raise ValueError(next((says for looks, says in NEARLY if looks.fullmatch(given)), NO_NUMBER))
    return Decimal(given.replace(",", "."))


def complies(
    result: Decimal, lower: Decimal | None, upper: Decimal | None, *,
    lower_inclusive: bool = True, upper_inclusive: bool = True,
) -> bool:  # fmt: skip
    """Whether a result, rounded half up to each limit's last place, lies within the limits."""
    above = lower is None or not is_below(result, lower, inclusive=lower_inclusive)
    below = upper is None or not is_above(result, upper, inclusive=upper_inclusive)
    return above and below


def is_below(result: Decimal, limit: Decimal, *, inclusive: bool = True) -> bool:
    """Whether a result, rounded, is below a lower limit; one that is not inclusive is not kept by being met."""
    value = rounded(result, limit)
    return value < limit or (value == limit and not inclusive)


def is_above(result: Decimal, limit: Decimal, *, inclusive: bool = True) -> bool:
    """Whether a result, rounded, is above an upper limit; one that is not inclusive is not kept by being met."""
    value = rounded(result, limit)
    return value > limit or (value == limit and not inclusive)


def places(limit: Decimal) -> int:
    """Count the decimal places that a limit is written with."""
    return max(0, -int(limit.as_tuple().exponent))


def rounded(result: Decimal, limit: Decimal) -> Decimal:
    """Round a result half up, away from zero, to a limit's last place.

    The one digit after that place decides, as the general notices of the pharmacopoeias (USP 7.20, Ph. Eur. 1.2) say.
    """
    with localcontext(prec=DIGITS):
        return result.quantize(Decimal(1).scaleb(int(limit.as_tuple().exponent)), rounding=ROUND_HALF_UP)
