"""What is due is queued once, for the right people, in working hours, and never for what is done."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from sqlmodel import Session, select

from quality import beat as beats
from quality import ladder, request, sheet
from quality.beat import beat
from storage import clock, draft, partnership, receipt
from storage.clock import Clock, ClockName
from storage.outbox import Outgoing
from storage.partnership import Partnership
from storage.person import Role
from storage.receipt import Receipt
from storage.record import Distributed, Record
from tests import support
from tests.support import CARLA, DAY, ELIF, FINN, HOUR, NOW, actor, ref

NINE = time(8)  # UTC; nine in Berlin


def at(day: int, month: int = 12, year: int = 2026, clock_time: time = NINE) -> datetime:
    return datetime.combine(date(year, month, day), clock_time, UTC)


@pytest.fixture
def owned(session: Session, there: Partnership) -> Record:
    """Log a CAPA that Finn owns, due on Tuesday 22 December, everything so far sent."""
    made = support.log_capa(session)
    support.empty_outbox(session)
    return made


def reminders(session: Session, now: datetime) -> list[str]:
    """Give who is reminded by a pass at a moment, and mark it as sent."""
    beat(session, now)
    new = [row for row in support.newly_queued(session) if row.kind == "reminder"]
    support.empty_outbox(session)
    return [support.told(session, row) for row in new]


def digests(session: Session) -> list[Outgoing]:
    return support.queued(session, "digest")


def close_clock(session: Session, record: Record) -> Clock:
    found = clock.find(session, record.id, ClockName.CLOSE)
    assert found is not None
    return found


LADDER = [
    (at(14), []),
    (at(15), ["Finn Larsen"]),  # 7 days before
    (at(16), []),
    (at(18), ["Finn Larsen"]),  # 3 days before is Saturday's eve
    (at(21), ["Finn Larsen"]),
    (at(22), ["Finn Larsen"]),
    (at(23), ["Finn Larsen"]),  # 1 day late
    (at(24), ["Finn Larsen"]),
    (at(25), []),
    (at(28), ["Finn Larsen", "Anna Berg", "Ben Ortiz", "Elif Kaya"]),  # 6 days late
    (at(29), ["Finn Larsen", "Anna Berg", "Ben Ortiz", "Elif Kaya"]),
    (at(30), ["Finn Larsen", "Anna Berg", "Ben Ortiz", "Elif Kaya", "Carla Diaz"]),  # 8 days late
    (at(31), ["Finn Larsen", "Anna Berg", "Ben Ortiz", "Elif Kaya", "Carla Diaz"]),
    (at(1, 1, 2027), []),
    (at(4, 1, 2027), ["Finn Larsen", "Anna Berg", "Ben Ortiz", "Elif Kaya", "Carla Diaz"]),
]


def test_the_whole_ladder_is_sent_day_by_day(session: Session, owned: Record) -> None:
    """Every rung reaches the people it is for, each once, over Christmas and the year's end."""
    support.give_roles(session, CARLA, Role.HEAD)
    assert [(now, reminders(session, now)) for now, _ in LADDER] == LADDER


def test_a_beat_every_minute_repeats_nothing(session: Session, owned: Record) -> None:
    """A day of beats sends one reminder."""
    told = [who for minute in range(0, 600, 20) for who in reminders(session, at(15) + timedelta(minutes=minute))]
    assert told == ["Finn Larsen"]


def test_a_second_pass_at_the_same_time_queues_nothing(session: Session, owned: Record) -> None:
    """Even when a replica has not seen that the clock moved on, the key keeps the reminder one."""
    reminders(session, at(15))
    close_clock(session, owned).next_at = at(15)
    session.flush()
    assert reminders(session, at(15)) == []


def test_after_a_pause_only_the_latest_rung_is_sent(session: Session, owned: Record) -> None:
    """A bot that was down from the first rung until after the due date says one thing."""
    assert reminders(session, at(29)) == ["Finn Larsen", "Anna Berg", "Ben Ortiz", "Elif Kaya"]
    assert reminders(session, at(29) + HOUR) == []


def test_a_pause_of_years_costs_one_reminder(session: Session, owned: Record) -> None:
    """The latest rung is found, however late."""
    assert reminders(session, at(3, 1, 2028)) == ["Finn Larsen", "Anna Berg", "Ben Ortiz", "Elif Kaya"]


def test_what_is_done_is_not_reminded_of(session: Session, owned: Record) -> None:
    """A closed record is silent for ever."""
    request.void(session, actor(session, ELIF), ref(owned), "Logged twice.", NOW)
    support.empty_outbox(session)
    assert [reminders(session, now) for now, _ in LADDER] == [[]] * len(LADDER)


@pytest.mark.parametrize(
    ("now", "next_at"),
    [
        (at(15, clock_time=time(17)), at(16, clock_time=time(7))),
        (at(19), at(21, clock_time=time(7))),
        (at(25), at(28, clock_time=time(7))),
    ],
    ids=["evening", "Saturday", "Christmas"],
)
def test_outside_working_hours_a_reminder_waits(
    session: Session, owned: Record, now: datetime, next_at: datetime
) -> None:
    """It is looked at again at the start of the next working day, and sent then."""
    assert reminders(session, now) == []
    assert close_clock(session, owned).next_at == next_at
    assert "Finn Larsen" in reminders(session, next_at)


def test_working_hours_are_the_owners(session: Session, owned: Record) -> None:
    """An owner in New York is not reminded before eight there."""
    support.row_of(session, FINN).time_zone = "America/New_York"
    session.flush()
    assert reminders(session, at(15)) == []
    assert reminders(session, at(15, clock_time=time(13))) == ["Finn Larsen"]


def test_a_record_nobody_owns_is_its_companys_qas(session: Session, there: Partnership) -> None:
    """The QA of the company that logged it has to say who does."""
    support.log_deviation(session)
    support.empty_outbox(session)
    assert reminders(session, at(30)) == []
    assert reminders(session, at(31)) == ["Elif Kaya", "Finn Larsen"]  # 7 days before is New Year's Day


def test_a_removed_owner_is_nobody(session: Session, owned: Record) -> None:
    """The QA of the company that logged it is told instead, and the removed person nothing."""
    support.remove(session, FINN)
    assert reminders(session, at(15)) == ["Elif Kaya"]


def test_a_check_is_the_qas_who_do_not_own_it(session: Session, owned: Record) -> None:
    """Of the owner's company, who may check: the owner hears nothing of it."""
    support.implement(session, support.begin_capa(session, owned))
    support.empty_outbox(session)
    assert reminders(session, at(22)) == []  # the closing clock was stopped
    assert reminders(session, at(22, 2, 2027)) == ["Elif Kaya"]  # the check is due on the 22nd


def test_a_report_to_an_authority_is_the_sponsors_qas(session: Session, there: Partnership) -> None:
    """The clocks of a distributed batch remind the sponsor's QA, an unanswered question like any other."""
    support.log_oos(session, distributed=Distributed.YES)
    seen = []
    for now in (at(24, 11, clock_time=time(10)), at(27, 11)):
        support.empty_outbox(session)
        beat(session, now)
        rows = [row for row in support.newly_queued(session) if row.kind == "reminder"]
        assert {support.told(session, row) for row in rows} == {"Anna Berg", "Ben Ortiz"}
        seen.append({row.about["clock"] for row in rows})
    assert seen == [{"EU quality defect"}, {"EU quality defect", "field alert"}]


def test_a_person_of_two_audiences_is_told_once(session: Session, owned: Record) -> None:
    """Owner, QA and head of quality in one person get one message."""
    support.give_roles(session, FINN, Role.QA, Role.HEAD)
    assert reminders(session, at(31)).count("Finn Larsen") == 1


def test_a_moved_due_date_has_reminders_of_its_own(session: Session, owned: Record) -> None:
    """The key holds the due time, so that the same rung may come again for another date."""
    reminders(session, at(22))
    due = close_clock(session, owned)
    due.due_at, due.next_at = due.due_at + DAY, at(22)
    session.flush()
    assert reminders(session, at(22)) == ["Finn Larsen"]


def test_a_late_record_redraws_its_card_once(session: Session, owned: Record) -> None:
    """From the first day late the card says so; later days leave it as it is."""
    cards = []
    for now in (at(22), at(23), at(24), at(28)):
        beat(session, now)
        cards.append([row.kind for row in support.newly_queued(session)].count("card"))
        support.empty_outbox(session)
    assert cards == [0, 1, 0, 0]


def test_each_partnership_is_reminded_for_itself(session: Session, there: Partnership) -> None:
    """A QA of two partnerships hears of each record from its own."""
    support.set_up(session, "C0OTHER")
    for channel in (support.CHANNEL, "C0OTHER"):
        support.log_deviation(session, channel_id=channel)
    support.empty_outbox(session)
    beat(session, at(4, 1, 2027))
    rows = [row for row in support.newly_queued(session) if row.kind == "reminder"]
    assert sorted((row.partnership_id, support.told(session, row)) for row in rows) == [
        (pid, name) for pid in (there.id, there.id + 1) for name in ("Elif Kaya", "Finn Larsen")
    ]


def test_a_beat_takes_a_batch_and_says_whether_there_is_more(session: Session, there: Partnership) -> None:
    """A flood of due records is worked off fifty at a time, so that people's clicks get their turn between."""
    for _ in range(51):
        support.log_capa(session)
    assert beat(session, at(15)) is True
    assert len(support.queued(session, "reminder")) == 50
    assert beat(session, at(15)) is False
    assert len(support.queued(session, "reminder")) == 51


def test_a_clock_that_cannot_be_decided_keeps_no_other_waiting(session: Session, owned: Record) -> None:
    """The other records are reminded of, and the broken one is looked at again an hour later."""
    support.log_capa(session, owner=ELIF)
    finn = support.row_of(session, FINN)
    finn.time_zone = "Mars/Olympus_Mons"
    assert reminders(session, at(15)) == ["Elif Kaya"]
    assert close_clock(session, owned).next_at == at(15) + HOUR
    finn.time_zone = "Europe/Berlin"
    assert reminders(session, at(15) + HOUR) == ["Finn Larsen"]


def test_half_a_decision_is_taken_back(session: Session, owned: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was queued before something went wrong is not sent; what the session held before stays."""

    def fail(*_: object) -> datetime:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(ladder, "next_at", fail)
        receipt.note(session, "Ev1", at(15))
        assert reminders(session, at(15)) == []
    assert receipt.note(session, "Ev1", at(15)) is not None
    assert reminders(session, at(15) + HOUR) == ["Finn Larsen"]


def test_a_digest_that_cannot_be_decided_keeps_no_other_waiting(session: Session, there: Partnership) -> None:
    """The other channel has its digest, and the broken one's is looked at again an hour later."""
    other = support.set_up(session, "C0OTHER")
    partnership.get(session, there.id).time_zone = "Mars/Olympus_Mons"
    beat(session, at(25, 11))
    assert [row.partnership_id for row in digests(session)] == [other.id]
    assert partnership.get(session, there.id).next_digest_at == at(25, 11) + HOUR


def test_people_are_read_once_for_all_records_of_a_partnership(session: Session, there: Partnership) -> None:
    """A hundred late records cost no hundred looks at the roster."""
    for _ in range(3):
        support.log_deviation(session)
    support.empty_outbox(session)
    with support.statements(session) as seen:
        assert reminders(session, at(31)) == ["Elif Kaya", "Finn Larsen"] * 3
    rosters = [sql for sql, _ in seen if "FROM person" in sql and "person.active" in sql.partition("WHERE")[2]]
    assert len(rosters) == 1


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


def test_a_due_date_is_the_owners_day(session: Session, owned: Record) -> None:
    """What is due at 17:00 in Berlin is due the next day in Tokyo, and reminded of by that day."""
    support.row_of(session, FINN).time_zone = "Asia/Tokyo"
    assert reminders(session, at(15, clock_time=time(7))) == []  # four in the afternoon, eight days before
    in_tokyo = at(15, clock_time=time(23))  # eight in the morning of the 16th
    assert close_clock(session, owned).next_at == in_tokyo
    assert reminders(session, in_tokyo) == ["Finn Larsen"]


def test_a_reminder_carries_its_rung(session: Session, owned: Record) -> None:
    """It says which record it is about, whom it is for, and of which day it is."""
    beat(session, at(18))
    (row,) = support.queued(session, "reminder")
    who = support.row_of(session, FINN).id
    assert row.about == {"record_id": owned.id, "person_id": who, "step": "2026-12-18", "clock": "close"}


STEPS = [
    (date(2026, 12, 15), at(15), True),
    (date(2026, 12, 15), at(17), True),  # no rung since
    (date(2026, 12, 15), at(18), False),  # three days before has come
    (date(2026, 12, 18), at(18), True),
    (date(2026, 12, 22), at(23), False),  # it is late by now
    (date(2026, 12, 15), at(14), False),  # the due date was moved away: no rung is reached
]


@pytest.mark.parametrize(("step", "now", "latest"), STEPS, ids=[f"{step} at {now}" for step, now, _ in STEPS])
def test_a_reminder_that_waited_may_be_overtaken(
    session: Session, owned: Record, step: date, now: datetime, *, latest: bool
) -> None:
    """A queued reminder counts as long as no later rung has been reached."""
    assert beats.is_latest(support.sheet_of(session, owned), close_clock(session, owned), step, now) is latest


def test_what_a_beat_queues_is_the_latest(session: Session, owned: Record) -> None:
    """Beat and delivery reckon alike: for an owner far away, for one who was removed, and for nobody."""
    finn = support.row_of(session, FINN)
    nobodys = support.log_deviation(session)
    finn.time_zone = "Asia/Tokyo"
    for now, active in ((at(15), False), (at(18, clock_time=time(7)), True), (at(31), False)):
        finn.active = active
        support.empty_outbox(session)
        beat(session, now)
        rows = [row for row in support.newly_queued(session) if row.kind == "reminder"]
        assert rows
        for row in rows:
            found = sheet.of_record(session, row.partnership_id, row.about["record_id"])
            assert beats.is_latest(found, found.clocks[row.about["clock"]], date.fromisoformat(row.about["step"]), now)
    assert nobodys.id in {row.about["record_id"] for row in rows}


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
    assert beat(session, NOW) is False
    assert support.newly_queued(session) == []
