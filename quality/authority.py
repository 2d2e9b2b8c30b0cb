"""Reports to authorities: when a record calls for them, how long the sponsor has, and what its QA says.

A confirmed or suspected failure of a distributed batch: an OOS, or a major or critical deviation. The clocks run from
the first notice, not from a confirmation, and an unanswered question counts as running. What is not known to be
distributed is no reportable failure yet: where that becomes known later, the notice of it is the first one.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlmodel import Session

from quality import change, clocks, ladder, setting
from quality.change import Ref
from quality.people import Actor, require, require_confirmed
from quality.refusal import FieldErrors, Overtaken, Refusal
from quality.terms import Due, Term, Unit
from quality.words import moment
from quality.working_time import Calendar, Site
from storage import authority, clock, outbox, person
from storage import record as stored
from storage.authority import Answer, AuthorityReport
from storage.clock import Clock, ClockName, Duty
from storage.deviation import Deviation
from storage.oos import Oos, ResultKind
from storage.partnership import Side
from storage.person import Role
from storage.record import Class, Distributed, Kind, Outcome, Record, State

US_FEDERAL = (Site("US"),)


@dataclass(frozen=True)
class Report:
    """A report to an authority: its term, since when it counts, and by whose working days."""

    title: str
    source: str
    term: Term
    since: Callable[[Record], datetime]
    sites: tuple[Site, ...] | None = None  # None: both companies'
    from_answer: bool = False  # once it is said to be needed, the term counts from then


def _noticed_at(record: Record) -> datetime:
    """Give when the sponsor received the information (21 CFR 314.81(b)(1)): a failure, and of a distributed batch."""
    return record.distributed_at or record.recorded_at


REPORTS: Mapping[ClockName, Report] = MappingProxyType(
    {
        ClockName.FIELD_ALERT: Report(
            "Field alert",
            "21 CFR 314.81(b)(1)",
            Term(3, Unit.WORKING_DAYS, "the sponsor's first notice"),
            _noticed_at,
            US_FEDERAL,
        ),
        ClockName.BIOLOGIC: Report(
            "Biological product deviation",
            "21 CFR 600.14",
            Term(45, Unit.CALENDAR_DAYS, "awareness"),
            lambda record: record.detected_at,
        ),
        ClockName.EU_DEFECT: Report(
            "EU quality defect",
            "EMA Q&A on EU GMP chapter 8",
            Term(1, Unit.WORKING_DAYS, "the confirmation that it is needed, until then from the first notice"),
            _noticed_at,
            from_answer=True,
        ),
    }
)


def tell_distribution(
    session: Session, actor: Actor, ref: Ref, distributed: Distributed, reason: str, now: datetime
) -> Record:
    """Say at any time whether the batch is distributed; the clocks of the authorities do not wait for an approval."""
    record = change.begin(session, actor, ref, "distributed", now).record
    changes = learn(session, record, distributed, now)
    if not changes:
        raise FieldErrors({"distributed": f"{record.number} says {distributed} already. Choose another, or cancel."})
    change.finish(session, actor, record, "distributed", now, changes=changes, reason=reason)
    watch(session, actor, record, now)
    return record


def learn(session: Session, record: Record, distributed: Distributed, now: datetime) -> dict[str, Any]:
    """Note whether the batch is distributed, as it is known by now; gives what changed, for the journal."""
    details = _details(session, record)
    if details.distributed is distributed:
        return {}
    before, details.distributed = details.distributed, distributed
    if distributed is Distributed.YES and record.distributed_at is None:
        record.distributed_at = now  # the first notice: a later No and Yes buys no time
    return {"distributed": [before, distributed]}


def _details(session: Session, record: Record) -> Deviation | Oos:
    if record.kind is Kind.DEVIATION:
        return session.get_one(Deviation, record.id)
    return session.get_one(Oos, record.id)


def watch(session: Session, actor: Actor, record: Record, now: datetime, *, anew: bool = False) -> None:
    """Start the clocks of the authorities where a record calls for them and they do not run yet.

    Anew, as after another class, they are the record's own even where the same was asked about its OOS result.
    """
    if record.distributed_at is None:  # nobody ever said that its batch is distributed
        return
    session.flush()
    stand = {one.name for one in authority.list_of_record(session, record.id)}
    stand |= set() if anew else _asked_with_oos(session, record)
    missing = [name for name in REPORTS if name not in stand]
    if missing and _is_failure(session, record):
        _ask(session, actor, record, missing, now)


def _ask(session: Session, actor: Actor, record: Record, names: Iterable[ClockName], now: datetime) -> None:
    dates: dict[str, str] = {}
    for name in names:
        report = REPORTS[name]
        since = report.since(record)
        rule = f"{report.source}: {report.term.rule}"[:120]
        due = Due(report.term.due(since, _calendar(actor, report)), rule, Duty.SPONSOR, since)
        clocks.start(session, actor, record, name, due, since)
        session.add(AuthorityReport(record_id=record.id, name=name, partnership_id=record.partnership_id))
        about: dict[str, Any] = {"record_id": record.id, "name": name}
        outbox.put(session, record.partnership_id, "question", f"question:{record.id}:{name}", now, **about)
        dates[name] = moment(due.at)
    _tell_sponsor(session, actor, record, now)
    change.note(session, actor, record, "reports_asked", now, changes=change.told(dates))


def _asked_with_oos(session: Session, record: Record) -> set[ClockName]:
    """Give the questions that stand with the confirmed OOS on whose card a deviation was logged: it is one event.

    Only about its own batches, and none that was answered with *Not needed*: that was said before the deviation was
    known.
    """
    oos = stored.logged_from(session, record.id)
    if oos is None or oos.outcome is not Outcome.CONFIRMED or oos.state is State.VOID:
        return set()
    if not _lots(session, record) <= _lots(session, oos):
        return set()
    asked = authority.list_of_record(session, oos.id)
    return {one.name for one in asked if one.filed_at is not None or not one.is_settled}


def _lots(session: Session, record: Record) -> set[str]:
    return {stored.lot_key(lot) for lot in stored.batches_of(session, record.id)}


def _is_failure(session: Session, record: Record) -> bool:
    if record.kind is Kind.DEVIATION:
        is_serious = record.class_ in (Class.MAJOR, Class.CRITICAL)
        return is_serious and session.get_one(Deviation, record.id).distributed is Distributed.YES
    if record.kind is Kind.OOS:
        found = session.get_one(Oos, record.id)
        return found.result_kind is ResultKind.OOS and found.distributed is Distributed.YES
    return False


def _tell_sponsor(session: Session, actor: Actor, record: Record, now: datetime) -> None:
    """Tell each of the sponsor's QA, or who stands in; the questions also stand in the record's thread."""
    there = setting.of(session, actor.partnership.id)
    for told_id in there.reached(there.holding(Role.QA, Side.SPONSOR), now):
        key = f"questions:{record.id}:{told_id}:{now.isoformat()}"
        outbox.put(session, record.partnership_id, "questions", key, now, to=told_id, record_id=record.id)


def check_may_answer(session: Session, actor: Actor, record_id: int, name: ClockName) -> AuthorityReport:
    """Give the open question when the actor may answer it: QA of the sponsor, for whom nobody else decides."""
    record = change.get(session, actor, record_id)
    report = authority.find(session, record.id, name)
    if report is None:
        raise Refusal(f"{record.number} calls for no such report.")
    if report.filed_at is not None:
        by = person.get(session, record.partnership_id, report.filed_by_id or 0)
        raise Overtaken(f"{by.name} recorded the filing of the {name} already: {moment(report.filed_at)}.", record.id)
    act = f"answer for the {name}"
    if actor.person.side is not Side.SPONSOR:
        raise Refusal(
            f"Reports to authorities are the sponsor's: only QA of {actor.companies[Side.SPONSOR].name} may {act}."
        )
    require(session, actor, (Role.QA,), act, Side.SPONSOR)
    require_confirmed(actor, act)
    return report


@dataclass(frozen=True)
class Question:
    """A question as a button or a form names it: of which record, about which report, with which answer so far."""

    record_id: int
    name: ClockName
    answered: str


def answer(session: Session, actor: Actor, asked: Question, said: Answer, reason: str, now: datetime) -> Record:
    """Say whether a report is needed; that it is not needs a reason and stops its clock."""
    record, found = _open_question(session, actor, asked)
    name = asked.name
    if said is Answer.NOT_NEEDED and not reason:
        raise FieldErrors({"reason": "Say why the report is not needed."})
    before = found.answer
    found.answer, found.reason = said, reason
    found.answered_by_id, found.answered_at = actor.person.id, now
    running = clock.find(session, record.id, name)
    changes: dict[str, Any] = {"report": [None, name], "answer": [before, said]}
    if running is not None:
        changes |= _set_clock(actor, record, running, said, now)
    _redraw(session, record, name, now)
    change.note(session, actor, record, "report_answered", now, changes=changes, reason=reason or None)
    return record


def _open_question(session: Session, actor: Actor, asked: Question) -> tuple[Record, AuthorityReport]:
    found = check_may_answer(session, actor, asked.record_id, asked.name)
    record = change.get(session, actor, asked.record_id)
    if found.answered_by_id is None and asked.answered:  # no button of ours says so
        raise Overtaken("Nobody answered this yet. Look at it first.", record.id)
    if (found.answer or "") != asked.answered:
        by = person.get(session, record.partnership_id, found.answered_by_id or 0)
        when = f" on {moment(found.answered_at)}" if found.answered_at else ""
        raise Overtaken(f"{by.name} answered meanwhile: {found.answer}{when}. Look at it first.", record.id)
    return record, found


def _set_clock(actor: Actor, record: Record, running: Clock, said: Answer, now: datetime) -> dict[str, Any]:
    """Let the clock of a report follow the answer; gives what changed, for the journal."""
    if said is Answer.NOT_NEEDED:
        running.stopped_at, running.next_at = now, None
        return {}
    report = REPORTS[running.name]
    before, running.stopped_at = running.due_at, None
    if report.from_answer and said is Answer.NEEDED and running.started_at == report.since(record):
        # Only the first confirmation counts: a changed mind buys no time.
        running.started_at, running.due_at = now, report.term.due(now, _calendar(actor, report))
    days = ladder.calendar_for(running.name, actor.partnership, actor.companies)
    running.next_at = ladder.first_at(running.name, running.due_at, now, days)
    return {"due": [before.isoformat(), running.due_at.isoformat()]} if running.due_at != before else {}


def file(session: Session, actor: Actor, asked: Question, filed_at: datetime, now: datetime) -> Record:
    """Record when a report was filed; its clock stops."""
    record, found = _open_question(session, actor, asked)
    name = asked.name
    if filed_at > now:
        raise FieldErrors({"filed_at": "This lies in the future. Give the time at which it was filed."})
    if filed_at < record.detected_at - timedelta(days=1):
        raise FieldErrors({"filed_at": "This is before the record's own event. Check the date."})
    found.filed_at, found.filed_by_id, found.answer = filed_at, actor.person.id, Answer.NEEDED
    clock.stop(session, record.id, now, name)
    changes = {"report": [None, name], "filed": [None, moment(filed_at)]}
    _redraw(session, record, name, now)
    change.note(session, actor, record, "report_filed", now, changes=changes)
    return record


def _redraw(session: Session, record: Record, name: ClockName, now: datetime) -> None:
    about: dict[str, Any] = {"record_id": record.id, "name": name}
    key = f"question:{record.id}:{name}:{now.isoformat()}"
    outbox.put(session, record.partnership_id, "question", key, now, **about)


def _calendar(actor: Actor, report: Report) -> Calendar:
    return Calendar(actor.calendar.zone, report.sites) if report.sites else actor.calendar
