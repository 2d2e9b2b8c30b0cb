"""CAPAs: what a new one must hold, and the records it comes from."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from quality import record as records
from quality.people import Actor, require_part
from quality.refusal import FieldErrors
from quality.terms import CAPA_RULE, LONGEST_AGO
from quality.working_time import DAY_ENDS, calendar_of
from storage import record as stored
from storage.capa import ActionType, Capa
from storage.record import Kind, Record, RecordLink, State


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


def log(session: Session, actor: Actor, form: CapaForm, now: datetime) -> Record:
    """Log a CAPA, link it to its sources and tell its owner."""
    require_part(session, actor, "log CAPAs")
    calendar = calendar_of(actor.partnership, actor.companies)
    if form.due_on < calendar.day_of(now):
        raise FieldErrors({"due_on": "This day is past. Give a day from today on."})
    if calendar.at(form.due_on, DAY_ENDS) < now:
        raise FieldErrors({"due_on": "This day's working hours are over. Give a later day."})
    if form.due_on > calendar.day_of(now + LONGEST_AGO):
        raise FieldErrors({"due_on": "This is more than five years ahead. Check the year."})
    sources = [_source(session, actor, number) for number in dict.fromkeys(form.sources)]
    owner = records.can_own(session, actor, form.owner_id)
    record = Record(
        partnership_id=actor.partnership.id,
        kind=Kind.CAPA,
        state=State.PLANNED,
        title=form.title,
        owner_id=owner.id,
        logged_side=actor.person.side,
        logged_by_id=actor.person.id,
        detected_at=now,
        recorded_at=now,
    )
    details: dict[str, Any] = {"problem": form.problem, "action_type": form.action_type, "plan": form.plan}
    details["criterion"] = form.criterion
    content = {**details, "owner": owner.name, "sources": ", ".join(source.number for source in sources)}
    due = records.Due(calendar.at(form.due_on, DAY_ENDS), CAPA_RULE)
    entry = records.log(session, actor, record, due, now=now, content=content, acknowledged_by_partner=False)
    session.add(Capa(record_id=record.id, **details))
    for source in sources:
        session.add(RecordLink(capa_id=record.id, source_id=source.id))
        records.note(session, actor, source, "linked", now, changes={"CAPA": [None, record.number]})
    records.tell_owner(session, record, owner, entry, now)
    return record


def _source(session: Session, actor: Actor, number: str) -> Record:
    found = stored.find(session, actor.partnership.id, number)
    if found is None:
        raise FieldErrors(
            {"sources": f"There is no record {number} in this channel. Give numbers such as DEV-2026-0001."}
        )
    return found
