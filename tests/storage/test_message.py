"""Where the bot's lasting messages stand."""

import pytest
from sqlmodel import Session

from storage import message
from storage.database import Database
from storage.message import Message
from storage.partnership import Partnership
from tests import support
from tests.support import SPONSOR_TEAM

pytestmark = pytest.mark.both_engines


def posted(there: Partnership, subject: str, ts: str = "1.0", permalink: str | None = None) -> Message:
    return Message(
        partnership_id=there.id, subject=subject, team_id=SPONSOR_TEAM, channel_id="C1", ts=ts, permalink=permalink
    )


def test_a_message_is_found_by_what_it_shows(session: Session, there: Partnership) -> None:
    """A subject that was never posted has no message."""
    message.save(session, posted(there, "card:1"))
    session.flush()
    found = message.find(session, there.id, "card:1")
    assert found is not None
    assert found.ts == "1.0"
    assert message.find(session, there.id, "card:2") is None
    assert message.find(session, there.id + 1, "card:1") is None


def test_a_later_message_takes_the_place(session: Session, there: Partnership) -> None:
    """A subject stands in one message."""
    message.save(session, posted(there, "card:1"))
    session.flush()
    message.save(session, posted(there, "card:1", ts="2.0"))
    session.flush()
    found = message.find(session, there.id, "card:1")
    assert found is not None
    assert found.ts == "2.0"


def test_of_messages_at_once_one_stays(database: Database, there: Partnership) -> None:
    """Whoever comes second puts theirs in the place of the first."""
    times = iter(["1.0", "2.0"])
    support.one_after_the_other(
        database, lambda session: message.save(session, posted(there, "card:1", ts=next(times)))
    )
    with database.reading() as session:
        found = message.find(session, there.id, "card:1")
    assert found is not None
    assert found.ts == "2.0"


def test_permalinks_are_given_where_slack_gave_one(session: Session, there: Partnership) -> None:
    """Subjects without a message or an address are left out."""
    message.save(session, posted(there, "card:1", permalink="https://x/1"))
    message.save(session, posted(there, "card:2"))
    session.flush()
    assert message.permalinks(session, there.id, ["card:1", "card:2", "card:3"]) == {"card:1": "https://x/1"}
    assert message.permalinks(session, there.id + 1, ["card:1"]) == {}
