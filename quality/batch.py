"""A batch: what is known of it, how it stands, and what is still open before it can be released."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import Session

from quality import words
from quality.people import Actor
from storage import disposition, investigation, record, result, signature, specification
from storage import lot as lots
from storage.disposition import BatchDisposition
from storage.partnership import Side
from storage.record import Kind, Record, Row, State
from storage.result import COUNTING, LabResult, ResultState, Verdict
from storage.signature import Signature

RECORDS, RESULTS, DISPOSITIONS = 8, 10, 5  # on a page; of dispositions the newest
MOST_JUDGED = 500  # results that the checklist looks at, the newest
MOST_NAMED = 10  # numbers in a line
STABILITY = "Stability"  # what is still measured years after the release


class Standing(StrEnum):
    """How a point of the checklist stands."""

    DONE = "Done"
    OPEN = "Open"
    UNKNOWN = "Not known"


@dataclass(frozen=True)
class Point:
    """A point of the checklist before a release."""

    name: str
    standing: Standing
    says: str


@dataclass(frozen=True)
class Decision:
    """A disposition with the signature that counts, where there is one."""

    details: BatchDisposition
    record: Record
    signed: Signature | None


@dataclass(frozen=True)
class Batch:
    """A batch, with one page of its records and one of its results."""

    lot: str
    actor: Actor
    holders: list[Record]
    records: list[Row]  # one more than fits where another page follows
    results: list[LabResult]  # the same
    decisions: list[Decision]
    points: list[Point]

    @property
    def in_force(self) -> Decision | None:
        """The disposition that is in force."""
        return next((one for one in self.decisions if one.record.state is State.DECIDED), None)

    @property
    def proposed(self) -> Decision | None:
        """The disposition that waits for its signature."""
        return next((one for one in self.decisions if one.record.state is State.PROPOSED), None)

    @property
    def open_points(self) -> int:
        """How many points are open."""
        return sum(point.standing is Standing.OPEN for point in self.points)


def gather(session: Session, actor: Actor, lot: str, page: int = 1, results_page: int = 1) -> Batch | None:
    """Gather a batch; None where nothing names it."""
    pid = actor.partnership.id
    rows = record.list_rows(
        session, pid, limit=RECORDS + 1, offset=(page - 1) * RECORDS, is_open=None, lot=lot
    )  # fmt: skip
    results = result.list_of_lot(session, pid, lot, RESULTS + 1, (results_page - 1) * RESULTS)
    if not rows and not results and page == results_page == 1:
        return None
    holders = record.holders_of(session, pid, lot)
    decisions = _decisions(session, pid, lot)
    points = [
        _holds(holders),
        _open_records(session, pid, lot, holders),
        *_judged(session, pid, lot),
        _capas(session, pid, lot),
        _disposition(actor, decisions),
    ]
    return Batch(lot, actor, holders, rows, results, decisions, points)


def _decisions(session: Session, pid: int, lot: str) -> list[Decision]:
    found = disposition.list_of_lot(session, pid, lot, DISPOSITIONS)
    known = lots.find(session, pid, lot)
    in_force = known.disposition_id if known else None
    if in_force is not None and in_force not in {one.id for _, one in found}:  # newer ones are void
        found.append((disposition.get(session, in_force), record.get(session, pid, in_force)))
    given = signature.list_of_records(session, [one.id for _, one in found])
    signed = {one.record_id: one for one in given if one.counts}
    return [Decision(details, one, signed.get(one.id)) for details, one in found]


def _point(name: str, names: Sequence[str], done: str) -> Point:
    return Point(name, Standing.OPEN, named(names)) if names else Point(name, Standing.DONE, done)


def named(names: Sequence[str], *, is_all: bool = False) -> str:
    """Name the first of many, and that there are more: how many, where these are all there are."""
    more = len(names) - MOST_NAMED
    how_many = f" and {more} more" if is_all else " and more"
    return ", ".join(names[:MOST_NAMED]) + (how_many if more > 0 else "")


def _holds(holders: Sequence[Record]) -> Point:
    return _point("Holds", [one.number for one in holders], "nothing has it on hold")


def _open_records(session: Session, pid: int, lot: str, holders: Sequence[Record]) -> Point:
    known = {one.id for one in holders}
    rows = record.list_rows(session, pid, limit=MOST_NAMED + 1 + len(known), is_open=True, lot=lot)
    others = [row.record for row in rows if row.record.id not in known and row.record.kind is not Kind.DISPOSITION]
    return _point("Other open records", [one.number for one in others], "none names it")


def _judged(session: Session, pid: int, lot: str) -> list[Point]:
    found = [one for one in result.list_of_lot(session, pid, lot, MOST_JUDGED) if one.state in COUNTING]
    if not found:
        return [Point("Results", Standing.UNKNOWN, "none is recorded here")]
    waiting = [one for one in found if one.state is ResultState.TO_CONFIRM]
    failed = [one.test for one in found if one.verdict is Verdict.OOS and one not in waiting]
    told = ", ".join(
        f"{number} {verdict}" for verdict in Verdict if (number := sum(one.verdict is verdict for one in found))
    )
    told += f"; {len(waiting)} to confirm" if waiting else ""
    told += f"; out of limits: {named(list(dict.fromkeys(failed)))}" if failed else ""
    standing = Standing.OPEN if waiting or failed else Standing.DONE
    return [Point("Results", standing, told), _missing(session, found)]


def _missing(session: Session, found: Sequence[LabResult]) -> Point:
    """Hold the results against all tests of the newest specification that judged each product and type of sample."""
    released = [one for one in found if one.sample_type != STABILITY]
    newest: dict[tuple[str, str], int] = {}
    for one in released:
        key = (one.product_key, one.sample_type)
        newest[key] = max(newest.get(key, 0), one.specification_id)
    tests = specification.list_tests_of_all(session, list(newest.values()))
    done = {(one.product_key, one.sample_type, one.test_key) for one in released}
    of = {record_id: key for key, record_id in newest.items()}
    missing = [one.test for one in tests if (*of[one.record_id], one.test_key) not in done]
    return _point("Tests without a result", missing, "none of its specification")


def _capas(session: Session, pid: int, lot: str) -> Point:
    lacking = investigation.list_lacking_capa(session, pid, lot, MOST_NAMED + 1)
    planned = record.list_planned(session, pid, lot, MOST_NAMED + 1)
    told = [f"{number} needs a CAPA" for number in lacking]
    told += [f"the plan of {number} is not approved" for number in planned]
    return _point("CAPAs", told, "none is missing, and every plan is approved")


def _disposition(actor: Actor, decisions: Sequence[Decision]) -> Point:
    sponsor = actor.companies[Side.SPONSOR].name
    for one in decisions:
        if one.record.state is State.PROPOSED:
            says = f"{one.record.number} ({one.details.decision}) waits for the signature of {sponsor}'s QA"
            return Point("Disposition", Standing.OPEN, says)
        if one.record.state is State.DECIDED:
            return Point("Disposition", Standing.DONE, decided(one))
    return Point("Disposition", Standing.OPEN, "QA of either company proposes one")


def decided(one: Decision) -> str:
    """`DIS-2026-0001: Released, signed by Anna Berg (Aurora), 24 Nov 2026, 10:00 UTC`."""
    signed = (
        f", signed by {one.signed.name} ({one.signed.company}), {words.moment(one.signed.at)}" if one.signed else ""
    )
    return f"{one.record.number}: {one.record.outcome or one.details.decision}{signed}"
