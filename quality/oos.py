"""Out-of-specification and out-of-trend results: what a first report and each phase must hold."""

from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

from sqlmodel import Session

from quality import authority, change, clocks, limits
from quality import record as records
from quality.approval import PLAN, RECORD
from quality.change import Ref
from quality.people import Actor, require_part
from quality.refusal import FieldErrors
from quality.sheet import Sheet
from quality.terms import LONG_AGO, LONGEST_AGO
from storage.clock import ClockName
from storage.investigation import Disposition
from storage.oos import Oos, PhaseOne, PhaseTwo, ResultKind, Retest, RetestPlan
from storage.record import Distributed, Kind, Outcome, Record, State

MOST_RETESTS = 12
CATEGORIES = (
    "Identity",
    "Assay or potency",
    "Purity or impurity",
    "Dissolution",
    "Sterility",
    "Endotoxin",
    "Water",
    "Other",
)
SAMPLES = (
    "Raw material",
    "Packaging",
    "In-process",
    "Intermediate",
    "Drug substance",
    "Finished product",
    "Stability",
)
OUTCOMES = (Outcome.CONFIRMED, Outcome.INVALIDATED, Outcome.INCONCLUSIVE)


@dataclass(frozen=True)
class OosForm:
    """What Log OOS result asks; numbers as they were reported."""

    test: str
    result_kind: ResultKind
    sample_type: str
    lots: tuple[str, ...]
    result: str
    analysed_at: datetime
    distributed: Distributed
    category: str = ""
    product: str = ""
    unit: str = ""
    lower: str = ""
    upper: str = ""
    method: str = ""
    analyst: str = ""


def log(session: Session, actor: Actor, form: OosForm, now: datetime) -> Record:
    """Log a result; its clocks start when it was obtained."""
    require_part(session, actor, "log OOS results")
    check(form, now)
    return log_judged(session, actor, form, now)


def log_judged(session: Session, actor: Actor, form: OosForm, now: datetime) -> Record:
    """Log a result that was judged against its specification already."""
    record = records.new(
        actor,
        Kind.OOS,
        State.PHASE_1,
        now,
        title=_title(form),
        product=form.product,
        holds_batches=form.result_kind is ResultKind.OOS,
        detected_at=form.analysed_at,
        distributed_at=now if form.distributed is Distributed.YES else None,
    )
    names = ("test", "category", "result_kind", "sample_type", "result", "unit", "lower", "upper", "method")
    details = {name: getattr(form, name) for name in (*names, "analyst", "distributed")}
    records.log(session, actor, record, now=now, details=details, lots=form.lots)
    session.add(Oos(record_id=record.id, analysed_at=form.analysed_at, **details))
    clocks.start_by_terms(session, actor, record, ClockName.PHASE_1, form.analysed_at, now)
    authority.watch(session, actor, record, now)
    return record


def _title(form: OosForm) -> str:
    result = f"{form.test}: {form.result} {form.unit}".strip()
    return result if form.result_kind is ResultKind.OOS else f"{result} (out of trend)"


def check(form: OosForm, now: datetime) -> None:
    """Refuse a result that is no number, lies in the future, or is not what its kind says."""
    errors: dict[str, str] = {}
    numbers = {name: _number(form, name, errors) for name in ("result", "lower", "upper")}
    if form.analysed_at > now:
        errors["analysed_at"] = "This lies in the future. Give the time of the analysis."
    if form.analysed_at < now - LONGEST_AGO:
        errors["analysed_at"] = LONG_AGO
    result, lower, upper = numbers.values()
    if lower is not None and upper is not None and lower > upper:
        errors["upper"] = f"The upper limit is below the lower limit {form.lower}. Check both."
    if not errors and result is not None and (lower is not None or upper is not None):
        errors |= _contradiction(form, within=limits.complies(result, lower, upper))
    if errors:
        raise FieldErrors(errors)


def _number(form: OosForm, name: str, errors: dict[str, str]) -> Decimal | None:
    text = getattr(form, name)
    if not text:
        return None
    try:
        return limits.number(text)
    except ValueError as problem:
        errors[name] = str(problem)
        return None


def _contradiction(form: OosForm, *, within: bool) -> dict[str, str]:
    between = f"the limits {form.lower or 'none'} to {form.upper or 'none'}"
    if form.result_kind is ResultKind.OOS and within:
        return {"result": f"{form.result} complies with {between}. Choose OOT, or correct the result or the limits."}
    if form.result_kind is ResultKind.OOT and not within:
        return {"result_kind": f"{form.result} is outside {between}. Choose OOS, or correct the result or the limits."}
    return {}


@dataclass(frozen=True)
class PhaseOneForm:
    """What Phase I result asks."""

    cause_found: bool
    evidence: str
    checklist: tuple[str, ...] = ()
    distributed: Distributed | None = None  # as it is known by now


@dataclass(frozen=True)
class RetestPlanForm:
    """What Retest plan asks."""

    hypothesis: str
    number: int
    second_analyst: str


@dataclass(frozen=True)
class RetestForm:
    """What Record retest asks."""

    result: str
    analyst: str


@dataclass(frozen=True)
class PhaseTwoForm:
    """What Phase II result asks."""

    manufacturing_review: str
    root_cause: str
    other_batches: str
    outcome: Outcome
    evidence: str
    disposition: Disposition
    cause_found: bool = False
    distributed: Distributed | None = None  # as it is known by now


def finish_phase_1(session: Session, actor: Actor, ref: Ref, form: PhaseOneForm, now: datetime) -> Record:
    """Give the laboratory's result: a cause with evidence invalidates the result, none leads to phase II."""
    record = change.begin(session, actor, ref, "phase_1", now).record
    change.worked(session, actor.person.id, record)
    told = asdict(form) | {"checklist": list(form.checklist)}
    distributed = told.pop("distributed")
    session.merge(PhaseOne(record_id=record.id, **told, **change.by(actor, now)))
    record.outcome = Outcome.INVALIDATED if form.cause_found else None
    to = State.PENDING_APPROVAL if form.cause_found else State.PHASE_2
    changes = change.told(told | {"outcome": record.outcome})
    if distributed is not None:
        changes |= authority.learn(session, record, distributed, now)
    change.move(session, actor, record, to, "phase_1", now, changes=changes)
    authority.watch(session, actor, record, now)
    return record


def plan_retests(session: Session, actor: Actor, ref: Ref, form: RetestPlanForm, now: datetime) -> Record:
    """Plan retests; signatures that an earlier form of the plan had are void."""
    record = change.begin(session, actor, ref, "plan_retests", now).record
    if not 1 <= form.number <= MOST_RETESTS:
        raise FieldErrors({"number": f"Give a number from 1 to {MOST_RETESTS}. It is fixed once approved."})
    change.worked(session, actor.person.id, record, RECORD, PLAN)
    session.merge(RetestPlan(record_id=record.id, **asdict(form), **change.by(actor, now)))
    change.finish(session, actor, record, "retests_planned", now, changes=change.told(asdict(form)))
    return record


def record_retest(session: Session, actor: Actor, ref: Ref, form: RetestForm, now: datetime) -> Record:
    """Keep one result of the approved plan, whatever it is."""
    found = change.begin(session, actor, ref, "record_retest", now)
    change.worked(session, actor.person.id, found.record)
    number = len(found.retests) + 1
    session.add(Retest(record_id=found.record.id, number=number, **asdict(form), **change.by(actor, now)))
    changes = change.told({"number": number, **asdict(form)})
    change.finish(session, actor, found.record, "retested", now, changes=changes)
    return found.record


def finish_phase_2(session: Session, actor: Actor, ref: Ref, form: PhaseTwoForm, now: datetime) -> Record:
    """Give the outcome of the full investigation and submit it for approval."""
    found = change.begin(session, actor, ref, "phase_2", now)
    record, plan = found.record, found.part(RetestPlan)
    if form.outcome not in OUTCOMES:
        raise FieldErrors({"outcome": "Choose one of the list."})
    if form.outcome is Outcome.INVALIDATED and not form.cause_found:
        says = "A result is invalidated only with evidence of a laboratory cause. Without one it stands: Inconclusive."
        raise FieldErrors({"outcome": says, "cause_found": "Invalidated needs Yes here, and the evidence below."})
    missing = plan.number - len(found.retests) if plan else 0
    if form.outcome is Outcome.INVALIDATED and missing > 0:
        raise FieldErrors(
            {"outcome": f"{missing} of {plan.number if plan else 0} planned retests are not recorded yet. "
             "A result is not invalidated before every one of them is."}
        )  # fmt: skip
    change.worked(session, actor.person.id, record)
    told = asdict(form)
    distributed = told.pop("distributed")
    session.merge(PhaseTwo(record_id=record.id, **told, **change.by(actor, now)))
    record.outcome = form.outcome
    changes = change.told(told)
    if distributed is not None:
        changes |= authority.learn(session, record, distributed, now)
    change.move(session, actor, record, State.PENDING_APPROVAL, "phase_2", now, changes=changes)
    authority.watch(session, actor, record, now)
    return record


def back_to(found: Sheet) -> State:
    """Tell to which phase an OOS goes back: the one that it was submitted from."""
    first = found.part(PhaseOne)
    return State.PHASE_2 if first is not None and not first.cause_found else State.PHASE_1
