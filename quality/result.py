"""Laboratory results: judged against a specification; a person confirms those outside it, none is logged silently."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from quality import criteria, judging, oos, people, trend, words
from quality.judging import Judged
from quality.oos import OosForm
from quality.people import Actor, require_part
from quality.refusal import FieldErrors, Refusal
from quality.terms import LONG_AGO, LONGEST_AGO
from quality.trend import Measured
from storage import journal, lot, outbox, person, result, specification
from storage import record as stored
from storage.oos import ResultKind
from storage.person import Person, Role
from storage.record import Distributed, Kind, Record, lot_key
from storage.result import LabResult, ResultState, Verdict
from storage.specification import Specification, SpecificationTest

MOST_NAMED = 12  # tests in an answer


@dataclass(frozen=True)
class ResultForm:
    """What Record result asks."""

    specification_id: int  # of its record
    test: str | int  # its name, or its id
    lot: str
    reported: str
    analysed_at: datetime
    unit: str = ""
    analyst: str = ""
    time_point: str = ""
    source: str = ""


@dataclass(frozen=True)
class Held:
    """A result held against its test, not kept yet."""

    form: ResultForm
    record: Record
    details: Specification
    test: SpecificationTest
    judged: Judged


def hold(session: Session, actor: Actor, form: ResultForm, now: datetime) -> Held:
    """Hold a result against its test; FieldErrors say what cannot be judged, and what to do."""
    try:
        record = stored.get(session, actor.partnership.id, form.specification_id)
    except LookupError:
        record = None
    if record is None or record.kind is not Kind.SPECIFICATION:
        raise FieldErrors({"specification": "This is no specification of this channel. Choose one of the list."})
    details = specification.get(session, record.id)
    tests = specification.list_tests(session, record.id)
    return against(actor, form, record, details, tests, now)


def against(
    actor: Actor, form: ResultForm, record: Record, details: Specification, tests: Sequence[SpecificationTest],
    now: datetime,
) -> Held:  # fmt: skip
    """Hold a result against one of the tests of a specification; FieldErrors say what cannot be judged."""
    errors = _when(actor, form, record, details, now)
    test = find_test(form.test, tests)
    if test is None:
        raise FieldErrors(errors | {"test": no_such_test(form.test, record, tests)})
    if not lot_key(form.lot):
        errors["lot"] = "Batch or lot is needed. Fill it in."
    try:
        judged = judging.judge(criteria.of_test(test), form.reported, form.unit)
    except ValueError as fault:
        raise FieldErrors(errors | {"result": str(fault)}) from None
    if errors:
        raise FieldErrors(errors)
    return Held(form, record, details, test, judged)


def find_test(named: str | int, tests: Sequence[SpecificationTest]) -> SpecificationTest | None:
    """Find a test by its id or its name, without regard to case."""
    if isinstance(named, int):
        return next((one for one in tests if one.id == named), None)
    return next((one for one in tests if one.test_key == lot_key(named)), None)


def no_such_test(named: str | int, record: Record, tests: Sequence[SpecificationTest]) -> str:
    """Say that a specification has no such test, and which ones it has."""
    names = ", ".join(one.test for one in tests[:MOST_NAMED])
    more = f" and {len(tests) - MOST_NAMED} more" if len(tests) > MOST_NAMED else ""
    what = f"no test “{named}”" if isinstance(named, str) else "no such test"
    return f"{record.number} has {what}. Its tests: {names}{more}."


def _when(actor: Actor, form: ResultForm, record: Record, details: Specification, now: datetime) -> dict[str, str]:
    if form.analysed_at > now:
        return {"analysed_at": "This lies in the future. Give the time of the analysis."}
    if form.analysed_at < now - LONGEST_AGO:
        return {"analysed_at": LONG_AGO}
    day = actor.calendar.day_of(form.analysed_at)
    if specification.is_in_force(details, record, day):
        return {}
    begins, until = details.in_force_from, details.in_force_until
    if begins is None or record.state not in specification.IN_FORCE:
        return {"specification": f"{record.number} is {record.state}, and nothing is judged by it. Choose another."}
    span = f"from {words.day(begins)}" + (f" until {words.day(until)}" if until else "")
    return {
        "analysed_at": f"{record.number} (version {details.version}) is in force {span}, not on {words.day(day)}. "
        "Choose the version that was in force then."
    }


def record(session: Session, actor: Actor, form: ResultForm, now: datetime) -> LabResult:
    """Record a result: what complies is done; what does not waits for a person to confirm it."""
    kept = _kept(session, actor, form, now)
    if kept.state is ResultState.TO_CONFIRM:
        _ask(session, kept, "asked", now)
    return kept


def _kept(session: Session, actor: Actor, form: ResultForm, now: datetime) -> LabResult:
    require_part(session, actor, "record results")
    held = hold(session, actor, form, now)
    if (same := find_same(session, actor, held, now)) is not None:
        raise FieldErrors({"result": f"{already(session, actor, same)} Check it, or cancel."})
    return keep(session, actor, [held], now)[0]


def find_same(session: Session, actor: Actor, held: Held, now: datetime) -> LabResult | None:
    """Find the result that says the same, which was recorded before."""
    return result.find_same(session, LabResult(**_values(actor, held, now)))


def already(session: Session, actor: Actor, same: LabResult) -> str:
    """Say that a result is there already, by whom and since when."""
    by = person.get(session, actor.partnership.id, same.recorded_by_id)
    return f"{by.name} recorded this result on {words.moment(same.recorded_at)} already."


def log(session: Session, actor: Actor, form: ResultForm, distributed: Distributed, now: datetime) -> LabResult:
    """Record a result that a person logs as an OOS: it is confirmed by that, if it does not comply."""
    kept = _kept(session, actor, form, now)
    if kept.state is ResultState.TO_CONFIRM:
        _confirm(session, actor, kept, distributed, now)
    return kept


def keep(session: Session, actor: Actor, held: Sequence[Held], now: datetime) -> list[LabResult]:
    """Keep results that were judged, each with its entry in the journal; those beyond their trend are OOT."""
    kept = [LabResult(**_values(actor, one, now)) for one in _by_trend(session, actor, held)]
    session.add_all(kept)
    lot.note(session, actor.partnership.id, [one.lot for one in kept], now)
    for one in kept:
        event = "recorded" if one.state is ResultState.RECORDED else "to_confirm"
        told = {name: getattr(one, name) for name in TOLD} | {"analysed_at": one.analysed_at.isoformat()}
        _journal(session, actor, one, event, told, now)
    return kept


def _by_trend(session: Session, actor: Actor, held: Sequence[Held]) -> list[Held]:
    """Hold results against the control limits of those before them too, not of those that come with them."""
    history = trend.History(session, actor.partnership.id)

    def judged(one: Held) -> Judged:
        return history.judge(one.judged, _measured(one), one.test, one.form.reported, one.form.unit)

    return [replace(one, judged=judged(one)) for one in held]


def _measured(one: Held) -> Measured:
    return Measured(one.record.product, one.details.sample_type, one.test.test, one.form.time_point)


TOLD = (
    *("specification", "product", "sample_type", "test", "lot", "time_point", "reported", "unit", "rounded"),
    *("verdict", "why", "analyst", "source"),
)


def _values(actor: Actor, held: Held, now: datetime) -> dict[str, Any]:
    form, complies = held.form, held.judged.verdict is Verdict.COMPLIES
    return {
        "partnership_id": actor.partnership.id,
        "specification_id": held.record.id,
        "specification": f"{held.record.number}, version {held.details.version}",
        "test_id": held.test.id,
        "test": held.test.test,
        "test_key": held.test.test_key,
        "product": held.record.product,
        "product_key": held.details.product_key,
        "sample_type": held.details.sample_type,
        "time_point": form.time_point,
        "lot": form.lot,
        "lot_key": lot_key(form.lot),
        "reported": form.reported,
        "rounded": held.judged.rounded[:150],
        "unit": form.unit or held.test.unit,
        "verdict": held.judged.verdict,
        "why": held.judged.why[:1000],
        "state": ResultState.RECORDED if complies else ResultState.TO_CONFIRM,
        "analyst": form.analyst,
        "analysed_at": form.analysed_at,
        "source": form.source,
        "recorded_by_id": actor.person.id,
        "recorded_at": now,
    }


def get(session: Session, actor: Actor, result_id: int) -> LabResult:
    """Get a result of the actor's partnership."""
    try:
        return result.get(session, actor.partnership.id, result_id)
    except LookupError:
        raise Refusal("That result is not one of this channel's.") from None


def confirm(session: Session, actor: Actor, result_id: int, now: datetime) -> LabResult:
    """Confirm a result outside its limits or its trend: it becomes a record, logged by who confirms it."""
    kept = _to_decide(session, actor, result_id)
    _confirm(session, actor, kept, Distributed.UNKNOWN, now)
    _ask(session, kept, "decided", now)
    return kept


def _confirm(session: Session, actor: Actor, kept: LabResult, distributed: Distributed, now: datetime) -> None:
    test = session.get_one(SpecificationTest, kept.test_id)
    made = oos.log_judged(session, actor, _oos_form(kept, test, distributed), now)
    session.flush()
    kept.state, kept.record_id = ResultState.CONFIRMED, made.id
    kept.decided_by_id, kept.decided_at = actor.person.id, now
    _journal(session, actor, kept, "confirmed", {"record": made.number}, now)


def _oos_form(kept: LabResult, test: SpecificationTest, distributed: Distributed) -> OosForm:
    """Give the OOS form of a result, in the unit of its limits."""
    same = kept.unit == test.unit
    return OosForm(
        test=f"{kept.test} ({kept.time_point})" if kept.time_point else kept.test,
        category=test.category,
        result_kind=ResultKind(kept.verdict),
        sample_type=kept.sample_type,
        lots=(kept.lot,),
        product=kept.product,
        result=(kept.reported if same else kept.rounded)[:40],
        unit=test.unit,
        lower=_limit(test.lower, inclusive=test.lower_inclusive),
        upper=_limit(test.upper, inclusive=test.upper_inclusive),
        method=test.method,
        analyst=kept.analyst,
        analysed_at=kept.analysed_at,
        distributed=distributed,
    )


def _limit(written: str, *, inclusive: bool) -> str:
    return written if inclusive or not written else f"{written} (exclusive)"


def discard(session: Session, actor: Actor, result_id: int, reason: str, now: datetime) -> LabResult:
    """Discard a result that was typed wrongly; it is kept, with the reason."""
    kept = may_discard(session, actor, result_id)
    kept.state, kept.reason = ResultState.DISCARDED, reason
    kept.decided_by_id, kept.decided_at = actor.person.id, now
    _journal(session, actor, kept, "discarded", {"result": kept.reported}, now, reason)
    _ask(session, kept, "decided", now)
    return kept


def _ask(session: Session, kept: LabResult, when: str, now: datetime) -> None:
    """Ask who recorded a result whether it is right; once that is decided, the question says so."""
    about = {"result_id": kept.id}
    outbox.put(session, kept.partnership_id, "result", f"result:{kept.id}:{when}", now, to=kept.recorded_by_id, **about)


def _to_decide(session: Session, actor: Actor, result_id: int) -> LabResult:
    """Give a result that the actor may confirm; a Refusal says who may."""
    kept, by = _undecided(session, actor, result_id)
    is_their_qa = actor.person.has(Role.QA) and actor.person.side is by.side
    if not people.may_take_part(actor.person) or (actor.person.id != by.id and not is_their_qa):
        company = actor.companies[by.side].name
        raise Refusal(f"{by.name} recorded this result: it is for them, or QA of {company}, to confirm.")
    return kept


def may_discard(session: Session, actor: Actor, result_id: int) -> LabResult:
    """Give a result that the actor may discard; a Refusal says who may.

    Nobody makes a failing result of their own go away: that it was typed wrongly is what somebody of QA found.
    """
    kept, by = _undecided(session, actor, result_id)
    if not actor.person.has(Role.QA) or actor.person.id == by.id:
        raise Refusal(
            f"{by.name} recorded this result: QA of either company, other than {by.name}, may discard it. They find it "
            "under *Results to confirm*, or by `/quality result waiting`."
        )
    return kept


def _undecided(session: Session, actor: Actor, result_id: int) -> tuple[LabResult, Person]:
    kept = get(session, actor, result_id)
    by = person.get(session, actor.partnership.id, kept.recorded_by_id)
    if kept.state is not ResultState.TO_CONFIRM:
        decider = person.get(session, actor.partnership.id, kept.decided_by_id or kept.recorded_by_id)
        at = words.moment(kept.decided_at or kept.recorded_at)
        raise Refusal(f"This result is {kept.state} already, by {decider.name}, {at}.")
    return kept, by


def _journal(
    session: Session, actor: Actor, kept: LabResult, event: str, told: Mapping[str, Any], now: datetime,
    reason: str | None = None,
) -> None:  # fmt: skip
    changes = {name: [None, value] for name, value in told.items() if value not in ("", None)}
    body = {"by": actor.signature(), "result": kept.id, "changes": changes, "reason": reason}
    journal.append(session, kept.partnership_id, f"result.{event}", now, body)


def waiting(session: Session, actor: Actor, limit: int, offset: int = 0) -> list[LabResult]:
    """List the results of the actor's partnership that wait for a person to confirm them, the oldest first."""
    return result.list_waiting(session, actor.partnership.id, limit, offset)
