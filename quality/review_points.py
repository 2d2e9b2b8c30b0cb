"""The twelve points of a product's annual review (EU GMP chapter 1, paragraph 1.10): what is gathered for each.

What is not kept here is named, with what has to be attached. Of what is kept, nothing in the year is said so.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session

from quality import measure, trend, trend_words, words
from quality.measure import Scope
from storage import bulk, review, specification
from storage.authority import AuthorityReport
from storage.clock import ClockName
from storage.investigation import Investigation
from storage.oos import Oos, ResultKind
from storage.record import Class, Kind, Outcome, Record, RecordBatch, State
from storage.review import Tested


@dataclass(frozen=True)
class Table:
    """A table of a point: its heading, its columns with their shares of the width, its rows."""

    title: str
    head: tuple[str, ...]
    widths: tuple[float, ...]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Gathered:
    """What is kept of a point: in a sentence, and in tables."""

    says: str = ""
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True)
class Point:
    """One of the twelve: what is gathered for it, and what is not kept here."""

    number: int
    title: str
    gather: Callable[["Material"], Gathered] | None = None
    missing: str = ""


@dataclass
class Material:
    """What the points are gathered from: read once, and asked by several of them."""

    session: Session
    scope: Scope
    year: int
    tested: list[Tested] = field(default_factory=list)
    records: dict[Kind, list[Record]] = field(default_factory=dict)

    def ids(self, kind: Kind) -> list[int]:
        """Give the ids of its records of a kind."""
        return [one.id for one in self.records[kind]]

    def day(self, at: datetime | None) -> str:
        """Write the day of a moment, where the partnership is."""
        return words.day(self.scope.calendar.day_of(at)) if at else ""


TEST_HEAD = ("Sample", "Test", "Results", "Complies", "OOT", "OOS", "Trend")
TEST_WIDTHS = (1.6, 2.2, 0.9, 1, 0.7, 0.7, 4)
RECORD_HEAD = ("Record", "What", "State", "Logged", "Closed", "Cause, outcome", "CAPAs")
RECORD_WIDTHS = (1.6, 3.2, 1.5, 1.4, 1.4, 1.6, 1.8)


def _tests(*samples: str) -> Callable[[Material], Gathered]:
    def gather(of: Material) -> Gathered:
        found = [one for one in of.tested if one.sample_type in samples]
        found.sort(key=lambda one: (samples.index(one.sample_type), one.test.casefold(), _in_time(one.time_point)))
        rows = [_test_row(of, one) for one in found]
        if not rows:
            return Gathered(f"No result of {_either(samples)} was recorded in {of.year}.")
        number = sum(one.number for one in found)
        failed = sum(one.oos for one in found)
        says = (
            f"Results: {number}, of {len(found)} different tests. OOS: {failed}. OOT: {sum(one.oot for one in found)}."
        )
        return Gathered(says, (Table("Results and their trends", TEST_HEAD, TEST_WIDTHS, rows),))

    return gather


def _in_time(point: str) -> list[tuple[int, str]]:
    """Give the order of a time point: `3 months` stands before `12 months`."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", point.casefold()) if part]


def _either(samples: Sequence[str]) -> str:
    names = [one.lower() for one in samples]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _test_row(of: Material, one: Tested) -> tuple[str, ...]:
    test = specification.find_test(of.session, of.scope.there.id, one.test_id)
    told = trend_words.standing(trend.of_test_in(of.session, test, one.time_point)) if test else ""
    name = f"{one.test}, {one.time_point}" if one.time_point else one.test
    return one.sample_type, name, str(one.number), str(one.complies), str(one.oot), str(one.oos), told


def _failed(of: Material) -> Gathered:
    """Gather the OOS results with their investigations: of the year, whatever became of them."""
    records = [one for one in of.records[Kind.OOS] if one.state is not State.VOID]
    details = {one: found[0] for one, found in bulk.rows_of(of.session, Oos, [one.id for one in records]).items()}
    failed = [one for one in records if details[one.id].result_kind is ResultKind.OOS]
    apart = _without_record(of)
    if not failed and not apart:
        return Gathered(f"No OOS result was logged, open or closed in {of.year}.")
    rows = _record_rows(of, failed, lambda one: details[one.id].result, lambda one: str(one.outcome or ""))
    outcomes = (Outcome.CONFIRMED, Outcome.INVALIDATED, Outcome.INCONCLUSIVE)
    known = [f"{outcome}: {sum(one.outcome is outcome for one in failed)}." for outcome in outcomes]
    says = [f"OOS results: {len(failed)}.", *known, f"Open: {sum(one.is_open for one in failed)}."]
    tables = [Table("Results out of specification", RECORD_HEAD, RECORD_WIDTHS, rows)] if rows else []
    if apart:
        says.append(f"Without an OOS record: {len(apart)}.")
        head = ("Batch", "Test", "Result", "State", "Recorded", "Reason")
        title = "OOS results that wait to be confirmed, or were discarded"
        tables.append(Table(title, head, (1.5, 2.2, 1.3, 1.4, 1.5, 3), apart))
    return Gathered(" ".join(says), tuple(tables))


def _without_record(of: Material) -> list[tuple[str, ...]]:
    """Tell the OOS results that led to no OOS record: without them "none failed" would be said too early."""
    found = review.list_without_record(of.session, of.scope.within)
    return [(one.lot, one.test, one.amount, str(one.state), of.day(one.recorded_at), one.reason) for one in found]


def _record_rows(
    of: Material, records: Sequence[Record], more: Callable[[Record], str], came_to: Callable[[Record], str]
) -> list[tuple[str, ...]]:
    """Tell records with their lots and the CAPAs that come from them."""
    ids = [one.id for one in records]
    lots, (_, followers) = bulk.rows_of(of.session, RecordBatch, ids), bulk.links_of(of.session, ids)

    def row(one: Record) -> tuple[str, ...]:
        named = ", ".join(lot.lot for lot in lots.get(one.id, ()))
        what = "\n".join(part for part in (one.title, named, more(one)) if part)
        capas = (f"{capa.number} {capa.outcome or capa.state}" for capa in followers.get(one.id, ()) if is_capa(capa))
        number = f"{one.number}\n{one.class_}" if one.class_ else one.number
        days = (of.day(one.recorded_at), of.day(one.closed_at))
        return number, what, str(one.state), *days, came_to(one), "\n".join(capas)

    return [row(one) for one in records]


def is_capa(one: Record) -> bool:
    """Whether a record is a CAPA that stands."""
    return one.kind is Kind.CAPA and one.state is not State.VOID


def _deviations(of: Material) -> Gathered:
    """Gather the significant deviations: major and critical ones."""
    known = [one for one in of.records[Kind.DEVIATION] if one.state is not State.VOID]
    serious = [one for one in known if one.class_ is not Class.MINOR]
    minor = len(known) - len(serious)
    also = f" Minor: {minor}." if minor else ""
    if not serious:
        return Gathered(f"No major or critical deviation was logged, open or closed in {of.year}.{also}")
    causes = {one: found[0] for one, found in bulk.rows_of(of.session, Investigation, of.ids(Kind.DEVIATION)).items()}

    def cause(one: Record) -> str:
        return str(causes[one.id].category) if one.id in causes else ""

    rows = _record_rows(of, serious, lambda _: "", cause)
    critical = sum(one.class_ is Class.CRITICAL for one in serious)
    says = f"Critical: {critical}. Major: {len(serious) - critical}.{also}"
    return Gathered(says, (Table("Significant deviations", RECORD_HEAD, RECORD_WIDTHS, rows), _figures(of)))


TOLD = ("on_time", "closed", "critical", measure.RECURRING, "human", "oos", "invalidated_of_tests", "effective")


def _figures(of: Material) -> Table:
    reckoned = measure.reckon(of.session, of.scope, TOLD)
    rows = [(one.name, one.says, one.standing, one.formula) for one in reckoned]
    return Table("The product's figures of the year", ("Figure", "Value", "Target", "Formula"), (2, 2.2, 2.2, 4), rows)


def _changes(of: Material) -> Gathered:
    """Gather the versions of specifications that came into force, with their methods."""
    first, last = of.scope.period.first, min(of.scope.period.last, of.scope.calendar.day_of(of.scope.now))
    found = review.list_specifications(of.session, of.scope.there.id, of.scope.product)
    came = [(one, record) for one, record in found if one.in_force_from and first <= one.in_force_from <= last]
    if not came:
        return Gathered(f"No version of its specifications came into force in {of.year}.")
    rows = []
    for one, record in came:
        methods = {test.method for test in specification.list_tests(of.session, record.id) if test.method}
        since = words.day(one.in_force_from) if one.in_force_from else ""
        rows.append(
            (record.number, one.sample_type, str(one.version), since, ", ".join(sorted(methods)) or "none named")
        )
    head = ("Specification", "Sample", "Version", "In force from", "Methods")
    says = f"Versions of specifications that came into force: {len(rows)}."
    return Gathered(says, (Table("Versions of specifications and their methods", head, (1.6, 2, 1, 1.8, 4), rows),))


def _reports(of: Material) -> Gathered:
    """Gather what was reported to authorities: field alerts, product deviations, quality defects."""
    found = review.list_reports(of.session, [*of.ids(Kind.DEVIATION), *of.ids(Kind.OOS)])
    if not found:
        return Gathered(f"No record of {of.year} called for a report to an authority.")
    rows = [_report_row(of, report, record) for report, record in found]
    filed = sum(report.filed_at is not None for report, _ in found)
    head = ("Record", "Report", "Needed", "Filed", "Reason")
    says = f"Questions of reports to authorities: {len(found)}. Reports filed: {filed}."
    return Gathered(says, (Table("Reports to authorities", head, (1.6, 2.6, 1.4, 1.6, 3), rows),))


def _report_row(of: Material, report: AuthorityReport, record: Record) -> tuple[str, ...]:
    answer = str(report.answer or "not answered")
    return record.number, str(ClockName(report.name)), answer, of.day(report.filed_at), report.reason


def _actions(of: Material) -> Gathered:
    """Gather the CAPAs: how effective those were that were checked, and which are open."""
    capas = [one for one in of.records[Kind.CAPA] if one.state is not State.VOID]
    if not capas:
        return Gathered(f"No CAPA of it was logged, open or closed in {of.year}.")
    rows = [
        (one.number, one.title, str(one.state), of.day(one.recorded_at), of.day(one.closed_at), str(one.outcome or ""))
        for one in capas
    ]
    done, bad = (sum(one.outcome is what for one in capas) for what in (Outcome.EFFECTIVE, Outcome.NOT_EFFECTIVE))
    says = f"CAPAs: {len(capas)}. Effective: {done}. Not effective: {bad}. Open: {sum(one.is_open for one in capas)}."
    head = ("CAPA", "What", "State", "Logged", "Closed", "Effectiveness")
    return Gathered(says, (Table("Corrective and preventive actions", head, (1.6, 4, 1.5, 1.5, 1.5, 1.5), rows),))


def _agreements(of: Material) -> Gathered:
    """Gather the versions of the quality agreement that were in force in the year."""
    found = review.list_agreements(of.session, of.scope.there.id, of.scope.within.before)
    since = of.scope.within.since
    lasted = [
        one for one, after in zip(found, [*found[1:], None], strict=False)
        if after is None or after.in_force_at is None or after.in_force_at >= since
    ]  # fmt: skip
    if not lasted:
        return Gathered(f"No quality agreement was in force in {of.year}.")
    rows = [(str(one.version), of.day(one.in_force_at), one.reason or "by setting the channel up") for one in lasted]
    stands = "is in force" if of.scope.now < of.scope.within.before else "was in force at the end of the year"
    says = f"Version {lasted[-1].version} of the quality agreement {stands}."
    table = Table("Versions of the quality agreement", ("Version", "In force from", "Reason"), (1, 2, 6), rows)
    return Gathered(says, (table,))


POINTS = (
    Point(1, "Starting materials and packaging materials, above all from new sources, and the supply chain of active "
          "substances", _tests("Raw material", "Packaging"),
          "results of materials that are kept under their own names, which suppliers are new, and the traceability of "
          "the supply chain: attach the materials' reviews and the list of approved suppliers"),
    Point(2, "Critical in-process controls and results of the finished product",
          _tests("In-process", "Intermediate", "Drug substance", "Finished product")),
    Point(3, "Batches that failed their specification, and their investigation", _failed),
    Point(4, "Significant deviations and non-conformances, their investigations, and whether the actions taken were "
          "effective", _deviations),
    Point(5, "Changes to processes and analytical methods", _changes,
          "changes to processes: attach the list of the change control system"),
    Point(6, "Variations of the marketing authorisation that were submitted, granted or refused", None,
          "attach the list of regulatory affairs, of third countries' dossiers too"),
    Point(7, "Results of the stability programme, and adverse trends", _tests("Stability")),
    Point(8, "Returns, complaints and recalls for reasons of quality, and their investigations", _reports,
          "returns, complaints and recalls: attach the list of the complaint system"),
    Point(9, "Whether earlier corrective actions on process or equipment were adequate", _actions),
    Point(10, "Commitments after authorisation, where the authorisation or a variation is new", None,
          "attach the list of regulatory affairs"),
    Point(11, "Qualification of the equipment and utilities that matter: air, water, gases", None,
          "attach the qualification status of engineering"),
    Point(12, "Contractual arrangements, and whether they are up to date", _agreements,
          "the signed contracts themselves, and those with contract laboratories and suppliers: attach the list"),
)  # fmt: skip
BY_NUMBER = {one.number: one for one in POINTS}
