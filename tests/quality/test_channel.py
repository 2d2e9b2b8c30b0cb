"""A channel in which nothing can be said, and one that is heard again."""

from dataclasses import replace
from datetime import date

from sqlmodel import Session

from quality import channel, mine
from quality import partnership as settings_up
from storage import outbox, partnership
from storage.partnership import Partnership
from tests import support
from tests.support import ANNA, BEN, CARLA, DAY, ELIF, FINN, HOUR, NOW, actor


def muted(session: Session) -> list[tuple[str, str]]:
    rows = [row for row in support.newly_queued(session) if row.kind == "muted"]
    return [(row.key, support.told(session, row)) for row in rows]


def test_one_person_is_told_that_a_channel_is_silent(session: Session, there: Partnership) -> None:
    """QA of the company in whose workspace the bot is at home, once, however often it is tried."""
    support.empty_outbox(session)
    for hours in range(3):
        channel.tell_muted(session, there.id, "is_archived", NOW + hours * HOUR)
    session.expire_all()
    there = partnership.get(session, there.id)
    assert (there.muted_at, there.muted_because) == (NOW, "is_archived")
    assert [name for _, name in muted(session)] == ["Anna Berg"]


def test_a_stand_in_is_told_that_a_channel_is_silent(session: Session, there: Partnership) -> None:
    """As of any message of who is away."""
    mine.go_away(session, actor(session, ANNA), support.row_of(session, CARLA).id, date(2026, 12, 4), NOW)
    support.empty_outbox(session)
    channel.tell_muted(session, there.id, "is_archived", NOW)
    assert [name for _, name in muted(session)] == ["Carla Diaz"]


def test_where_that_company_has_no_qa_the_others_is_told(session: Session, there: Partnership) -> None:
    """Somebody is; where there is no QA at all, nobody can be, and it is noted all the same."""
    for who in (ANNA, BEN):
        support.remove(session, who)
    support.empty_outbox(session)
    channel.tell_muted(session, there.id, "channel_not_found", NOW)
    assert [name for _, name in muted(session)] == ["Elif Kaya"]
    for who in (ELIF, FINN):
        support.remove(session, who)
    support.empty_outbox(session)
    channel.hear_again(session, there.id, NOW)
    channel.tell_muted(session, there.id, "channel_not_found", NOW + HOUR)
    assert (muted(session), partnership.count_muted(session)) == ([], 1)


def test_a_channel_that_is_heard_again_says_what_waited(session: Session, there: Partnership) -> None:
    """At once; and when it falls silent again, somebody is told again."""
    channel.tell_muted(session, there.id, "is_archived", NOW)
    support.empty_outbox(session)
    outbox.put(session, there.id, "card", "waits", NOW + DAY, record_id=1)
    channel.hear_again(session, there.id, NOW + HOUR)
    session.expire_all()
    assert [row.next_at for row in support.newly_queued(session)] == [NOW + HOUR]
    assert partnership.get(session, there.id).muted_at is None
    channel.tell_muted(session, there.id, "is_archived", NOW + 2 * HOUR)
    assert len(muted(session)) == 1


def test_a_cmo_of_an_organisation_may_be_at_home(session: Session) -> None:
    """Its installation is a workspace's, its company's id the organisation's: it is the sponsor who can be cut off."""
    cmo = replace(support.profile("Una Q", "T0BOREALIS"), teams=frozenset({"T0BOREALIS", "T0OTHER", "E0BOREALIS"}))
    form = replace(support.SET_UP, cmo_qa=(cmo,), home_team_id="T0BOREALIS")
    there = settings_up.set_up(session, cmo, form, NOW)
    channel.disconnect(session, there.channel_id, "T0OTHER", NOW, shared=True)
    assert there.muted_because is None
    channel.disconnect(session, there.channel_id, support.SPONSOR_TEAM, NOW, shared=True)
    session.refresh(there)
    assert there.muted_because == channel.NOT_SHARED
    channel.hear_returned(session, support.actor(session, cmo), NOW)
    session.refresh(there)
    assert there.muted_because == channel.NOT_SHARED
    channel.hear_returned(session, support.actor(session, support.ANNA), NOW)
    session.refresh(there)
    assert there.muted_because is None
