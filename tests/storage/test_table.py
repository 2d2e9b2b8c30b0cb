"""Moments are aware UTC, and enums are stored by their words."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import text
from sqlalchemy.exc import StatementError
from sqlmodel import Session

from storage.database import Database
from storage.partnership import Partnership
from storage.receipt import Receipt
from tests import support

BERLIN_WINTER = timezone(timedelta(hours=1))


def test_a_moment_comes_back_as_aware_utc(session: Session) -> None:
    """A moment stored with another offset is the same moment, in UTC."""
    session.add(Receipt(key="k", at=datetime(2026, 11, 24, 10, 0, tzinfo=BERLIN_WINTER)))
    session.flush()
    session.expunge_all()
    at = session.get_one(Receipt, "k").at
    assert at == datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    assert at.utcoffset() == timedelta(0)


def test_a_moment_comes_back_as_utc_wherever_the_server_stands(postgres: Database) -> None:
    """A server gives moments with the offset of its own zone; here they are in UTC."""
    at = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    with postgres.writing() as session:
        session.add(Receipt(key="k", at=at))
        session.execute(text("SET LOCAL TIME ZONE 'Asia/Tokyo'"))
        session.flush()
        assert session.execute(text("SELECT at FROM receipt")).scalar_one().utcoffset() == timedelta(hours=9)
        session.expunge_all()
        assert session.get_one(Receipt, "k").at.isoformat() == at.isoformat()


def test_a_moment_is_stored_without_its_offset(session: Session) -> None:
    """The column holds plain UTC, so that moments sort as text."""
    session.add(Receipt(key="k", at=datetime(2026, 11, 24, 10, 0, tzinfo=BERLIN_WINTER)))
    session.flush()
    assert session.execute(text("SELECT at FROM receipt")).scalar() == "2026-11-24 09:00:00.000000"


def test_a_naive_moment_is_refused(session: Session) -> None:
    """A datetime without a zone cannot be stored."""
    session.add(Receipt(key="k", at=datetime(2026, 11, 24, 10, 0)))  # noqa: DTZ001 - what is refused
    with pytest.raises(StatementError, match="naive"):
        session.flush()
    session.rollback()


def test_microseconds_survive(session: Session) -> None:
    """A moment is kept to the microsecond."""
    at = datetime(2026, 11, 24, 9, 0, 0, 123456, tzinfo=UTC)
    session.add(Receipt(key="k", at=at))
    session.flush()
    session.expunge_all()
    assert session.get_one(Receipt, "k").at == at


def test_enums_are_stored_by_their_words(session: Session, there: Partnership) -> None:
    """The columns read as people do: `Under investigation`, not UNDER_INVESTIGATION."""
    record = support.log_deviation(session)
    row = session.execute(text("SELECT kind, state, class_, logged_side FROM record WHERE id = :i"), {"i": record.id})
    assert tuple(row.one()) == ("deviation", "Open", "Major", "CMO")
