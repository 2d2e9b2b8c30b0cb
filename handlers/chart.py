"""A chart: as the block that Slack draws, as a picture where Slack draws none, and in words for who sees neither."""

from dataclasses import dataclass
from enum import StrEnum

from handlers.blocks import CHART, Block


class Shape(StrEnum):
    """How values are drawn, in Slack's words."""

    BARS = "bar"
    LINES = "line"


@dataclass(frozen=True)
class Series:
    """A row of values, one for each category."""

    name: str
    values: tuple[int, ...]


@dataclass(frozen=True)
class Chart:
    """Values by category; at most as many series as there are colours."""

    name: str  # of its file
    title: str
    shape: Shape
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    x_label: str
    y_label: str

    @property
    def is_flat(self) -> bool:
        """Whether there is nothing to see."""
        return not any(any(one.values) for one in self.series)

    @property
    def alt_text(self) -> str:
        """Say all its values in words."""
        told = []
        for one in self.series:
            values = ", ".join(f"{label}: {value}" for label, value in zip(self.categories, one.values, strict=True))
            told.append(f"{one.name}: {values}.")
        return f"{self.title}. {self.x_label}. {' '.join(told)}"

    def block(self) -> Block:
        """Give the block that Slack draws."""
        series = [{"name": one.name, "data": self._points(one)} for one in self.series]
        axes = {"categories": list(self.categories), "x_label": self.x_label, "y_label": self.y_label}
        chart = {"type": str(self.shape), "series": series, "axis_config": axes}
        return {"type": CHART, "title": self.title, "chart": chart}

    def _points(self, one: Series) -> list[Block]:
        return [{"label": label, "value": value} for label, value in zip(self.categories, one.values, strict=True)]

    def picture(self) -> bytes:
        """Draw it as a PNG."""
        # Loading what draws takes a second or so, and most messages have no chart.
        from handlers.picture import draw  # noqa: PLC0415

        return draw(self)
