"""The canonical content: the program in docs/signatures.md recomputes it with the standard library alone."""

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from quality import capa, request, specification
from quality.capa import PlanForm
from quality.content import content, digest
from storage.database import Database
from storage.investigation import Cause
from storage.record import Asked, Class, Distributed, Kind, Outcome, Record, State
from tests import support
from tests.support import ANNA, CAUSE, DAY, ELIF, FINN, GITA, NO_CAUSE, actor, ref

ROOT = Path(__file__).parent.parent.parent
PROGRAM = re.findall(r"```python\n(.*?)```", (ROOT / "docs/signatures.md").read_text(encoding="utf-8"), re.DOTALL)[0]


def recompute(path: Path) -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, "-I", "-c", PROGRAM, str(path)]
    return subprocess.run(arguments, capture_output=True, text=True, check=False)  # noqa: S603 - our own words


class Time:
    """Gives a later moment each time, with and without microseconds in turn, as a server's clock may."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.at = (self.at + timedelta(minutes=5)).replace(microsecond=0 if self.at.microsecond else 1203)
        return self.at


def _deviation(session: Session, now: Time) -> Record:
    """Sign a major deviation, send it back, sign it again, make it critical, and close it."""
    lots = ("XY-2", "ab-1001", "Ä-7")
    record = support.log_deviation(session, now=now(), product='Auroprim "10"\u2028mg/ml', lots=lots)
    answers = {
        "distributed": Distributed.NO,
        "category": Cause.PEOPLE,
        "human_error": 'Excluded:\n\t"all" \\ that.',
    }
    support.keep_file(session, GITA, record, 'scan "1" ü.png', now=now())
    support.submit(session, record, now(), **answers)
    support.sign(session, ELIF, record, now=now())
    support.keep_file(session, ANNA, record, file_id="F0LATER", now=now())
    request.send_back(session, actor(session, ANNA), ref(record), "The impact is not clear.", now())
    support.submit(session, record, now(), **answers)
    support.sign(session, ELIF, record, now=now())
    request.reclassify(session, actor(session, ANNA), ref(record), Class.CRITICAL, "A sterile product.", now())
    support.sign(session, FINN, record, now=now())
    support.keep_file(session, GITA, record, file_id="F0LAST", now=now())
    return support.sign(session, ANNA, record, now=now())


def _oos(session: Session, now: Time) -> Record:
    """Sign a retest plan, change it, sign it again, close the result as confirmed."""
    record = support.log_oos(session, now=now(), distributed=Distributed.UNKNOWN)
    support.phase_1(session, record, replace(NO_CAUSE, checklist=("Balance", "Column")), now())
    support.plan_retests(session, record, now())
    support.sign(session, ELIF, record, "approve_plan", now())
    support.plan_retests(session, record, now(), number=1)
    for who in (ANNA, FINN):
        support.sign(session, who, record, "approve_plan", now())
    support.retest(session, record, "94,40", now())
    support.keep_file(session, GITA, record, now=now())
    support.phase_2(session, record, now(), distributed=Distributed.YES)
    support.sign(session, ELIF, record, now=now())
    return support.sign(session, ANNA, record, now=now())


def _invalidated(session: Session, now: Time) -> Record:
    """Close a result by its laboratory cause, and reopen it."""
    record = support.log_oos(session, now=now())
    support.phase_1(session, record, CAUSE, now())
    support.sign(session, ELIF, record, now=now())
    support.sign(session, ANNA, record, now=now())
    support.ask(session, ANNA, record, Asked.REOPEN, now())
    return request.agree(session, actor(session, ELIF), ref(record), now())


def _capa(session: Session, now: Time, source: Record) -> Record:
    """Approve a CAPA's plan by both companies after a change of it, check it twice."""
    record = support.log_capa(session, now=now(), sources=(source.number,))
    support.sign(session, ELIF, record, "approve_plan", now())
    capa.change_plan(session, actor(session, FINN), ref(record), PlanForm("Order two.", "No leak in 90 days."), now())
    support.keep_file(session, GITA, record, now=now())
    support.implement(session, support.begin_capa(session, record, now()), now())
    support.keep_file(session, GITA, record, file_id="F0CHECK", now=now())
    now.at += 91 * DAY
    support.check(session, ELIF, record, Outcome.INCONCLUSIVE, now())
    now.at += 31 * DAY
    return support.check(session, ANNA, record, Outcome.NOT_EFFECTIVE, now())


def _specification(session: Session, now: Time) -> Record:
    """Sign a specification, take a test out, sign it again, and let another version take its place."""
    record = support.sign(session, ELIF, support.propose(session, now=now()), now=now())
    gone = support.sheet_of(session, record).tests[0]
    specification.remove_test(session, actor(session, GITA), ref(record), gone.id, "Twice.", now())
    support.sign(session, ANNA, support.sign(session, ELIF, record, now=now()), now=now())
    support.effective(session, now())
    return record


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a database with signed records of all kinds, by the use cases; tests copy it."""
    path = Path(shutil.copy(support.migrated(), tmp_path_factory.mktemp("signed") / "bot.db"))
    database = Database(f"sqlite:///{path}")
    now = Time()
    with database.writing() as session:
        support.set_up(session)
    with database.writing() as session:
        made = [_deviation(session, now), _oos(session, now), _invalidated(session, now)]
        made.append(_capa(session, now, made[0]))
        made.append(_specification(session, now))
        assert [one.state for one in made] == [*[State.CLOSED] * 2, State.PHASE_1, State.CLOSED, State.SUPERSEDED]
    database.close()
    return path


@pytest.fixture
def copy(signed: Path, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Open a copy without the triggers, as somebody with the file in hand could."""
    path = tmp_path / "tampered.db"
    with sqlite3.connect(signed) as whole, sqlite3.connect(path) as made:
        whole.backup(made)
    whole.close()
    made.close()
    connection = sqlite3.connect(path, isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    yield connection
    connection.close()


def faults(copy: sqlite3.Connection) -> list[str]:
    path = copy.execute("PRAGMA database_list").fetchone()[2]
    done = recompute(Path(path))
    assert done.returncode == 1, done.stdout
    return done.stderr.splitlines()


def test_every_content_can_be_rebuilt_as_documented(signed: Path) -> None:
    """The program finds all signatures whole, in a database with every scope, void ones among them."""
    done = recompute(signed)
    assert (done.returncode, done.stdout, done.stderr) == (0, "every signature holds\n", "")
    with sqlite3.connect(signed) as connection:
        found = connection.execute(
            "SELECT r.kind, s.scope, s.voided_at IS NULL FROM signature s JOIN record r ON r.id = s.record_id"
        ).fetchall()
    connection.close()
    assert len(found) == 21
    assert set(found) == {
        (Kind.DEVIATION, "record", 0),
        (Kind.DEVIATION, "record", 1),
        (Kind.OOS, "plan", 0),
        (Kind.OOS, "plan", 1),
        (Kind.OOS, "record", 0),
        (Kind.OOS, "record", 1),
        (Kind.CAPA, "plan", 0),
        (Kind.CAPA, "plan", 1),
        (Kind.CAPA, "check 1", 1),
        (Kind.CAPA, "check 2", 1),
        (Kind.SPECIFICATION, "record", 0),
        (Kind.SPECIFICATION, "record", 1),
    }


def test_the_bot_stores_what_it_hashed(signed: Path) -> None:
    """Each stored content is that of the record, for the signatures that count."""
    database = Database(f"sqlite:///{signed}")
    with database.reading() as session:
        for number in range(1, 7):
            found = support.sheet_of(session, session.get_one(Record, number))
            for one in found.signatures:
                assert digest(one.content) == one.hash
                assert not one.counts or content(found, one.scope) == one.content
    database.close()


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE signature SET content = replace(content, 'Filter', 'Fitter')", "does not match its hash"),
        ("UPDATE record SET title = 'All is well'", "is not what the tables hold"),
        ("UPDATE investigation SET submitted_by_id = 1", "is not what the tables hold"),
        ("UPDATE investigation SET capa_needed = NOT capa_needed", "is not what the tables hold"),
        ("UPDATE retest SET result = '99.9'", "is not what the tables hold"),
        ("DELETE FROM retest", "is not what the tables hold"),
        ("UPDATE implementation SET implemented_on = '2026-11-01'", "is not what the tables hold"),
        ("UPDATE effectiveness_check SET outcome = 'Effective' WHERE number = 2", "is not what the tables hold"),
        ("UPDATE phase_one SET checklist = '[]'", "is not what the tables hold"),
        ("DELETE FROM record_batch WHERE lot = 'Ä-7'", "is not what the tables hold"),
        ("UPDATE evidence SET sha256 = 'another'", "is not what the tables hold"),
        ("UPDATE evidence SET name = 'another.png' WHERE file_id = 'F0CHECK'", "is not what the tables hold"),
        ("DELETE FROM evidence WHERE file_id = 'F0GAUGE'", "is not what the tables hold"),
        ("UPDATE signature SET name = 'Ben Ortiz'", "the journal tells of no such signature"),
        ("UPDATE signature SET at = '2026-11-20 09:00:00.000000'", "the journal tells of no such signature"),
        ("DELETE FROM signature WHERE scope = 'check 1'", "is not there"),
        ("UPDATE signature SET voided_at = NULL, voided_because = NULL", "otherwise whether it is void"),
        ("UPDATE signature SET voided_at = at WHERE voided_at IS NULL", "otherwise whether it is void"),
    ],
)
def test_a_change_behind_the_bot_is_found(copy: sqlite3.Connection, statement: str, fault: str) -> None:
    """Whatever was signed and whoever signed, a change of the file shows."""
    assert copy.execute(statement).rowcount > 0
    assert any(fault in line for line in faults(copy))


def test_a_signature_replaced_as_a_whole_is_found(copy: sqlite3.Connection) -> None:
    """Record, content and hash changed alike agree with each other, but not with the journal."""
    copy.execute("UPDATE record SET title = 'All is well' WHERE number = 'DEV-2026-0001'")
    copy.create_function("sha256", 1, digest)
    (replaced,) = copy.execute("SELECT max(id) FROM signature WHERE record_id = 1").fetchone()
    copy.execute("CREATE TEMP TABLE forged AS SELECT * FROM signature WHERE id = ?", (replaced,))
    copy.execute("UPDATE forged SET content = replace(content, 'Filter integrity test failed', 'All is well')")
    copy.execute("UPDATE forged SET hash = sha256(content)")
    copy.execute("INSERT OR REPLACE INTO signature SELECT * FROM forged")
    found = faults(copy)
    assert f"signature {replaced} of DEV-2026-0001: the journal tells of no such signature" in found
    assert not [line for line in found if f"signature {replaced} of" in line and "hash" in line]
    assert [line for line in found if line.startswith("a signature of DEV-2026-0001, given ")]


def test_files_are_signed_that_were_there_at_the_submission(signed: Path) -> None:
    """Each signature has the files kept before the last part it takes in was submitted; a plan has none."""
    with sqlite3.connect(signed) as connection:
        rows = connection.execute("SELECT record_id, scope, content FROM signature ORDER BY id").fetchall()
    connection.close()
    found = [(record, scope, len(json.loads(text).get("evidence", []))) for record, scope, text in rows]
    assert [number for record, _, number in found if record == 1] == [1, 2, 2, 2]
    assert {number for record, scope, number in found if record == 2 and scope == "record"} == {1}
    assert {scope: number for record, scope, number in found if record == 4} == {"plan": 0, "check 1": 2, "check 2": 2}


def test_what_is_not_signed_may_change(signed: Path, tmp_path: Path) -> None:
    """A comment, a file, a link, another owner, a later due date and another name leave the signatures as they are."""
    database = Database(f"sqlite:///{shutil.copy(signed, tmp_path / 'later.db')}")
    with database.writing() as session:
        closed, other = session.get_one(Record, 1), session.get_one(Record, 2)
        support.keep_file(session, FINN, closed, file_id="F0MORE", now=support.NOW)
        support.records.comment(session, actor(session, FINN), ref(closed), "Filed.", support.NOW)
        support.records.link_records(session, actor(session, FINN), ref(closed), [other.number], support.NOW)
        closed.owner_id = support.row_of(session, FINN).id
        support.row_of(session, ELIF).name = "Elif Aydin"
        support.remove(session, ANNA)
    database.close()
    assert recompute(tmp_path / "later.db").returncode == 0
