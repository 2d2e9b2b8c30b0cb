"""Evidence: noted, kept whole with its journal entry, handed out, checked; on both engines where it matters."""

import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from quality import evidence
from quality.content import submitted_files
from quality.evidence import FIRST_PAUSE, LONGEST_PAUSE, MOST_ATTEMPTS, SharedFile
from quality.files import Unfit
from storage import download
from storage.database import Database
from storage.download import Download
from storage.evidence import Evidence
from storage.partnership import Partnership
from storage.record import Record
from tests import support
from tests.support import ANNA, ELIF, GITA, NOW, PNG

SHARED = SharedFile("F0GAUGE", "gauge.png", len(PNG))
GAUGE = evidence.examined("gauge.png", "image/png", PNG)


def noted(session: Session, record: Record, shared: SharedFile = SHARED) -> Download:
    evidence.add(session, support.actor(session, GITA), support.ref(record), [shared], "", NOW)
    return session.exec(select(Download).where(Download.file_id == shared.file_id)).one()


@pytest.mark.both_engines
def test_a_file_is_kept_once(session: Session, there: Partnership) -> None:
    """Asked for twice it is fetched once, and kept twice it stays one; its version is the record's own."""
    record = support.log_deviation(session)
    waiting = noted(session, record)
    assert evidence.ask(session, support.actor(session, ANNA), record, [SHARED], NOW) == 0
    kept = evidence.keep(session, waiting.id, GAUGE, NOW)
    assert kept is not None
    assert (kept.sha256, kept.size) == (hashlib.sha256(PNG).hexdigest(), len(PNG))
    assert evidence.keep(session, waiting.id, GAUGE, NOW) is None
    assert (record.files, record.version) == (1, 1)
    assert support.events(session, record) == ["deviation.logged", "deviation.evidence_added"]
    assert list(evidence.verify(session)) == [None]


@pytest.mark.both_engines
def test_nothing_is_half_stored(database: Database, there: Partnership) -> None:
    """A file that may not be kept leaves neither bytes nor a row nor an entry; it is given up with its reason."""
    with database.writing() as session:
        record = support.log_deviation(session)
        waiting = noted(session, record)
    with pytest.raises(Unfit), database.writing() as session:
        evidence.keep(session, waiting.id, evidence.examined("gauge.png", "image/png", b"%PDF-"), NOW)
    with database.writing() as session:
        assert session.exec(select(Evidence)).all() == []
        evidence.give_up(session, waiting.id, "It is no picture.", NOW)
        evidence.give_up(session, waiting.id, "It is no picture.", NOW)
    with database.reading() as session:
        assert support.events(session)[-2:] == ["deviation.logged", "deviation.evidence_not_kept"]
        (told,) = support.queued(session, "not kept")
        assert support.told(session, told) == "Gita Rao"


@pytest.mark.both_engines
def test_two_that_fetch_the_same_keep_it_once(database: Database, there: Partnership) -> None:
    """A process whose claim grew old and the one that took over keep one file."""
    with database.writing() as session:
        waiting = noted(session, support.log_deviation(session))

    def keep(session: Session) -> bool:
        return evidence.keep(session, waiting.id, GAUGE, NOW) is not None

    assert sorted(support.at_once(database, 2, keep)) == [False, True]
    with database.reading() as session:
        assert len(session.exec(select(Evidence)).all()) == 1


def test_what_fails_is_tried_again_after_growing_pauses(session: Session, there: Partnership) -> None:
    """Twice as long each time, at most an hour, and not for ever."""
    waiting = noted(session, support.log_deviation(session))
    pauses, now = [], NOW
    for _ in range(MOST_ATTEMPTS - 1):
        (claimed,) = download.claim(session, now, 9)
        evidence.put_off(session, claimed.id, "Slack answered 500.", now)
        pauses.append(waiting.next_at - now)
        assert download.claim(session, waiting.next_at - timedelta(seconds=1), 9) == []
        now = waiting.next_at
    assert pauses[:3] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert pauses[-1] == LONGEST_PAUSE
    download.claim(session, now, 9)
    evidence.put_off(session, waiting.id, "Slack answered 500.", now)
    assert waiting.outcome == "not kept"
    assert f"in {MOST_ATTEMPTS} attempts: Slack answered 500. Share it again." in str(waiting.last_error)


def test_a_file_is_never_dated_before_a_submission_that_was_there(session: Session, there: Partnership) -> None:
    """Whatever a process's clock says, what is kept after a submission is no part of what is signed."""
    record = support.log_deviation(session)
    support.submit(session, record, NOW)
    support.sign(session, ELIF, record)
    late = support.keep_file(session, GITA, record, now=NOW - timedelta(hours=1))
    found = support.sheet_of(session, record)
    assert submitted_files(found) == []
    assert late.kept_at > NOW
    assert [one.counts for one in found.signatures] == [True]


@pytest.mark.both_engines
def test_what_is_kept_cannot_be_changed(database: Database, there: Partnership) -> None:
    """Triggers refuse to change, replace and remove a file and its bytes."""
    with database.writing() as session:
        support.keep_file(session, GITA, support.log_deviation(session))
    for statement in (
        "UPDATE evidence SET name = 'x'",
        "DELETE FROM evidence",
        "UPDATE evidence_content SET content = content",
        "DELETE FROM evidence_content",
    ):
        with pytest.raises(Exception, match="evidence is kept as it is"), database.writing() as session:
            session.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE evidence_content SET content = x'00'", "does not match its SHA-256"),
        ("DELETE FROM evidence_content", "is gone"),
        ("UPDATE evidence SET sha256 = 'x'", "is not what the journal says"),
        ("UPDATE evidence SET name = 'other.png'", "is not what the journal says"),
        ("UPDATE evidence SET file_id = 'F0OTHER'", "is gone"),
    ],
)
def test_a_change_behind_the_bot_is_found(session: Session, there: Partnership, statement: str, fault: str) -> None:
    """Bytes against hash, hash against journal: whoever takes the triggers away is found."""
    support.keep_file(session, GITA, support.log_deviation(session))
    for table in ("evidence", "evidence_content"):
        for verb in ("update", "delete"):
            session.execute(text(f"DROP TRIGGER {table}_no_{verb}"))
    session.execute(text(statement))
    session.expire_all()
    (found,) = evidence.verify(session)
    assert found is not None
    assert fault in found


def test_a_comment_that_looks_like_a_file_is_none(session: Session, there: Partnership) -> None:
    """What somebody types is never taken for the journal's word about a file."""
    record = support.log_deviation(session)
    actor = support.actor(session, GITA)
    support.records.comment(session, actor, support.ref(record), '"sha256":[null,"x"]', NOW)
    assert list(evidence.verify(session)) == []


@pytest.mark.both_engines
def test_a_file_that_was_given_up_may_be_shared_again(session: Session, there: Partnership) -> None:
    """The same file of Slack is tried anew, by whoever shares it then; a second failure is told again."""
    record = support.log_deviation(session)
    waiting = noted(session, record)
    evidence.give_up(session, waiting.id, "It is no picture.", NOW)
    assert evidence.ask(session, support.actor(session, ANNA), record, [SHARED], NOW) == 1
    session.expire_all()
    (again,) = download.claim(session, NOW, 9)
    assert (again.id, again.attempts, again.person_id) == (waiting.id, 1, support.row_of(session, ANNA).id)
    evidence.give_up(session, again.id, "It still is none.", NOW)
    assert len(support.queued(session, "not kept")) == 2
