"""What is queued is sent once: unique keys, exclusive claims, leases that end, retries that wait."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from storage import outbox
from storage.database import Database
from storage.outbox import LEASE, Outgoing, Said
from storage.partnership import Partnership
from tests import support
from tests.support import NOW, empty_outbox, newly_queued

SECOND = timedelta(seconds=1)
ME, OTHER = "process 1", "process 2"


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
    first = outbox.claim(session, ME, NOW, 2)
    assert keys(first) == ["c", "a"]
    outbox.done(session, [row.id for row in first], "sent", NOW)
    outbox.fall_silent(session, ME, [empty])
    assert keys(outbox.claim(session, ME, NOW, 2)) == ["b"]


def test_a_claimed_row_is_nobody_elses(session: Session, empty: int) -> None:
    """Within the lease a row is given out once, and the attempt is counted."""
    put(session, empty, "a")
    (row,) = outbox.claim(session, ME, NOW, 10)
    assert (row.attempts, row.claimed_until, row.next_at) == (1, NOW + LEASE, NOW)
    assert outbox.claim(session, ME, NOW + LEASE - SECOND, 10) == []


def test_a_lease_ends(session: Session, empty: int) -> None:
    """A row whose claimer died is given out again when the lease is over, and is in doubt: Slack may have it."""
    put(session, empty, "a")
    (row,) = outbox.claim(session, ME, NOW, 10)
    assert not row.in_doubt
    (row,) = outbox.claim(session, OTHER, NOW + LEASE, 10)
    assert (row.key, row.attempts, row.claimed_until) == ("a", 2, NOW + 2 * LEASE)
    assert row.in_doubt


def test_only_what_somebody_held_is_in_doubt(session: Session, empty: int) -> None:
    """After a death in the middle of a batch, what was never given out is as sure as before."""
    put(session, empty, "a", "b")
    outbox.claim(session, ME, NOW, 1)
    rows = outbox.claim(session, OTHER, NOW + LEASE, 10)
    assert [(row.key, row.in_doubt) for row in rows] == [("a", True), ("b", False)]


def test_doubt_lasts_until_it_is_settled(session: Session, empty: int) -> None:
    """A later attempt that fails for sure takes no doubt away; what is done has none."""
    put(session, empty, "a")
    (row,) = outbox.claim(session, ME, NOW, 10)
    outbox.retry(session, [row.id], NOW, "the answer was lost", in_doubt=True)
    outbox.fall_silent(session, ME, [empty])
    (row,) = outbox.claim(session, ME, NOW, 10)
    assert row.in_doubt
    outbox.retry(session, [row.id], NOW, "ratelimited")
    session.refresh(row)
    assert row.in_doubt
    outbox.done(session, [row.id], "sent", NOW)
    session.refresh(row)
    assert not row.in_doubt


def test_a_plain_failure_leaves_no_doubt(session: Session, empty: int) -> None:
    """Slack said no: it does not have the message."""
    put(session, empty, "a")
    (row,) = outbox.claim(session, ME, NOW, 10)
    outbox.retry(session, [row.id], NOW, "ratelimited")
    outbox.fall_silent(session, ME, [empty])
    (row,) = outbox.claim(session, OTHER, NOW, 10)
    assert (row.in_doubt, row.attempts, row.last_error) == (False, 2, "ratelimited")


def test_a_partnership_has_one_speaker_at_a_time(session: Session, empty: int) -> None:
    """While one speaks for a partnership all its rows wait, new ones too; another partnership's do not."""
    other = support.set_up(session, "C0OTHER").id
    empty_outbox(session)
    put(session, empty, "a", "b")
    (row,) = outbox.claim(session, ME, NOW, 1)
    put(session, other, "c")
    assert keys(outbox.claim(session, OTHER, NOW, 10)) == ["c"]
    outbox.done(session, [row.id], "sent", NOW)
    assert outbox.claim(session, OTHER, NOW, 10) == []
    outbox.fall_silent(session, ME, [empty])
    assert keys(outbox.claim(session, OTHER, NOW, 10)) == ["b"]


def test_who_fell_silent_leaves_other_speakers_alone(session: Session, empty: int) -> None:
    """Silence is one's own: the partnership of another speaker stays spoken for."""
    put(session, empty, "a", "b")
    outbox.claim(session, ME, NOW, 1)
    outbox.fall_silent(session, OTHER, [empty])
    assert outbox.claim(session, OTHER, NOW, 10) == []


def test_who_speaks_on_has_another_lease(session: Session, empty: int) -> None:
    """Whoever is slow and still works keeps the partnership, and with it every row."""
    put(session, empty, "a", "b")
    outbox.claim(session, ME, NOW, 1)
    assert outbox.speak_on(session, ME, empty, NOW + LEASE - SECOND)
    assert outbox.claim(session, OTHER, NOW + LEASE, 10) == []
    assert outbox.claim(session, OTHER, NOW + 2 * LEASE - 2 * SECOND, 10) == []
    assert keys(outbox.claim(session, OTHER, NOW + 2 * LEASE - SECOND, 10)) == ["a", "b"]


def test_who_ran_out_late_still_speaks_on(session: Session, empty: int) -> None:
    """As long as nobody else speaks, the partnership stays with its speaker."""
    put(session, empty, "a")
    outbox.claim(session, ME, NOW, 1)
    assert outbox.speak_on(session, ME, empty, NOW + 2 * LEASE)
    assert outbox.claim(session, OTHER, NOW + 2 * LEASE, 10) == []


def test_who_overslept_does_not_speak_on(session: Session, empty: int) -> None:
    """The speaker that overslept is told so, and the one that speaks now keeps the partnership."""
    put(session, empty, "a")
    outbox.claim(session, ME, NOW, 1)
    outbox.claim(session, OTHER, NOW + LEASE, 1)
    assert not outbox.speak_on(session, ME, empty, NOW + LEASE)
    assert outbox.speak_on(session, OTHER, empty, NOW + LEASE + SECOND)
    outbox.fall_silent(session, ME, [empty])  # comes too late, and takes nothing from the other
    assert outbox.claim(session, ME, NOW + LEASE + SECOND, 1) == []


def test_who_fell_silent_does_not_speak_on(session: Session, empty: int) -> None:
    """Who has given a partnership back claims anew."""
    put(session, empty, "a")
    outbox.claim(session, ME, NOW, 1)
    outbox.fall_silent(session, ME, [empty])
    assert not outbox.speak_on(session, ME, empty, NOW)


def test_released_rows_are_as_if_never_claimed(session: Session, empty: int) -> None:
    """They wait until the time given, the attempt does not count, and nothing about them is in doubt."""
    put(session, empty, "a", "b")
    rows = outbox.claim(session, ME, NOW, 10)
    outbox.release(session, rows, NOW + SECOND)
    outbox.fall_silent(session, ME, [empty])
    put(session, empty, "c")
    assert keys(outbox.claim(session, ME, NOW, 10)) == ["c"]
    outbox.done(session, [newly_queued(session)[-1].id], "sent", NOW)
    outbox.fall_silent(session, ME, [empty])
    again = outbox.claim(session, ME, NOW + SECOND, 10)
    assert [(row.key, row.attempts, row.in_doubt) for row in again] == [("a", 1, False), ("b", 1, False)]


def test_a_row_that_another_claimed_is_not_released(session: Session, empty: int) -> None:
    """Who overslept gives nothing back that is in the hands of another."""
    put(session, empty, "a")
    (row,) = outbox.claim(session, ME, NOW, 1)
    session.expunge(row)  # as the sender holds it, between transactions
    outbox.claim(session, OTHER, NOW + LEASE, 1)
    outbox.release(session, [row], NOW + 5 * SECOND)
    (held,) = newly_queued(session)
    assert (held.claimed_until, held.next_at, held.attempts) == (NOW + 2 * LEASE, NOW, 2)


def test_a_row_is_not_claimed_before_its_time(session: Session, empty: int) -> None:
    """A row for later waits."""
    outbox.put(session, empty, "card", "a", NOW + SECOND)
    assert outbox.claim(session, ME, NOW, 10) == []
    assert keys(outbox.claim(session, ME, NOW + SECOND, 10)) == ["a"]


def test_a_done_row_needs_no_more_work(session: Session, empty: int) -> None:
    """Done notes outcome and time, clears error and claim, and the rows are not given out again."""
    put(session, empty, "a", "b")
    rows = outbox.claim(session, ME, NOW, 10)
    outbox.retry(session, [rows[0].id], NOW, "timeout")
    outbox.done(session, [row.id for row in rows], "sent", NOW + SECOND)
    for row in rows:
        session.refresh(row)
        assert (row.outcome, row.done_at, row.last_error) == ("sent", NOW + SECOND, None)
        assert row.claimed_until is None
    assert outbox.claim(session, ME, NOW + 10 * LEASE, 10) == []


def test_a_retry_waits_until_its_time(session: Session, empty: int) -> None:
    """A row that failed comes back when it was put off to, with the error, cut to fit."""
    put(session, empty, "a")
    (row,) = outbox.claim(session, ME, NOW, 10)
    outbox.retry(session, [row.id], NOW + 30 * SECOND, "x" * 300)
    outbox.fall_silent(session, ME, [empty])
    assert outbox.claim(session, ME, NOW + 29 * SECOND, 10) == []
    (again,) = outbox.claim(session, ME, NOW + 30 * SECOND, 10)
    assert (again.attempts, again.last_error) == (2, "x" * 200)


def test_a_retry_does_not_hold_up_the_others(session: Session, empty: int) -> None:
    """Rows behind one that waits are given out."""
    put(session, empty, "a", "b")
    (row,) = outbox.claim(session, ME, NOW, 1)
    outbox.retry(session, [row.id], NOW + SECOND, "timeout")
    outbox.fall_silent(session, ME, [empty])
    assert keys(outbox.claim(session, ME, NOW, 10)) == ["b"]


def test_a_channel_that_can_be_spoken_in_again_is_hastened(session: Session, empty: int) -> None:
    """What waits for the channel is due at once; a person's, another channel's and what is held keep their time."""
    other = support.set_up(session, "C0OTHER").id
    empty_outbox(session)
    put(session, empty, "held", "waits")
    first, second = outbox.claim(session, ME, NOW, 10)
    outbox.retry(session, [second.id], NOW + 60 * SECOND, "is_archived")
    outbox.put(session, empty, "reminder", "Elif's", NOW + 60 * SECOND, to=support.row_of(session, support.ELIF).id)
    outbox.put(session, other, "card", "elsewhere", NOW + 60 * SECOND)
    outbox.retry(session, [first.id], NOW + 60 * SECOND, "timeout")
    session.refresh(first)
    first.claimed_until = NOW + LEASE
    session.flush()
    outbox.hasten(session, empty, NOW + SECOND)
    session.expire_all()
    assert {row.key: row.next_at for row in newly_queued(session)} == {
        "held": NOW + 60 * SECOND,
        "waits": NOW + SECOND,
        "Elif's": NOW + 60 * SECOND,
        "elsewhere": NOW + 60 * SECOND,
    }


def test_hastening_puts_nothing_off(session: Session, empty: int) -> None:
    """What was due before stays due since then, so that the order is kept."""
    put(session, empty, "a")
    outbox.hasten(session, empty, NOW + 60 * SECOND)
    session.expire_all()
    assert [row.next_at for row in newly_queued(session)] == [NOW]


def test_many_are_queued_in_one_statement(session: Session, empty: int) -> None:
    """Each for its person or the channel, not before its time, in the order given; known keys are left out."""
    elif_id = support.row_of(session, support.ELIF).id
    put(session, empty, "known")
    said = [
        Said(empty, "reminder", "b", NOW + SECOND, {"step": "2026-12-01"}, elif_id),
        Said(empty, "card", "known", NOW + SECOND, {"record_id": 8}),
        Said(empty, "card", "a", NOW, {"record_id": 9}),
    ]
    with support.statements(session) as seen:
        outbox.put_all(session, said, NOW)
    assert len(seen) == 1
    found = [(row.key, row.person_id, row.about, row.created_at, row.next_at) for row in newly_queued(session)]
    assert found == [
        ("known", None, {"record_id": 7}, NOW, NOW),
        ("b", elif_id, {"step": "2026-12-01"}, NOW, NOW + SECOND),
        ("a", None, {"record_id": 9}, NOW, NOW),
    ]


def test_nothing_to_say_costs_nothing(session: Session, empty: int) -> None:
    """An empty pass writes nothing."""
    with support.statements(session) as seen:
        outbox.put_all(session, [], NOW)
    assert seen == []


def test_the_next_due_row_is_one_that_can_be_claimed(session: Session, empty: int) -> None:
    """Rows of a partnership for which somebody speaks are not waited for, and what is done is not either."""
    other = support.set_up(session, "C0OTHER").id
    empty_outbox(session)
    assert outbox.next_due(session, "nobody", NOW) is None
    put(session, empty, "a")
    outbox.put(session, other, "card", "b", NOW + 60 * SECOND)
    assert outbox.next_due(session, "nobody", NOW) == NOW
    outbox.claim(session, ME, NOW, 1)
    assert outbox.next_due(session, "nobody", NOW) == NOW + 60 * SECOND
    assert outbox.next_due(session, "nobody", NOW + LEASE) == NOW  # whoever spoke has died


def test_what_failed_is_counted_and_the_newest_named(session: Session, empty: int) -> None:
    """What was tried in vain and still waits; what was sent in the end is not among it."""
    put(session, empty, "fine", "sent")
    for number, key in enumerate(("b", "a")):
        outbox.put(session, empty, "card", key, NOW - number * SECOND)
    rows = {row.key: row.id for row in newly_queued(session)}
    outbox.retry(session, [rows["a"], rows["b"], rows["sent"]], NOW, "timeout")
    outbox.done(session, [rows["sent"]], "sent", NOW)
    session.expire_all()
    newest = outbox.newest_failing(session)
    assert newest is not None
    assert (newest.key, outbox.count_failing(session)) == ("b", 2)


def test_pending_counts_what_waits_and_since_when(session: Session, empty: int) -> None:
    """Pending gives the number of unsent rows, claimed or not, and the oldest one's age."""
    assert outbox.pending(session) == (0, None)
    outbox.put(session, empty, "card", "a", NOW - SECOND)
    outbox.put(session, empty, "card", "b", NOW)
    outbox.claim(session, ME, NOW, 1)
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

    def take(number: int) -> list[Outgoing]:
        with database.writing() as session:
            return outbox.claim(session, f"worker {number}", NOW, limit)

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
