"""A record as people see it: its card in the channel, and its rows in lists and digests."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from handlers import blocks
from handlers.blocks import Block, Screen
from handlers.text import cut, escape
from quality import evidence, judging, transitions, words
from quality.approval import PLAN
from quality.authority import REPORTS
from quality.content import submitted_files, tables
from quality.criteria import of_test
from quality.sheet import Sheet
from quality.terms import NOUN
from quality.transitions import Act
from quality.turn import next_step
from storage.authority import AuthorityReport
from storage.capa import Capa, Implementation
from storage.clock import Clock
from storage.deviation import Deviation
from storage.disposition import IN_PLAY, BatchDisposition
from storage.evidence import Evidence
from storage.investigation import Investigation
from storage.oos import Oos, PhaseOne, PhaseTwo, ResultKind, RetestPlan
from storage.record import Kind, Record, Row, State
from storage.signature import Signature
from storage.specification import Specification, SpecificationTest
from storage.table import Table

LEARNED = {Kind.OOS: "Analysed", Kind.SPECIFICATION: "Proposed", Kind.DISPOSITION: "Proposed"}  # else detected
MOST_TEXT = 8000  # characters of a record's texts in one message
CARD_TESTS = 20  # tests of a specification on its card; the whole record shows all
CHUNK = 8  # tests told together
MOST_VOIDED = 2  # void signatures on the card; the whole record shows all
SHORT, LONG = 300, 3000  # characters of a typed text on the card, and where the whole record is shown


def data_of(record: Record) -> dict[str, Any]:
    """Give what a record's buttons and modals carry: which record, as of which version."""
    return {"p": record.partnership_id, "r": record.id, "v": record.version}


def card(sheet: Sheet, now: datetime, *, whole: bool = False) -> Screen:
    """Draw a record: state, next step and whose turn first; typed texts shortened unless whole."""
    record = sheet.record
    told = [(name, text) for name, text in details(sheet, None if whole else CARD_TESTS) if text]
    limit = _limit(told) if whole or sheet.tests else SHORT
    shown = [
        blocks.header(f"{record.number} · {_heading(sheet)}"),
        blocks.typed(record.title),
        blocks.facts(standing(sheet, now), LONG),
    ]
    if whole:
        shown += [blocks.facts([pair], limit) for pair in told]
        if any(len(text) > limit for _, text in told):
            shown.append(blocks.context("Long texts are shortened here; *Export* sends them whole."))
    elif told:
        shown.append(blocks.facts(told, limit))
    shown += signatures(sheet, MOST_VOIDED if not whole else None)
    shown += [*buttons(sheet), blocks.context(_origin(sheet))]
    sentence = f"{record.number} {escape(cut(record.title, 150))}: {record.state}. {escape(next_step(sheet, now))}"
    return Screen(sentence, shown)


def _limit(told: list[tuple[str, str]]) -> int:
    """Give the most characters of a text with which all of them fit into one message."""
    return next(
        (limit for limit in (LONG, 1500, 800, 500) if sum(min(len(text), limit) for _, text in told) <= MOST_TEXT),
        SHORT,
    )


def buttons(sheet: Sheet) -> list[Block]:
    """Draw the buttons in three rows: what moves the record on, what else is done with it, what is kept beside it."""
    rows = _rows_of_buttons(sheet.record, has_owner=sheet.owner is not None, has_reports=bool(sheet.reports))
    return [blocks.actions(*row) for row in rows if row]


def _rows_of_buttons(
    record: Record, *, has_owner: bool, has_reports: bool
) -> tuple[list[Block], list[Block], list[Block]]:
    """Give the next steps, the record's other acts, and what is kept beside it."""
    acts = transitions.offered(record)
    steps = [act for act in acts if act.is_step]
    # The next step stands out; once somebody owns the record, another owner is not it.
    first = next((act for act in steps if act.name != "assign" or not has_owner), None)
    others = [_button(record, act) for act in acts if not act.is_step and not act.is_aside]
    if has_reports:
        others.insert(0, blocks.button("Reports to authorities", "record.reports", data_of(record)))
    aside = [_button(record, act) for act in acts if act.is_aside]
    return [_button(record, act, "primary" if act is first else None) for act in steps], others, aside


def _button(record: Record, act: Act, style: str | None = None) -> Block:
    return blocks.button(act.button, f"record.{act.name}", data_of(record), style)


def _heading(sheet: Sheet) -> str:
    out_of_trend = isinstance(sheet.details, Oos) and sheet.details.result_kind is ResultKind.OOT
    heading = "OOT result" if out_of_trend else label(sheet.record)
    return f"{heading[0].upper()}{heading[1:]}"


def label(record: Record) -> str:
    """`Major deviation`, `OOS result`, `CAPA`."""
    return f"{record.class_} {NOUN[record.kind]}" if record.class_ else NOUN[record.kind]


def row_text(row: Row, now: datetime, zone: str) -> str:
    """Give what a list says about a record after its number and title: class, state, owner, due."""
    record = row.record
    state = f"{record.state} ({record.outcome})" if record.outcome else str(record.state)
    parts = [label(record), state, f"owner {cut(row.owner.name, 40)}" if row.owner else "no owner"]
    if row.due_at is not None:
        stands = " (clock stopped)" if record.clock_stands else late(row.due_at, now, zone)
        parts.append(f"due {words.local_day(row.due_at, zone)}{stands}")
    return " · ".join(parts)


def rows(found: list[Row], now: datetime, zone: str, *, steps_only: bool = False) -> list[Block]:
    """Draw records as a list, each with one row of buttons: the one that opens it, and those of its card.

    What is kept beside a record stands on the card alone; in messages that nobody asked for only what moves it on.
    """
    shown: list[Block] = []
    for row in found:
        record = row.record
        steps, others, _ = _rows_of_buttons(record, has_owner=row.owner is not None, has_reports=row.has_reports)
        shown += [
            blocks.typed(f"{record.number} · {record.title}\n{row_text(row, now, zone)}"),
            blocks.actions(
                blocks.button("Open", "record.open", data_of(record)), *steps, *([] if steps_only else others)
            ),
        ]
    return shown


def late(due_at: datetime, now: datetime, zone: str) -> str:
    """` (3 days late)`; nothing while there is time."""
    if due_at >= now:
        return ""
    number = words.days_between(due_at, now, zone)
    return f" ({words.days(number)} late)" if number else " (late)"


def standing(sheet: Sheet, now: datetime) -> list[tuple[str, str]]:
    """Say how a record stands: state, next step, whose turn, clocks, people."""
    record, zone = sheet.record, sheet.partnership.time_zone
    came_to = f" · {record.outcome}" if record.outcome else ""
    facts = [("State", f"{record.state}{came_to}"), ("Next", next_step(sheet, now))]
    due = sheet.due
    if record.is_open and due is not None:
        facts.append(("Due", _due(due, zone, now)))
    facts += [(REPORTS[one.name].title, _report(sheet, one, now)) for one in sheet.reports]
    facts.append(("Owner", sheet.who(record.owner_id) or "nobody yet"))
    if sheet.own_numbers:
        told = (f"{sheet.companies[side].name} {number}" for side, number in sheet.own_numbers.items())
        facts.append(("QMS numbers", " · ".join(told)))
    if record.acknowledged_at is not None:
        noted = "Accepted" if record.kind is Kind.CAPA else "Acknowledged"
        facts.append((noted, f"{sheet.who(record.acknowledged_by_id)}, {words.moment(record.acknowledged_at)}"))
    if record.closed_at is not None:
        by = sheet.who(record.closed_by_id) if record.state is not State.SUPERSEDED else ""
        facts.append((str(record.state), ", ".join(filter(None, (by, words.moment(record.closed_at))))))
    if record.void_reason:
        facts.append(("Void because", cut(record.void_reason, SHORT)))
    if record.files or record.replies:
        facts.append(("Kept", _kept(record)))
    if record.kind is Kind.DISPOSITION and sheet.holders and record.state in IN_PLAY:
        holders = ", ".join(one.number for one in sheet.holders)
        facts.append(("On hold since then by" if record.outcome else "On hold by", holders))
    if record.holds_batches and sheet.lots:
        facts.append(("On hold", ", ".join(sheet.lots)))
    return facts


def _kept(record: Record) -> str:
    """`2 files of evidence, 3 replies of this thread`."""
    files = f"{record.files} file{'' if record.files == 1 else 's'} of evidence" if record.files else ""
    replies = f"{record.replies} repl{'y' if record.replies == 1 else 'ies'} of this thread" if record.replies else ""
    return ", ".join(filter(None, (files, replies)))


def _due(due: Clock, zone: str, now: datetime) -> str:
    """`Thu 3 Dec 2026, 17:00 Berlin (30 calendar days, agreement v2)`."""
    rule = due.rule
    if due.agreement_version is not None:
        rule = f"{rule.partition(' from ')[0]}, agreement v{due.agreement_version}"
    if due.extensions:
        rule = f"extended from {words.local_day(due.first_due_at, zone)}; {rule}"
    stands = f" · stopped until {words.day(due.pause_ends_on)}" if due.pause_ends_on else ""
    late = " · late" if due.due_at < now and not stands else ""
    return f"{words.due(due.due_at, zone)} ({rule}){stands}{late}"


def _report(sheet: Sheet, report: AuthorityReport, now: datetime) -> str:
    if report.filed_at is not None:
        return f"filed {words.moment(report.filed_at)}"
    if report.is_settled:
        return "not needed"
    due = sheet.clocks[report.name].due_at
    when = f"due {words.due(due, sheet.partnership.time_zone)}{' · late' if due < now else ''}"
    return f"{report.answer.lower() if report.answer else 'not answered yet'}, {when}"


def signatures(sheet: Sheet, most_voided: int | None = None) -> list[Block]:
    """Draw a record's signatures; of the void ones only the last few, where a number is given."""
    void = [one for one in sheet.signatures if not one.counts]
    dropped = void[: max(0, len(void) - most_voided)] if most_voided is not None else []
    told = [one for one in sheet.signatures if one not in dropped]
    facts = [("Signed" if one.counts else "Void signature", _signed(one)) for one in told]
    return [blocks.facts(facts, LONG)] if facts else []


def _signed(one: Signature) -> str:
    who = f"{one.name} ({one.company}), {one.role}"
    void = f" · void: {one.voided_because}" if not one.counts else ""
    return f"{who}: {one.meaning} · {words.signed(one.at, one.zone)} · SHA-256 {one.hash[:12]}{void}"


def details(sheet: Sheet, most_tests: int | None = None) -> list[tuple[str, str]]:
    """Give what a record says, part by part, as labels and texts; of tests only the first, where a number is given."""
    told = [("Batch", ", ".join(sheet.lots)), ("Product", sheet.record.product)]
    for table, part in sheet.parts.items():
        told += PARTS[table](part)
    if sheet.result is not None:
        told.append(("Judged by", f"{sheet.result.specification}: {sheet.result.why}"))
    return [*told, *told_tests(sheet.tests, most_tests), *_results(sheet), ("Links", _links(sheet))]


def signed(sheet: Sheet, scope: str) -> list[tuple[str, str]]:
    """Give what a signature of a scope signs: what the canonical content holds, in words."""
    record = sheet.record
    learned = LEARNED.get(record.kind, "Detected")
    told = [("Class", str(record.class_ or "")), ("Batch", ", ".join(sheet.lots)), ("Product", record.product)]
    told += [(learned, words.moment(record.detected_at)), ("Recorded", words.moment(record.recorded_at))]
    told.append(("Logged by", sheet.who(record.logged_by_id)))
    for table in tables(record.kind, scope):
        part = sheet.parts.get(table)
        if part is None:
            continue
        told += [pair for pair in PARTS[table](part) if scope != PLAN or pair[0] != "Batch distributed"]
        submitted = part.model_dump()
        if "submitted_at" in submitted:
            by, at = sheet.who(submitted["submitted_by_id"]), words.moment(submitted["submitted_at"])
            told.append(("Submitted", f"{by}, {at}"))
    told += told_tests(sheet.tests)
    return told if scope == PLAN else [*told, *_results(sheet), ("Evidence", _files(submitted_files(sheet, scope)))]


def unsigned(sheet: Sheet) -> list[tuple[str, str]]:
    """Give what a signature does not sign, for it may change without it."""
    due = words.due(sheet.due.due_at, sheet.partnership.time_zone) if sheet.due else ""
    later = [one for one in sheet.files if one not in submitted_files(sheet)]
    told = [("Owner", sheet.who(sheet.record.owner_id)), ("Due", due), ("Links", _links(sheet))]
    return [*told, ("Evidence that came later", _files(later))]


def _files(files: Sequence[Evidence]) -> str:
    return "; ".join(evidence.told(one) for one in files)


def _results(sheet: Sheet) -> list[tuple[str, str]]:
    told = [(f"Retest {one.number}", f"{one.result} · {one.analyst}") for one in sheet.retests]
    for one in sheet.checks:
        told += [(f"Check {one.number}", str(one.outcome)), (f"Evidence of check {one.number}", one.evidence)]
    return told


def _links(sheet: Sheet) -> str:
    return ", ".join(f"{link.number} ({link.state})" for link in sheet.links)


def _deviation(it: Any) -> list[tuple[str, str]]:
    return [
        ("Where", it.location),
        ("Batch distributed", it.distributed),
        ("What happened", it.happened),
        ("What should have happened", it.expected),
        ("Immediate action", it.immediate_action),
    ]


def _investigation(it: Any) -> list[tuple[str, str]]:
    return [
        ("Root cause category", it.category),
        ("Root cause", it.root_cause),
        ("Human error justification", it.human_error),
        ("Other batches considered", it.other_batches),
        ("Impact", it.impact),
        ("Disposition recommendation", it.disposition),
        ("CAPA needed", "Yes" if it.capa_needed else "No"),
        ("Reason if no CAPA", it.no_capa_reason),
        ("Conclusion", it.conclusion),
    ]


def _oos(it: Any) -> list[tuple[str, str]]:
    return [
        ("Test", f"{it.test} ({it.category})" if it.category else it.test),
        ("Result", f"{it.result} {it.unit}".strip()),
        ("Limits", _limits(it)),
        ("Kind", it.result_kind),
        ("Sample", it.sample_type),
        ("Method", it.method),
        ("Analyst", it.analyst),
        ("Batch distributed", it.distributed),
    ]


def _phase_one(it: Any) -> list[tuple[str, str]]:
    return [
        ("Laboratory cause found", "Yes" if it.cause_found else "No"),
        ("Phase I evidence", it.evidence),
        ("Phase I checklist", "; ".join(it.checklist) or "nothing ticked"),
    ]


def _retest_plan(it: Any) -> list[tuple[str, str]]:
    approved = f"approved {words.moment(it.approved_at)}" if it.approved_at else "not approved yet"
    return [
        ("Retest plan", f"{it.number} retest{'s' if it.number > 1 else ''} by {it.second_analyst}, {approved}"),
        ("Hypothesis", it.hypothesis),
    ]


def _phase_two(it: Any) -> list[tuple[str, str]]:
    return [
        ("Outcome", it.outcome),
        ("Laboratory cause found in phase II", "Yes" if it.cause_found else "No"),
        ("Phase II evidence", it.evidence),
        ("Manufacturing review", it.manufacturing_review),
        ("Root cause", it.root_cause),
        ("Other batches considered", it.other_batches),
        ("Disposition recommendation", it.disposition),
    ]


def _capa(it: Any) -> list[tuple[str, str]]:
    return [
        ("Action type", it.action_type),
        ("Problem", it.problem),
        ("Action plan", it.plan),
        ("Effectiveness criterion", it.criterion),
    ]


def _implementation(it: Any) -> list[tuple[str, str]]:
    return [("Implemented on", words.day(it.implemented_on)), ("Evidence of implementation", it.evidence)]


def _specification(it: Any) -> list[tuple[str, str]]:
    until = f" until {words.day(it.in_force_until)}" if it.in_force_until else ""
    return [
        ("Sample type", it.sample_type),
        ("Version", str(it.version)),
        ("Effective from", words.day(it.effective_on)),
        ("In force", f"from {words.day(it.in_force_from)}{until}" if it.in_force_from else ""),
    ]


def _disposition(it: Any) -> list[tuple[str, str]]:
    return [("Decision", it.decision), ("Reason", it.justification), ("Certificate", it.certificate)]


def told_tests(found: Sequence[SpecificationTest], most: int | None = None) -> list[tuple[str, str]]:
    """Tell the tests of a specification, some at a time; with most only the first, and how many more there are."""
    shown = found if most is None else found[:most]
    chunks = [shown[start : start + CHUNK] for start in range(0, len(shown), CHUNK)]
    pairs = [(_heads(chunk, chunks), "\n" + "\n".join(map(test_told, chunk))) for chunk in chunks]
    more = len(found) - len(shown)
    return [*pairs, ("More tests", f"{more}, which /quality specification shows")] if more else pairs


def _heads(chunk: Sequence[SpecificationTest], chunks: Sequence[Sequence[SpecificationTest]]) -> str:
    return f"Tests {chunk[0].number} to {chunk[-1].number}" if len(chunks) > 1 else "Tests"


def test_told(one: SpecificationTest) -> str:
    """`2. Assay (Assay or potency): 95.0 to 105.0 %; alert from 96.0 to 104.0; method HPLC-01`."""
    asked = of_test(one)
    category = f" ({one.category})" if one.category and one.category != one.test else ""
    told = [f"{one.number}. {one.test}{category}: {judging.told(asked)}"]
    for name in ("alert", "action"):
        low, high = getattr(one, f"{name}_lower"), getattr(one, f"{name}_upper")
        told += [f"{name} below {low}"] if low else []
        told += [f"{name} above {high}"] if high else []
    told += [f"quantitation limit {one.quantitation}"] if one.quantitation else []
    told += [f"{one.decimals} decimals"] if one.decimals is not None else []
    return "; ".join([*told, *([f"method {one.method}"] if one.method else [])])


PARTS: dict[type[Table], Callable[[Any], list[tuple[str, str]]]] = {
    Deviation: _deviation,
    Investigation: _investigation,
    Oos: _oos,
    PhaseOne: _phase_one,
    RetestPlan: _retest_plan,
    PhaseTwo: _phase_two,
    Capa: _capa,
    Implementation: _implementation,
    Specification: _specification,
    BatchDisposition: _disposition,
}


def _limits(it: Oos) -> str:
    if it.lower and it.upper:
        return f"{it.lower} to {it.upper} {it.unit}".strip()
    if it.lower:
        return f"at least {it.lower} {it.unit}".strip()
    return f"at most {it.upper} {it.unit}".strip() if it.upper else ""


def _origin(sheet: Sheet) -> str:
    record = sheet.record
    logged = f"Logged by {escape(sheet.who(record.logged_by_id))}, {blocks.local(record.recorded_at)}"
    if record.kind not in (Kind.DEVIATION, Kind.OOS):
        return logged
    learned = "detected" if record.kind is Kind.DEVIATION else "analysed"
    return f"{logged} · {learned} {blocks.local(record.detected_at)}"
