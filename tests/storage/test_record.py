"""Records are found by number, listed and paged inside their partnership, by queries that use indexes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from quality.authority import REPORTS
from quality.sheet import of_record
from storage import (
    agreement,
    author,
    authority,
    capa,
    clock,
    device,
    draft,
    journal,
    oos,
    outbox,
    partnership,
    person,
    receipt,
    record,
    request,
    search,
    signature,
    snooze,
)
from storage.agreement import Agreement
from storage.clock import ClockName
from storage.database import Database
from storage.outbox import Outgoing
from storage.partnership import Partnership, Side
from storage.record import Asked, Class, Distributed, Kind, Row
from storage.schema import METADATA
from tests import support
from tests.support import DAY, ELIF, FINN, GITA, NOW


def numbers(rows: list[Row]) -> list[str]:
    return [row.record.number for row in rows]


@pytest.fixture
def filled(session: Session, there: Partnership) -> int:
    """Give a partnership with three deviations, an OOS result, a CAPA, and a namesake elsewhere."""
    first = support.log_deviation(session, lots=("AB-1", "AB-2"), class_=Class.MINOR)
    support.log_deviation(session, lots=("AB-1",))
    third = support.log_deviation(session, detected_at=NOW - 50 * DAY, lots=())
    support.log_oos(session, lots=("ab-1",))
    support.log_capa(session, sources=(first.number,))
    support.assign(session, first, GITA)
    support.close(session, third, NOW + DAY)
    support.set_up(session, "C0OTHER")
    support.log_deviation(session, channel_id="C0OTHER", lots=("AB-1",))
    return there.id


@pytest.mark.both_engines
def test_a_record_is_got_by_id_inside_its_partnership(session: Session, filled: int) -> None:
    """Another partnership's record and an unknown one are LookupErrors alike."""
    found = record.find(session, filled, "DEV-2026-0001")
    assert found is not None
    assert record.get(session, filled, found.id) is found
    for partnership_id, record_id in ((filled + 1, found.id), (filled, 999)):
        with pytest.raises(LookupError):
            record.get(session, partnership_id, record_id)


def test_a_record_is_found_by_number_without_regard_to_case(session: Session, filled: int) -> None:
    """The number as typed finds the record; a number never given finds none."""
    found = record.find(session, filled, "oos-2026-0001")
    assert found is not None
    assert found.kind is Kind.OOS
    assert record.find(session, filled, "OOS-2026-0002") is None


@pytest.mark.both_engines
def test_a_number_stands_for_one_record(session: Session, filled: int) -> None:
    """The table refuses the same number twice in a partnership."""
    statement = "UPDATE record SET number = 'DEV-2026-0001' WHERE number = 'DEV-2026-0002' AND partnership_id = :p"
    with pytest.raises(IntegrityError):
        session.execute(text(statement), {"p": filled})
    session.rollback()


LISTS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["CAPA-2026-0001", "OOS-2026-0001", "DEV-2026-0002", "DEV-2026-0001"]),
    ({"kind": Kind.DEVIATION}, ["DEV-2026-0002", "DEV-2026-0001"]),
    ({"kind": Kind.DEVIATION, "is_open": None}, ["DEV-2026-0003", "DEV-2026-0002", "DEV-2026-0001"]),
    ({"kind": Kind.DEVIATION, "is_open": False}, ["DEV-2026-0003"]),
    ({"is_open": False}, ["DEV-2026-0003"]),
    ({"lot": "AB-1"}, ["OOS-2026-0001", "DEV-2026-0002", "DEV-2026-0001"]),
    ({"lot": " ab-1 "}, ["OOS-2026-0001", "DEV-2026-0002", "DEV-2026-0001"]),
    ({"lot": "AB-2"}, ["DEV-2026-0001"]),
    ({"lot": "AB"}, []),
    ({"kind": Kind.CAPA, "lot": "AB-1"}, []),
    ({"overdue_at": NOW}, []),
    ({"overdue_at": NOW + 29 * DAY}, ["CAPA-2026-0001"]),
    ({"overdue_at": NOW + 60 * DAY}, ["CAPA-2026-0001", "DEV-2026-0001", "DEV-2026-0002", "OOS-2026-0001"]),
    ({"overdue_at": NOW + 60 * DAY, "kind": Kind.OOS}, ["OOS-2026-0001"]),
]


@pytest.mark.parametrize(("wanted", "expected"), LISTS, ids=[str(wanted) for wanted, _ in LISTS])
def test_a_list_holds_what_was_asked_for(
    session: Session, filled: int, wanted: dict[str, Any], expected: list[str]
) -> None:
    """Newest first, overdue the longest late first, and never another partnership's."""
    assert numbers(record.list_rows(session, filled, limit=20, **wanted)) == expected


def test_a_list_by_owner_holds_only_theirs(session: Session, filled: int) -> None:
    """Mine is what I own and is open."""
    gita, finn = (support.row_of(session, who).id for who in (GITA, FINN))
    assert numbers(record.list_rows(session, filled, limit=20, owner_id=gita)) == ["DEV-2026-0001"]
    assert numbers(record.list_rows(session, filled, limit=20, owner_id=finn)) == ["CAPA-2026-0001"]


@pytest.mark.parametrize("overdue_at", [None, NOW + 90 * DAY], ids=["newest first", "overdue"])
def test_pages_repeat_and_skip_nothing(session: Session, there: Partnership, overdue_at: datetime | None) -> None:
    """Walking a list page by page gives each record once, also where many are due at one time."""
    made = {support.log_deviation(session).number for _ in range(11)}
    pages = [
        numbers(record.list_rows(session, there.id, limit=4, offset=offset, overdue_at=overdue_at))
        for offset in (0, 4, 8, 12)
    ]
    assert [len(page) for page in pages] == [4, 4, 3, 0]
    assert {number for page in pages for number in page} == made


def test_records_due_at_one_time_keep_an_order(session: Session, there: Partnership) -> None:
    """Where the due time is the same, the record logged first comes first, so that pages stay whole."""
    made = [support.log_deviation(session).number for _ in range(3)]
    with support.statements(session) as seen:
        assert numbers(record.list_rows(session, there.id, limit=4, overdue_at=NOW + 90 * DAY)) == made
    assert "ORDER BY clock.due_at ASC, record.id" in seen[0][0]


def test_a_row_names_owner_and_due_time(session: Session, filled: int) -> None:
    """A row holds the owner, where there is one, and when the record is due."""
    capa, _, unowned, _ = record.list_rows(session, filled, limit=4)
    assert capa.owner is not None
    assert capa.owner.name == "Finn Larsen"
    assert capa.due_at == datetime(2026, 12, 22, 16, 0, tzinfo=NOW.tzinfo)
    assert unowned.owner is None


def test_a_list_costs_four_statements_however_long(session: Session, there: Partnership) -> None:
    """Owners, due times and reports are fetched together, not record by record."""
    for _ in range(5):
        support.log_deviation(session)
    with support.statements(session) as seen:
        record.list_rows(session, there.id, limit=20)
    assert len(seen) == 4


def test_rows_by_ids_keep_the_order_given(session: Session, filled: int) -> None:
    """Search results stay in order, and ids of other partnerships are left out."""
    ids = [row.record.id for row in record.list_rows(session, filled, limit=3)]
    foreign = record.list_rows(session, filled + 1, limit=1)[0].record.id
    mixed = [ids[2], foreign, ids[0], 999, ids[1]]
    assert [row.record.id for row in record.list_by_ids(session, filled, mixed)] == [ids[2], ids[0], ids[1]]


def test_unacknowledged_lists_what_the_partner_has_not_answered(session: Session, filled: int) -> None:
    """CAPAs need no answer, and closed records have had it."""
    waiting = record.list_unacknowledged(session, filled, 10)
    assert numbers(waiting) == ["DEV-2026-0001", "DEV-2026-0002", "OOS-2026-0001"]
    assert numbers(record.list_unacknowledged(session, filled, 1, Side.CMO)) == ["DEV-2026-0001"]
    assert record.list_unacknowledged(session, filled, 10, Side.SPONSOR) == []


def test_unowned_lists_open_records_without_an_owner(session: Session, filled: int) -> None:
    """The oldest come first."""
    assert numbers(record.list_unowned(session, filled, 10)) == ["DEV-2026-0002", "OOS-2026-0001"]


def test_awaiting_lists_what_a_companys_qa_has_to_sign(session: Session, filled: int) -> None:
    """The oldest first; what the other company signs next is not among them."""
    assert numbers(record.list_awaiting(session, filled, Side.CMO, 10)) == ["CAPA-2026-0001"]
    made = record.find(session, filled, "DEV-2026-0002")
    assert made is not None
    support.submit(session, made)
    assert numbers(record.list_awaiting(session, filled, Side.CMO, 10)) == ["DEV-2026-0002", "CAPA-2026-0001"]
    support.sign(session, ELIF, made)
    assert numbers(record.list_awaiting(session, filled, Side.CMO, 10)) == ["CAPA-2026-0001"]
    assert numbers(record.list_awaiting(session, filled, Side.SPONSOR, 10)) == ["DEV-2026-0002"]
    assert record.list_awaiting(session, filled + 1, Side.SPONSOR, 10) == []


def test_asked_lists_what_nobody_has_answered(session: Session, filled: int) -> None:
    """The oldest first, one line each."""
    for number, who in (("CAPA-2026-0001", FINN), ("DEV-2026-0001", GITA)):
        found = record.find(session, filled, number)
        assert found is not None
        support.ask(session, who, found, Asked.EXTEND)
    session.flush()
    assert numbers(record.list_asked(session, filled, 10)) == ["DEV-2026-0001", "CAPA-2026-0001"]
    assert record.list_asked(session, filled + 1, 10) == []


def test_due_by_lists_running_clocks_of_some_names(session: Session, filled: int) -> None:
    """With a moment, only those due before it; one line for each record."""
    names = [ClockName.ACCEPT]
    assert numbers(record.list_due_by(session, filled, names, 10)) == ["CAPA-2026-0001"]
    assert record.list_due_by(session, filled, names, 10, before=NOW + DAY) == []
    assert numbers(record.list_due_by(session, filled, names, 10, before=NOW + 5 * DAY)) == ["CAPA-2026-0001"]
    both = [ClockName.ACCEPT, ClockName.CLOSE]
    assert numbers(record.list_due_by(session, filled, both, 10)).count("CAPA-2026-0001") == 1


def test_due_by_counts_records_and_not_clocks(session: Session, there: Partnership) -> None:
    """A record with three clocks takes one place, so that no other is lost behind the limit."""
    made = [support.log_oos(session, distributed=Distributed.YES).number for _ in range(4)]
    assert numbers(record.list_due_by(session, there.id, tuple(REPORTS), 4)) == made


def test_due_includes_its_start_and_not_its_end(session: Session, there: Partnership) -> None:
    """Two spans side by side list a record in one of them."""
    support.log_capa(session)
    due = datetime(2026, 12, 22, 16, 0, tzinfo=NOW.tzinfo)
    assert numbers(record.list_due(session, there.id, due, due + DAY, 10)) == ["CAPA-2026-0001"]
    assert numbers(record.list_due(session, there.id, due - DAY, due, 10)) == []


def test_recorded_and_closed_since_a_moment(session: Session, filled: int) -> None:
    """The moment itself counts."""
    assert len(record.list_recorded_since(session, filled, NOW, 10)) == 5
    assert record.list_recorded_since(session, filled, NOW + timedelta(seconds=1), 10) == []
    assert numbers(record.list_closed_since(session, filled, NOW + DAY, 10)) == ["DEV-2026-0003"]
    assert record.list_closed_since(session, filled, NOW + 2 * DAY, 10) == []


@pytest.mark.both_engines
def test_batches_are_noted_once(session: Session, there: Partnership) -> None:
    """A lot that is named twice, in whatever case, is one batch."""
    made = support.log_deviation(session, lots=("AB-2", "AB-1", "ab-2"))
    assert record.batches_of(session, made.id) == ["AB-1", "AB-2"]  # as first written


SAME_LOT = {
    "case": "ab-1 x",
    "blanks around": "  AB-1 X\t",
    "several blanks": "AB-1   X",
    "no-break space": "AB-1\u00a0X",
    "en dash": "AB\u20131 X",
    "em dash": "AB\u20141 X",
    "no-break hyphen": "AB\u20111 X",
    "zero-width space": "AB\u200b-1 X",
    "byte order mark": "\ufeffAB-1 X",
    "soft hyphen": "AB-\u00ad1 X",
    "full width": "\uff21\uff22\uff0d\uff11 X",
}


@pytest.mark.parametrize("written", SAME_LOT.values(), ids=SAME_LOT)
def test_a_lot_is_the_same_however_it_is_written(written: str) -> None:
    """Case, kinds of dash and blank, and characters nobody sees make no other lot."""
    assert record.lot_key(written) == record.lot_key("AB-1 X")


@pytest.mark.parametrize("written", ["AB1 X", "AB-1X", "AB-1 Y", "AB_1 X", "AB-1"])
def test_lots_that_look_different_are_different(written: str) -> None:
    """A dash or a blank less, or another letter, is another lot."""
    assert record.lot_key(written) != record.lot_key("AB-1 X")


@pytest.mark.both_engines
def test_holding_lists_the_lots_of_open_records_that_hold(session: Session, filled: int) -> None:
    """Minor deviations, CAPAs and closed records hold nothing."""
    assert record.list_holding(session, filled) == [("AB-1", "DEV-2026-0002"), ("ab-1", "OOS-2026-0001")]


@pytest.mark.both_engines
def test_holding_leaves_no_lot_out(session: Session, there: Partnership) -> None:
    """However many batches are on hold, all are listed."""
    lots = tuple(f"AB-{number:04d}" for number in range(300))
    support.log_deviation(session, lots=lots)
    assert [lot for lot, _ in record.list_holding(session, there.id)] == list(lots)


@pytest.mark.parametrize(
    ("lot", "expected"),
    [
        ("AB-1", ["DEV-2026-0002", "OOS-2026-0001"]),
        (" ab\u20131 ", ["DEV-2026-0002", "OOS-2026-0001"]),
        ("AB-2", []),  # of a minor deviation
        ("AB", []),
    ],
)
def test_the_holders_of_a_lot_are_the_records_that_hold(
    session: Session, filled: int, lot: str, expected: list[str]
) -> None:
    """However the lot is written, its holders are named in order, and never another partnership's."""
    assert [one.number for one in record.holders_of(session, filled, lot)] == expected


def test_a_closed_deviation_holds_no_lot(session: Session, filled: int) -> None:
    """Closing releases the batch."""
    holder = record.find(session, filled, "DEV-2026-0002")
    assert holder is not None
    support.close(session, holder)
    assert [one.number for one in record.holders_of(session, filled, "AB-1")] == ["OOS-2026-0001"]


@pytest.mark.both_engines
def test_links_go_both_ways(session: Session, filled: int) -> None:
    """A CAPA knows its sources, a source its CAPAs."""
    source, action = (record.find(session, filled, number) for number in ("DEV-2026-0001", "CAPA-2026-0001"))
    assert source is not None
    assert action is not None
    assert record.sources_of(session, action.id) == [source]
    assert record.followers_of(session, source.id) == [action]
    assert record.capas_of_all(session, [source.id, action.id]) == {source.id: ["CAPA-2026-0001"]}


@pytest.mark.both_engines
def test_a_link_is_made_once(session: Session, filled: int) -> None:
    """The second time it is known."""
    action, other = (record.find(session, filled, number) for number in ("CAPA-2026-0001", "DEV-2026-0002"))
    assert action is not None
    assert other is not None
    assert [record.link(session, action, other) for _ in range(2)] == [True, False]


@pytest.mark.both_engines
def test_a_link_is_made_once_by_transactions_at_once(database: Database, there: Partnership) -> None:
    """Whoever comes second is told that it is known."""
    with database.writing() as session:
        one, other = support.log_deviation(session), support.log_deviation(session)
    assert support.one_after_the_other(database, lambda session: record.link(session, one, other)) == (True, False)


@pytest.mark.both_engines
def test_whoever_gets_a_record_to_change_it_sees_it_as_it_is(database: Database, there: Partnership) -> None:
    """The second waits for the first, and sees what that one left, also when it had looked at the record before."""
    with database.writing() as session:
        made = support.log_deviation(session)

    def raise_version(session: Session) -> int:
        seen = record.find(session, there.id, made.number)
        locked = record.get(session, there.id, made.id)
        assert seen is locked
        locked.version += 1
        return locked.version

    assert support.one_after_the_other(database, raise_version) == (2, 3)


@pytest.mark.both_engines
def test_whoever_reads_waits_for_nobody(database: Database, there: Partnership) -> None:
    """A record that somebody is changing can be looked at meanwhile."""
    with database.writing() as session:
        made = support.log_deviation(session)
    with database.writing() as writing, database.reading() as reading:
        record.get(writing, there.id, made.id).version = 7
        writing.flush()
        assert record.get(reading, there.id, made.id).version == 1


QUERIES: dict[str, Callable[[Session, int], object]] = {
    "open": lambda s, p: record.list_rows(s, p, limit=10),
    "open of a kind": lambda s, p: record.list_rows(s, p, limit=10, offset=10, kind=Kind.DEVIATION),
    "closed of a kind": lambda s, p: record.list_rows(s, p, limit=10, kind=Kind.OOS, is_open=False),
    "all of a kind": lambda s, p: record.list_rows(s, p, limit=10, kind=Kind.OOS, is_open=None),
    "all": lambda s, p: record.list_rows(s, p, limit=10, is_open=None),
    "overdue": lambda s, p: record.list_rows(s, p, limit=10, overdue_at=NOW),
    "overdue of a kind": lambda s, p: record.list_rows(s, p, limit=10, overdue_at=NOW, kind=Kind.CAPA),
    "mine": lambda s, p: record.list_rows(s, p, limit=10, owner_id=1),
    "batch": lambda s, p: record.list_rows(s, p, limit=10, lot="AB-1", is_open=None),
    "ids": lambda s, p: record.list_by_ids(s, p, [1, 2, 3]),
    "number": lambda s, p: record.find(s, p, "DEV-2026-0001"),
    "unacknowledged": lambda s, p: record.list_unacknowledged(s, p, 10),
    "unacknowledged of a company": lambda s, p: record.list_unacknowledged(s, p, 10, Side.CMO),
    "unowned": lambda s, p: record.list_unowned(s, p, 10),
    "awaiting the sponsor": lambda s, p: record.list_awaiting(s, p, Side.SPONSOR, 10),
    "awaiting the CMO": lambda s, p: record.list_awaiting(s, p, Side.CMO, 10),
    "asked": lambda s, p: record.list_asked(s, p, 10),
    "not accepted": lambda s, p: record.list_due_by(s, p, [ClockName.ACCEPT], 10, NOW),
    "reports to authorities": lambda s, p: record.list_due_by(s, p, tuple(REPORTS), 10),
    "due": lambda s, p: record.list_due(s, p, NOW, NOW + DAY, 10),
    "recorded since": lambda s, p: record.list_recorded_since(s, p, NOW, 10),
    "closed since": lambda s, p: record.list_closed_since(s, p, NOW, 10),
    "holding": record.list_holding,
    "holders of a batch": lambda s, p: record.holders_of(s, p, "AB-1"),
    "sources": lambda s, _: record.sources_of(s, 1),
    "followers": lambda s, _: record.followers_of(s, 1),
    "capas of several": lambda s, _: record.capas_of_all(s, [1, 2, 3]),
    "signatures": lambda s, _: signature.list_of_record(s, 1),
    "a signature": lambda s, _: signature.find(s, 1, "U0ELIF", NOW),
    "authors": lambda s, _: author.list_of_record(s, 1),
    "history without the quiet": lambda s, _: journal.list_of_record(s, 1, 10, but=("deviation.commented",)),
    "open request": lambda s, _: request.find_open(s, 1),
    "requests agreed to": lambda s, _: request.count_agreed(s, 1, Asked.EXTEND),
    "reports of a record": lambda s, _: authority.list_of_record(s, 1),
    "a report": lambda s, _: authority.find(s, 1, ClockName.FIELD_ALERT),
    "a device": lambda s, _: device.find(s, support.SPONSOR_TEAM, "U0ANNA"),
    "a device being set up": lambda s, _: device.find_unconfirmed(s, support.SPONSOR_TEAM, "U0ANNA"),
    "retests": lambda s, _: oos.list_retests(s, 1),
    "checks": lambda s, _: capa.list_checks(s, 1),
    "a draft": lambda s, _: draft.find(s, 1, 1, 1),
    "old drafts": lambda s, _: draft.forget(s, NOW),
    "any words": lambda s, p: search.find_any(s, p, ["filter", "assay"], 10),
    "sheet": lambda s, p: of_record(s, p, 1),
    "running clocks": lambda s, _: clock.list_running(s, 1),
    "clocks due": lambda s, _: record.list_clocks_due(s, NOW, 10),
    "clocks by id": lambda s, _: record.list_clocks(s, {1, 2, 3}),
    "clocks that follow an agreement": lambda s, p: clock.list_following(s, p, 0, 10),
    "clocks that are late": lambda s, _: clock.count_late(s, NOW),
    "owned by a person": lambda s, _: record.list_owned_ids(s, 1),
    "theirs to accept": lambda s, p: record.list_due_by(s, p, [ClockName.ACCEPT], 10, owner_id=1),
    "theirs that are late": lambda s, p: record.list_rows(s, p, limit=10, owner_id=1, overdue_at=NOW),
    "snoozes that are over": lambda s, _: snooze.list_due(s, NOW, 10),
    "lists due": lambda s, _: person.list_lists_due(s, NOW, 10),
    "rosters of several": lambda s, p: person.list_of_all(s, {p}),
    "whom a person stands in for": lambda s, p: person.list_stood_in_for(s, p, 1),
    "a person's places": lambda s, _: person.list_of_user(s, "U0ANNA"),
    "a person's partnerships": lambda s, _: person.list_identities(s, support.SPONSOR_TEAM, "U0ANNA"),
    "partnerships by id": lambda s, p: partnership.list_by_ids(s, {p}),
    "muting": lambda s, p: partnership.mute(s, p, "is_archived", NOW),
    "unmuting": partnership.unmute,
    "the agreement in force": agreement.in_force,
    "a proposal": agreement.find_proposal,
    "agreements that clocks follow": lambda s, _: agreement.find_moving(s),
    "the agreement before": lambda s, p: agreement.before(s, Agreement(partnership_id=p, version=2)),
    "versions overtaken": agreement.stop_moving,
    "authors of several": lambda s, _: author.list_of_records(s, [1, 2, 3]),
    "open requests of several": lambda s, _: request.list_open(s, [1, 2, 3]),
    "a record's clock": lambda s, _: clock.find(s, 1, ClockName.CLOSE),
    "digests due": lambda s, _: partnership.list_digests_due(s, NOW, 10),
    "history": lambda s, _: journal.list_of_record(s, 1, 10),
    "outbox claim": lambda s, _: outbox.claim(s, "me", NOW, 10),
    "outbox speaking on": lambda s, p: outbox.speak_on(s, "me", p, NOW),
    "outbox falling silent": lambda s, p: outbox.fall_silent(s, "me", [p]),
    "outbox done": lambda s, _: outbox.done(s, [1, 2], "sent", NOW),
    "outbox retry": lambda s, _: outbox.retry(s, [1, 2], NOW, "timeout"),
    "outbox hasten": lambda s, p: outbox.hasten(s, p, NOW),
    "outbox next due": lambda s, _: outbox.next_due(s, "me", NOW),
    "outbox last sent": lambda s, p: outbox.find_last_sent(s, p, f"digest:{p}:", f"digest:{p}:2026-11-25"),
    "outbox failing": lambda s, _: outbox.newest_failing(s),
    "outbox failing in number": lambda s, _: outbox.count_failing(s),
    "outbox release": lambda s, _: outbox.release(s, [Outgoing(id=1, claimed_until=NOW)], NOW),
    "old receipts": lambda s, _: receipt.forget(s, NOW),
}


WAITING = ("USING INDEX ix_outbox_pending", "USING COVERING INDEX ix_agreement_moving")


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_no_query_walks_a_whole_table(session: Session, filled: int, query: Callable[[Session, int], object]) -> None:
    """What is asked every minute or by every click searches an index, however many records there are.

    An index of what waits may be read as a whole: what is done is not in it.
    """
    with support.statements(session) as seen:
        query(session, filled)
    plans = [_plan(session, sql, given) for sql, given in seen if sql.startswith(("SELECT", "UPDATE", "DELETE"))]
    steps = [step for plan in plans for step in plan]
    assert plans
    scans = [step for step in steps if step.startswith("SCAN") and step.split()[1] in METADATA.tables]
    assert not [step for step in scans if not step.endswith(WAITING)]


def test_the_outbox_is_asked_only_for_what_waits(session: Session, there: Partnership) -> None:
    """What was sent long ago costs nothing: the index of waiting rows is all that is read."""
    with support.statements(session) as seen:
        outbox.pending(session)
    assert _plan(session, *seen[0]) == ["SCAN outbox USING INDEX ix_outbox_pending"]


def test_a_claim_asks_only_for_rows_that_wait(session: Session, there: Partnership) -> None:
    """What is due is found by the index of waiting rows, and its partnership, which says who speaks, by its id."""
    with support.statements(session) as seen:
        outbox.claim(session, "me", NOW, 10)
    steps = _plan(session, *seen[0])
    assert steps[:2] == [
        "SEARCH outbox USING INDEX ix_outbox_pending (next_at<?)",
        "SEARCH partnership USING INTEGER PRIMARY KEY (rowid=?)",
    ]


CHOSEN = {
    "clocks due": "SEARCH clock USING INDEX ix_clock_next (next_at<?)",
    "snoozes that are over": "SEARCH snooze USING INDEX ix_snooze_wake_at (wake_at<?)",
    "lists due": "SEARCH person USING INDEX ix_person_list (next_list_at<?)",
    "digests due": "SEARCH partnership USING INDEX ix_partnership_next_digest_at (next_digest_at<?)",
    "a proposal": "SEARCH agreement USING INDEX ix_agreement_proposed (partnership_id=?)",
}


@pytest.mark.parametrize("name", CHOSEN)
def test_what_a_pass_asks_is_found_by_its_time(session: Session, filled: int, name: str) -> None:
    """Each question of a pass reads what is due, in its order, and sorts nothing."""
    with support.statements(session) as seen:
        QUERIES[name](session, filled)
    steps = _plan(session, *seen[0])
    assert steps[0] == CHOSEN[name]
    assert not [step for step in steps if "TEMP B-TREE" in step]


def test_old_receipts_are_found_by_their_time(session: Session, there: Partnership) -> None:
    """Forgetting costs what is forgotten, not what is kept."""
    with support.statements(session) as seen:
        receipt.forget(session, NOW)
    (step,) = _plan(session, *seen[0])
    assert step.startswith("SEARCH receipt USING")
    assert step.endswith("INDEX ix_receipt_at (at<?)")


def _plan(session: Session, sql: str, given: Any) -> list[str]:
    rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given)
    return [str(row[3]) for row in rows]
