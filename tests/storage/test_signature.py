"""Signatures are kept as they were given: the tables themselves refuse everything but voiding, once."""

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from storage import signature
from storage.database import Database
from storage.partnership import Partnership
from storage.record import Record
from tests import support
from tests.support import DAY, ELIF, NOW

pytestmark = pytest.mark.both_engines

VOIDED = {"voided_at", "voided_because"}
VALUES = {"at": "'2026-11-25 09:00:00.000000'", "side": "'sponsor'"}
COLUMNS = [column.name for column in signature.Signature.__table__.columns]  # type: ignore[attr-defined]


@pytest.fixture
def signed(session: Session, there: Partnership) -> Record:
    """Log a deviation and bring it to its closing: two signatures."""
    made = support.close(session, support.log_deviation(session))
    session.flush()
    return made


def test_nothing_of_a_signature_is_changed(session: Session, signed: Record) -> None:
    """Whoever has a SQL prompt and the triggers cannot rewrite any column."""
    for column in set(COLUMNS) - VOIDED:
        value = VALUES.get(column, "77" if column.endswith("id") or column == "version" else "'another'")
        change = f"UPDATE signature SET {column} = {value}"  # noqa: S608 - the table's own columns
        with pytest.raises(IntegrityError, match="kept as it was given"), session.begin_nested():
            session.execute(text(change))


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM signature",
        "DELETE FROM signature WHERE id = 1",
        "INSERT INTO signature SELECT * FROM signature WHERE id = 1 ON CONFLICT (id) DO UPDATE SET hash = 'x'",
    ],
)
def test_no_signature_goes_away(session: Session, signed: Record, statement: str) -> None:
    """Neither by deleting nor by putting another in its place."""
    with pytest.raises(IntegrityError, match="a signature is kept"):
        session.execute(text(statement))
    session.rollback()


OWN_WORDS = {
    "sqlite": (
        "REPLACE INTO signature SELECT * FROM signature WHERE id = 1",
        "INSERT OR REPLACE INTO signature SELECT * FROM signature WHERE id = 1",
    ),
    "postgresql": (
        "TRUNCATE signature",
        "MERGE INTO signature USING journal_head ON signature.id = 1 WHEN MATCHED THEN DELETE",
    ),
}


def test_nor_by_an_engines_own_words(session: Session, signed: Record) -> None:
    """REPLACE of SQLite, TRUNCATE and MERGE of PostgreSQL are refused as well."""
    for statement in OWN_WORDS[session.get_bind().dialect.name]:
        with pytest.raises(IntegrityError, match="a signature is kept"), session.begin_nested():
            session.execute(text(statement))


def test_a_signature_is_voided_once(session: Session, signed: Record) -> None:
    """Afterwards neither moment nor reason changes, and it is not brought back."""
    session.execute(text("UPDATE signature SET voided_at = '2026-11-25 09:00:00.000000', voided_because = 'x'"))
    for change in ("voided_at = NULL", "voided_because = 'y'"):
        with pytest.raises(IntegrityError, match="voided once"), session.begin_nested():
            session.execute(text(f"UPDATE signature SET {change}"))  # noqa: S608 - written above


def test_every_column_is_guarded(database: Database) -> None:
    """A column that is added one day is not forgotten in the trigger."""
    guard = {
        "sqlite": "SELECT sql FROM sqlite_master WHERE name = 'signature_no_update'",
        "postgresql": "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = 'signature_no_update'",
    }
    with database.engine.connect() as connection:
        sql = connection.execute(text(guard[database.engine.dialect.name])).scalar_one()
    columns = {column["name"] for column in inspect(database.engine).get_columns("signature")}
    guarded = {name.strip() for name in sql.partition(" OF ")[2].partition(" ON ")[0].split(",")}
    assert guarded == columns - VOIDED


def test_a_records_signatures_are_listed_in_order(session: Session, signed: Record) -> None:
    """Voided ones too; another record's are not among them."""
    other = support.submit(session, support.log_deviation(session))
    support.sign(session, ELIF, other)
    first, second = signature.list_of_record(session, signed.id)
    assert (first.name, second.name) == ("Elif Kaya", "Anna Berg")
    first.voided_at = NOW
    session.flush()
    assert signature.list_of_record(session, signed.id) == [first, second]
    assert (first.counts, second.counts) == (False, True)


def test_a_signature_is_found_by_record_person_and_moment(session: Session, signed: Record) -> None:
    """Nothing else of it is needed to find it."""
    found = signature.find(session, signed.id, "U0ELIF", NOW)
    assert found is signature.list_of_record(session, signed.id)[0]
    assert signature.find(session, signed.id, "U0ELIF", NOW + DAY) is None
    assert signature.find(session, signed.id, "U0FINN", NOW) is None
    assert signature.find(session, signed.id + 1, "U0ELIF", NOW) is None


def test_all_are_counted(session: Session, signed: Record) -> None:
    """The voided ones too."""
    signature.list_of_record(session, signed.id)[0].voided_at = NOW
    session.flush()
    assert signature.count(session) == 2
