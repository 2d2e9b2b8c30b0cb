"""A trend in words: how it stands, and its figures, for whoever reads and does not look."""

from collections.abc import Iterator, Sequence

from quality import words
from quality.capability import FEW, Indices
from quality.control_chart import Signal
from quality.criteria import of_test
from quality.judging import told
from quality.trend import LEAST, Trend

MOST_TOLD = 12  # results in the words of a picture; the newest
MOST_SIGNALS = 12  # that are told; the newest
BASIS = (
    "Control limits lie 3 times the mean moving range, divided by 1.128, from the mean. OOS results are drawn "
    "and count in no limit; results to confirm, and those of an invalidated or void record, are not in it."
)


def standing(found: Trend) -> str:
    """Say in a sentence how a trend stands."""
    number = len(found.points)
    if found.limits is None:
        return f"{_so_few(found)}: there are no control limits yet."
    if found.is_in_control:
        return f"In control: {number} results break no rule."
    broken = list(dict.fromkeys(one.rule.name for one in found.signals))
    broken += ["the limit of the moving range"] if found.beyond_range else []
    return f"Signals: {'; '.join(broken)}."


def _so_few(found: Trend) -> str:
    counted = sum(one.counts for one in found.points)
    if counted >= LEAST:
        return f"All {counted} results are the same"
    return f"{counted} of {LEAST} results" if counted else "No result counts in it yet"


def facts(found: Trend) -> list[tuple[str, str]]:
    """Give the figures of a trend, each with what it is, then its signals."""
    return [*_figures(found), *(_signals(found) if found.limits else ())]


def _figures(found: Trend) -> list[tuple[str, str]]:
    limits, unit = found.limits, f" {found.test.unit}" if found.test.unit else ""
    rows = [("Results", _results(found)), ("Specification", told(of_test(found.test)))]
    if limits is None:
        return rows
    shown = found.shown
    return [
        *rows,
        ("Mean", f"{shown(limits.mean)}{unit}, of {limits.number} results"),
        ("Control limits", f"{shown(limits.lower)} to {shown(limits.upper)}{unit}"),
        ("Moving range", f"mean {shown(limits.mean_range)}{unit}, limit {shown(limits.range_upper)}{unit}"),
        ("Capability", _capability(found)),
    ]


def _results(found: Trend) -> str:
    number, out = len(found.points), len(found.left_out)
    says = str(number)
    if number:
        first, last = (words.day(found.points[place].result.analysed_at.date()) for place in (0, -1))
        says = f"{number}, {first} to {last}"
    return f"{says}; {out} left out: no plain number, or in another unit" if out else says


def _capability(found: Trend) -> str:
    known = found.capability
    if known is None or known.within.actual is None:
        return "none: the specification has no limit"
    parts = [(known.number, "Cp", known.within), (known.number_of_all, "Pp", known.overall)]
    says = [f"{' · '.join(_indices(name, one))}, of {number} results" for number, name, one in parts]
    says[1] += ", OOS too" if known.number_of_all > known.number else ""
    few = [f"fewer than {FEW} results"] if known.number < FEW else []
    why = " and ".join(few + ([] if found.is_in_control else ["signals among them"]))
    return "; ".join(says) + (f": {why}, a hint and no more" if why else "")


def _indices(name: str, found: Indices) -> Iterator[str]:
    if found.potential is not None:
        yield f"{name} {found.potential:.2f}"
    if found.actual is not None:
        yield f"{name}k {found.actual:.2f}"


def _signals(found: Trend) -> Sequence[tuple[str, str]]:
    """Tell the newest signals, each with its rule and by which results."""
    all_ = [(one.last, one.rule.name, f"{one.rule.says}: {_which(found, one)}") for one in found.signals]
    all_ += [(at, "Moving range signal", f"beyond its limit: {_lots(found, at - 1, at)}") for at in found.beyond_range]
    all_.sort(key=lambda one: one[0])
    more = [("More signals", f"{len(all_) - MOST_SIGNALS} older ones")] if len(all_) > MOST_SIGNALS else []
    return [*((name, says) for _, name, says in all_[-MOST_SIGNALS:]), *more]


def _which(found: Trend, one: Signal) -> str:
    last = found.points[one.last].result
    if one.first == one.last:
        return f"{last.lot}, {last.amount}, {words.day(last.analysed_at.date())}"
    first = found.points[one.first].result
    days = f"{words.day(first.analysed_at.date())} to {words.day(last.analysed_at.date())}"
    return f"{len(one.at)} results, {_lots(found, one.first, one.last)}, {days}"


def _lots(found: Trend, first: int, last: int) -> str:
    return f"{found.points[first].result.lot} to {found.points[last].result.lot}"


def alt_text(found: Trend) -> str:
    """Say what a picture of a trend shows: how it stands, its figures, its newest values, then its signals.

    Slack cuts it off at its end: what is said above the picture as well stands there.
    """
    figures = _told(_figures(found))
    values = ", ".join(f"{one.result.lot} {one.result.reported}" for one in found.points[: -MOST_TOLD - 1 : -1])
    says = (
        f"Control chart of {found.of.words}. {standing(found)} {figures} The newest results, the last first: {values}."
    )
    return f"{says} {_told(_signals(found))}".strip() if found.limits else says


def _told(facts: Sequence[tuple[str, str]]) -> str:
    return " ".join(f"{name}: {says}." for name, says in facts)
