"""Replies: one row for each place and time stamp, with what it says now."""

import pytest
from sqlmodel import Session

from storage import reply
from storage.partnership import Partnership
from storage.reply import Reply
from tests import support
from tests.support import CHANNEL, GITA, NOW

pytestmark = pytest.mark.both_engines


def said(session: Session, ts: str, text: str = "Nicked.") -> Reply:
    record, who = support.log_deviation(session), GITA.identity
    return Reply(
        partnership_id=record.partnership_id, record_id=record.id, channel_id=CHANNEL, ts=ts, team_id=who.team_id,
        user_id=who.user_id, name="Gita Rao", text=text, said_at=NOW,
    )  # fmt: skip


def test_a_reply_is_there_once(session: Session, there: Partnership) -> None:
    """The second of the same place and time is not added, and the first stays as it is."""
    one = said(session, "1.1")
    assert [reply.add(session, one), reply.add(session, said(session, "1.1", "Another."))] == [True, False]
    found = reply.find(session, CHANNEL, "1.1")
    assert found is not None
    assert found.text == "Nicked."
    assert reply.find(session, CHANNEL, "1.2") is None
    assert reply.find(session, "C0OTHER", "1.1") is None


def test_texts_are_those_that_are_said_now(session: Session, there: Partnership) -> None:
    """What was deleted is left out."""
    one = said(session, "1.1")
    reply.add(session, one)
    assert reply.texts_of_record(session, one.record_id, 9) == ["Nicked."]
    found = reply.find(session, CHANNEL, "1.1")
    assert found is not None
    found.deleted_at = NOW
    session.flush()
    assert reply.texts_of_record(session, one.record_id, 9) == []
