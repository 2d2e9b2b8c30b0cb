"""Units of results: which are the same, and which turn into each other by nothing but powers of ten.

What takes knowledge of the sample is never turned: % into mg/g, ppm into µg/mL, mol into g. Nor are units of time or
temperature, whose conversion adds digits that nobody measured.
"""

import re
import unicodedata
from decimal import Decimal, localcontext

from quality.limits import DIGITS

# What each unit is of, and its power of ten among those.
SIZES: dict[str, tuple[str, int]] = {
    "kg": ("mass", 3),
    "g": ("mass", 0),
    "mg": ("mass", -3),
    "\u03bcg": ("mass", -6),
    "ug": ("mass", -6),
    "mcg": ("mass", -6),
    "ng": ("mass", -9),
    "L": ("volume", 0),
    "l": ("volume", 0),
    "dL": ("volume", -1),
    "mL": ("volume", -3),
    "ml": ("volume", -3),
    "\u03bcL": ("volume", -6),
    "\u03bcl": ("volume", -6),
    "uL": ("volume", -6),
    "EU": ("endotoxin", 0),
    "IU": ("activity", 0),
    "CFU": ("colonies", 0),
    "cfu": ("colonies", 0),
}


def same(one: str, other: str) -> bool:
    """Whether two units are written for the same: blanks, kinds of µ and the case of letters apart, but of m and M."""
    if _plain(one).casefold() != _plain(other).casefold():
        return False
    return _size(one) == _size(other) and _leading_m(one) == _leading_m(other)


def convert(value: Decimal, unit: str, into: str) -> Decimal:
    """Give a value in another unit; ValueError says what to do where the two do not turn into each other."""
    if same(unit, into) or not unit:
        return value
    if not into:
        raise ValueError(f"The specification has no unit, the result is in {unit}. Leave its unit out, or check it.")
    given, wanted = _size(unit), _size(into)
    if given is None or wanted is None or given[0] != wanted[0]:
        raise ValueError(f"The result is in {unit}, the limits are in {into}. Report it in {into}.")
    with localcontext(prec=DIGITS):
        return value.scaleb(given[1] - wanted[1])


def _leading_m(unit: str) -> list[str]:
    """Give the m and M that words of a unit begin with: milli or mega, metre or molar, which only their case tells."""
    return re.findall(r"(?<![^\W\d_])[mM]", _plain(unit))


def _plain(unit: str) -> str:
    return "".join(unicodedata.normalize("NFKC", unit).split())


def _size(unit: str) -> tuple[tuple[str, ...], int] | None:
    """Give what a unit such as `mg` or `mg/mL` is of and its power of ten; None for one that is not known."""
    parts = [SIZES.get(part) for part in _plain(unit).split("/")]
    known = [part for part in parts if part is not None]
    if len(known) != len(parts) or len(known) > 2:  # noqa: PLR2004 - one unit by another
        return None
    power = known[0][1] - (known[1][1] if len(known) > 1 else 0)
    return tuple(kind for kind, _ in known), power
