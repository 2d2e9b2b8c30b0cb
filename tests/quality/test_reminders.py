"""Reminders: which step a clock has reached, for whom, in working hours, once, and never for what is done."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlmodel import Session, select

from quality import ladder, mine, request, roster, setting, sheet
from quality.beat import beat
from quality.ladder import Audience, Step
from quality.reminders import coming, decide_due, snooze_clock, snoozed_to, still_says, told
from storage import author, clock, partnership, receipt, snooze
from storage.clock import Clock, ClockName, Duty
from storage.outbox import Outgoing
from storage.partnership import Partnership, Side
from storage.person import Role
from storage.record import Distributed, Record
from storage.snooze import Snooze
from tests import support
from tests.support import ANNA, BEN, CARLA, DAY, ELIF, FINN, GITA, HOUR, NOW, actor, ref

NINE = time(8)  # UTC; nine in Berlin


def at(day: int, month: int = 12, year: int = 2026, clock_time: time = NINE) -> datetime:
    return datetime.combine(date(year, month, day), clock_time, UTC)


@pytest.fixture
def owned(session: Session, there: Partnership) -> Record:
    """Log a CAPA that Finn owns, due on Tuesday 22 December, which no other clock reminds of."""
    made = support.log_capa(session)
    clock.stop(session, made.id, NOW, ClockName.ACCEPT, ClockName.PLAN)
    support.empty_outbox(session)
    return made


def reminders(session: Session, now: datetime) -> list[str]:
    """Give who is reminded of a due date by a pass at a moment, and mark it as sent."""
    return [support.told(session, row) for row in said(session, now) if row.about["clock"] == "close"]


def said(session: Session, now: datetime) -> list[Outgoing]:
    """Give the reminders that a pass at a moment queues, of all clocks, and mark them as sent."""
    beat(session, now)
    new = [row for row in support.newly_queued(session) if row.kind == "reminder"]
    support.empty_outbox(session)
    return new


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
    """Of the owner's company, who may check: neither the owner nor who worked on it hears of it."""
    support.implement(session, support.begin_capa(session, owned))
    support.empty_outbox(session)
    assert said(session, at(22)) == []  # the closing clock was stopped
    rows = said(session, at(22, 2, 2027))  # the check is due on the 22nd
    assert [(support.told(session, row), row.about["clock"]) for row in rows] == [("Elif Kaya", "check effectiveness")]


def test_a_report_to_an_authority_is_the_sponsors_qas(session: Session, there: Partnership) -> None:
    """The clocks of a distributed batch remind the sponsor's QA, an unanswered question like any other."""
    support.log_oos(session, distributed=Distributed.YES)
    support.empty_outbox(session)
    seen = []
    for now in (at(24, 11, clock_time=time(10)), at(27, 11)):
        rows = [row for row in said(session, now) if row.about["clock"] in ("EU quality defect", "field alert")]
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
    rows = [row for row in said(session, at(4, 1, 2027)) if row.about["clock"] == "close"]
    assert sorted((row.partnership_id, support.told(session, row)) for row in rows) == [
        (pid, name) for pid in (there.id, there.id + 1) for name in ("Elif Kaya", "Finn Larsen")
    ]


def test_a_clock_that_cannot_be_decided_keeps_no_other_waiting(session: Session, owned: Record) -> None:
    """The other records are reminded of, and the broken one is looked at again an hour later."""
    support.log_capa(session, owner=ELIF)
    finn = support.row_of(session, FINN)
    finn.time_zone = "Mars/Olympus_Mons"
    assert reminders(session, at(15)) == ["Elif Kaya"]
    assert close_clock(session, owned).next_at == at(15) + HOUR
    finn.time_zone = "Europe/Berlin"
    assert reminders(session, at(15) + HOUR) == ["Finn Larsen"]


def test_what_cannot_be_decided_takes_nothing_with_it(
    session: Session, owned: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What went wrong is looked at again; what the session held before stays."""

    def fail(*_: object) -> datetime:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(ladder, "next_at", fail)
        receipt.note(session, "Ev1", at(15))
        assert reminders(session, at(15)) == []
    assert receipt.note(session, "Ev1", at(15)) is not None
    assert reminders(session, at(15) + HOUR) == ["Finn Larsen"]


def test_people_are_read_once_for_all_records(session: Session, there: Partnership) -> None:
    """A hundred late records of many partnerships cost no hundred looks at the rosters."""
    support.set_up(session, "C0OTHER")
    for channel in (support.CHANNEL, "C0OTHER", "C0OTHER"):
        support.log_deviation(session, channel_id=channel)
    support.empty_outbox(session)
    with support.statements(session) as seen:
        decide_due(session, at(31), 100)
        session.flush()
    assert len([sql for sql, _ in seen if "FROM person" in sql]) == 1
    # The due clocks; partnerships, companies and people; what is said; when each is looked at again.
    assert len(seen) == 6


def test_a_due_date_is_reminded_of_in_the_owners_mornings(session: Session, owned: Record) -> None:
    """On the 22nd at eight in Tokyo, the last morning there before it is due, at 17:00 in Berlin."""
    support.row_of(session, FINN).time_zone = "Asia/Tokyo"
    assert reminders(session, at(15, clock_time=time(7))) == ["Finn Larsen"]  # four in the afternoon, 7 days before
    close_clock(session, owned).next_at = at(21, clock_time=time(23))
    session.flush()
    assert reminders(session, at(21, clock_time=time(23))) == ["Finn Larsen"]  # the day itself
    found = support.sheet_of(session, owned)
    assert snoozed_to(found, close_clock(session, owned), at(21, clock_time=time(23))) is None


def test_a_reminder_carries_its_rung(session: Session, owned: Record) -> None:
    """It says which record it is about, whom it is for, and of which day it is."""
    beat(session, at(18))
    (row,) = support.queued(session, "reminder")
    who = support.row_of(session, FINN).id
    assert (row.person_id, row.next_at) == (who, at(18))
    assert row.about == {"record_id": owned.id, "step": "2026-12-18", "clock": "close", "for": who}


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
    who = support.row_of(session, FINN).id
    assert still_says(support.sheet_of(session, owned), close_clock(session, owned), step, who, now) is latest


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
            step = date.fromisoformat(row.about["step"])
            assert still_says(found, found.clocks[row.about["clock"]], step, row.about["for"], now)
    assert nobodys.id in {row.about["record_id"] for row in rows}


# Whose a clock is


def due_now(session: Session, record: Record, name: ClockName, now: datetime) -> list[str]:
    """Give who is told of one clock alone by a pass on its due day."""
    for one in session.exec(select(Clock)).all():
        one.next_at, one.due_at = (now if one.name is name and one.record_id == record.id else None), now
    session.flush()
    rows = said(session, now)
    assert {row.about["clock"] for row in rows} <= {name}
    return [support.told(session, row) for row in rows]


def test_acknowledging_is_the_other_companys(session: Session, there: Partnership) -> None:
    """QA of the company that did not log it, whoever owns it."""
    theirs, ours = support.log_deviation(session), support.log_deviation(session, CARLA)
    support.assign(session, theirs, GITA)
    support.empty_outbox(session)
    assert due_now(session, theirs, ClockName.ACKNOWLEDGE, at(1)) == ["Anna Berg", "Ben Ortiz"]
    assert due_now(session, ours, ClockName.ACKNOWLEDGE, at(1)) == ["Elif Kaya", "Finn Larsen"]


def test_a_review_is_the_approvers(session: Session, there: Partnership) -> None:
    """QA whose signature is next, never who owns it or worked on it; then the other company's."""
    made = support.submit(session, support.log_deviation(session))
    support.assign(session, made, BEN)
    author.note(session, made.id, support.row_of(session, FINN).id, "record")
    support.empty_outbox(session)
    assert due_now(session, made, ClockName.REVIEW, at(1)) == ["Elif Kaya"]
    support.sign(session, ELIF, made)
    support.empty_outbox(session)
    assert due_now(session, made, ClockName.REVIEW, at(2)) == ["Anna Berg"]


@pytest.mark.parametrize("name", [ClockName.ACCEPT, ClockName.PLAN, ClockName.CLOSE])
def test_a_capas_clocks_are_its_owners(session: Session, there: Partnership, name: ClockName) -> None:
    """Accepting, planning and carrying it out are one person's."""
    assert due_now(session, support.log_capa(session), name, at(1)) == ["Finn Larsen"]


DUTIES = {
    Duty.OWNER: ["Gita Rao"],
    Duty.OTHER: ["Anna Berg", "Ben Ortiz"],
    Duty.SPONSOR: ["Anna Berg", "Ben Ortiz"],
    Duty.CMO: ["Elif Kaya", "Finn Larsen"],
    Duty.CHECKER: ["Elif Kaya", "Finn Larsen"],
    Duty.APPROVER: ["Elif Kaya", "Finn Larsen"],
}


@pytest.mark.parametrize("duty", Duty)
def test_whoever_has_the_duty_is_told_first(session: Session, there: Partnership, duty: Duty) -> None:
    """A deviation of the CMO's, owned there, that waits for its first signature; later both companies are told."""
    made = support.submit(session, support.log_deviation(session))
    due, here = close_clock(session, made), setting.read(session, [there.id])[there.id]
    due.duty = duty
    names = {}
    for late, audience in ((0, (Audience.OWNER,)), (4, (Audience.OWNER, Audience.QA))):
        step = Step(date(2026, 12, 1), late, audience)
        names[late] = [who.name for who, _ in told(here, due, made, step, at(1), frozenset())]
    assert names[0] == DUTIES[duty]
    assert sorted(names[4]) == sorted({*DUTIES[duty], "Anna Berg", "Ben Ortiz", "Elif Kaya", "Finn Larsen"})


# Stand-ins, leavers, and the recipient's own hours


def test_a_stand_in_gets_the_messages(session: Session, owned: Record) -> None:
    """While the owner is away, up to and including the last day, their stand-in is told whom it is for."""
    mine.go_away(session, actor(session, FINN), support.row_of(session, GITA).id, date(2026, 12, 18), NOW)
    (row,) = [row for row in said(session, at(18)) if row.about["clock"] == "close"]
    assert (support.told(session, row), row.about["for"]) == ("Gita Rao", support.row_of(session, FINN).id)
    assert reminders(session, at(21)) == ["Finn Larsen"]


def test_a_stand_in_who_is_away_has_one_too(session: Session, owned: Record) -> None:
    """The chain is followed; in a ring of absent people somebody is told all the same."""
    until = date(2026, 12, 31)
    for who, instead in ((FINN, GITA), (GITA, ELIF)):
        mine.go_away(session, actor(session, who), support.row_of(session, instead).id, until, NOW)
    assert reminders(session, at(15)) == ["Elif Kaya"]
    mine.go_away(session, actor(session, ELIF), support.row_of(session, FINN).id, until, NOW)
    assert len(reminders(session, at(18))) == 1


def test_who_stands_in_for_two_is_told_once(session: Session, owned: Record) -> None:
    """One step of one clock is one message to one person."""
    for who in (FINN, GITA):
        mine.go_away(session, actor(session, who), support.row_of(session, ELIF).id, date(2026, 12, 31), NOW)
    assert sorted(reminders(session, at(28))) == ["Anna Berg", "Ben Ortiz", "Elif Kaya"]


def test_an_owner_who_left_hears_nothing(session: Session, owned: Record) -> None:
    """Nor does a stand-in who left: then the person themselves is told."""
    mine.go_away(session, actor(session, FINN), support.row_of(session, GITA).id, date(2026, 12, 31), NOW)
    roster.leave(session, owned.partnership_id, support.row_of(session, GITA).id, "left the channel", NOW)
    assert reminders(session, at(15)) == ["Finn Larsen"]
    roster.leave(session, owned.partnership_id, support.row_of(session, FINN).id, "left the channel", NOW)
    support.empty_outbox(session)
    assert reminders(session, at(18)) == ["Elif Kaya"]


def test_each_is_told_in_their_own_working_hours(session: Session, owned: Record) -> None:
    """A reminder waits until eight where its reader is, and over the holidays of their company alone."""
    for who, zone in ((ANNA, "America/Los_Angeles"), (BEN, "Asia/Tokyo"), (ELIF, "Asia/Kolkata")):
        support.row_of(session, who).time_zone = zone
    session.flush()
    rows = [row for row in said(session, at(29, clock_time=time(9))) if row.about["clock"] == "close"]
    assert {support.told(session, row): row.next_at for row in rows} == {
        "Finn Larsen": at(29, clock_time=time(9)),
        "Anna Berg": at(29, clock_time=time(16)),  # eight in the morning in Los Angeles
        "Ben Ortiz": at(29, clock_time=time(23)),  # it is six in the evening in Tokyo: eight the next morning
        "Elif Kaya": at(29, clock_time=time(9)),  # half past two in the afternoon in India
    }


# Snoozing


def snoozed(session: Session, record: Record, now: datetime) -> date:
    return snooze_clock(session, actor(session, FINN), ref(record), ClockName.CLOSE, now)[1]


def test_a_snooze_is_one_reminder_more(session: Session, owned: Record) -> None:
    """On the next working day, at its start, once; then the ladder goes on as it was."""
    assert reminders(session, at(15)) == ["Finn Larsen"]
    assert snoozed(session, owned, at(15)) == date(2026, 12, 16)
    assert reminders(session, at(16, clock_time=time(6, 59))) == []
    (row,) = said(session, at(16, clock_time=time(7)))
    assert (support.told(session, row), row.about["step"]) == ("Finn Larsen", "2026-12-16")
    assert said(session, at(16)) == []
    assert reminders(session, at(18)) == ["Finn Larsen"]


def test_snoozing_twice_is_snoozing_once(session: Session, owned: Record) -> None:
    """Two clicks on a button, or two buttons, are one reminder."""
    reminders(session, at(15))
    for _ in range(2):
        snoozed(session, owned, at(15))
    assert len(said(session, at(16))) == 1


def test_a_snooze_onto_a_step_of_the_ladder_is_one_message(session: Session, owned: Record) -> None:
    """Where both fall on a day, one of them is sent."""
    reminders(session, at(15))
    assert snoozed(session, owned, at(17)) == date(2026, 12, 18)
    assert reminders(session, at(18)) == ["Finn Larsen"]


@pytest.mark.parametrize(
    ("now", "to"),
    [
        (at(18), date(2026, 12, 21)),  # over a weekend
        (at(21), date(2026, 12, 22)),  # to the due day itself
        (at(22), None),  # due today
        (at(23), None),  # late
    ],
)
def test_no_snooze_once_due(session: Session, owned: Record, now: datetime, to: date | None) -> None:
    """A due date is not put off by looking away."""
    if to is not None:
        assert snoozed(session, owned, now) == to
        return
    refused = support.refused(session, snooze_clock, actor(session, FINN), ref(owned), ClockName.CLOSE, now)
    assert refused == (
        "CAPA-2026-0001 is due Tue 22 Dec 2026, 17:00 Berlin: no snooze any more. Finish it, or press *Ask for more "
        "time*."
    )


def test_what_is_done_is_not_snoozed(session: Session, owned: Record) -> None:
    """Neither a closed record nor one whose clock stands; a snooze that was set says nothing any more."""
    snoozed(session, owned, at(15))
    request.void(session, actor(session, ELIF), ref(owned), "Logged twice.", at(15))
    support.empty_outbox(session)
    assert said(session, at(16)) == []
    assert session.get(Snooze, (close_clock(session, owned).id, support.row_of(session, FINN).id)) is None
    refused = support.refused(session, snooze_clock, actor(session, FINN), ref(owned), ClockName.CLOSE, at(16))
    assert refused == "CAPA-2026-0001 needs no reminder of that any more: it is done."


def test_a_report_is_reminded_of_on_the_sponsors_days(session: Session, there: Partnership) -> None:
    """It is the sponsor's alone: a day off of the CMO keeps no reminder back, and the CMO's owner's zone has no say."""
    cmo = next(one for one in partnership.companies(session, there.id).values() if one.side is Side.CMO)
    cmo.closing_days = "2026-11-27 2026-11-30"
    made = support.log_oos(session, distributed=Distributed.YES)
    support.assign(session, made, GITA)
    support.row_of(session, GITA).time_zone = "Asia/Tokyo"
    support.empty_outbox(session)
    alerts = [row for row in said(session, at(27, 11)) if row.about["clock"] == ClockName.FIELD_ALERT]
    assert [support.told(session, row) for row in alerts] == ["Anna Berg", "Ben Ortiz"]
    found = sheet.of_record(session, there.id, made.id)
    due = found.clocks[ClockName.FIELD_ALERT]
    assert snoozed_to(found, due, at(27, 11)) == (date(2026, 11, 30), at(30, 11, clock_time=time(7)))


def test_a_snooze_wakes_the_stand_in(session: Session, owned: Record) -> None:
    """Who snoozed and went away is not told themselves; who left is not told at all."""
    reminders(session, at(15))
    snoozed(session, owned, at(15))
    mine.go_away(session, actor(session, FINN), support.row_of(session, GITA).id, date(2026, 12, 31), at(15))
    (row,) = said(session, at(16))
    assert support.told(session, row) == "Gita Rao"
    snoozed(session, owned, at(16))
    roster.leave(session, owned.partnership_id, support.row_of(session, FINN).id, "left", at(16))
    support.empty_outbox(session)
    assert said(session, at(17)) == []


# Clocks that stand


@pytest.fixture
def standing(session: Session, owned: Record) -> Record:
    """Stop the clock of a CAPA due on 22 December, from the 8th to the 30th."""
    request.ask_stop(session, actor(session, FINN), ref(owned), date(2026, 12, 30), "A strike.", at(8))
    request.agree(session, actor(session, ANNA), ref(owned), at(8))
    support.empty_outbox(session)
    return owned


def test_a_clock_that_stands_is_silent_and_goes_on_by_itself(session: Session, standing: Record) -> None:
    """Until its day nobody is told; on it the clock goes on, due later by the 22 days, and reminds anew."""
    for day in (15, 18, 21, 22, 23, 24, 28, 29):
        assert reminders(session, at(day)) == []
    assert close_clock(session, standing).paused_at is not None
    assert reminders(session, at(30, clock_time=time(7))) == []
    due = close_clock(session, standing)
    assert (due.paused_at, due.pause_ends_on) == (None, None)
    assert due.due_at == at(13, 1, 2027, time(16))
    entry = support.last_entry(session)
    assert (entry.event, entry.content["by"]["name"]) == ("capa.resumed", "QualBridge")
    told_on = [day for day in range(4, 15) if reminders(session, at(day, 1, 2027)) == ["Finn Larsen"]]
    assert told_on == [6, 8, 12, 13, 14]  # 7 days before; 3, which is Sunday's Friday; 1; on the day; late


def test_a_clock_goes_on_once(session: Session, standing: Record) -> None:
    """Two passes at the same time, or a pass that was missed for days, move it once."""
    for now in (at(31), at(31), at(4, 1, 2027)):
        beat(session, now)
    assert support.events(session, standing).count("capa.resumed") == 1
    assert close_clock(session, standing).due_at == at(13, 1, 2027, time(16))  # it stood for the 22 days agreed


def test_who_is_reminded_next_is_told(session: Session, owned: Record) -> None:
    """The steps to come, each with whom it is for, up to the heads of quality."""
    support.give_roles(session, CARLA, Role.HEAD)
    here = setting.read(session, [owned.partnership_id])[owned.partnership_id]
    found = coming(here, close_clock(session, owned), support.sheet_of(session, owned), at(16))
    qa = ["Anna Berg", "Ben Ortiz", "Elif Kaya"]
    assert [(step.day, step.days_late, [who.name for who in people]) for step, people in found] == [
        (date(2026, 12, 18), -3, ["Finn Larsen"]),
        (date(2026, 12, 21), -1, ["Finn Larsen"]),
        (date(2026, 12, 22), 0, ["Finn Larsen"]),
        (date(2026, 12, 23), 1, ["Finn Larsen"]),
        (date(2026, 12, 28), 6, ["Finn Larsen", *qa]),
        (date(2026, 12, 30), 8, ["Finn Larsen", *qa, "Carla Diaz"]),
    ]


def test_a_snooze_that_cannot_be_decided_keeps_no_other_waiting(session: Session, owned: Record) -> None:
    """The others are told, and the broken one is looked at again an hour later."""
    due = close_clock(session, owned)
    for who in (FINN, GITA):
        snooze.set_for(session, due.id, support.row_of(session, who).id, date(2026, 12, 16), at(16))
    support.row_of(session, FINN).time_zone = "Mars/Olympus_Mons"
    due.next_at = None
    assert reminders(session, at(16)) == ["Gita Rao"]
    support.row_of(session, FINN).time_zone = "Europe/Berlin"
    assert reminders(session, at(16) + HOUR) == ["Finn Larsen"]
