"""Measures: each count, and each page of the records behind it, begins with an index."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session

from quality.figures import age_spans
from quality.working_time import Calendar
from storage import measure
from storage.measure import BANDS, MEASURES, Part, Within
from storage.partnership import Partnership, Side
from storage.schema import METADATA
from tests import support
from tests.support import DAY, NOW, actor

INDEXES = {"ix_record_open", "ix_record_closed", "ix_record_recorded", "ix_record_all", "ix_result_recorded"}


def within(there: Partnership, product: str = "") -> Within:
    return Within(
        there.id,
        NOW - 90 * DAY,
        NOW + DAY,
        NOW,
        product,
        [(NOW - DAY, None), *[(NOW - 2 * DAY, NOW - DAY)] * (BANDS - 1)],
    )


QUERIES: dict[str, Callable[[Session, Within], object]] = {
    **{f"count {name}": (lambda s, w, name=name: measure.count(s, name, w)) for name in MEASURES},
    **{f"list {name}": (lambda s, w, name=name: measure.list_behind(s, name, w, Part.REST, 9)) for name in MEASURES},
    "lives": measure.lives,
    "answers": lambda s, w: measure.answers(s, w, Side.CMO),
    "tests": measure.count_tests,
    "caused": measure.list_caused,
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_nothing_walks_a_whole_table(
    session: Session, there: Partnership, query: Callable[[Session, Within], object]
) -> None:
    """What a figure asks begins with an index of the partnership, and looks the rest up by keys."""
    with support.statements(session) as seen:
        query(session, within(there, "Tablet"))
    for sql, given in seen:
        steps = _plan(session, sql, given)
        first = next(step for step in steps if step.startswith("SEARCH"))
        assert any(f"INDEX {name} " in first for name in INDEXES), steps
        assert not [step for step in steps if step.startswith("SCAN") and step.split()[1] in METADATA.tables], steps


def test_every_band_of_ages_has_a_measure(session: Session, there: Partnership) -> None:
    """As many as there are spans."""
    calendar: Calendar = actor(session, support.ANNA).calendar
    assert len(age_spans(calendar, NOW.date())) == BANDS


def _plan(session: Session, sql: str, given: Any) -> list[str]:
    rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given)
    return [str(row[3]) for row in rows]
