"""Similar records: what makes two alike, for how long, and what came of them."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from quality import request, similar
from quality.similar import Similar
from storage.partnership import Partnership
from storage.record import Record
from tests import support
from tests.support import DAY, ELIF, NOW, actor, ref

LIKE = {"title": "Filter integrity test failed", "product": "Aurorine", "location": "Filling line 2"}


def found(session: Session, record: Record) -> Similar:
    return similar.find(session, support.sheet_of(session, record))


def numbers(session: Session, record: Record) -> list[str]:
    return [one.number for one in found(session, record).found]


ALIKE: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    ({"product": "Aurorine", "location": "Line 2"}, {"product": "aurorine", "location": "LINE 2"}, True),
    ({"product": "Aurorine"}, {"product": "Aurorine"}, False),  # the product alone says little
    ({"location": "Filling line"}, {"location": "Filling line"}, False),
    ({"title": "Filter leaks", "product": "Aurorine"}, {"title": "A filter burst", "product": "Aurorine"}, True),
    ({"title": "Filter leaks", "location": "Filling"}, {"title": "A filter burst", "location": "Filling"}, True),
    ({"title": "Filter integrity test"}, {"title": "Integrity test of a FILTER"}, True),  # three words
    ({"title": "Filter integrity"}, {"title": "Filter integrity"}, False),
    ({"title": "Gel in vat 12 at 2:30"}, {"title": "Gel in vat 12 at 2:30"}, False),  # short words and numbers
    ({"title": "Filter leaks"}, {"title": "Label missing"}, False),
]


@pytest.mark.parametrize(("before", "after", "alike"), ALIKE, ids=[f"{one} {other}" for one, other, _ in ALIKE])
def test_product_place_and_words_make_deviations_alike(
    session: Session, there: Partnership, before: dict[str, Any], after: dict[str, Any], *, alike: bool
) -> None:
    """Product and place weigh two words each; three words' worth are enough."""
    bare = {"product": "", "location": ""}
    support.log_deviation(session, **{"title": "First"} | bare | before)
    made = support.log_deviation(session, **{"title": "Second"} | bare | after)
    assert numbers(session, made) == (["DEV-2026-0001"] if alike else [])


def test_results_are_alike_by_product_and_test(session: Session, there: Partnership) -> None:
    """The same test of the same product; another test of it is not."""
    support.log_oos(session, product="Aurorine")
    support.log_oos(session, product="Aurorine", test="Dissolution")
    made = support.log_oos(session, product="Aurorine", result="93.9")
    assert numbers(session, made) == ["OOS-2026-0001"]


def test_only_records_of_its_kind_and_channel_are_looked_at(session: Session, there: Partnership) -> None:
    """A CAPA with the same title is no repetition, and the neighbours' records are theirs."""
    support.set_up(session, "C0OTHER")
    support.log_deviation(session, channel_id="C0OTHER", **LIKE)
    support.log_capa(session, title=LIKE["title"])
    made = support.log_deviation(session, **LIKE)
    assert numbers(session, made) == []


def test_a_void_record_is_no_repetition(session: Session, there: Partnership) -> None:
    """It was a mistake."""
    mistaken = support.log_deviation(session, **LIKE)
    request.void(session, actor(session, ELIF), ref(mistaken), "Logged twice.", NOW)
    assert numbers(session, support.log_deviation(session, **LIKE)) == []


@pytest.mark.parametrize(("days", "counts"), [(365, True), (366, False), (400, False)])
def test_twelve_months_are_looked_back(session: Session, there: Partnership, days: int, *, counts: bool) -> None:
    """Of what was logged before it, never what comes after."""
    first = support.log_deviation(session, now=NOW - days * DAY, **LIKE)
    made = support.log_deviation(session, **LIKE)
    assert numbers(session, made) == ([first.number] if counts else [])
    assert numbers(session, first) == []


def test_the_most_alike_come_first_and_all_are_counted(session: Session, there: Partnership) -> None:
    """At most five are named; among equals the newest leads."""
    for title in ("Filter integrity test", *["Filter integrity test failed"] * 6, "Filter integrity"):
        support.log_deviation(session, title=title, product="Aurorine")
    made = support.log_deviation(session, title="Filter integrity test failed", product="Aurorine")
    result = found(session, made)
    assert [one.number[-4:] for one in result.found] == ["0007", "0006", "0005", "0004", "0003"]
    assert result.number == 8


def test_capas_that_came_from_them_are_named(session: Session, there: Partnership) -> None:
    """Both of one record, none of the others."""
    support.log_deviation(session, **LIKE)
    second = support.log_deviation(session, **LIKE)
    for _ in range(2):
        support.log_capa(session, sources=(second.number,))
    result = found(session, support.log_deviation(session, **LIKE))
    assert result.capas == {second.id: ["CAPA-2026-0001", "CAPA-2026-0002"]}


@pytest.mark.parametrize("title", ["!?* OR NEAR AND NOT", '"filter" OR ("test', "Füllstraße gefüllt Überdruck", "   "])
def test_any_title_can_be_looked_for(session: Session, there: Partnership, title: str) -> None:
    """Operators are words, letters of other languages are letters."""
    for _ in range(2):
        made = support.log_deviation(session, title=title, product="Aurorine", location="Line")
    assert numbers(session, made) == ["DEV-2026-0001"]


def test_looking_costs_the_same_however_many_are_alike(session: Session, there: Partnership) -> None:
    """A handful of statements, not some for each record."""

    def cost(record: Record) -> int:
        sheet = support.sheet_of(session, record)
        session.expire_all()
        with support.statements(session) as seen:
            similar.find(session, sheet)
        return len(seen)

    support.log_deviation(session, **LIKE)
    few = cost(support.log_deviation(session, now=NOW + timedelta(hours=1), **LIKE))
    for _ in range(10):
        support.log_deviation(session, now=NOW + timedelta(hours=2), **LIKE)
    many = cost(support.log_deviation(session, now=NOW + timedelta(hours=3), **LIKE))
    assert many <= few + 3  # rows of the session that are read again
