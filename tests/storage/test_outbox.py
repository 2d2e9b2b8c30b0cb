"""What is queued is sent once: unique keys, exclusive claims, leases that end, retries that wait."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from storage import outbox
from storage.database import Database
from storage.outbox import LEASE, Outgoing
from storage.partnership import Partnership
from tests import support
from tests.support import NOW, empty_outbox, newly_queued

SECOND = timedelta(seconds=1)


@pytest.fixture
def empty(session: Session, there: Partnership) -> int:
    """Give a partnership with nothing left to say."""
    empty_outbox(session)
    return there.id


def put(session: Session, partnership_id: int, *keys: str) -> None:
    for key in keys:
        outbox.put(session, partnership_id, "card", key, NOW, record_id=7)


def keys(rows: list[Outgoing]) -> list[str]:
    return [row.key for row in rows]


def test_a_row_names_what_to_say(session: Session, empty: int) -> None:
    """A queued row holds kind, key and what it is about, and is due at once."""
    put(session, empty, "card:7:1")
    (row,) = newly_queued(session)
    assert (row.kind, row.key, row.about, row.next_at) == ("card", "card:7:1", {"record_id": 7}, NOW)


def test_a_key_is_queued_once(session: Session, empty: int) -> None:
    """Queueing a key again leaves the first row as it is."""
    put(session, empty, "a")
    outbox.put(session, empty, "line", "a", NOW + SECOND, entry_id=1)
    (row,) = newly_queued(session)
    assert (row.kind, row.created_at) == ("card", NOW)


def test_a_key_that_was_sent_is_not_queued_again(session: Session, empty: int) -> None:
    """A key stays taken when its row is done."""
    put(session, empty, "a")
    empty_outbox(session)
    put(session, empty, "a")
    assert newly_queued(session) == []


def test_the_database_keeps_keys_unique(session: Session, empty: int) -> None:
    """Two rows of one key are refused by the table itself."""
    row = {"key": "a", "partnership_id": empty, "kind": "card", "about": {}, "created_at": NOW, "next_at": NOW}
    session.add_all([Outgoing(**row), Outgoing(**row)])
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()


def test_rows_are_claimed_in_the_order_they_were_written(session: Session, empty: int) -> None:
    """The oldest come first, at most as many as asked for."""
    put(session, empty, "c", "a", "b")
    first = outbox.claim(session, NOW, 2)
    assert keys(first) == ["c", "a"]
    for row in first:
        outbox.done(session, row.id, "sent", NOW)
    assert keys(outbox.claim(session, NOW, 2)) == ["b"]


def test_a_claimed_row_is_nobody_elses(session: Session, empty: int) -> None:
    """Within the lease a row is given out once, and the attempt is counted."""
    put(session, empty, "a")
    (row,) = outbox.claim(session, NOW, 10)
    assert (row.attempts, row.claimed_until, row.next_at) == (1, NOW + LEASE, NOW)
    assert outbox.claim(session, NOW + LEASE - SECOND, 10) == []


def test_a_lease_ends(session: Session, empty: int) -> None:
    """A row whose claimer died is given out again when the lease is over."""
    put(session, empty, "a")
    outbox.claim(session, NOW, 10)
    (row,) = outbox.claim(session, NOW + LEASE, 10)
    assert (row.key, row.attempts, row.claimed_until) == ("a", 2, NOW + 2 * LEASE)


def test_a_partnership_has_one_speaker_at_a_time(session: Session, empty: int) -> None:
    """While one of its rows is claimed the others of a partnership wait; another partnership's do not."""
    other = support.set_up(session, "C0OTHER").id
    empty_outbox(session)
    put(session, empty, "a", "b")
    (row,) = outbox.claim(session, NOW, 1)
    put(session, other, "c")
    assert keys(outbox.claim(session, NOW, 10)) == ["c"]
    outbox.done(session, row.id, "sent", NOW)
    assert keys(outbox.claim(session, NOW, 10)) == ["b"]


def test_a_claim_that_is_renewed_lasts_another_lease(session: Session, empty: int) -> None:
    """Whoever is slow and still works keeps the row and the partnership."""
    put(session, empty, "a", "b")
    (row,) = outbox.claim(session, NOW, 1)
    session.expunge(row)  # as the sender holds it, between transactions
    assert outbox.renew(session, row, NOW + LEASE - SECOND)
    assert outbox.claim(session, NOW + LEASE, 10) == []
    assert keys(outbox.claim(session, NOW + 2 * LEASE - SECOND, 10)) == ["a", "b"]


def test_a_claim_that_ran_out_late_is_still_renewed(session: Session, empty: int) -> None:
    """As long as nobody else took the row, it stays with its claimer."""
    put(session, empty, "a")
    (row,) = outbox.claim(session, NOW, 1)
    assert outbox.renew(session, row, NOW + 2 * LEASE)
    assert outbox.claim(session, NOW + 2 * LEASE, 10) == []


def test_what_somebody_else_has_is_not_renewed(session: Session, empty: int) -> None:
    """The claimer that overslept is told so, and the one that has the row keeps it."""
    put(session, empty, "a")
    (overslept,) = outbox.claim(session, NOW, 1)
    session.expunge(overslept)
    (row,) = outbox.claim(session, NOW + LEASE, 1)
    assert not outbox.renew(session, overslept, NOW + LEASE)
    assert outbox.renew(session, row, NOW + LEASE + SECOND)


def test_what_is_done_is_not_renewed(session: Session, empty: int) -> None:
    """A row that was sent needs no claim."""
    put(session, empty, "a")
    (row,) = outbox.claim(session, NOW, 1)
    session.expunge(row)
    outbox.done(session, row.id, "sent", NOW)
    session.flush()
    assert not outbox.renew(session, row, NOW)


def test_released_rows_are_as_if_never_claimed(session: Session, empty: int) -> None:
    """They wait until the time given, the attempt does not count, and the partnership is free again."""
    put(session, empty, "a", "b")
    rows = outbox.claim(session, NOW, 10)
    outbox.release(session, rows, NOW + SECOND)
    put(session, empty, "c")
    assert keys(outbox.claim(session, NOW, 10)) == ["c"]
    outbox.done(session, newly_queued(session)[-1].id, "sent", NOW)
    assert [(row.key, row.attempts) for row in outbox.claim(session, NOW + SECOND, 10)] == [("a", 1), ("b", 1)]


def test_a_row_is_not_claimed_before_its_time(session: Session, empty: int) -> None:
    """A row for later waits."""
    outbox.put(session, empty, "card", "a", NOW + SECOND)
    assert outbox.claim(session, NOW, 10) == []
    assert keys(outbox.claim(session, NOW + SECOND, 10)) == ["a"]


def test_a_done_row_needs_no_more_work(session: Session, empty: int) -> None:
    """Done notes outcome and time, clears error and claim, and the row is not given out again."""
    put(session, empty, "a")
    (row,) = outbox.claim(session, NOW, 10)
    outbox.retry(session, row.id, NOW, "timeout")
    outbox.done(session, row.id, "sent", NOW + SECOND)
    assert (row.outcome, row.done_at, row.last_error) == ("sent", NOW + SECOND, None)
    assert row.claimed_until is None
    assert outbox.claim(session, NOW + 10 * LEASE, 10) == []


def test_a_retry_waits_until_its_time(session: Session, empty: int) -> None:
    """A row that failed comes back when it was put off to, with the error, cut to fit."""
    put(session, empty, "a")
    (row,) = outbox.claim(session, NOW, 10)
    outbox.retry(session, row.id, NOW + 30 * SECOND, "x" * 300)
    assert outbox.claim(session, NOW + 29 * SECOND, 10) == []
    (again,) = outbox.claim(session, NOW + 30 * SECOND, 10)
    assert (again.attempts, again.last_error) == (2, "x" * 200)


def test_a_retry_does_not_hold_up_the_others(session: Session, empty: int) -> None:
    """Rows behind one that waits are given out."""
    put(session, empty, "a", "b")
    (row,) = outbox.claim(session, NOW, 1)
    outbox.retry(session, row.id, NOW + SECOND, "timeout")
    assert keys(outbox.claim(session, NOW, 10)) == ["b"]


def test_pending_counts_what_waits_and_since_when(session: Session, empty: int) -> None:
    """Pending gives the number of unsent rows, claimed or not, and the oldest one's age."""
    assert outbox.pending(session) == (0, None)
    outbox.put(session, empty, "card", "a", NOW - SECOND)
    outbox.put(session, empty, "card", "b", NOW)
    outbox.claim(session, NOW, 1)
    assert outbox.pending(session) == (2, NOW - SECOND)


def test_what_is_rolled_back_is_never_said(database: Database, there: Partnership) -> None:
    """A queued row belongs to the change's own transaction."""

    def fail() -> None:
        with database.writing() as session:
            put(session, there.id, "a")
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.reading() as session:
        assert "a" not in keys(newly_queued(session))


def claim_at_once(database: Database, workers: int, limit: int) -> list[list[Outgoing]]:
    """Let several workers claim at the same time; gives what each one got."""

    def take(_: int) -> list[Outgoing]:
        with database.writing() as session:
            return outbox.claim(session, NOW, limit)

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(take, range(workers)))


def test_of_claimers_at_the_same_time_one_speaks_for_a_partnership(database: Database, there: Partnership) -> None:
    """Of eight workers that claim at once one gets the partnership's first rows, the others nothing."""
    with database.writing() as session:
        empty_outbox(session)
        put(session, there.id, *(f"k{n}" for n in range(40)))
    taken = [keys(rows) for rows in claim_at_once(database, 8, 5) if rows]
    assert taken == [["k0", "k1", "k2", "k3", "k4"]]


def test_claimers_at_the_same_time_share_the_partnerships_out(database: Database, there: Partnership) -> None:
    """Eight workers that claim at once get every partnership's rows, each partnership one worker."""
    with database.writing() as session:
        ids = [there.id, *(support.set_up(session, f"C0OTHER{n}").id for n in range(3))]
        empty_outbox(session)
        for partnership_id in ids:
            put(session, partnership_id, *(f"k{partnership_id}:{n}" for n in range(5)))
    taken = claim_at_once(database, 8, 5)
    assert Counter(row.partnership_id for rows in taken for row in rows) == dict.fromkeys(ids, 5)
    assert sorted(len({row.partnership_id for row in rows}) for rows in taken) == [0] * 4 + [1] * 4
