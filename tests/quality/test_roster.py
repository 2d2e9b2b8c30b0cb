"""Who is there: leaving, coming back, being out of office, when the morning list comes, and channels gone silent."""

from datetime import UTC, date, datetime, time

import pytest
from sqlmodel import Session

from quality import reminders, roster, setting
from quality.people import Profile
from quality.roster import Wishes
from storage import outbox, partnership
from storage.clock import Duty
from storage.partnership import Partnership, Side
from storage.person import ListMode, Role
from tests import support
from tests.support import ANNA, BEN, CARLA, DAY, ELIF, FINN, GITA, HOUR, NOW, actor

UNTIL = date(2026, 12, 4)


def leave(session: Session, who: Profile, why: str = "left the channel") -> None:
    row = support.row_of(session, who)
    roster.leave(session, row.partnership_id, row.id, why, NOW)


def go_away(session: Session, who: Profile, instead: Profile, until: date = UNTIL, now: datetime = NOW) -> object:
    return roster.go_away(session, actor(session, who), support.row_of(session, instead).id, until, now)


# Leaving and coming back


def test_who_leaves_is_on_the_roster_no_more(session: Session, there: Partnership) -> None:
    """From that moment on, journaled with the reason and what they were; nothing of theirs is deleted."""
    gita = support.row_of(session, GITA)
    leave(session, GITA, "deactivated in Slack")
    assert (gita.active, gita.left_at, gita.next_list_at) == (False, NOW, None)
    assert gita.roles == [Role.MEMBER]
    entry = support.last_entry(session)
    assert (entry.event, entry.content["by"]["name"]) == ("person.left", "QualBridge")
    assert entry.content["reason"] == "deactivated in Slack"
    assert entry.content["changes"]["person"][0]["user"] == "U0GITA"
    assert entry.content["changes"]["roles"] == ["member", None]


def test_open_work_is_offered_to_qa_of_the_leavers_company(session: Session, there: Partnership) -> None:
    """Each of them by a message, and the cards of what they owned are drawn anew; what is closed is left alone."""
    owned, done = (support.log_deviation(session) for _ in range(2))
    support.assign(session, owned, GITA)
    support.close(session, done)
    support.empty_outbox(session)
    gita = support.row_of(session, GITA).id
    leave(session, GITA)
    rows = support.newly_queued(session)
    assert [(row.kind, support.told(session, row), row.about) for row in rows if row.kind == "leaver"] == [
        ("leaver", "Elif Kaya", {"whose": gita}),
        ("leaver", "Finn Larsen", {"whose": gita}),
    ]
    assert [row.about for row in rows if row.kind == "card"] == [{"record_id": owned.id}]


def test_where_no_qa_is_left_the_other_companys_is_told(session: Session, there: Partnership) -> None:
    """So that no work is forgotten."""
    leave(session, ELIF)
    support.empty_outbox(session)
    leave(session, FINN)
    rows = [row for row in support.newly_queued(session) if row.kind == "leaver"]
    assert [support.told(session, row) for row in rows] == ["Anna Berg", "Ben Ortiz"]


def test_a_stand_in_is_told_of_a_leaver(session: Session, there: Partnership) -> None:
    """Once, also where they are QA themselves."""
    go_away(session, ELIF, FINN)
    support.empty_outbox(session)
    leave(session, GITA)
    assert [support.told(session, row) for row in support.newly_queued(session) if row.kind == "leaver"] == [
        "Finn Larsen"
    ]


def test_leaving_twice_is_leaving_once(session: Session, there: Partnership) -> None:
    """Slack says it by several events."""
    row = support.row_of(session, GITA)
    leave(session, GITA)
    number = len(support.entries(session))
    roster.leave(session, row.partnership_id, row.id, "deactivated", NOW + HOUR)
    assert (len(support.entries(session)), row.left_at) == (number, NOW)


def test_who_comes_back_is_a_member(session: Session, there: Partnership) -> None:
    """Roles are QA's to give, once more; the morning list comes again."""
    elif_row = support.row_of(session, ELIF)
    leave(session, ELIF)
    roster.come_back(session, elif_row, NOW + DAY)
    assert (elif_row.active, elif_row.left_at, elif_row.roles) == (True, None, [Role.MEMBER])
    assert elif_row.next_list_at == datetime(2026, 11, 26, 7, tzinfo=UTC)
    entry = support.last_entry(session)
    assert (entry.event, entry.content["by"]["name"]) == ("person.returned", "Elif Kaya")
    assert entry.content["changes"]["roles"] == [None, "member"]
    assert not support.row_of(session, ELIF).has(Role.QA)


def test_who_leaves_is_not_away_any_more(session: Session, there: Partnership) -> None:
    """An absence ends with the place on the roster."""
    gita = support.row_of(session, GITA)
    go_away(session, GITA, FINN)
    leave(session, GITA)
    assert (gita.away_until, gita.stand_in_id) == (None, None)


# Out of office


def test_a_colleague_stands_in(session: Session, there: Partnership) -> None:
    """Up to and including a day, journaled."""
    go_away(session, GITA, FINN)
    gita = support.row_of(session, GITA)
    assert (gita.away_until, gita.stand_in_id) == (UNTIL, support.row_of(session, FINN).id)
    entry = support.last_entry(session)
    assert (entry.event, entry.content["by"]["name"]) == ("person.away", "Gita Rao")
    assert entry.content["changes"] == {"stand_in": [None, "Finn Larsen"], "away_until": [None, "2026-12-04"]}


@pytest.mark.parametrize(
    ("instead", "error"),
    [
        (ANNA, "Choose a colleague of Borealis from the list."),  # of the other company
        (GITA, "This is you. Choose a colleague."),
    ],
    ids=["the other company", "oneself"],
)
def test_a_stand_in_is_a_colleague(session: Session, there: Partnership, instead: Profile, error: str) -> None:
    """Of one's own company, and not oneself."""
    assert support.field_errors(session, go_away, GITA, instead) == {"stand_in": error}


def test_a_viewer_or_somebody_unknown_stands_in_for_nobody(session: Session, there: Partnership) -> None:
    """Who only reads can do nothing about what waits; an id from elsewhere names nobody."""
    support.give_roles(session, FINN, Role.VIEWER)
    wrong = {"stand_in": "Choose a colleague of Borealis from the list."}
    assert support.field_errors(session, go_away, GITA, FINN) == wrong
    assert support.field_errors(session, lambda s: roster.go_away(s, actor(s, GITA), 999, UNTIL, NOW)) == wrong


@pytest.mark.parametrize(
    ("until", "error"),
    [
        (date(2026, 11, 23), "This day is past. Give the last day on which you are away."),
        (date(2027, 11, 26), "This is more than a year ahead. Check the year."),
        (date(2026, 11, 24), None),
        (date(2027, 11, 25), None),
    ],
)
def test_an_absence_is_from_today_on(session: Session, there: Partnership, until: date, error: str | None) -> None:
    """Today counts, a year ahead as well, beyond it is a slip of the pen."""
    if error is None:
        go_away(session, GITA, FINN, until)
    else:
        assert support.field_errors(session, go_away, GITA, FINN, until) == {"until": error}


def test_today_is_where_the_person_is(session: Session, there: Partnership) -> None:
    """Late in the evening in Berlin it is tomorrow in Tokyo."""
    support.row_of(session, GITA).time_zone = "Asia/Tokyo"
    evening = datetime(2026, 11, 24, 20, tzinfo=UTC)
    assert support.field_errors(session, go_away, GITA, FINN, date(2026, 11, 24), evening)
    go_away(session, GITA, FINN, date(2026, 11, 25), evening)


def test_an_absence_ends_early(session: Session, there: Partnership) -> None:
    """By a button, once; who is not away has nothing to end."""
    go_away(session, GITA, FINN)
    for _ in range(2):
        roster.be_back(session, actor(session, GITA), NOW + DAY)
    gita = support.row_of(session, GITA)
    assert (gita.away_until, gita.stand_in_id) == (None, None)
    assert support.events(session).count("person.back") == 1
    assert support.last_entry(session).content["changes"] == {"away_until": ["2026-12-04", None]}


# The morning list


def test_a_person_says_when_their_list_comes(session: Session, there: Partnership) -> None:
    """Journaled with what it was; the next one is on the next working day of their company."""
    now = datetime(2026, 11, 25, 12, tzinfo=UTC)
    roster.wish(session, actor(session, CARLA), Wishes(ListMode.DAILY, time(9, 30)), now)
    carla = support.row_of(session, CARLA)
    assert (carla.list_mode, carla.list_at) == (ListMode.DAILY, time(9, 30))
    assert carla.next_list_at == datetime(2026, 11, 27, 8, 30, tzinfo=UTC)  # after Thanksgiving
    entry = support.last_entry(session)
    assert (entry.event, entry.content["by"]["name"]) == ("person.list_set", "Carla Diaz")
    assert entry.content["changes"] == {"list": ["When something needs me, 08:00", "Every working day, 09:30"]}


# A channel in which nothing can be said


def muted(session: Session) -> list[tuple[str, str]]:
    rows = [row for row in support.newly_queued(session) if row.kind == "muted"]
    return [(row.key, support.told(session, row)) for row in rows]


def test_one_person_is_told_that_a_channel_is_silent(session: Session, there: Partnership) -> None:
    """QA of the company in whose workspace the bot is at home, once, however often it is tried."""
    support.empty_outbox(session)
    for hours in range(3):
        roster.tell_muted(session, there.id, "is_archived", NOW + hours * HOUR)
    session.expire_all()
    there = partnership.get(session, there.id)
    assert (there.muted_at, there.muted_because) == (NOW, "is_archived")
    assert [name for _, name in muted(session)] == ["Anna Berg"]


def test_a_stand_in_is_told_that_a_channel_is_silent(session: Session, there: Partnership) -> None:
    """As of any message of who is away."""
    go_away(session, ANNA, CARLA)
    support.empty_outbox(session)
    roster.tell_muted(session, there.id, "is_archived", NOW)
    assert [name for _, name in muted(session)] == ["Carla Diaz"]


def test_where_that_company_has_no_qa_the_others_is_told(session: Session, there: Partnership) -> None:
    """Somebody is; where there is no QA at all, nobody can be, and it is noted all the same."""
    for who in (ANNA, BEN):
        support.remove(session, who)
    support.empty_outbox(session)
    roster.tell_muted(session, there.id, "channel_not_found", NOW)
    assert [name for _, name in muted(session)] == ["Elif Kaya"]
    for who in (ELIF, FINN):
        support.remove(session, who)
    support.empty_outbox(session)
    roster.hear_again(session, there.id, NOW)
    roster.tell_muted(session, there.id, "channel_not_found", NOW + HOUR)
    assert (muted(session), partnership.count_muted(session)) == ([], 1)


def test_a_channel_that_is_heard_again_says_what_waited(session: Session, there: Partnership) -> None:
    """At once; and when it falls silent again, somebody is told again."""
    roster.tell_muted(session, there.id, "is_archived", NOW)
    support.empty_outbox(session)
    outbox.put(session, there.id, "card", "waits", NOW + DAY, record_id=1)
    roster.hear_again(session, there.id, NOW + HOUR)
    session.expire_all()
    assert [row.next_at for row in support.newly_queued(session)] == [NOW + HOUR]
    assert partnership.get(session, there.id).muted_at is None
    roster.tell_muted(session, there.id, "is_archived", NOW + 2 * HOUR)
    assert len(muted(session)) == 1


def test_the_work_of_who_left_stays_their_companys(session: Session, there: Partnership) -> None:
    """Its turn and its reminders: QA of the leaver's company are reminded, whoever logged the record."""
    made = support.log_deviation(session, ANNA)
    support.assign(session, made, GITA)
    leave(session, GITA)
    assert made.turn is Side.CMO
    found = setting.read(session, [there.id])[there.id]
    told = reminders.first_told(found, Duty.OWNER, made, frozenset())
    assert [who.name for who in told] == ["Elif Kaya", "Finn Larsen"]
