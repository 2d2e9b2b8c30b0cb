"""Deviations: what a first report and an investigation must hold, and what another class brings with it."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlmodel import Session

from quality import authority, change, clocks, terms
from quality import record as records
from quality.change import Ref
from quality.people import Actor, require_part
from quality.refusal import FieldErrors
from quality.terms import LONG_AGO, LONGEST_AGO
from storage import clock
from storage import deviation as first_report
from storage import record as stored
from storage.clock import ClockName
from storage.investigation import Cause, Disposition, Investigation
from storage.record import Class, Distributed, Kind, Record, State

ORDER = tuple(Class)  # from the least to the most


@dataclass(frozen=True)
class DeviationForm:
    """What Log deviation asks."""

    title: str
    happened: str
    detected_at: datetime
    class_: Class
    distributed: Distributed
    expected: str = ""
    lots: tuple[str, ...] = ()
    product: str = ""
    location: str = ""
    immediate_action: str = ""
    sources: tuple[str, ...] = ()
    oos: Ref | None = None  # the confirmed result on whose card it is logged


@dataclass(frozen=True)
class InvestigationForm:
    """What Submit investigation asks."""

    category: Cause
    root_cause: str
    other_batches: str
    impact: str
    disposition: Disposition
    capa_needed: bool
    conclusion: str
    no_capa_reason: str = ""
    human_error: str = ""
    distributed: Distributed | None = None  # as it is known by now


def log(session: Session, actor: Actor, form: DeviationForm, now: datetime) -> Record:
    """Log a deviation; its clocks start at its detection."""
    require_part(session, actor, "log deviations")
    oos = change.begin(session, actor, form.oos, "deviation", now).record if form.oos else None
    if form.detected_at > now:
        raise FieldErrors({"detected_at": "This lies in the future. Give the time it was detected."})
    if form.detected_at < now - LONGEST_AGO:
        raise FieldErrors({"detected_at": LONG_AGO})
    sources = records.find_sources(session, actor, form.sources)
    record = records.new(
        actor,
        Kind.DEVIATION,
        State.OPEN,
        now,
        class_=form.class_,
        title=form.title,
        product=form.product,
        holds_batches=form.class_ is not Class.MINOR,
        detected_at=form.detected_at,
        distributed_at=now if form.distributed is Distributed.YES else None,
    )
    records.check_plans(session, record, sources, "sources")
    names = ("happened", "expected", "location", "distributed", "immediate_action")
    details = {name: getattr(form, name) for name in names}
    records.log(session, actor, record, now=now, details={"class": form.class_, **details}, lots=form.lots)
    first_report.add(session, record.id, **details)
    for source in sources:
        records.link(session, actor, record, source, now, logged_from=source is oos)
    authority.watch(session, actor, record, now)
    return record


def begin_investigation(session: Session, actor: Actor, ref: Ref, now: datetime) -> Record:
    """Start the investigation."""
    record = change.may(session, actor, ref.record_id, "start", now).record
    if record.owner_id == actor.person.id:
        change.worked(session, actor.person.id, record)
    change.move(session, actor, record, State.UNDER_INVESTIGATION, "started", now)
    return record


def submit(session: Session, actor: Actor, ref: Ref, form: InvestigationForm, now: datetime) -> Record:
    """Submit the investigation for approval; it takes the place of one submitted before."""
    record = change.begin(session, actor, ref, "submit", now).record
    _check(form)
    change.worked(session, actor.person.id, record)
    found = asdict(form)
    distributed = found.pop("distributed")
    session.merge(Investigation(record_id=record.id, **found, **change.by(actor, now)))
    changes = change.told(found)
    if distributed is not None:
        changes |= authority.learn(session, record, distributed, now)
    change.move(session, actor, record, State.PENDING_APPROVAL, "submitted", now, changes=changes)
    authority.watch(session, actor, record, now)
    return record


def _check(form: InvestigationForm) -> None:
    errors: dict[str, str] = {}
    if not form.capa_needed and not form.no_capa_reason:
        errors["no_capa_reason"] = "Say why no CAPA is needed, or choose Yes above."
    if form.category is Cause.PEOPLE and not form.human_error:
        errors["human_error"] = (
            "Human error as a root cause needs a justification that process, procedure and system were excluded."
        )
    if errors:
        raise FieldErrors(errors)


def lowers(record: Record, class_: Class) -> bool:
    """Whether a class is below the record's."""
    return ORDER.index(class_) < ORDER.index(record.class_ or class_)


def reclassify(session: Session, actor: Actor, record: Record, class_: Class, reason: str, now: datetime) -> None:
    """Give a deviation another class; its clock runs anew from awareness, and by it days that it stood are granted."""
    before, record.class_ = record.class_, class_
    agreed = terms.of(session, record.partnership_id)
    was = clock.find(session, record.id, ClockName.CLOSE)
    was_due = was.due_at.isoformat() if was else None
    due = clocks.start_again(session, actor, record, ClockName.CLOSE, record.detected_at, now, agreed)
    clocks.notified(session, actor, record, agreed)
    changes = {"class": [before, class_], "due": [was_due, due.at.isoformat() if due else None]}
    change.finish(session, actor, record, "reclassified", now, changes=changes, reason=reason)
    for capa in stored.followers_of(session, record.id):
        # Whose signatures their plans need goes by the class of their sources.
        change.settle(session, capa, now)
        change.begin_if_approved(session, actor, capa, now)
    authority.watch(session, actor, record, now, anew=True)
