"""A chart as a picture. This loads matplotlib: import it where a picture is drawn and nowhere else."""

import io
from types import MappingProxyType

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from handlers.chart import Chart, Shape
from quality.drawing import BLUE, FAINT, FONT, GREEN, INK, LARGE, ORANGE, SMALL, SMALLER

INCHES, DOTS = (5.4, 4.2), 200  # as wide as a phone shows it, so a point is a point
MARGIN = 0.1  # inches
# Each colour with a hatch, a marker and a stroke of its own.
COLOURS = (BLUE, ORANGE, GREEN)
HATCHES = ("", "///", "...")
MARKERS, STROKES = ("o", "s", "^"), ("-", "--", ":")
ABOVE = 30  # points between title and values, for what is what
ROOM = 1.12  # of the highest value, so that its number stands within the frame
FILLED, WIDEST = 0.84, 0.42  # of the place of a category: by all its bars, by one of them
LONG = 100  # from here on numbers beside each other need smaller letters
BELOW = MappingProxyType({Shape.BARS: 0.0, Shape.LINES: 0.14})  # of the highest value: numbers below points at 0


def draw(chart: Chart) -> bytes:
    """Draw a chart as a PNG, on a figure of its own: several may be drawn beside each other."""
    figure = Figure(figsize=INCHES, dpi=DOTS, layout=ConstrainedLayoutEngine(w_pad=MARGIN, h_pad=MARGIN))
    axes = figure.add_subplot()
    (_draw_bars if chart.shape is Shape.BARS else _draw_lines)(axes, chart)
    _frame(axes, chart)
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png")
    return drawn.getvalue()


def _frame(axes: Axes, chart: Chart) -> None:
    """Draw what stands around the values: the title, what is what, the categories, whole numbers from 0 on."""
    highest = max(max(one.values) for one in chart.series)
    axes.set_title(chart.title, loc="left", font=FONT, size=LARGE, weight="bold", color=INK, pad=ABOVE)
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.02, 1), borderaxespad=0.2, ncols=len(chart.series), frameon=False,
        prop={"family": FONT, "size": SMALL}, labelcolor=INK, columnspacing=1.5,
    )  # fmt: skip
    axes.set_xlabel(chart.x_label, font=FONT, size=SMALL, color=INK)
    axes.set_ylabel(chart.y_label, font=FONT, size=SMALL, color=INK)
    lines = [label.replace(" ", "\n") if chart.shape is Shape.LINES else label for label in chart.categories]
    axes.set_xticks(range(len(lines)), lines, font=FONT, size=SMALL, color=INK)
    steps = MaxNLocator(nbins=5, integer=True).tick_values(0, highest)
    axes.set_yticks([step for step in steps if 0 <= step <= highest * ROOM])
    axes.set_ylim(-highest * BELOW[chart.shape], highest * ROOM)
    axes.tick_params(length=0, labelsize=SMALL, labelfontfamily=FONT, labelcolor=INK)
    axes.grid(axis="y", color=FAINT)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)


def _draw_bars(axes: Axes, chart: Chart) -> None:
    """Draw the bars of a category beside each other, the number on each; none stands for 0."""
    width = min(FILLED / len(chart.series), WIDEST)
    first = -width * (len(chart.series) - 1) / 2
    size = SMALL if max(max(one.values) for one in chart.series) < LONG else SMALLER
    for number, one in enumerate(chart.series):
        places = [at + first + width * number for at in range(len(one.values))]
        bars = axes.bar(
            places, one.values, width, label=one.name, color=COLOURS[number], hatch=HATCHES[number], edgecolor="white"
        )
        labels = [str(value) if value else "" for value in one.values]
        axes.bar_label(bars, labels, padding=2, font=FONT, size=size, color=INK)


def _draw_lines(axes: Axes, chart: Chart) -> None:
    """Draw lines, and at each category the number of the highest point above it and of the lowest one below.

    Markers are drawn over each other where values are the same: the first ones are larger, so all are seen.
    """
    for number, one in enumerate(chart.series):
        axes.plot(
            range(len(one.values)), one.values, label=one.name, color=COLOURS[number], marker=MARKERS[number],
            linestyle=STROKES[number], linewidth=2.5, markersize=11 - 3 * number,
        )  # fmt: skip
    for at, values in enumerate(zip(*(one.values for one in chart.series), strict=True)):
        _number(axes, at, max(values), above=True)
        if min(values) < max(values):
            _number(axes, at, min(values), above=False)


def _number(axes: Axes, at: int, value: int, *, above: bool) -> None:
    away, side = (7, "bottom") if above else (-7, "top")
    axes.annotate(
        str(value), (at, value), (0, away), textcoords="offset points", ha="center", va=side, font=FONT, size=SMALL,
        color=INK, path_effects=[withStroke(linewidth=3, foreground="white")],
    )  # fmt: skip
