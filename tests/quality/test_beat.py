"""A pass over what is due: it costs what is due and not what exists, goes in batches, and tidies up."""

from datetime import UTC, date, datetime, time
from itertools import pairwise

import pytest
from sqlmodel import Session, select

from quality import beat as beats
from quality.beat import beat
from storage import draft, partnership, receipt
from storage.clock import Clock
from storage.outbox import Outgoing
from storage.partnership import Partnership
from storage.person import Person
from storage.receipt import Receipt
from storage.record import Record
from tests import support
from tests.support import DAY, ELIF, HOUR, NOW

# What moves, clocks, snoozes, lists, digests, versions that end, once each; old receipts, drafts, states forgotten.
QUIET = 10
EIGHT = datetime(2026, 12, 15, 8, tzinfo=UTC)


@pytest.fixture
def owned(session: Session, there: Partnership) -> Record:
    """Log a CAPA that Finn owns, due on Tuesday 22 December, everything so far sent."""
    made = support.log_capa(session)
    support.empty_outbox(session)
    return made


def at(day: int, month: int = 12, year: int = 2026, clock_time: time = time(8)) -> datetime:
    return datetime.combine(date(year, month, day), clock_time, UTC)


def digests(session: Session) -> list[Outgoing]:
    return support.queued(session, "digest")


def number_of_statements(session: Session, now: datetime) -> int:
    with support.statements(session) as seen:
        beat(session, now)
        session.flush()
    return len(seen)


def settle(session: Session, now: datetime) -> None:
    """Let everything that is due by now be decided."""
    while beat(session, now):
        pass
    session.flush()


@pytest.mark.parametrize("number", [0, 1, 40])
def test_a_pass_over_nothing_due_costs_the_same_however_many_records_there_are(
    session: Session, there: Partnership, number: int
) -> None:
    """One question of each kind, no more."""
    for _ in range(number):
        support.log_deviation(session)
    settle(session, NOW)
    session.expire_all()
    assert number_of_statements(session, NOW) == QUIET


def due_in(session: Session, channels: list[str], each: int) -> None:
    """Log records in several channels, and let every clock of theirs be due at once."""
    for channel in channels:
        support.set_up(session, channel)
        for _ in range(each):
            support.log_deviation(session, channel_id=channel)
    settle(session, NOW)
    for one in session.exec(select(Clock).where(Clock.next_at != None)).all():  # noqa: E711 - SQL
        one.next_at = EIGHT
    session.flush()
    session.expire_all()


# The quiet pass; partnerships, companies and people of the clocks due; what is said; when each is looked at again.
REMINDED = QUIET + 5


@pytest.mark.parametrize(("channels", "each"), [(1, 1), (1, 12), (6, 2)])
def test_a_pass_over_due_clocks_costs_the_same_for_a_batch(
    session: Session, there: Partnership, channels: int, each: int
) -> None:
    """However many clocks of however many partnerships: they are read, said and noted together."""
    due_in(session, [f"C0MORE{number}" for number in range(channels)], each)
    for who in session.exec(select(Person)).all():
        who.next_list_at = None
    for one in session.exec(select(Partnership)).all():
        one.next_digest_at = EIGHT + DAY
    session.flush()
    session.expire_all()
    assert number_of_statements(session, EIGHT) == REMINDED
    assert len(support.queued(session, "reminder")) > channels * each


def test_a_morning_costs_the_same_however_many_lists_and_digests(session: Session, there: Partnership) -> None:
    """Lists and digests of many partnerships are decided together too."""
    costs = []
    for day, channels in ((0, ["C0A"]), (1, ["C0B", "C0C", "C0D"])):
        for channel in channels:
            support.set_up(session, channel)
        settle(session, EIGHT + day * DAY - 2 * HOUR)
        session.expire_all()
        costs.append(number_of_statements(session, EIGHT + day * DAY))
    assert costs[0] == costs[1] <= QUIET + 12


def test_a_beat_takes_a_batch_and_says_whether_there_is_more(
    session: Session, there: Partnership, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flood of due records is worked off in batches, so that people's clicks get their turn between."""
    monkeypatch.setattr(beats, "BATCH", 4)
    for _ in range(5):
        support.log_capa(session)
    for one in session.exec(select(Clock)).all():
        one.next_at = EIGHT if one.name == "close" else None
    for who in session.exec(select(Person)).all():
        who.next_list_at = None
    session.flush()
    assert beat(session, EIGHT) is True
    assert len(support.queued(session, "reminder")) == 4
    assert beat(session, EIGHT) is False
    assert len(support.queued(session, "reminder")) == 5


def test_two_passes_at_the_same_time_say_nothing_twice(session: Session, owned: Record) -> None:
    """A replica that saw the same clocks, people and channels due adds nothing."""
    beat(session, EIGHT)
    said = [row.key for row in support.queued(session)]
    for row in session.exec(select(Clock)).all():
        row.next_at = EIGHT
    for who in session.exec(select(Person)).all():
        who.next_list_at = EIGHT
    for there in session.exec(select(Partnership)).all():
        there.next_digest_at = EIGHT
    session.flush()
    beat(session, EIGHT)
    assert [row.key for row in support.queued(session)] == said


DIGESTS: list[tuple[datetime, str | None, datetime]] = [
    (at(25, 11, clock_time=time(6, 59)), None, at(25, 11, clock_time=time(7))),
    (at(25, 11, clock_time=time(7)), "2026-11-25", at(27, 11, clock_time=time(7))),
    (at(25, 11, clock_time=time(20)), "2026-11-25", at(27, 11, clock_time=time(7))),
    (at(26, 11), None, at(27, 11, clock_time=time(7))),  # Thanksgiving
    (at(28, 11), None, at(30, 11, clock_time=time(7))),  # Saturday
    (at(30, 11, clock_time=time(5)), None, at(30, 11, clock_time=time(7))),  # before Monday's: Friday's is past
    (at(31), "2026-12-31", at(4, 1, 2027, clock_time=time(7))),
]


@pytest.mark.parametrize(("now", "day", "following"), DIGESTS, ids=[str(now) for now, _, _ in DIGESTS])
def test_a_digest_is_queued_on_its_own_day(
    session: Session, there: Partnership, now: datetime, day: str | None, following: datetime
) -> None:
    """Today's when its time has come, none for a day that is past, and the next one is set."""
    beat(session, now)
    assert [row.about["day"] for row in digests(session)] == ([day] if day else [])
    assert partnership.get(session, there.id).next_digest_at == following


def test_two_beats_queue_one_digest(session: Session, there: Partnership) -> None:
    """Also when the second pass does not see that the first one moved the time on."""
    beat(session, at(25, 11))
    partnership.get(session, there.id).next_digest_at = at(25, 11)
    session.flush()
    beat(session, at(25, 11) + HOUR)
    assert len(digests(session)) == 1


def test_days_of_downtime_post_one_digest(session: Session, there: Partnership) -> None:
    """What was missed is not made up for."""
    beat(session, at(4))
    assert [row.about["day"] for row in digests(session)] == ["2026-12-04"]


def test_a_month_of_beats_posts_a_digest_every_working_day(session: Session, there: Partnership) -> None:
    """From Wednesday 25 November on: no weekend, no Thanksgiving, no Christmas."""
    for hours in range(0, 24 * 35, 2):
        beat(session, NOW + hours * HOUR)
    days = [date.fromisoformat(row.about["day"]) for row in digests(session)]
    assert (days[0], days[-1], len(days)) == (date(2026, 11, 25), date(2026, 12, 29), 23)
    assert all(first < second for first, second in pairwise(days))


def test_a_quiet_beat_writes_nothing(session: Session, owned: Record) -> None:
    """When nothing is due, nothing is queued and there is no more."""
    settle(session, NOW)
    support.empty_outbox(session)
    assert beat(session, NOW) is False
    assert support.newly_queued(session) == []


def test_a_digest_that_cannot_be_decided_keeps_no_other_waiting(session: Session, there: Partnership) -> None:
    """The other channel has its digest, and the broken one's is looked at again an hour later."""
    other = support.set_up(session, "C0OTHER")
    partnership.get(session, there.id).time_zone = "Mars/Olympus_Mons"
    now = datetime(2026, 11, 25, 8, tzinfo=UTC)
    beat(session, now)
    assert [row.partnership_id for row in digests(session)] == [other.id]
    assert partnership.get(session, there.id).next_digest_at == now + HOUR


def test_old_receipts_are_forgotten(session: Session, there: Partnership) -> None:
    """A week after a delivery Slack repeats it no more."""
    for key, days in (("old", 8), ("recent", 6)):
        receipt.note(session, key, NOW - days * DAY)
    beat(session, NOW)
    assert session.exec(select(Receipt.key)).all() == ["recent"]


def test_old_drafts_are_forgotten(session: Session, owned: Record) -> None:
    """What nobody signed within a day is filled in anew."""
    who = support.row_of(session, ELIF).id
    ids = [draft.save(session, owned.id, who, {}, NOW - hours * HOUR) for hours in (25, 23)]
    beat(session, NOW)
    session.expire_all()
    assert [draft.find(session, one, owned.id, who) for one in ids] == [None, {}]
