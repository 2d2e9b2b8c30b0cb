"""A trend as a picture: individuals above, moving ranges below. It loads matplotlib: import it only where one is drawn.

The same trend is the same bytes.
"""

import io
from collections.abc import Iterable
from datetime import date

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from quality import control_chart, limits
from quality.drawing import BLUE, FAINT, FONT, GREEN, INK, LARGE, ORANGE, RED, SMALL, SMALLER
from quality.pack.glyphs import shown
from quality.trend import Trend

INCHES, DOTS = (6.4, 5.2), 200
MARGIN = 0.1  # inches
SHARES = (3, 1.3)  # of the height
MOST_DATES = 6  # below the axis
LONGEST = 42  # characters of a title
HEAD = 1.1  # times the highest range
ROOM = 1.5  # times the span of the results: a limit of the specification further away is not drawn


def draw(found: Trend, form: str = "png") -> bytes:
    """Draw a trend, as a PNG or an SVG."""
    figure = Figure(figsize=INCHES, dpi=DOTS, layout=ConstrainedLayoutEngine(w_pad=MARGIN, h_pad=MARGIN))
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=SHARES)
    _individuals(above, found)
    _ranges(below, found)
    _dates(below, [one.result.analysed_at.date() for one in found.points])
    title = shown(f"{found.of.test}, {found.of.product}")
    above.set_title(
        title if len(title) <= LONGEST else f"{title[: LONGEST - 1]}…",
        loc="left", font=FONT, size=LARGE, weight="bold", color=INK, pad=30, parse_math=False,
    )  # fmt: skip
    drawn = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "qualbridge"}):  # else its names would be random
        figure.savefig(drawn, format=form, metadata={"Date": None} if form == "svg" else None)
    return drawn.getvalue()


def _individuals(axes: Axes, found: Trend) -> None:
    values = [float(one.value) for one in found.points]
    axes.plot(values, color=BLUE, marker="o", markersize=5, linewidth=1.5, label="Result")
    known = found.limits
    if known is not None:
        axes.axhline(float(known.mean), color=INK, linewidth=1, label="Mean")
        for place, limit in enumerate((known.lower, known.upper)):
            axes.axhline(float(limit), color=ORANGE, linestyle="--", label="" if place else "Control limits")
        _mark(axes, values, {at for one in found.signals for at in one.at}, "Signal")
    outside = [at for at, one in enumerate(found.points) if not one.counts]
    if outside:
        axes.plot(outside, [values[at] for at in outside], "x", color=INK, markersize=10, mew=2.5, label="OOS")
    span = (max(values) - min(values)) or 1.0
    for written in (found.test.lower, found.test.upper):
        at = float(limits.number(written)) if written else None
        if at is not None and min(values) - ROOM * span <= at <= max(values) + ROOM * span:
            axes.axhline(at, color=GREEN, linestyle=":", linewidth=2, label="Specification")
    _frame(axes, f"Result, {shown(found.test.unit)}" if found.test.unit else "Result")
    handles, labels = axes.get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    axes.legend(
        once.values(), once.keys(), loc="lower left", bbox_to_anchor=(-0.02, 1), borderaxespad=0.2, ncols=len(once),
        frameon=False, prop={"family": FONT, "size": SMALLER}, labelcolor=INK,
        columnspacing=1, handletextpad=0.4, handlelength=1.6,
    )  # fmt: skip


def _ranges(axes: Axes, found: Trend) -> None:
    moved = [float(one) for one in control_chart.ranges([one.value for one in found.points])]
    axes.plot(range(1, len(moved) + 1), moved, color=BLUE, marker="o", markersize=4, linewidth=1.5)
    if found.limits is not None:
        axes.axhline(float(found.limits.mean_range), color=INK, linewidth=1)
        axes.axhline(float(found.limits.range_upper), color=ORANGE, linestyle="--")
        _mark(axes, [0.0, *moved], set(found.beyond_range), "Signal")
    axes.set_ylim(0, axes.get_ylim()[1] * HEAD)
    _frame(axes, "Moving range")


def _mark(axes: Axes, values: list[float], places: Iterable[int], label: str) -> None:
    at = sorted(places)
    if at:
        axes.plot(
            at, [values[one] for one in at], "D", color=RED, markerfacecolor="none", markersize=9, mew=1.8, label=label
        )


def _frame(axes: Axes, label: str) -> None:
    axes.set_ylabel(label, font=FONT, size=SMALL, color=INK, parse_math=False)
    axes.tick_params(length=0, labelsize=SMALLER, labelfontfamily=FONT, labelcolor=INK)
    axes.ticklabel_format(axis="y", useOffset=False)
    axes.grid(axis="y", color=FAINT)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)


def _dates(axes: Axes, days: list[date]) -> None:
    """Write some of the days below the results: these are in order, not to scale of time."""
    step = max(1, -(-len(days) // MOST_DATES))
    at = range(0, len(days), step)
    axes.set_xticks(
        list(at), [f"{days[one].day} {days[one]:%b}\n{days[one]:%Y}" for one in at], font=FONT, size=SMALLER, color=INK
    )
    axes.set_xlabel("Analysed, in order", font=FONT, size=SMALL, color=INK)
