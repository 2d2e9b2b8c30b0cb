"""The week's figures as part of a digest: all of them in words, and two charts for who would rather look than read."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from handlers import blocks
from handlers.blocks import Block
from handlers.chart import Chart, Series, Shape
from quality import words
from quality.figures import Figures, Lives, Share, Week, bands, percent
from storage.record import Kind

NO_DATA = "no data"
BANDS = bands("-")
KINDS: Mapping[Kind, str] = MappingProxyType({Kind.DEVIATION: "Deviations", Kind.OOS: "OOS", Kind.CAPA: "CAPAs"})
DAY = 24 * 60 * 60  # seconds


def draw(found: Figures) -> list[Block]:
    """Draw the figures: in words, so that nobody needs the charts, and the charts."""
    week = found.weeks[-1]
    last = week.starts_on + timedelta(days=6)
    return [
        blocks.section(f"*The week's figures* · {words.day(week.starts_on)} to {words.day(last)}"),
        blocks.facts([*_week(found), *_ages(found)]),
        blocks.section(f"*Since {words.day(found.since)}*"),
        blocks.facts(_quarter(found)),
        *[chart.block() for chart in charts(found)],
    ]


def charts(found: Figures) -> tuple[Chart, ...]:
    """Give the charts in which there is something to see."""
    return tuple(chart for chart in (_ages_chart(found), _weeks_chart(found)) if not chart.is_flat)


def _week(found: Figures) -> list[tuple[str, str]]:
    before, this = found.weeks[-2:]
    since = f"{len(found.weeks)} weeks from {_short(found.weeks[0])}"
    return [
        ("Logged", f"{this.logged}; the week before {before.logged}"),
        ("Closed", f"{this.closed}; the week before {before.closed}"),
        ("Overdue now", _share(found.overdue, "open")),
        (f"Logged, {since}", ", ".join(str(week.logged) for week in found.weeks)),
        (f"Closed, {since}", ", ".join(str(week.closed) for week in found.weeks)),
    ]


def _ages(found: Figures) -> list[tuple[str, str]]:
    """Tell the open records by days since detection, a line for each kind; what is 0 is not told."""
    if not found.ages:
        return [("Open records", "none")]
    return [
        (
            f"Open {KINDS[kind] if kind is not Kind.DEVIATION else 'deviations'}",
            f"{sum(numbers)}; by days since detection "
            + ", ".join(f"{band}: {number}" for band, number in zip(BANDS, numbers, strict=True) if number),
        )
        for kind, numbers in found.ages.items()
    ]


def _quarter(found: Figures) -> list[tuple[str, str]]:
    told = [(f"Acknowledged in time by {found.companies[side].name}", one) for side, one in found.acknowledged.items()]
    spent = [(f"Time counted to {found.companies[side].name}", one) for side, one in found.seconds.items()]
    return [
        ("Closed by the first due date", _share(found.on_time, "closed")),
        ("Days from detection to closing", _lives(found.lives)),
        ("Notified in time", _share(found.notified, "logged")),
        *[(label, _share(one, "to acknowledge")) for label, one in told],
        ("Later due dates granted", _share(found.extensions, "asked for")),
        ("OOS invalidated", _share(found.invalidated, "closed")),
        *[(label, _time(one)) for label, one in spent],
    ]


def _share(share: Share, of: str) -> str:
    """`10 of 12 closed (83%)`."""
    return NO_DATA if share.part is None else f"{share.some} of {share.of} {of} ({percent(share.part)})"


def _time(share: Share) -> str:
    """`12 of 40 days (30%)`."""
    if share.part is None:
        return NO_DATA
    return f"{share.some / DAY:.1f} of {share.of / DAY:.1f} days ({percent(share.part)})"


def _lives(lives: Lives) -> str:
    if lives.mean is None or lives.median is None:
        return NO_DATA
    return f"mean {lives.mean:.1f}, median {lives.median:g}, of {lives.number} closed"


def _short(week: Week) -> str:
    return f"{week.starts_on.day} {week.starts_on:%b}"


def _ages_chart(found: Figures) -> Chart:
    series = tuple(Series(KINDS[kind], numbers) for kind, numbers in found.ages.items())
    title, across = "Open records by age", "Days since detection"
    return Chart("open-records-by-age", title, Shape.BARS, BANDS, series, across, "Open records")


def _weeks_chart(found: Figures) -> Chart:
    logged = Series("Logged", tuple(week.logged for week in found.weeks))
    closed = Series("Closed", tuple(week.closed for week in found.weeks))
    days = tuple(_short(week) for week in found.weeks)
    title = f"Logged and closed, last {len(found.weeks)} weeks"
    return Chart("logged-and-closed", title, Shape.LINES, days, (logged, closed), "Week from", "Records")
