"""The numbers that a quality manager watches: each with its formula, denominator, target, and the records behind it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlmodel import Session

from quality.figures import Lives, Share, age_spans, bands, lives_of, percent, summed_up
from quality.people import Actor
from quality.period import Period
from quality.refusal import Refusal
from quality.working_time import Calendar, calendar_of
from storage import lot, measure
from storage import record as records
from storage.lot import Lot
from storage.measure import Caused, Part, Within
from storage.partnership import Company, Partnership, Side
from storage.record import Row, lot_key

Value = Share | Lives | int
AGAIN_WITHIN = timedelta(days=365)  # a cause that comes back in this time has not been removed
WAITING = timedelta(days=30)  # of lots, for a disposition
HOUR = 3600  # seconds
LOTS = "lots"
RECURRING = "recurring"


@dataclass(frozen=True)
class Scope:
    """What figures are reckoned of: a partnership in a period, as of now; one product where it is named."""

    there: Partnership
    companies: dict[Side, Company]
    period: Period
    now: datetime
    product: str = ""

    @property
    def calendar(self) -> Calendar:
        """The calendar of the partnership, in whose days the period is meant."""
        return calendar_of(self.there, self.companies)

    @property
    def within(self) -> Within:
        """The span in moments."""
        days = (self.period.first, self.period.last + timedelta(days=1))
        since, before = (self.calendar.at(day, time.min) for day in days)
        ages = age_spans(self.calendar, self.calendar.day_of(self.now))
        return Within(self.there.id, since, before, self.now, self.product, ages)


@dataclass(frozen=True)
class Target:
    """What a figure should come to at least, or at most."""

    value: float
    is_least: bool
    words: str

    def is_met_by(self, found: float) -> bool:
        """Whether a figure keeps to it."""
        return found >= self.value if self.is_least else found <= self.value


Reckon = Callable[[Session, Scope], Value]


@dataclass(frozen=True)
class Figure:
    """A figure: what it counts, of what, its target, and how it is reckoned."""

    key: str
    name: str
    counts: str
    of: str
    reckon: Reckon
    target: Target | None = None
    unit: str = ""
    behind: str = ""  # the measure whose records are behind it, where that is not its own


@dataclass(frozen=True)
class Reckoned:
    """A figure with its value."""

    figure: Figure
    value: Value

    @property
    def name(self) -> str:
        """Its name."""
        return self.figure.name

    @property
    def formula(self) -> str:
        """What is divided by what."""
        return f"{self.figure.counts} ÷ {self.figure.of}" if self.figure.of else self.figure.counts

    @property
    def says(self) -> str:
        """Its value in words: `10 of 12 (83%)`, `mean 23.4, median 21.5 days, of 12`."""
        found, unit = self.value, self.figure.unit
        if isinstance(found, int):
            return str(found)
        if isinstance(found, Share):
            return NONE if found.part is None else f"{found.some} of {found.of} ({self._percent(found)})"
        if found.mean is None or found.median is None:
            return NONE
        return f"mean {found.mean:.1f}, median {found.median:.1f} {unit}, of {found.number}"

    def _percent(self, found: Share) -> str:
        """Round to a tenth, away from the target: what misses it by little does not look like it."""
        target, thousand = self.figure.target, found.some * 1000
        if target is None:
            return percent(found.part or 0)
        return f"{(thousand // found.of if target.is_least else -(-thousand // found.of)) / 10:g}%"

    @property
    def is_met(self) -> bool | None:
        """Whether its target is met; None without a target or a value."""
        part = self.value.mean if isinstance(self.value, Lives) else getattr(self.value, "part", None)
        return None if part is None or self.figure.target is None else self.figure.target.is_met_by(part)

    @property
    def standing(self) -> str:
        """`target at least 95%: missed`; nothing without a target."""
        target = self.figure.target
        if target is None:
            return ""
        return f"target {target.words}" + ("" if self.is_met is None else ": met" if self.is_met else ": missed")


NONE = "none"  # there is nothing that it could be a part of


def _share(name: str) -> Reckon:
    return lambda session, scope: Share(*measure.count(session, name, scope.within))


def _of_tests(name: str) -> Reckon:
    def reckon(session: Session, scope: Scope) -> Value:
        some, _ = measure.count(session, name, scope.within)
        return Share(some, measure.count_tests(session, scope.within))

    return reckon


def _lives(session: Session, scope: Scope) -> Value:
    return lives_of(measure.lives(session, scope.within), scope.calendar)


def _answers(side: Side) -> Reckon:
    def reckon(session: Session, scope: Scope) -> Value:
        hours = [(end - start).total_seconds() / HOUR for start, end in measure.answers(session, scope.within, side)]
        return summed_up(hours)

    return reckon


def _recurring(session: Session, scope: Scope) -> Value:
    again, all_ = repeated(session, scope)
    return Share(len(again), len(all_))


def _lots(session: Session, scope: Scope) -> Value:
    return lot.count_waiting(session, scope.there.id, scope.now - WAITING)


def repeated(session: Session, scope: Scope) -> tuple[list[Caused], list[Caused]]:
    """List the deviations of the period that repeat an earlier one, and all whose product, place and cause are known.

    One repeats another of the same product, place and class of root cause that was detected up to 12 months before it.
    """
    within = scope.within
    wider = Within(within.partnership_id, within.since - AGAIN_WITHIN, within.before, within.now, within.product)
    last: dict[tuple[str, str, str], datetime] = {}
    again, all_ = [], []
    for one in measure.list_caused(session, wider):
        key = (lot_key(one.product), lot_key(one.location), one.category)
        before, last[key] = last.get(key), one.detected_at
        if one.closed_at >= within.since:
            all_.append(one)
            again += [one] if before is not None and one.detected_at - before <= AGAIN_WITHIN else []
    return again, all_


def _acknowledged(side: Side) -> Figure:
    name = f"acknowledged_{side}"
    whose = f"the {side}"
    of = f"records for {whose} to acknowledge, acknowledged or late"
    return Figure(
        name, f"Acknowledged in time by {whose}", "records acknowledged before the time ended", of, _share(name)
    )


def _answered(side: Side) -> Figure:
    whose = f"the {side}"
    counts = f"hours from logging to acknowledgement, of the deviations and OOS that {whose} acknowledged"
    behind_it = f"acknowledged_{side}"
    return Figure(
        f"answer_{side}", f"Response time of {whose}", counts, "", _answers(side), unit="hours", behind=behind_it
    )


MOST_DAYS, LEAST_ON_TIME, MOST_CRITICAL = 30, 0.95, 0.05
CLOSED = "records closed that had a due date"
TESTS = "tests: results recorded, and OOS and OOT logged without one"
FIGURES: tuple[Figure, ...] = (
    *(
        Figure(f"age_{band}", f"Open now, {days} days", f"open records detected {days} days ago", "open records",
               _share(f"age_{band}"))
        for band, days in enumerate(bands(" to "))
    ),
    Figure("overdue", "Overdue now", "open records whose due date has passed", "open records", _share("overdue")),
    Figure("on_time", "Closed on time", "records closed by their first due date", CLOSED, _share("on_time"),
           Target(LEAST_ON_TIME, is_least=True, words="at least 95%")),
    Figure("closed", "Days to close", "calendar days from detection to closing, of the records closed", "", _lives,
           Target(MOST_DAYS, is_least=False, words="a mean of 30 at most"), "days"),
    Figure("critical", "Critical share", "critical deviations", "deviations logged", _share("critical"),
           Target(MOST_CRITICAL, is_least=False, words="at most 5%")),
    Figure(RECURRING, "Recurrence", "deviations that repeat one detected up to 12 months before: same product, "
           "place and class of root cause", "deviations closed whose product, place and cause are known", _recurring),
    Figure("notified", "Notified in time", "records logged before the time for it ended",
           "records logged whose agreement gives a time", _share("notified")),
    *(_acknowledged(side) for side in Side),
    *(_answered(side) for side in Side),
    Figure("extended", "Extension rate", "records closed whose due date was extended", CLOSED, _share("extended")),
    Figure("oos", "OOS rate", "OOS results logged", TESTS, _of_tests("oos")),
    Figure("invalidated_of_tests", "Invalidated OOS rate", "OOS results closed as Invalidated", TESTS,
           _of_tests("invalidated"), behind="invalidated"),
    Figure("invalidated", "OOS invalidated", "OOS results closed as Invalidated", "OOS results closed",
           _share("invalidated")),
    Figure(LOTS, "Lots waiting now, over 30 days",
           "lots first named more than 30 days ago that have no disposition", "", _lots),
    Figure("effective", "CAPA effective", "CAPAs closed as Effective", "CAPAs closed after their check",
           _share("effective")),
    Figure("human", "Human-error share", "deviations closed whose class of root cause is People",
           "deviations closed after an investigation", _share("human")),
)  # fmt: skip
BY_KEY = {one.key: one for one in FIGURES}


def reckon(session: Session, scope: Scope, keys: Sequence[str] = tuple(BY_KEY)) -> list[Reckoned]:
    """Reckon figures, all or some: as many statements for a thousand records as for one.

    Of a product, lots are not told.
    """
    figures = [BY_KEY[key] for key in keys if not (scope.product and key == LOTS)]
    return [Reckoned(one, one.reckon(session, scope)) for one in figures]


def of_actor(actor: Actor, period: Period, now: datetime) -> Scope:
    """Give the scope of the actor's partnership."""
    return Scope(actor.partnership, actor.companies, period, now)


@dataclass(frozen=True)
class Behind:
    """A page of what is behind a figure: records, or lots."""

    reckoned: Reckoned
    rows: Sequence[Row] = ()
    lots: Sequence[Lot] = ()


def behind(session: Session, scope: Scope, key: str, part: Part, limit: int, offset: int = 0) -> Behind:
    """Gather a page of the records behind a figure, the newest first: those that it counts, or the others."""
    figure = BY_KEY.get(key)
    if figure is None:
        raise Refusal("That is none of the figures. See them with `/quality figures`.")
    if key == RECURRING:
        return _behind_recurring(session, scope, figure, part, limit, offset)
    reckoned = Reckoned(figure, figure.reckon(session, scope))
    if key == LOTS:
        waiting = lot.list_waiting(session, scope.there.id, scope.now - WAITING, limit, offset)
        return Behind(reckoned, lots=waiting)
    name = figure.behind or key
    return Behind(reckoned, rows=measure.list_behind(session, name, scope.within, part, limit, offset))


def _behind_recurring(
    session: Session, scope: Scope, figure: Figure, part: Part, limit: int, offset: int
) -> Behind:  # fmt: skip
    again, all_ = repeated(session, scope)
    ids = {one.record_id for one in again}
    wanted = [one.record_id for one in all_ if (one.record_id in ids) is (part is Part.COUNTED)]
    page = sorted(wanted, reverse=True)[offset : offset + limit]
    reckoned = Reckoned(figure, Share(len(again), len(all_)))
    return Behind(reckoned, rows=records.list_by_ids(session, scope.there.id, page))
