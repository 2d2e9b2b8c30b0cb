"""The counts behind the week's figures: each a search of an index, however many records there are."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session

from storage import figures
from storage.measure import Span
from storage.partnership import Partnership
from storage.schema import METADATA
from tests import support
from tests.support import DAY, NOW

SPANS: list[Span] = [(NOW - 14 * DAY, NOW - 7 * DAY), (NOW - 7 * DAY, NOW)]
QUERIES: dict[str, tuple[Callable[[Session, int], object], set[str]]] = {
    "open": (lambda s, p: figures.count_open(s, p, SPANS), {"ix_record_open", "ix_record_closed"}),
    "logged": (lambda s, p: figures.count_logged(s, p, SPANS), {"ix_record_recorded"}),
    "closed": (lambda s, p: figures.count_closed(s, p, SPANS), {"ix_record_closed"}),
    "time spent": (lambda s, p: figures.time_spent(s, p, NOW), {"ix_record_closed"}),
    "extensions": (lambda s, p: figures.count_extensions(s, p, NOW), {"ix_request_answered"}),
}


@pytest.mark.parametrize(("query", "searched"), QUERIES.values(), ids=QUERIES)
def test_no_count_walks_a_whole_table(
    session: Session, there: Partnership, query: Callable[[Session, int], object], searched: set[str]
) -> None:
    """Each is one statement that begins with the index made for it and looks the rest up by keys."""
    with support.statements(session) as seen:
        query(session, there.id)
    ((sql, given),) = seen
    steps = _plan(session, sql, given)
    first = next(step for step in steps if step.startswith("SEARCH"))
    assert any(f"INDEX {name} " in first for name in searched), steps
    assert not [step for step in steps if step.startswith("SCAN") and step.split()[1] in METADATA.tables]


def test_spans_have_a_beginning_and_no_end(session: Session, there: Partnership) -> None:
    """What happened at the moment where one span ends and the next begins is counted in the next, once."""
    support.log_deviation(session, now=NOW - 7 * DAY)
    assert figures.count_logged(session, there.id, SPANS) == [0, 1]
    (numbers,) = figures.count_open(session, there.id, [(None, NOW - 7 * DAY), (NOW - 7 * DAY, None)]).values()
    assert numbers == [0, 1]


def _plan(session: Session, sql: str, given: Any) -> list[str]:
    rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given)
    return [str(row[3]) for row in rows]
