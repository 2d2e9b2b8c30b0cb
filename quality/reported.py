"""A result as a laboratory reports it: a number, a bound such as `<0.05`, a finding that has no number, or words."""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from quality import limits


class Sign(StrEnum):
    """How a reported number bounds what was found."""

    EXACT = ""
    BELOW = "<"
    AT_MOST = "≤"
    ABOVE = ">"
    AT_LEAST = "≥"


@dataclass(frozen=True)
class Reported:
    """A reported result; without a value it is one below a limit of the method, or words."""

    text: str
    value: Decimal | None = None
    sign: Sign = Sign.EXACT
    is_trace: bool = False  # below what the method can quantify or detect, which the text does not put as a number


SIGNED = re.compile(r"(<=|>=|<|>|≤|≥)\s*(.+)")
SIGNS = {"<=": Sign.AT_MOST, ">=": Sign.AT_LEAST, **{str(sign): sign for sign in Sign if sign}}
TRACES = frozenset(
    {
        *("nd", "n.d.", "n.d", "not detected", "none detected", "not detectable", "bdl", "below detection limit"),
        *("loq", "lod", "below loq", "below lod", "blq", "bql", "not quantifiable", "nq", "n.q."),
    }
)
NUMBERLIKE = re.compile(r"[+\-\u2212]?[.,]?[0-9]")


def read(text: str) -> Reported:
    """Read a reported result; ValueError for what looks like a number and cannot be read as one."""
    given = " ".join(text.split())
    if not given:
        raise ValueError("The result is missing. Give it as it was reported.")
    bounded = SIGNED.fullmatch(given)
    if bounded is not None:
        rest = bounded[2].strip()
        if rest.casefold() in TRACES:
            return _trace(given, SIGNS[bounded[1]])
        return Reported(given, limits.number(rest), SIGNS[bounded[1]])
    if given.casefold() in TRACES - {"loq", "lod"}:
        return Reported(given, is_trace=True)
    if NUMBERLIKE.match(given):
        return Reported(given, limits.number(given))
    return Reported(given)


def _trace(given: str, sign: Sign) -> Reported:
    if sign not in (Sign.BELOW, Sign.AT_MOST):
        raise ValueError(f"“{given}” says that something was found. Give the number that was found.")
    return Reported(given, is_trace=True)
