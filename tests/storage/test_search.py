"""Search finds records by words and beginnings, inside one partnership, and takes nothing for an operator."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session

from storage import search
from storage.database import Database

pytestmark = pytest.mark.both_engines

TEXTS = {
    1: "DEV-2026-0001 Filter integrity test failed AB-1001 Café line",
    2: "OOS-2026-0001 Assay of AB-1002 failed",
    3: "CAPA-2026-0001 Replace the filter housing and NOT the pump",
}


@pytest.fixture
def index(session: Session) -> Session:
    """Fill the index for partnership 1, and a namesake's text for partnerships 2 and 11."""
    for record_id, content in TEXTS.items():
        search.add(session, 1, record_id, content)
    search.add(session, 2, 20, "Filter secret")
    search.add(session, 11, 110, "Filter eleven")
    return session


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("filter", [3, 1]),
        ("FILTER", [3, 1]),
        ("filt", [3, 1]),
        ("filter failed", [1]),
        ("failed filter", [1]),
        ("fail", [2, 1]),
        ("ilter", []),
        ("DEV-2026-0001", [1]),
        ("2026-0001", [3, 2, 1]),
        ("ab-100", [2, 1]),
        ("AB-1002", [2]),
        ("cafe", [1]),
        ("CAFÉ", [1]),
        ("pump secret", []),
        ("", []),
        ("   ", []),
        ("?!, - * ( )", []),
    ],
)
def test_every_word_or_beginning_has_to_stand_there(index: Session, words: str, found: list[int]) -> None:
    """Records that hold all words come newest first, without regard to case, accents and order."""
    assert search.find(index, 1, words, limit=10) == found


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("NOT", [3]),
        ("filter NOT pump", [3]),
        ("filter OR assay", []),
        ("NEAR(filter test)", []),
        ("assay AND failed", []),
        ("partnership : p2", []),
        ("content:secret", []),
        ('"filter integrity"', [1]),
        ("\"filter' integrity", [1]),
        ("filter*", [3, 1]),
        ("^filter", [3, 1]),
        ("-filter", [3, 1]),
        ("{filter}", [3, 1]),
        ("filter) OR (secret", []),
        ('") OR partnership : p2 AND ("', []),
    ],
)
def test_operators_are_words_like_any_other(index: Session, words: str, found: list[int]) -> None:
    """AND, OR, NOT, NEAR, column names, quotes and stars are looked for, never obeyed."""
    assert search.find(index, 1, words, limit=10) == found


@pytest.mark.parametrize("words", ["secret", "eleven", "filter secret", "p2", "p11"])
def test_another_partnerships_words_are_never_found(index: Session, words: str) -> None:
    """Neither its text nor the word the partnership itself stands as leads to a record."""
    assert search.find(index, 1, words, limit=10) == []


def test_a_partnership_is_no_beginning_of_another(index: Session) -> None:
    """Partnership 1 does not find what belongs to 11, nor 11 what belongs to 1."""
    assert search.find(index, 1, "filter", limit=10) == [3, 1]
    assert search.find(index, 11, "filter", limit=10) == [110]


def test_results_are_paged(index: Session) -> None:
    """Limit and offset walk through the results without repeating any."""
    pages = [search.find(index, 1, "2026", limit=2, offset=offset) for offset in (0, 2, 4)]
    assert pages == [[3, 2], [1], []]


def test_a_long_query_is_cut_to_its_first_words(index: Session) -> None:
    """Words beyond the twelfth are left out."""
    assert search.find(index, 1, "filter " * 12 + "nowhere", limit=10) == [3, 1]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("東京", [50]),
        ("東", [50]),
        ("京都", []),
        ("фильтр", [50]),
        ("ФИЛЬТР", [50]),
        ("हिन्दी", [50]),
        ("서울", [50]),
        ("ΣΊΣΥΦΟΣ", [50]),
        ("resume", [50]),
        ("re\u0301sume\u0301", [50]),
        ("naive", [50]),
        ("snake", [50]),
        ("case", [50]),
        ("snake_case", [50]),
        ("x" * 600, [50]),
        ("___", []),
    ],
)
def test_words_of_every_script_are_found(session: Session, words: str, found: list[int]) -> None:
    """Whatever the alphabet, however accents are written, and however long a word is."""
    content = "東京都 Фильтр हिन्दी 서울특별시 Σίσυφος résumé nai\u0308ve snake_case " + "x" * 3000
    search.add(session, 1, 50, content)
    assert search.find(session, 1, words, limit=10) == found


def test_a_text_without_words_is_found_by_none(session: Session) -> None:
    """It is taken all the same."""
    search.add(session, 1, 50, "?! ___")
    assert search.find(session, 1, "a", limit=10) == []


def test_postgresql_walks_one_partnerships_words_only(postgres: Database) -> None:
    """Of thousands of records that hold a word, the index gives the few of the partnership that asks."""
    with postgres.writing() as session:
        for number in range(3000):
            search.add(session, 2, number, "filter filtration")
        search.add(session, 1, 3000, "filter")
    with postgres.writing() as session:
        session.execute(text("ANALYZE record_text"))
        explained = text("EXPLAIN (ANALYZE, TIMING OFF) " + search.TSVECTOR_FIND)
        query = {"query": "'1:filt':*", "limit": 10, "offset": 0}
        plan = "\n".join(session.execute(explained, query).scalars())
    assert "Bitmap Index Scan on ix_record_text_words" in plan
    assert "Removed" not in plan


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.text(max_size=60))
def test_no_text_breaks_a_search(index: Session, words: str) -> None:
    """Whatever a person types, the search answers, and only with their own partnership's records."""
    assert set(search.find(index, 1, words, limit=10)) <= set(TEXTS)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), record_id=st.sampled_from(sorted(TEXTS)))
def test_every_beginning_of_a_records_words_finds_it(index: Session, data: st.DataObject, record_id: int) -> None:
    """Any word of a text, cut anywhere, leads to it."""
    word = data.draw(st.sampled_from(TEXTS[record_id].split()))
    length = data.draw(st.integers(1, len(word)))
    assert record_id in search.find(index, 1, word[:length], limit=10)


@pytest.mark.parametrize(
    ("terms", "found"),
    [
        (["filter", "assay"], [3, 2, 1]),
        (["ASSAY"], [2]),
        (["filt"], []),  # whole words
        (["assay of"], [2]),
        (["nowhere", "pump"], [3]),
        (["secret", "p2", 'x" OR partnership : p2'], []),
        (["NOT", "OR"], [3]),
        ([], []),
        (["?!", ""], []),
    ],
)
def test_any_of_the_words_is_enough(index: Session, terms: list[str], found: list[int]) -> None:
    """Whole words, the newest records first, and never another partnership's."""
    assert search.find_any(index, 1, terms, 10) == found


def test_any_words_are_limited_to_the_newest(index: Session) -> None:
    """However many hold one of them."""
    assert search.find_any(index, 1, ["filter", "assay"], 2) == [3, 2]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(terms=st.lists(st.text(max_size=30), max_size=40))
def test_no_words_break_a_search_for_any(index: Session, terms: list[str]) -> None:
    """Whatever a title holds."""
    assert set(search.find_any(index, 1, terms, 10)) <= set(TEXTS)
