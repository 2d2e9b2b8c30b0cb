"""The week's figures against small worlds that were counted by hand, and the day that tells them."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from quality import figures, request
from quality import record as records
from quality.figures import Figures, Lives, Share
from quality.working_time import calendar_of
from storage import clock, partnership, record
from storage.clock import ClockName
from storage.figures import COUNTED
from storage.oos import ResultKind
from storage.partnership import Partnership, Side
from storage.person import Person
from storage.record import Asked, Class, Kind, Outcome, Record, State
from tests import support
from tests.support import ANNA, DAY, ELIF, FINN, GITA, HOUR, NOW, actor, ref

MONDAY = datetime(2026, 11, 23, 7, tzinfo=UTC)  # 08:00 in Berlin
MIDNIGHT = datetime(2026, 11, 22, 23, tzinfo=UTC)  # its beginning there
SECOND = timedelta(seconds=1)
NOTHING = Share(0, 0)


def collect(session: Session, there: Partnership, now: datetime = MONDAY) -> Figures:
    session.flush()
    return figures.collect(session, there, partnership.companies(session, there.id), now)


def put(session: Session, by: Person, kind: Kind = Kind.DEVIATION, **fields: Any) -> Record:
    """Put a record into its table as it is, without its life."""
    detected_at = fields.setdefault("detected_at", MONDAY - DAY)
    given_: dict[str, Any] = {"state": State.OPEN, "title": "t", "recorded_at": detected_at, **fields}
    given_ |= {"logged_side": by.side, "logged_by_id": by.id, "partnership_id": by.partnership_id}
    made = Record(kind=kind, **given_)
    session.add(made)
    session.flush()
    made.number = f"R-{made.id}"
    return made


@pytest.fixture
def gita(session: Session, there: Partnership) -> Person:
    return support.row_of(session, GITA)


def test_of_nothing_there_is_no_share(session: Session, there: Partnership) -> None:
    """A partnership without records has figures without data, and never a division by nothing."""
    found = collect(session, there)
    assert found.ages == {}
    assert found.number_open == 0
    assert [(week.logged, week.closed) for week in found.weeks] == [(0, 0)] * 8
    shares = [found.overdue, found.on_time, found.notified, found.extensions, found.invalidated]
    assert {*shares, *found.acknowledged.values(), *found.seconds.values()} == {NOTHING}
    assert NOTHING.part is None
    assert found.lives == Lives(0, None, None)


@pytest.mark.parametrize(
    ("days", "band"), [(0, 0), (15, 0), (16, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4), (400, 4)]
)
def test_an_open_record_stands_in_the_band_of_its_age(
    session: Session, there: Partnership, gita: Person, days: int, band: int
) -> None:
    """Its age is the calendar days since its detection, at whatever hour it was detected."""
    day = date(2026, 11, 23) - timedelta(days=days)
    calendar = calendar_of(there, partnership.companies(session, there.id))
    for kind, hour in ((Kind.DEVIATION, time(0)), (Kind.CAPA, time(23, 59))):
        put(session, gita, kind, detected_at=calendar.at(day, hour))
    expected = tuple(int(number == band) for number in range(5))
    assert collect(session, there).ages == {Kind.DEVIATION: expected, Kind.CAPA: expected}


RECORDS = st.tuples(st.sampled_from(Kind), st.integers(0, 200), st.sampled_from([State.OPEN, State.CLOSED, State.VOID]))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=st.lists(RECORDS, max_size=12))
def test_the_ages_add_up_to_the_open_records(
    session: Session, there: Partnership, gita: Person, made: list[tuple[Kind, int, State]]
) -> None:
    """Whatever there is, each open record of an event stands in one band of its kind, and nothing else does."""
    with session.begin_nested() as attempt:
        for kind, days, state in made:
            closed_at = None if state is State.OPEN else MONDAY
            put(session, gita, kind, detected_at=MONDAY - days * DAY, state=state, closed_at=closed_at)
        found = collect(session, there)
        rows = [row for row in record.list_rows(session, there.id, limit=100) if row.record.kind in COUNTED]
        assert found.number_open == found.overdue.of == len(rows)
        for kind in COUNTED:
            assert sum(found.ages.get(kind, ())) == sum(row.record.kind is kind for row in rows)
        attempt.rollback()
    session.expunge_all()


@pytest.mark.parametrize(
    ("at", "week"),
    [
        (MIDNIGHT, None),
        (MIDNIGHT - SECOND, 7),
        (MIDNIGHT - 7 * DAY, 7),
        (MIDNIGHT - 7 * DAY - SECOND, 6),
        (datetime(2026, 9, 27, 22, tzinfo=UTC), 0),  # midnight in Berlin, in summer
        (datetime(2026, 9, 27, 21, 59, 59, tzinfo=UTC), None),
    ],
)
def test_weeks_are_whole_and_begin_at_midnight(
    session: Session, there: Partnership, gita: Person, at: datetime, week: int | None
) -> None:
    """Eight weeks up to the beginning of the one that has just begun, as clocks go where the partnership is."""
    put(session, gita, detected_at=at - DAY, recorded_at=at)
    put(session, gita, detected_at=at - 300 * DAY, state=State.CLOSED, closed_at=at)
    found = collect(session, there)
    expected = [int(number == week) for number in range(8)]
    assert [one.logged for one in found.weeks] == expected
    assert [one.closed for one in found.weeks] == expected
    assert (found.weeks[0].starts_on, found.weeks[7].starts_on) == (date(2026, 9, 28), date(2026, 11, 16))


def test_overdue_is_what_the_digest_calls_overdue(session: Session, there: Partnership) -> None:
    """Of three open records one is late; one whose clock stands still is not, nor is what is closed."""
    late, stopped, _, closed = (support.log_deviation(session, class_=Class.MINOR) for _ in range(4))
    support.close(session, closed)
    for one in (late, stopped, closed):
        due = clock.find(session, one.id, ClockName.CLOSE)
        assert due is not None
        due.due_at = NOW - DAY
        due.paused_at = NOW - 2 * DAY if one is stopped else None
    assert collect(session, there, NOW).overdue == Share(1, 3)
    assert len(record.list_rows(session, there.id, limit=9, overdue_at=NOW)) == 1


def test_on_time_is_measured_by_the_first_due_date(session: Session, there: Partnership) -> None:
    """Closed in the extension is closed late; what was closed before it or long ago is counted so, or not at all."""
    for late in (False, True):
        made = support.log_deviation(session, class_=Class.MINOR)
        support.investigate(session, made)
        support.ask(session, GITA, made, Asked.EXTEND)
        request.grant(session, actor(session, ELIF), ref(made), NOW)
        support.close(session, made, NOW + (40 if late else 20) * DAY)
    now = NOW + 41 * DAY
    assert collect(session, there, now).on_time == Share(1, 2)
    assert collect(session, there, now + 70 * DAY).on_time == Share(0, 1)  # the first was closed 91 days ago


def test_a_capa_is_closed_on_time_by_its_check(session: Session, there: Partnership) -> None:
    """It is its check that closes it, due the day on which it may be made first."""
    support.close(session, support.log_capa(session))
    assert collect(session, there, NOW + 91 * DAY).on_time == Share(1, 1)


def test_days_to_close_have_a_mean_and_a_median(session: Session, there: Partnership, gita: Person) -> None:
    """Of 10, 20, 30 and 100 days: the mean 40, the median 25; void records and those of long ago took none."""
    for days in (10, 20, 30, 100):
        put(session, gita, detected_at=MONDAY - days * DAY, state=State.CLOSED, closed_at=MONDAY)
    put(session, gita, detected_at=MONDAY - DAY, state=State.VOID, closed_at=MONDAY)
    put(session, gita, detected_at=MONDAY - 200 * DAY, state=State.CLOSED, closed_at=MONDAY - 91 * DAY)
    assert collect(session, there).lives == Lives(4, 40.0, 25.0)


def test_notified_in_time_is_logged_in_time(session: Session, there: Partnership) -> None:
    """A major deviation is to be logged within two working days of its detection; a minor one has no such clock."""
    support.log_deviation(session, detected_at=NOW - DAY)
    support.log_deviation(session, detected_at=NOW - 10 * DAY)
    support.log_deviation(session, detected_at=NOW - 10 * DAY, class_=Class.MINOR)
    assert collect(session, there, NOW).notified == Share(1, 2)


def test_acknowledged_in_time_is_told_of_the_company_that_had_to(session: Session, there: Partnership) -> None:
    """Of four records of the CMO the sponsor was in time with one, late with one, and still has time for one."""
    in_time, late, never = (support.log_deviation(session, class_=Class.MINOR) for _ in range(3))
    records.acknowledge(session, actor(session, ANNA), ref(in_time), NOW + HOUR)
    records.acknowledge(session, actor(session, ANNA), ref(late), NOW + 9 * DAY)
    support.close(session, never)  # before anybody had to acknowledge it
    support.log_deviation(session, now=NOW + 9 * DAY)
    ours = support.log_deviation(session, ANNA)
    records.acknowledge(session, actor(session, FINN), ref(ours), NOW + HOUR)
    found = collect(session, there, NOW + 9 * DAY + HOUR)
    assert found.acknowledged == {Side.SPONSOR: Share(1, 2), Side.CMO: Share(1, 1)}
    later = collect(session, there, NOW + 12 * DAY)
    assert later.acknowledged[Side.SPONSOR] == Share(1, 3)  # the time for the fourth has passed


def test_extensions_are_granted_of_those_asked_for(session: Session, there: Partnership) -> None:
    """One granted and one refused; one that nobody has answered counts in neither."""
    for answer in (request.grant, request.refuse, None):
        made = support.log_deviation(session)
        support.assign(session, made, GITA)
        support.ask(session, GITA, made, Asked.EXTEND)
        if answer is not None:
            answer(session, actor(session, ELIF), ref(made), NOW)
    assert collect(session, there, NOW + DAY).extensions == Share(1, 2)


def test_invalidated_results_are_told_of_the_closed_ones(session: Session, there: Partnership) -> None:
    """One confirmed, one invalidated by a laboratory cause; a trend is no result outside its limits."""
    support.close(session, support.log_oos(session))
    for kind, result in ((ResultKind.OOS, "94.2"), (ResultKind.OOT, "96.0")):
        made = support.log_oos(session, result_kind=kind, result=result)
        support.phase_1(session, made, support.CAUSE)
        for who in (ELIF, ANNA):
            support.sign(session, who, made)
        assert made.outcome is Outcome.INVALIDATED
    assert collect(session, there, NOW + DAY).invalidated == Share(1, 2)


def test_time_is_counted_to_whose_turn_it_was(session: Session, there: Partnership, gita: Person) -> None:
    """The seconds of the records closed in ninety days, of both companies' together."""
    for state, ours, theirs in ((State.CLOSED, 100, 300), (State.CLOSED, 0, 100), (State.VOID, 7, 7)):
        put(session, gita, state=state, closed_at=MONDAY, sponsor_seconds=ours, cmo_seconds=theirs)
    found = collect(session, there).seconds
    assert found == {Side.SPONSOR: Share(100, 500), Side.CMO: Share(400, 500)}
    assert found[Side.SPONSOR].part == 0.2


def test_a_void_record_counts_in_none(session: Session, there: Partnership) -> None:
    """Logged twice by mistake is as if it had never been logged."""
    made = support.log_deviation(session, detected_at=NOW - 10 * DAY)
    support.assign(session, made, GITA)
    support.ask(session, GITA, made, Asked.EXTEND)
    request.grant(session, actor(session, ELIF), ref(made), NOW)
    support.ask(session, ELIF, made, Asked.VOID)
    empty = collect(session, there, NOW + DAY)
    assert made.state is State.VOID
    assert (empty.ages, empty.notified, empty.extensions, empty.lives.number) == ({}, NOTHING, NOTHING, 0)
    later = collect(session, there, NOW + 7 * DAY)
    assert (later.weeks[-1].logged, later.weeks[-1].closed) == (0, 0)
    assert set(later.acknowledged.values()) == {NOTHING}


def test_another_partnerships_records_are_not_told(session: Session, there: Partnership) -> None:
    """The figures are one channel's."""
    support.set_up(session, "C0OTHER")
    support.close(session, support.log_deviation(session, class_=Class.MINOR))
    other = support.set_up(session, "C0THIRD")
    found = collect(session, other, NOW + 7 * DAY)
    assert (found.ages, found.weeks[-1].logged, found.on_time) == ({}, 0, NOTHING)


def test_it_costs_as_many_statements_for_many_as_for_none(session: Session, there: Partnership, gita: Person) -> None:
    """No record is asked about by itself, and none becomes an object."""
    with support.statements(session) as none:
        collect(session, there)
    for number in range(40):
        put(session, gita, state=State.CLOSED if number % 2 else State.OPEN, closed_at=MONDAY if number % 2 else None)
    session.expunge_all()
    with support.statements(session) as many:
        collect(session, there)
    assert len(many) == len(none) <= 13
    assert not [one for one in session.identity_map.values() if isinstance(one, Record)]


DAYS = [
    ("Mon", "Mon Tue Wed Thu Fri", date(2026, 11, 23), True),
    ("Mon", "Mon Tue Wed Thu Fri", date(2026, 11, 24), False),
    ("Mon", "Mon Tue Wed Thu Fri", date(2026, 10, 12), False),  # Columbus Day in the US
    ("Mon", "Mon Tue Wed Thu Fri", date(2026, 10, 13), True),
    ("Mon", "Mon Tue Wed Thu Fri", date(2026, 10, 14), False),
    ("Mon", "Wed Fri", date(2026, 11, 23), False),  # there is no digest on Mondays
    ("Mon", "Wed Fri", date(2026, 11, 25), True),
    ("Mon", "Wed Fri", date(2026, 11, 27), False),
    ("Thu", "Mon Tue Wed Thu Fri", date(2026, 11, 26), False),  # Thanksgiving
    ("Thu", "Mon Tue Wed Thu Fri", date(2026, 11, 27), True),
    ("Fri", "Mon Tue Wed Thu Fri", date(2026, 12, 25), False),  # Christmas: over the weekend to Monday
    ("Fri", "Mon Tue Wed Thu Fri", date(2026, 12, 28), True),
    ("Fri", "Mon Tue Wed Thu Fri", date(2026, 12, 29), False),
    ("", "Mon Tue Wed Thu Fri", date(2026, 11, 23), False),
]


@pytest.mark.parametrize(("figures_on", "digest_days", "day", "told"), DAYS)
def test_the_figures_are_told_once_a_week(
    session: Session, there: Partnership, figures_on: str, digest_days: str, day: date, *, told: bool
) -> None:
    """On the agreed weekday; where it has no digest, with the next one of that week; never where none was agreed on."""
    there.figures_on, there.digest_days = figures_on, digest_days
    both = partnership.companies(session, there.id)
    calendar = calendar_of(there, both)
    assert figures.is_day(there, calendar, day) is told
    assert (figures.of_day(session, there, both, calendar.at(day, time(8))) is not None) is told


def test_weeks_begin_on_the_day_of_the_figures(session: Session, there: Partnership) -> None:
    """Told on Thursdays, they are those from Thursday to Wednesday; told late, they are the same."""
    there.figures_on = "Thu"
    for later in (0, 1):
        found = collect(session, there, datetime(2026, 11, 26 + later, 7, tzinfo=UTC))
        assert [week.starts_on for week in found.weeks[-2:]] == [date(2026, 11, 12), date(2026, 11, 19)]
