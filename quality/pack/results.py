"""The laboratory results of a pack: those of its batch, its period, its record, or all; as data, pages and rows."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from quality.pack.glyphs import seen
from quality.pack.scope import What
from quality.pack.subject import Subject
from quality.pack.timeline import value
from quality.pack.told import plain
from storage import bulk, person

Told = dict[str, Any]
TELLS = (
    "id", "specification", "product", "sample_type", "test", "lot", "time_point", "reported", "unit", "rounded",
    "verdict", "why", "state", "analyst", "analysed_at", "source", "recorded_at", "decided_at", "reason",
)  # fmt: skip
HEAD = ("Batch", "Test", "Reported", "Verdict", "Analysed, recorded", "Specification")
WIDTHS = (1.5, 2, 1.4, 2.6, 2.2, 1.8)


def of_pack(session: Session, subject: Subject) -> Iterator[list[Told]]:
    """Give the results of a pack in the order in which they were recorded, some at a time."""
    for rows in bulk.results(session, subject.there.id, **asked(subject)):
        named = {who for row in rows for who in (row.recorded_by_id, row.decided_by_id) if who}
        people = {who.id: who for who in person.list_by_ids(session, named)}
        numbers = bulk.numbers_of(session, [row.record_id for row in rows if row.record_id])

        def named_as(person_id: int | None, people: dict[int, Any] = people) -> str | None:
            who = people.get(person_id or 0)
            return f"{who.name} ({subject.companies[who.side].name})" if who else None

        yield [
            {name: plain(getattr(row, name)) for name in TELLS}
            | {"recorded_by": named_as(row.recorded_by_id), "decided_by": named_as(row.decided_by_id)}
            | {"record": numbers.get(row.record_id or 0)}
            for row in rows
        ]


def asked(subject: Subject) -> dict[str, Any]:
    """Say which results belong to a scope: a record's own, or those of the specification that it is."""
    scope = subject.scope
    if scope.what is What.RECORD:
        return {"of": subject.ids}
    if scope.what is What.BATCH:
        return {"lot": scope.lot}
    if scope.start is None or scope.end is None:
        return {}
    of_product = {"product": scope.product} if scope.product else {}
    zone = ZoneInfo(subject.there.time_zone)
    days: dict[str, datetime] = {"start": datetime.combine(scope.start, time(), zone)}
    return of_product | days | {"end": datetime.combine(scope.end + timedelta(days=1), time(), zone)}


def page(told: Sequence[Told], first: int) -> dict[str, Any]:
    """Give a page of results, in the form of a record's."""
    title = f"Results against specification, {first} to {first + len(told) - 1}"
    rows = [_row(one) for one in told]
    section = {"title": "", "head": HEAD, "widths": WIDTHS, "rows": rows}
    line = {"number": f"RESULTS-{first:06}", "title": title, "class": "", "state": ""}
    return seen(line | {"sections": [section]})


def _row(one: Told) -> tuple[str, ...]:
    about = _lines(one["sample_type"], one["time_point"])
    decided = f"{one['state']} by {one['decided_by']}" if one["decided_by"] else one["state"]
    verdict = _lines(one["verdict"], one["why"], decided, one["reason"], one["record"])
    analysed = f"{value(one['analysed_at'])} {one['analyst']}".strip()
    when = _lines(analysed, f"{value(one['recorded_at'])} {one['recorded_by']}", one["source"])
    result = _lines(f"{one['reported']} {one['unit']}".strip(), f"compared as {one['rounded']}")
    product = _lines(one["lot"], one["product"], about)
    return product, one["test"], result, verdict, when, one["specification"]


def _lines(*told: str | None) -> str:
    return "\n".join(line for line in told if line)


def cells(one: Told) -> Iterable[Any]:
    """Give a result's row of the tables, its record's number first."""
    return (one["record"], *(one[name] for name in COLUMNS))


COLUMNS = (*(name for name in TELLS if name != "id"), "recorded_by", "decided_by")
