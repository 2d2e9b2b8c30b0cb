"""Out-of-specification and out-of-trend results: what a first report must hold."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlmodel import Session

from quality import limits
from quality import record as records
from quality.people import Actor, require_part
from quality.refusal import FieldErrors
from quality.terms import CLOSE, LONG_AGO, LONGEST_AGO
from quality.working_time import calendar_of
from storage.oos import Oos, ResultKind
from storage.record import Distributed, Kind, Record, State


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
    term = CLOSE[Kind.OOS, None]
    due = records.Due(term.due(form.analysed_at, calendar_of(actor.partnership, actor.companies)), term.rule)
    record = Record(
        partnership_id=actor.partnership.id,
        kind=Kind.OOS,
        state=State.PHASE_1,
        title=_title(form),
        product=form.product,
        holds_batches=form.result_kind is ResultKind.OOS,
        logged_side=actor.person.side,
        logged_by_id=actor.person.id,
        detected_at=form.analysed_at,
        recorded_at=now,
    )
    names = ("test", "category", "result_kind", "sample_type", "result", "unit", "lower", "upper", "method")
    details = {name: getattr(form, name) for name in (*names, "analyst", "distributed")}
    records.log(session, actor, record, due, now=now, content=details, lots=form.lots)
    session.add(Oos(record_id=record.id, analysed_at=form.analysed_at, **details))
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
