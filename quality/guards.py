"""Guards: what has to be true of a record before something is done with it, in words and as a question.

Each gives what is missing and what to do, or None when nothing is. Sources: 21 CFR 211.192, EU GMP 1.4(xiv),
FDA's guidance on OOS results.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from quality import approval, words
from quality.sheet import Sheet
from quality.terms import TO_BE_WRITTEN
from quality.working_time import calendar_of
from storage.capa import Capa
from storage.clock import ClockName
from storage.disposition import BatchDisposition
from storage.investigation import Cause, Disposition, Investigation
from storage.oos import RetestPlan
from storage.record import Asked, Kind, Outcome, Record, State
from storage.result import LabResult
from storage.specification import Specification

MOST_NAMED = 10
Fails = Callable[[Sheet, datetime], str | None]


@dataclass(frozen=True)
class Guard:
    """A condition: in words, and what to tell where it does not hold."""

    words: str
    fails: Fails


def _waits_for_acknowledgement(sheet: Sheet, _now: datetime) -> str | None:
    return None if sheet.waits_for_acknowledgement else f"{sheet.record.number} needs no acknowledgement."


def _nothing_asked(sheet: Sheet, _now: datetime) -> str | None:
    asked = sheet.request
    if asked is None:
        return None
    return (
        f"{sheet.who(asked.asked_by_id)} already asked about {sheet.record.number}: {asked.what}. "
        "That has to be answered, or withdrawn, first."
    )


def _is_asked(what: Asked) -> Fails:
    def fails(sheet: Sheet, _now: datetime) -> str | None:
        if sheet.request is None:
            return f"Nobody asks anything of {sheet.record.number} now."
        extends = sheet.request.what is Asked.EXTEND
        if extends is not (what is Asked.EXTEND):
            return f"What is asked of {sheet.record.number} now is to {sheet.request.what}."
        return None

    return fails


def _not_late(sheet: Sheet, now: datetime) -> str | None:
    due = sheet.due
    if due is None or due.due_at > now:
        return None
    when = words.due(due.due_at, sheet.partnership.time_zone)
    return (
        f"{sheet.record.number} was due {when}. A late record cannot be extended or stopped: finish it, and say why it "
        "is late."
    )


def _runs(sheet: Sheet, _now: datetime) -> str | None:
    due = sheet.due
    if due is None or due.paused_at is None:
        return None
    return f"The clock of {sheet.record.number} is stopped. Press *Resume clock* first."


def _stands(sheet: Sheet, _now: datetime) -> str | None:
    due = sheet.due
    if due is not None and due.paused_at is not None:
        return None
    return f"The clock of {sheet.record.number} is not stopped."


def _whole(sheet: Sheet, _now: datetime) -> str | None:
    """21 CFR 211.192: nothing that the law asks for is empty."""
    found = sheet.part(Investigation)
    if sheet.record.kind is not Kind.DEVIATION:
        return None
    if found is None:
        return f"{sheet.record.number} has no investigation yet."
    texts = (found.root_cause, found.other_batches, found.impact, found.conclusion)
    reasons = found.capa_needed or found.no_capa_reason
    human = found.category is not Cause.PEOPLE or found.human_error
    if not (all(texts) and reasons and human):
        return f"The investigation of {sheet.record.number} is not complete. Send it back."
    return None


def _capa_linked(sheet: Sheet, _now: datetime) -> str | None:
    found = sheet.part(Investigation)
    if found is None or not found.capa_needed or approval.covering(sheet) or not approval.is_last(sheet):
        return None
    if sheet.capas:
        return one_company_only(sheet.capas[0], sheet.record)
    return (
        f"{sheet.record.number} needs a CAPA before its last signature, for its investigation says so. "
        "Press *Add CAPA*, or *Link record* for one that exists."
    )


def one_company_only(capa: Record, source: Record) -> str:
    """Tell why a CAPA is no answer to a record: its work began on one company's word."""
    which = source.number or "this one"  # which has no number yet
    return (
        f"The plan of {capa.number} was approved by one company, and {which} needs both. "
        "Log a CAPA of its own with *Add CAPA*."
    )


def _plan_approved(sheet: Sheet, _now: datetime) -> str | None:
    plan = sheet.part(RetestPlan)
    if plan is None:
        return f"No retest of {sheet.record.number} is planned. The owner writes the *Retest plan* first."
    if plan.approved_at is None:
        return f"The retest plan of {sheet.record.number} is not approved by both companies' QA yet: no result before."
    return None


def _retests_left(sheet: Sheet, _now: datetime) -> str | None:
    plan = sheet.part(RetestPlan)
    if plan is None or len(sheet.retests) < plan.number:
        return None
    number = sheet.record.number
    return f"Every planned retest of {number} is recorded ({plan.number}). No more were approved. {MORE_TESTS}"


MORE_TESTS = (
    "Give the *Phase II result* by the results there are; for tests beyond the plan, log an OOS result of its own with "
    "*Log OOS result*, plan them there, and link both by *Link record*."
)


def _plan_open(sheet: Sheet, _now: datetime) -> str | None:
    plan = sheet.part(RetestPlan)
    if plan is None or plan.approved_at is None:
        return None
    number = sheet.record.number
    return f"The retest plan of {number} ({plan.number}) is approved. It is not changed any more. {MORE_TESTS}"


def _plan_written(sheet: Sheet, _now: datetime) -> str | None:
    details = sheet.part(Capa)
    if details is None or not details.plan.startswith(TO_BE_WRITTEN):
        return None
    return f"The plan of {sheet.record.number} is still to be written. Press *Change plan* first."


def _from_check_date(sheet: Sheet, now: datetime) -> str | None:
    check = sheet.clocks.get(ClockName.CHECK)
    calendar = calendar_of(sheet.partnership, sheet.companies)
    if check is None or calendar.day_of(check.due_at) <= calendar.day_of(now):
        return None
    day = words.day(calendar.day_of(check.due_at))
    return f"The effectiveness of {sheet.record.number} can be checked from {day} on: before, it shows nothing."


def _not_accepted(sheet: Sheet, _now: datetime) -> str | None:
    if sheet.record.acknowledged_by_id != sheet.record.owner_id:
        return None
    return f"{sheet.who(sheet.record.acknowledged_by_id)} accepted {sheet.record.number} already."


def _reports_settled(sheet: Sheet, _now: datetime) -> str | None:
    if all(report.is_settled for report in sheet.reports):
        return None
    return (
        f"A report to an authority about {sheet.record.number} is still open. "
        "The sponsor's QA says first that it is not needed, and why, or records its filing."
    )


def _sources_stay_covered(sheet: Sheet, _now: datetime) -> str | None:
    """Keep the CAPA that a closed record was closed with."""
    closed = [source.number for source in sheet.sources if source.state is State.CLOSED]
    if not closed:
        return None
    return f"{', '.join(closed)} was closed with {sheet.record.number}. Reopen it first, or carry the CAPA out."


def _confirmed(sheet: Sheet, _now: datetime) -> str | None:
    if sheet.record.outcome is Outcome.CONFIRMED:
        return None
    return f"{sheet.record.number} is not confirmed."


def _has_tests(sheet: Sheet, _now: datetime) -> str | None:
    if sheet.record.kind is not Kind.SPECIFICATION or sheet.tests:
        return None
    return f"{sheet.record.number} has no test yet. Press *Add test* or *Upload tests* first."


def _newest(sheet: Sheet, _now: datetime) -> str | None:
    """Keep what a later version rests on: its day in force began where that one's ends."""
    found = sheet.part(Specification)
    if found is None or found.in_force_until is None:
        return None
    return (
        f"A later version follows {sheet.record.number} from {words.day(found.in_force_until)} on. Void that one first."
    )


def _releasable(sheet: Sheet, _now: datetime) -> str | None:
    """21 CFR 211.165, 211.192: nothing is released over what is still open about it."""
    found = sheet.part(BatchDisposition)
    if found is None or found.decision is not Disposition.RELEASE:
        return None
    if sheet.holders:
        return held(found.lot, sheet.holders)
    return doubted(found.lot, sheet.doubtful) if sheet.doubtful else None


def held(lot: str, holders: Sequence[Record]) -> str:
    """Tell why a lot cannot be released: what has it on hold."""
    return (
        f"Batch {lot} is on hold because of {_numbers([one.number for one in holders])}, so it cannot be released. "
        "Close what holds it first, or propose another decision."
    )


def doubted(lot: str, results: Sequence[LabResult]) -> str:
    """Tell why a lot cannot be released: a result outside its limits that nobody confirmed yet."""
    named = _numbers([f"{one.test} {one.reported}" for one in results])
    return (
        f"A result of batch {lot} is OOS and waits to be confirmed ({named}), so it cannot be released. "
        "Confirm or discard it first: `/quality result waiting`."
    )


def _numbers(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _undecided(sheet: Sheet, _now: datetime) -> str | None:
    if sheet.record.state is State.PROPOSED:
        return None
    return f"{sheet.record.number} is decided. Propose another disposition, which takes its place."


ACKNOWLEDGEABLE = Guard("it waits for acknowledgement", _waits_for_acknowledgement)
NOTHING_ASKED = Guard("no other request is open", _nothing_asked)
EXTENSION_ASKED = Guard("an extension is asked", _is_asked(Asked.EXTEND))
CONSENT_ASKED = Guard("agreement is asked", _is_asked(Asked.VOID))
RUNS = Guard("its clock is not stopped", _runs)
STANDS = Guard("its clock is stopped", _stands)
NOT_LATE = Guard("it is not late", _not_late)
WHOLE = Guard("the investigation is complete (21 CFR 211.192)", _whole)
CAPA_LINKED = Guard(
    "before the last signature, a CAPA is linked where one is needed; where both companies sign, its plan has or "
    "awaits both signatures",
    _capa_linked,
)
PLAN_APPROVED = Guard("the retest plan is approved by both companies' QA", _plan_approved)
PLAN_WRITTEN = Guard("its plan is written", _plan_written)
PLAN_OPEN = Guard("the retest plan is not approved yet", _plan_open)
RETESTS_LEFT = Guard("fewer retests are recorded than were planned", _retests_left)
CHECK_DATE = Guard("the check date is reached", _from_check_date)
NOT_ACCEPTED = Guard("nobody accepted it yet", _not_accepted)
REPORTS_SETTLED = Guard("no report to an authority is open", _reports_settled)
SOURCES_COVERED = Guard("no closed record rests on it", _sources_stay_covered)
CONFIRMED = Guard("the result is confirmed", _confirmed)
HAS_TESTS = Guard("it has a test", _has_tests)
RELEASABLE = Guard("a batch that is to be released is not on hold, nor has an OOS to confirm", _releasable)
UNDECIDED = Guard("it is not decided", _undecided)
NEWEST = Guard("no later version follows it", _newest)
