"""Deviations: what a first report must hold."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from quality import record as records
from quality.people import Actor, require_part
from quality.refusal import FieldErrors
from quality.terms import CLOSE, LONG_AGO, LONGEST_AGO
from quality.working_time import calendar_of
from storage.deviation import Deviation
from storage.record import Class, Distributed, Kind, Record, State


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


def log(session: Session, actor: Actor, form: DeviationForm, now: datetime) -> Record:
    """Log a deviation; its clocks start at its detection."""
    require_part(session, actor, "log deviations")
    if form.detected_at > now:
        raise FieldErrors({"detected_at": "This lies in the future. Give the time it was detected."})
    if form.detected_at < now - LONGEST_AGO:
        raise FieldErrors({"detected_at": LONG_AGO})
    term = CLOSE[Kind.DEVIATION, form.class_]
    due = records.Due(term.due(form.detected_at, calendar_of(actor.partnership, actor.companies)), term.rule)
    record = Record(
        partnership_id=actor.partnership.id,
        kind=Kind.DEVIATION,
        state=State.OPEN,
        class_=form.class_,
        title=form.title,
        product=form.product,
        holds_batches=form.class_ is not Class.MINOR,
        logged_side=actor.person.side,
        logged_by_id=actor.person.id,
        detected_at=form.detected_at,
        recorded_at=now,
    )
    details: dict[str, Any] = {
        "happened": form.happened,
        "expected": form.expected,
        "location": form.location,
        "distributed": form.distributed,
        "immediate_action": form.immediate_action,
    }
    content = {"class": form.class_, **details}
    records.log(session, actor, record, due, now=now, content=content, lots=form.lots)
    session.add(Deviation(record_id=record.id, **details))
    return record
