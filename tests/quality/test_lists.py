"""Morning lists: when a person's is queued, for whom, and what stands in it."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlmodel import Session

from quality import mine
from quality.lists import MorningList, collect, decide_due
from quality.mine import Wishes
from quality.people import Profile
from quality.working_time import calendar_at
from storage.clock import ClockName
from storage.outbox import Outgoing
from storage.partnership import Partnership
from storage.person import ListMode, Role
from storage.record import Record
from tests import support
from tests.support import ANNA, CARLA, DAY, ELIF, FINN, GITA, HOUR, NOW, actor

ALL = 100


def at(day: int, month: int = 12, hour: int = 7, minute: int = 0) -> datetime:
    """Give a moment in UTC; seven is eight in Berlin."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.fixture
def morning(session: Session, there: Partnership) -> Partnership:
    """Let the first pass find out when each list is due."""
    decide_due(session, NOW, ALL)
    support.empty_outbox(session)
    return there


def listed(session: Session, now: datetime) -> list[Outgoing]:
    """Give the lists that a pass queues, and mark them as sent."""
    decide_due(session, now, ALL)
    rows = [row for row in support.newly_queued(session) if row.kind == "list"]
    support.empty_outbox(session)
    return rows


def names(session: Session, now: datetime) -> list[str]:
    return sorted(support.told(session, row) for row in listed(session, now))


SPONSORS, CMOS = ["Anna Berg", "Ben Ortiz", "Carla Diaz"], ["Elif Kaya", "Finn Larsen", "Gita Rao"]


def test_everybodys_list_is_queued_at_eight(session: Session, morning: Partnership) -> None:
    """Once a day, for each person, by their own working days."""
    assert names(session, at(25, 11, 6, 59)) == []
    assert names(session, at(25, 11)) == SPONSORS + CMOS
    assert names(session, at(25, 11) + HOUR) == []
    assert names(session, at(26, 11)) == CMOS  # Thanksgiving is a holiday of the sponsor's alone
    assert names(session, at(27, 11)) == SPONSORS + CMOS
    assert names(session, at(28, 11)) == []  # Saturday
    assert names(session, at(30, 11)) == SPONSORS + CMOS


def test_a_list_names_its_day_and_whose_it_is(session: Session, morning: Partnership) -> None:
    """What stands in it is gathered when it is sent."""
    (row,) = [row for row in listed(session, at(25, 11)) if support.told(session, row) == "Gita Rao"]
    gita = support.row_of(session, GITA).id
    assert (row.person_id, row.about, row.next_at) == (gita, {"day": "2026-11-25", "for": gita}, at(25, 11))


@pytest.mark.parametrize(
    ("zone", "list_at", "moment"),
    [
        ("Europe/Berlin", time(6, 30), at(25, 11, 5, 30)),
        ("America/New_York", time(8), at(25, 11, 13)),
        ("Asia/Kolkata", time(9), at(25, 11, 3, 30)),
        ("Asia/Tokyo", time(8), at(24, 11, 23)),
    ],
)
def test_a_list_comes_when_and_where_its_reader_wants_it(
    session: Session, morning: Partnership, zone: str, list_at: time, moment: datetime
) -> None:
    """By the wall clock where the person is."""
    support.row_of(session, GITA).time_zone = zone
    mine.wish(session, actor(session, GITA), Wishes(ListMode.NEEDED, list_at), NOW + 5 * HOUR)
    assert support.row_of(session, GITA).next_list_at == moment
    assert "Gita Rao" not in names(session, moment - timedelta(minutes=1))
    assert "Gita Rao" in names(session, moment)


def test_who_wants_none_gets_none(session: Session, morning: Partnership) -> None:
    """Until they want one again."""
    mine.wish(session, actor(session, GITA), Wishes(ListMode.NEVER, time(8)), NOW)
    assert "Gita Rao" not in names(session, at(25, 11))
    mine.wish(session, actor(session, GITA), Wishes(ListMode.DAILY, time(8)), at(25, 11))
    assert "Gita Rao" in names(session, at(26, 11))


def test_the_list_of_a_past_day_is_not_sent(session: Session, morning: Partnership) -> None:
    """After a pause there is today's, from its time on, and none for each day that was missed."""
    assert names(session, at(30, 11, 5)) == []
    assert support.row_of(session, GITA).next_list_at == at(30, 11)
    assert [row.about["day"] for row in listed(session, at(3, hour=12))] == ["2026-12-03"] * 6


def test_another_time_on_the_same_day_sends_no_second_list(session: Session, morning: Partnership) -> None:
    """A day has one list."""
    listed(session, at(25, 11))
    mine.wish(session, actor(session, GITA), Wishes(ListMode.NEEDED, time(10)), at(25, 11))
    assert names(session, at(25, 11, 9)) == []


def test_a_second_pass_at_the_same_time_queues_nothing(session: Session, morning: Partnership) -> None:
    """Even when a replica has not seen that the time moved on."""
    listed(session, at(25, 11))
    support.row_of(session, GITA).next_list_at = at(25, 11)
    session.flush()
    assert names(session, at(25, 11)) == []


def test_a_stand_in_gets_the_list_of_who_is_away(session: Session, morning: Partnership) -> None:
    """Beside their own, until the absence is over: then it ends by itself, and the journal says so."""
    mine.go_away(session, actor(session, GITA), support.row_of(session, FINN).id, date(2026, 11, 27), NOW)
    rows = listed(session, at(25, 11))
    gita, finn = support.row_of(session, GITA), support.row_of(session, FINN)
    theirs = [row for row in rows if row.person_id == finn.id]
    assert sorted(row.about["for"] for row in theirs) == sorted([finn.id, gita.id])
    assert names(session, at(27, 11)).count("Gita Rao") == 0
    assert "Gita Rao" in names(session, at(30, 11))
    assert (gita.away_until, gita.stand_in_id) == (None, None)
    entry = support.last_entry(session)
    assert (entry.event, entry.content["by"]["name"]) == ("person.back", "QualBridge")
    assert entry.content["changes"] == {"person": [None, "Gita Rao"], "away_until": ["2026-11-27", None]}


def test_who_left_gets_no_list(session: Session, morning: Partnership) -> None:
    """Nor is the question asked again."""
    gita = support.remove(session, GITA)
    assert "Gita Rao" not in names(session, at(25, 11))
    assert gita.next_list_at is None


def test_one_that_cannot_be_decided_keeps_no_other_waiting(session: Session, morning: Partnership) -> None:
    """The others get theirs, and the broken one is looked at again an hour later."""
    gita = support.row_of(session, GITA)
    gita.time_zone = "Mars/Olympus_Mons"
    assert names(session, at(25, 11)) == [*SPONSORS, "Elif Kaya", "Finn Larsen"]
    assert gita.next_list_at == at(25, 11) + HOUR


def test_lists_go_in_batches(session: Session, morning: Partnership) -> None:
    """As many as asked for, and a word that there may be more."""
    assert decide_due(session, at(25, 11), 4) is True
    assert decide_due(session, at(25, 11), 4) is False
    assert len(support.queued(session, "list")) >= 6


# What stands in it


def told(found: MorningList) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    own, company = (
        {group.title: [row.record.number for row in group.rows] for group in groups}
        for groups in (found.own, found.company)
    )
    return own, company


def of(session: Session, who: Profile, now: datetime = NOW) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    return told(collect(session, actor(session, who), now))


@pytest.fixture
def work(session: Session, there: Partnership) -> list[Record]:
    """Give Gita a late deviation, one due in weeks, and a CAPA to accept."""
    late = support.log_deviation(session, detected_at=NOW - 50 * DAY)
    later = support.log_deviation(session)
    for record in (late, later):
        support.assign(session, record, GITA)
    return [late, later, support.log_capa(session, owner=GITA)]


def test_a_list_holds_what_needs_the_person_today(session: Session, work: list[Record]) -> None:
    """What is late or due today, and what they have to accept; a member has no company's part."""
    own, company = of(session, GITA)
    assert own == {"Late or due today": ["DEV-2026-0001"], "You have to accept": ["CAPA-2026-0001"]}
    assert company == {}


def test_what_is_due_today_is_needed_until_midnight(session: Session, work: list[Record]) -> None:
    """The due day counts as a whole, the day before not."""
    assert of(session, GITA, NOW + 44 * DAY)[0]["Late or due today"] == ["DEV-2026-0001", "CAPA-2026-0001"]
    assert of(session, GITA, NOW + 45 * DAY)[0]["Late or due today"] == [
        "DEV-2026-0001", "CAPA-2026-0001", "DEV-2026-0002",
    ]  # fmt: skip


def test_who_wants_it_daily_sees_all_that_they_own(session: Session, work: list[Record]) -> None:
    """Each record once, where it is named first."""
    support.row_of(session, GITA).list_mode = ListMode.DAILY
    assert of(session, GITA)[0] == {
        "Late or due today": ["DEV-2026-0001"],
        "You have to accept": ["CAPA-2026-0001"],
        "You own": ["DEV-2026-0002"],
    }


def test_qa_have_their_companys_part(session: Session, work: list[Record]) -> None:
    """What the company has to approve, acknowledge and assign, for each of its QA."""
    _, sponsors = of(session, ANNA)
    assert sponsors == {"Aurora has to acknowledge": ["DEV-2026-0001", "DEV-2026-0002"]}
    _, cmos = of(session, ELIF)
    assert cmos == {"Borealis has to approve": ["CAPA-2026-0001"]}
    assert of(session, CARLA) == ({}, {})


def test_a_head_of_quality_without_qa_has_no_companys_part(session: Session, work: list[Record]) -> None:
    """It is QA's to answer; heads are told of what is late."""
    support.give_roles(session, CARLA, Role.HEAD)
    assert of(session, CARLA) == ({}, {})


def test_a_list_without_anything_is_empty(session: Session, there: Partnership) -> None:
    """It is not sent."""
    assert collect(session, actor(session, GITA), NOW).is_empty
    support.log_deviation(session)
    assert not collect(session, actor(session, ANNA), NOW).is_empty


def test_a_record_whose_clock_stands_needs_nobody(session: Session, work: list[Record]) -> None:
    """However late it would be."""
    due = support.sheet_of(session, work[0]).clocks[ClockName.CLOSE]
    due.paused_at = NOW
    session.flush()
    assert "Late or due today" not in of(session, GITA)[0]


@pytest.mark.parametrize(
    ("after", "following"),
    [
        (at(24, 11, 6, 59), at(24, 11)),
        (at(24, 11), at(25, 11)),
        (at(27, 11), at(30, 11)),
        (at(25, 12, 12), at(28, 12)),
        (at(27, 3, 12), datetime(2026, 3, 30, 6, tzinfo=UTC)),
    ],
)
def test_the_next_list_is_on_the_next_working_day(
    session: Session, there: Partnership, after: datetime, following: datetime
) -> None:
    """Strictly after a moment, of a company in Germany; summer and winter."""
    calendar = calendar_at(actor(session, GITA).company, "Europe/Berlin")
    assert calendar.next_time(time(8), after) == following
