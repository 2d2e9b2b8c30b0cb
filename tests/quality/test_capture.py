"""Replies kept with records: once, whoever delivers them how often, and who says them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from quality import capture
from quality.capture import Said
from quality.people import Identity
from quality.refusal import NotOnRoster
from storage import message, search
from storage.database import Database
from storage.message import Message
from storage.partnership import Partnership
from storage.record import Record
from storage.reply import Reply
from tests import support
from tests.support import CHANNEL, CMO_TEAM, GITA, NOBODY, NOW, STRANGER

SAID = Said(CHANNEL, "100.000001", "100.000002", GITA.identity, "The gasket was nicked.", NOW)


def listening(session: Session) -> Record:
    """Log a record whose card stands in the channel, and switch capture on."""
    record = support.log_deviation(session)
    there = support.actor(session, GITA).partnership
    there.captures_since = NOW
    card = Message(
        partnership_id=there.id, subject=f"card:{record.id}", team_id="T", channel_id=CHANNEL, ts=SAID.thread_ts
    )
    message.save(session, card)
    return record


@pytest.mark.both_engines
def test_a_reply_is_kept_once(session: Session, there: Partnership) -> None:
    """Heard twice, it is one entry and one count."""
    record = listening(session)
    assert capture.hear(session, SAID, NOW) is not None
    assert capture.hear(session, SAID, NOW) is None
    assert support.events(session, record) == ["deviation.logged", "deviation.replied"]
    assert (record.replies, record.version) == (1, 1)


@pytest.mark.both_engines
def test_two_processes_hear_the_same_reply(database: Database, there: Partnership) -> None:
    """Delivered to both at once, it is kept by one."""
    with database.writing() as session:
        listening(session)
    heard = support.at_once(database, 2, lambda session: capture.hear(session, SAID, NOW) is not None)
    assert sorted(heard) == [False, True]
    with database.reading() as session:
        assert len(session.exec(select(Reply)).all()) == 1
        assert support.events(session).count("deviation.replied") == 1


@pytest.mark.parametrize(
    "said",
    [
        replace(SAID, channel_id="C0OTHER"),
        replace(SAID, thread_ts="100.000009"),
        replace(SAID, at=NOW - timedelta(seconds=1)),
    ],
)
def test_what_is_not_heard(session: Session, there: Partnership, said: Said) -> None:
    """Another channel, another thread, and what was said before the switch."""
    listening(session)
    assert capture.hear(session, said, NOW) is None


def test_who_is_not_on_the_roster(session: Session, there: Partnership) -> None:
    """A colleague is to be looked up first; a stranger, and whom Slack does not tell of, are heard as nobody's."""
    record = listening(session)
    with pytest.raises(NotOnRoster):
        capture.hear(session, replace(SAID, who=NOBODY.identity), NOW)
    people = [NOBODY.identity, STRANGER.identity, Identity("", "")]
    for number, who in enumerate(people):
        capture.hear(session, replace(SAID, who=who, ts=f"200.{number}"), NOW, known=True)
    by = [entry.content["by"] for entry in support.entries(session, record)[1:]]
    assert [(one["name"], one["team"]) for one in by] == [
        ("somebody not on the roster", CMO_TEAM),
        ("somebody not on the roster", STRANGER.identity.team_id),
        ("somebody not on the roster", ""),
    ]


def test_a_change_is_told_against_the_last_text(session: Session, there: Partnership) -> None:
    """Each change has what stood there before; the same text again is none, nor is a change of what is gone."""
    record = listening(session)
    capture.hear(session, SAID, NOW)
    texts = ["Nicked?", "Nicked?", "Nicked!"]
    assert [capture.change_reply(session, CHANNEL, SAID.ts, one, NOW) for one in texts] == [True, False, True]
    assert capture.delete_reply(session, CHANNEL, SAID.ts, NOW)
    assert not capture.delete_reply(session, CHANNEL, SAID.ts, NOW)
    assert not capture.change_reply(session, CHANNEL, SAID.ts, "Never said.", NOW)
    assert not capture.change_reply(session, CHANNEL, "9.9", "Never said.", NOW)
    told = [entry.content["changes"].get("text") for entry in support.entries(session, record)[2:]]
    assert told == [[SAID.text, "Nicked?"], ["Nicked?", "Nicked!"], ["Nicked!", None]]


def test_a_record_is_found_by_what_was_said(session: Session, there: Partnership) -> None:
    """Also by what a reply says now, and not by what was taken back."""
    record = listening(session)
    capture.hear(session, replace(SAID, text="Zirconium"), NOW)
    assert search.find(session, there.id, "zirconium", 9) == [record.id]
    capture.delete_reply(session, CHANNEL, SAID.ts, NOW)
    assert search.find(session, there.id, "zirconium", 9) == []
