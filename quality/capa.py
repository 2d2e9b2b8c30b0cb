"""CAPAs: what a new one must hold, its plan, what shows that it was done, and whether it worked."""

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session

from quality import change, clocks, deviation, terms, words
from quality import record as records
from quality.approval import PLAN, given
from quality.change import Ref
from quality.people import Actor, may_take_part, require_part
from quality.refusal import FieldErrors
from quality.sheet import Sheet
from quality.terms import CAPA_DAYS, CAPA_RULE, CHECK_AGAIN, LONG_AGO, LONGEST_AGO, TO_BE_WRITTEN, Due
from quality.working_time import DAY_ENDS
from storage import clock
from storage.capa import ActionType, Capa, EffectivenessCheck, Implementation
from storage.clock import ClockName, Duty
from storage.record import Class, Kind, Outcome, Record, State

OUTCOMES = (Outcome.EFFECTIVE, Outcome.NOT_EFFECTIVE, Outcome.INCONCLUSIVE)
MOST_TITLE = 150


@dataclass(frozen=True)
class CapaForm:
    """What New CAPA asks."""

    title: str
    problem: str
    action_type: ActionType
    owner_id: int
    due_on: date
    plan: str
    sources: tuple[str, ...] = ()
    criterion: str = ""
    asked_on: Ref | None = None  # the record on whose card it is logged


@dataclass(frozen=True)
class PlanForm:
    """What Change plan asks."""

    plan: str
    criterion: str = ""


@dataclass(frozen=True)
class CheckForm:
    """What Check effectiveness asks."""

    outcome: Outcome
    evidence: str


def log(session: Session, actor: Actor, form: CapaForm, now: datetime) -> Record:
    """Log a CAPA, link it to its sources and tell its owner."""
    require_part(session, actor, "log CAPAs")
    if form.asked_on is not None:
        change.begin(session, actor, form.asked_on, "capa", now)
    _check_due(actor, form.due_on, now)
    sources = records.find_sources(session, actor, form.sources)
    owner = records.can_own(session, actor, form.owner_id)
    record = records.new(actor, Kind.CAPA, State.PLANNED, now, title=form.title, owner_id=owner.id, detected_at=now)
    details = {name: getattr(form, name) for name in ("problem", "action_type", "plan", "criterion")}
    told = {**details, "owner": owner.name, "sources": ", ".join(source.number for source in sources)}
    due = Due(actor.calendar.at(form.due_on, DAY_ENDS), CAPA_RULE, Duty.OWNER, now)
    entry_id = records.log(session, actor, record, now=now, details=told, due=due)
    session.add(Capa(record_id=record.id, **details))
    if not form.plan.startswith(TO_BE_WRITTEN):  # else whoever writes it by Change plan is its author
        change.worked(session, actor.person.id, record, PLAN)
    for source in sources:
        records.link(session, actor, record, source, now)
    if all(source.state is State.CLOSED for source in sources):  # else once its sources are approved
        instead = "" if sources else "logging"
        clocks.start_by_terms(session, actor, record, ClockName.PLAN, now, now, instead=instead)
    change.settle(session, record, now)
    records.tell_owner(session, record, owner, entry_id, now)
    return record


def proposed_due(session: Session, actor: Actor, source: Record | None, now: datetime) -> date:
    """Propose when a CAPA is due: by the agreement's row for the class of its source; an OOS result counts as major."""
    class_ = (source.class_ if source else None) or Class.MAJOR
    row = terms.of(session, actor.partnership.id).find(Kind.CAPA, ClockName.CLOSE, class_)
    today = actor.calendar.day_of(now)
    due_on = actor.calendar.day_of(row.term.due(now, actor.calendar)) if row else today + timedelta(days=CAPA_DAYS)
    return actor.calendar.working_day_from(due_on)


def _check_due(actor: Actor, due_on: date, now: datetime) -> None:
    calendar = actor.calendar
    if due_on < calendar.day_of(now):
        raise FieldErrors({"due_on": "This day is past. Give a day from today on."})
    if calendar.at(due_on, DAY_ENDS) < now:
        raise FieldErrors({"due_on": "This day's working hours are over. Give a later day."})
    if due_on > calendar.day_of(now + LONGEST_AGO):
        raise FieldErrors({"due_on": "This is more than five years ahead. Check the year."})


def change_plan(session: Session, actor: Actor, ref: Ref, form: PlanForm, now: datetime) -> Record:
    """Change the plan or its criterion; signatures that the plan already has are void."""
    record = change.begin(session, actor, ref, "change_plan", now).record
    details = session.get_one(Capa, record.id)
    before = {"plan": details.plan, "criterion": details.criterion}
    if before == asdict(form):
        raise FieldErrors({"plan": "Nothing is changed here. Change it, or cancel."})
    change.worked(session, actor.person.id, record, PLAN)
    details.plan, details.criterion = form.plan, form.criterion
    changes = {name: [before[name], value] for name, value in asdict(form).items() if value != before[name]}
    change.finish(session, actor, record, "plan_changed", now, changes=changes)
    return record


def implement(session: Session, actor: Actor, ref: Ref, evidence: str, implemented_on: date, now: datetime) -> Record:
    """Mark a CAPA implemented; the clock to the check of its effectiveness starts on that day."""
    found = change.begin(session, actor, ref, "implement", now)
    record, calendar = found.record, actor.calendar
    _check_done(actor, found, implemented_on, now)
    change.worked(session, actor.person.id, record)
    done: dict[str, Any] = {"evidence": evidence, "implemented_on": implemented_on}
    session.merge(Implementation(record_id=record.id, **done, **change.by(actor, now)))
    clock.stop(session, record.id, now, ClockName.CLOSE, ClockName.ACCEPT)
    clocks.start_by_terms(session, actor, record, ClockName.CHECK, calendar.at(implemented_on, DAY_ENDS), now)
    changes = {"evidence": [None, evidence], "implemented_on": [None, implemented_on.isoformat()]}
    changes |= change.lapse(session, actor, record, now)
    change.move(session, actor, record, State.IMPLEMENTED, "implemented", now, changes=changes)
    return record


def _check_done(actor: Actor, found: Sheet, on: date, now: datetime) -> None:
    """Refuse a day that is still to come, long past, or before the plan was approved by its last signature."""
    calendar = actor.calendar
    if on > calendar.day_of(now):
        raise FieldErrors({"implemented_on": "This day is still to come. Give the day on which it was done."})
    if on < calendar.day_of(now - LONGEST_AGO):
        raise FieldErrors({"implemented_on": LONG_AGO})
    approved_on = max((calendar.day_of(one.at) for one in given(found, PLAN)), default=on)
    if on < approved_on:
        why = f"The plan was approved on {words.day(approved_on)}, and nothing of it is done before."
        raise FieldErrors({"implemented_on": f"{why} Give that day or a later one."})


def add_check(session: Session, actor: Actor, found: Sheet, form: CheckForm, now: datetime) -> EffectivenessCheck:
    """Add a check of effectiveness, which is signed in the same transaction."""
    if form.outcome not in OUTCOMES:
        raise FieldErrors({"outcome": "Choose one of the list."})
    given = asdict(form) | change.by(actor, now)
    check = EffectivenessCheck(record_id=found.record.id, number=len(found.checks) + 1, **given)
    session.add(check)
    session.flush()
    return check


def check_again(session: Session, actor: Actor, record: Record, now: datetime) -> None:
    """Start the clock to another check."""
    clocks.start_by_terms(session, actor, record, ClockName.CHECK, now, now, term=CHECK_AGAIN)


def follow_up(session: Session, actor: Actor, found: Sheet, evidence: str, now: datetime) -> Record:
    """Log the CAPA that follows one found not effective, linked with it and with its sources."""
    before, record = found.part(Capa), found.record
    gravest = max(found.sources, key=lambda one: deviation.ORDER.index(one.class_ or Class.MAJOR), default=None)
    owner = found.owner if found.owner and may_take_part(found.owner) else actor.person
    return log(
        session,
        actor,
        CapaForm(
            title=f"Follow-up of {record.number}: {record.title}"[:MOST_TITLE],
            problem=f"{record.number} was not effective: {evidence}"[:3000],
            action_type=before.action_type if before else ActionType.CORRECTIVE,
            owner_id=owner.id,
            due_on=proposed_due(session, actor, gravest, now),
            plan=f"{TO_BE_WRITTEN}: what {record.number} did was not enough. Press Change plan.",
            sources=(record.number, *(one.number for one in found.sources if one.state is not State.VOID)),
            criterion=before.criterion if before else "",
        ),
        now,
    )
