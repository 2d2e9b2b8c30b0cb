"""The numbers to watch, held against a second reckoning by hand over random records; and the records behind them."""

import random
from datetime import date, datetime, timedelta
from statistics import fmean, median

import pytest
from sqlmodel import Session

from quality import figures, measure
from quality.figures import Lives, Share
from quality.measure import FIGURES, LOTS, RECURRING, Reckoned, Scope
from quality.period import Period
from storage import lot, partnership
from storage.clock import Clock, ClockName
from storage.deviation import Deviation
from storage.investigation import Cause, Disposition, Investigation
from storage.measure import Part
from storage.oos import Oos, ResultKind
from storage.partnership import Partnership, Side
from storage.person import Person
from storage.record import Class, Distributed, Kind, Outcome, Record, State
from tests import support
from tests.support import ANNA, DAY, GITA, HOUR, NOW, actor

PERIOD = Period(date(2026, 9, 1), date(2026, 11, 24))
YEAR = Period(date(2025, 11, 25), date(2026, 11, 24))


def scope(session: Session, there: Partnership, period: Period = PERIOD, product: str = "") -> Scope:
    return Scope(there, partnership.companies(session, there.id), period, NOW, product)


def reckoned(session: Session, of: Scope) -> dict[str, Reckoned]:
    return {one.figure.key: one for one in measure.reckon(session, of)}


class World:
    """Records put into their tables as they are, at random."""

    def __init__(self, session: Session, there: Partnership, seed: int) -> None:
        self.session, self.there = session, there
        self.chance = random.Random(seed)  # noqa: S311 - no secret
        self.people = {Side.SPONSOR: support.row_of(session, ANNA), Side.CMO: support.row_of(session, GITA)}
        self.records: list[Record] = []
        self.clocks: dict[tuple[int, ClockName], Clock] = {}
        self.oos: dict[int, Oos] = {}
        self.causes: dict[int, Cause] = {}
        self.places: dict[int, str] = {}

    def at(self, since: datetime, until: datetime) -> datetime:
        return since + self.chance.random() * (until - since)

    def add(self, number: int) -> None:
        """Put a record with what belongs to it."""
        chance, kind = self.chance, self.chance.choice([Kind.DEVIATION, Kind.DEVIATION, Kind.OOS, Kind.CAPA])
        by: Person = self.people[chance.choice([*Side])]
        detected_at = self.at(NOW - 500 * DAY, NOW - DAY)
        recorded_at = detected_at + chance.random() * 3 * DAY
        closed_at = self.at(recorded_at, recorded_at + 120 * DAY) if chance.random() < 0.6 else None
        closed_at = closed_at if closed_at is not None and closed_at < NOW else None
        state = State.VOID if chance.random() < 0.05 else State.CLOSED if closed_at else State.OPEN
        if state is State.VOID:
            closed_at = closed_at or NOW - HOUR
        outcomes = {
            Kind.OOS: [Outcome.CONFIRMED, Outcome.INVALIDATED, Outcome.INCONCLUSIVE],
            Kind.CAPA: [Outcome.EFFECTIVE, Outcome.NOT_EFFECTIVE],
        }
        acknowledged_at = self.at(recorded_at, recorded_at + 4 * DAY) if chance.random() < 0.7 else None
        record = Record(
            partnership_id=self.there.id, kind=kind, number=f"R-{number}", state=state, title="t",
            class_=chance.choice([*Class]) if kind is Kind.DEVIATION else None,
            product=chance.choice(["Tablet", "tablet ", "Syrup", ""]), logged_side=by.side, logged_by_id=by.id,
            outcome=chance.choice(outcomes[kind]) if closed_at and kind in outcomes else None,
            detected_at=detected_at, recorded_at=recorded_at, closed_at=closed_at, acknowledged_at=acknowledged_at,
        )  # fmt: skip
        self.session.add(record)
        self.session.flush()
        self.records.append(record)
        for name, odds in ((ClockName.CLOSE, 0.9), (ClockName.NOTIFY, 0.6), (ClockName.ACKNOWLEDGE, 0.8)):
            if chance.random() < odds:
                self._clock(record, name)
        if kind is Kind.OOS:
            self._oos(record)
        if kind is Kind.DEVIATION:
            self._deviation(record)

    def _clock(self, record: Record, name: ClockName) -> None:
        first = self.at(record.recorded_at, record.recorded_at + 60 * DAY)
        extensions = self.chance.choice([0, 0, 1])
        ended = {
            ClockName.CLOSE: record.closed_at,
            ClockName.NOTIFY: record.recorded_at + timedelta(days=self.chance.choice([0, 70])),
            ClockName.ACKNOWLEDGE: record.acknowledged_at or record.closed_at,
        }
        stopped_at = ended[name]
        due_at = first + extensions * 20 * DAY
        paused_at = NOW - DAY if stopped_at is None and self.chance.random() < 0.1 else None
        clock = Clock(
            partnership_id=self.there.id, record_id=record.id, name=name, rule="r", duty="the owner",
            started_at=record.detected_at, due_at=due_at, first_due_at=first, extensions=extensions,
            stopped_at=stopped_at, paused_at=paused_at,
        )  # fmt: skip
        self.session.add(clock)
        self.clocks[record.id, name] = clock

    def _oos(self, record: Record) -> None:
        details = Oos(
            record_id=record.id, test="Assay", result_kind=self.chance.choice([*ResultKind]),
            sample_type="Finished product", result="1", analysed_at=record.detected_at, distributed=Distributed.NO,
        )  # fmt: skip
        self.session.add(details)
        self.oos[record.id] = details

    def _deviation(self, record: Record) -> None:
        place = self.chance.choice(["Line 1", "line  1", "Line 2", ""])
        self.session.add(Deviation(record_id=record.id, happened="h", location=place, distributed=Distributed.NO))
        self.places[record.id] = place
        if record.closed_at is not None and self.chance.random() < 0.9:
            category = self.chance.choice([Cause.PEOPLE, Cause.MACHINE])
            self.session.add(
                Investigation(
                    record_id=record.id,
                    category=category,
                    root_cause="r",
                    other_batches="o",
                    impact="i",
                    disposition=Disposition.RELEASE,
                    capa_needed=False,
                    conclusion="c",
                    submitted_by_id=record.logged_by_id,
                    submitted_at=record.closed_at,
                )
            )
            self.causes[record.id] = category


class ByHand:
    """The same figures, reckoned once more from the objects."""

    def __init__(self, world: World, of: Scope) -> None:
        self.world, self.of = world, of
        known = [one for one in world.records if one.state is not State.VOID]
        self.known = [one for one in known if not of.product or one.product.lower() == of.product.lower()]

    def day(self, at: datetime) -> date:
        return self.of.calendar.day_of(at)

    def within(self, at: datetime | None) -> bool:
        return at is not None and self.of.period.first <= self.day(at) <= self.of.period.last

    def closed(self, *kinds: Kind) -> list[Record]:
        return [one for one in self.known if self.within(one.closed_at) and (not kinds or one.kind in kinds)]

    def logged(self, *kinds: Kind) -> list[Record]:
        return [one for one in self.known if self.within(one.recorded_at) and (not kinds or one.kind in kinds)]

    @property
    def opened(self) -> list[Record]:
        return [one for one in self.known if one.closed_at is None]

    def clock(self, one: Record, name: ClockName) -> Clock | None:
        return self.world.clocks.get((one.id, name))

    def told(self, name: ClockName, side: Side | None) -> tuple[list[Record], list[Record]]:
        """Of the records logged, by another than a side, those told in time, and all that were told or are late."""
        some, all_ = [], []
        for one in self.logged():
            clock = self.clock(one, name)
            if clock is None or side is one.logged_side:
                continue
            at = clock.stopped_at if name is ClockName.NOTIFY else one.acknowledged_at
            late = clock.due_at < NOW if clock.stopped_at is None else clock.stopped_at > clock.due_at
            if at is not None or late:
                all_.append(one)
                some += [one] if at is not None and at <= clock.due_at else []
        return some, all_

    def parts(self) -> dict[str, tuple[list[Record], list[Record]]]:
        """Give of each share the records that count, and all."""
        world = self.world
        late = [
            one for one in self.opened
            if (clock := self.clock(one, ClockName.CLOSE)) and not clock.stopped_at and not clock.paused_at
            and clock.due_at < NOW
        ]  # fmt: skip
        dated = [(one, clock) for one in self.closed() if (clock := self.clock(one, ClockName.CLOSE))]
        on_time = [one for one, clock in dated if clock.stopped_at and clock.stopped_at <= clock.first_due_at]
        failed = [one for one in self.closed(Kind.OOS) if world.oos[one.id].result_kind is ResultKind.OOS]
        results = [one for one in self.logged(Kind.OOS) if world.oos[one.id].result_kind is ResultKind.OOS]
        invalidated = [one for one in failed if one.outcome is Outcome.INVALIDATED]
        capas, found = self.closed(Kind.CAPA), [one for one in self.closed(Kind.DEVIATION) if one.id in world.causes]
        logged = self.logged(Kind.DEVIATION)
        ages = self.ages()
        return {
            **{f"age_{band}": (ages[band], self.opened) for band in range(5)},
            "overdue": (late, self.opened),
            "on_time": (on_time, [one for one, _ in dated]),
            "critical": ([one for one in logged if one.class_ is Class.CRITICAL], logged),
            "notified": self.told(ClockName.NOTIFY, None),
            **{f"acknowledged_{side}": self.told(ClockName.ACKNOWLEDGE, side) for side in Side},
            "extended": ([one for one, clock in dated if clock.extensions], [one for one, _ in dated]),
            "oos": (results, self.logged(Kind.OOS)),
            "invalidated_of_tests": (invalidated, self.logged(Kind.OOS)),
            "invalidated": (invalidated, failed),
            "effective": ([one for one in capas if one.outcome is Outcome.EFFECTIVE], capas),
            "human": ([one for one in found if world.causes[one.id] is Cause.PEOPLE], found),
            RECURRING: self.recurring(found),
        }

    def ages(self) -> list[list[Record]]:
        today, bands = self.day(NOW), [(0, 15), (16, 30), (31, 60), (61, 90), (91, 10_000)]
        days = [(one, (today - self.day(one.detected_at)).days) for one in self.opened]
        return [[one for one, age in days if first <= age <= last] for first, last in bands]

    def recurring(self, found: list[Record]) -> tuple[list[Record], list[Record]]:
        """Hold each against each that was detected before it."""
        world = self.world

        def key(one: Record) -> tuple[str, str, Cause] | None:
            product, place = one.product.strip().lower(), " ".join(world.places[one.id].lower().split())
            return (product, place, world.causes[one.id]) if product and place else None

        every = [one for one in self.known if one.kind is Kind.DEVIATION and one.id in world.causes and one.closed_at]
        mine = [one for one in found if key(one)]
        again = [
            one for one in mine
            if any(
                key(other) == key(one) and other.id != one.id
                and timedelta() <= one.detected_at - other.detected_at <= timedelta(days=365)
                for other in every if self.since_then(other)
            )
        ]  # fmt: skip
        return again, mine

    def since_then(self, other: Record) -> bool:
        return other.closed_at is not None and other.closed_at >= self.of.within.since - timedelta(days=365)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("period", "product"), [(PERIOD, ""), (YEAR, ""), (PERIOD, "TABLET")])
def test_each_figure_is_what_one_counts_by_hand(
    session: Session, there: Partnership, seed: int, period: Period, product: str
) -> None:
    """Shares with their denominators, days and hours, and the records behind each, over random records."""
    world = World(session, there, seed)
    for number in range(120):
        world.add(number)
    session.flush()
    of = scope(session, there, period, product)
    found, by_hand = reckoned(session, of), ByHand(world, of)
    parts = by_hand.parts()
    for key, (some, all_) in parts.items():
        assert found[key].value == Share(len(some), len(all_)), key
        assert behind(session, of, key, Part.COUNTED) == {one.number for one in some}, key
        if key != "invalidated_of_tests":
            rest = {one.number for one in all_} - {one.number for one in some}
            assert behind(session, of, key, Part.REST) == rest, key
    closed = by_hand.closed()
    days = [(by_hand.day(one.closed_at) - by_hand.day(one.detected_at)).days for one in closed if one.closed_at]
    assert found["closed"].value == Lives(len(days), fmean(days), float(median(days)))
    for side in Side:
        spans = [
            (one.acknowledged_at - one.recorded_at).total_seconds() / 3600
            for one in by_hand.logged(Kind.DEVIATION, Kind.OOS)
            if one.logged_side is not side and one.acknowledged_at
        ]
        value = found[f"answer_{side}"].value
        assert isinstance(value, Lives)
        assert (value.number, value.mean) == (len(spans), pytest.approx(fmean(spans)) if spans else None)
    assert set(parts) | {"closed", LOTS, *(f"answer_{side}" for side in Side)} == {one.key for one in FIGURES}


def behind(session: Session, of: Scope, key: str, part: Part) -> set[str]:
    return {row.record.number for row in measure.behind(session, of, key, part, 500).rows}


def test_the_week_s_figures_are_the_same(session: Session, there: Partnership) -> None:
    """Both tell one thing by one definition: of the same days they come to the same."""
    world = World(session, there, 11)
    for number in range(120):
        world.add(number)
    session.flush()
    week = figures.collect(session, there, partnership.companies(session, there.id), NOW)
    found = reckoned(session, scope(session, there, Period(week.since, NOW.date())))
    told = {
        "overdue": week.overdue,
        "on_time": week.on_time,
        "notified": week.notified,
        "invalidated": week.invalidated,
    }
    told |= {f"acknowledged_{side}": one for side, one in week.acknowledged.items()}
    assert {key: found[key].value for key in told} == told
    assert found["closed"].value == week.lives
    bands = [found[f"age_{band}"].value for band in range(5)]
    ages = [sum(numbers) for numbers in zip(*week.ages.values(), strict=True)]
    assert [one.some for one in bands if isinstance(one, Share)] == ages


def test_of_nothing_there_is_none(session: Session, there: Partnership) -> None:
    """No share of nothing, and no target is missed by it."""
    found = reckoned(session, scope(session, there))
    assert {one.says for key, one in found.items() if key != LOTS} == {"none"}
    assert found[LOTS].says == "0"
    assert {one.is_met for one in found.values()} == {None}


def test_targets_are_met_or_missed(session: Session, there: Partnership) -> None:
    """By the figure's own side of them, and said so."""
    late = support.log_deviation(session, class_=Class.CRITICAL, now=NOW - 80 * DAY)
    support.close(session, late, NOW)
    found = reckoned(session, scope(session, there))
    assert (found["on_time"].standing, found["critical"].standing) == (
        "target at least 95%: missed", "target at most 5%: missed",
    )  # fmt: skip
    assert found["closed"].standing == "target a mean of 30 at most: missed"
    assert found["human"].standing == ""
    assert found["closed"].says.startswith("mean 80.0, median 80.0 days, of 1")
    assert found["acknowledged_sponsor"].name == "Acknowledged in time by the sponsor"


@pytest.mark.parametrize(
    ("key", "some", "of", "says"),
    [
        ("on_time", 9499, 10_000, "(94.9%)"),
        ("on_time", 95, 100, "(95%)"),
        ("on_time", 7, 7, "(100%)"),
        ("critical", 501, 10_000, "(5.1%)"),
        ("critical", 0, 3, "(0%)"),
        ("human", 1, 3, "(33%)"),
    ],
)
def test_what_misses_a_target_by_little_does_not_look_like_it(key: str, some: int, of: int, says: str) -> None:
    """Rounded away from it; without a target to a whole number."""
    assert says in Reckoned(measure.BY_KEY[key], Share(some, of)).says


def test_a_result_that_was_logged_is_one_test(session: Session, there: Partnership) -> None:
    """Results are tests, and an OOS logged from one is not counted once more."""
    from quality import result  # noqa: PLC0415
    from quality.result import ResultForm  # noqa: PLC0415

    spec = support.effective(session)
    for reported in ("99.0", "99.1", "93.0"):
        form = ResultForm(spec.id, "Assay", "AB-1", reported, NOW)
        made = result.record(session, actor(session, GITA), form, NOW)
    result.confirm(session, actor(session, GITA), made.id, NOW)
    support.log_oos(session)
    assert reckoned(session, scope(session, there))["oos"].value == Share(2, 4)


def test_lots_that_wait(session: Session, there: Partnership) -> None:
    """For longer than 30 days, with no disposition; they are told by name, and not of a product."""
    lot.note(session, there.id, ["AB-1"], NOW - 31 * DAY)
    lot.note(session, there.id, ["AB-2"], NOW - 29 * DAY)
    of = scope(session, there)
    assert reckoned(session, of)[LOTS].value == 1
    assert [one.lot for one in measure.behind(session, of, LOTS, Part.COUNTED, 9).lots] == ["AB-1"]
    assert LOTS not in reckoned(session, scope(session, there, product="Tablet"))


def test_another_partnership_s_records_count_in_none(session: Session, there: Partnership) -> None:
    """Nor stand behind any figure."""
    support.set_up(session, "C0OTHER")
    support.log_deviation(session)
    other = support.set_up(session, "C0THIRD")
    assert {one.says for key, one in reckoned(session, scope(session, other)).items() if key != LOTS} == {"none"}


def test_what_is_no_figure(session: Session, there: Partnership) -> None:
    """A forged key is refused."""
    told = support.refused(session, measure.behind, scope(session, there), "salaries", Part.COUNTED, 9)
    assert "none of the figures" in told


def test_it_costs_as_many_statements_for_many_as_for_none(session: Session, there: Partnership) -> None:
    """No record is asked about by itself."""
    counts: list[int] = []
    for number in (0, 40):
        world = World(session, there, 3)
        for one in range(number):
            world.add(one)
        session.flush()
        session.expunge_all()
        with support.statements(session) as seen:
            reckoned(session, scope(session, partnership.get(session, 1)))
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 30
