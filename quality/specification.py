"""Specifications: proposed by one company, effective when QA of both signed, version after version."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session

from quality import change, criteria, words
from quality import record as records
from quality.change import Ref
from quality.criteria import TestForm
from quality.oos import SAMPLES
from quality.people import Actor, Doer, Machine, require_part
from quality.refusal import FieldErrors
from quality.sheet import Sheet
from quality.working_time import calendar_of
from storage import partnership, specification
from storage.record import Kind, Record, State, lot_key
from storage.specification import Specification, SpecificationTest

MOST_TESTS = 60  # of one specification, which Slack shows whole in one message
LONGEST_AHEAD = timedelta(days=5 * 366)


@dataclass(frozen=True)
class SpecificationForm:
    """What New specification asks."""

    product: str
    sample_type: str
    effective_on: date
    title: str = ""


def propose(
    session: Session, actor: Actor, form: SpecificationForm, now: datetime, tests: Sequence[TestForm] = (),
    source: str = "",
) -> Record:  # fmt: skip
    """Propose a product's next version; whoever proposes owns it, and does not sign it."""
    require_part(session, actor, "propose specifications")
    versions = specification.list_versions(session, actor.partnership.id, form.product, form.sample_type)
    _check(actor, form, versions, now)
    version = 1 + max((one.version for one, _ in versions), default=0)
    title = form.title or f"{form.product}, {form.sample_type}"
    record = records.new(
        actor, Kind.SPECIFICATION, State.PROPOSED, now, title=title, product=form.product, detected_at=now,
        owner_id=actor.person.id,
    )  # fmt: skip
    told = {"sample_type": form.sample_type, "version": version, "effective_on": form.effective_on.isoformat()}
    records.log(session, actor, record, now=now, details=told)
    session.add(
        Specification(
            record_id=record.id,
            partnership_id=record.partnership_id,
            product_key=lot_key(form.product),
            sample_type=form.sample_type,
            version=version,
            effective_on=form.effective_on,
        )
    )
    change.worked(session, actor.person.id, record)
    if tests:
        _add(session, actor, record, tests, now, source)
    else:
        change.settle(session, record, now)
    return record


def _check(
    actor: Actor, form: SpecificationForm, versions: Sequence[tuple[Specification, Record]], now: datetime
) -> None:
    today = actor.calendar.day_of(now)
    errors: dict[str, str] = {}
    if form.sample_type not in SAMPLES:
        errors["sample_type"] = "Choose one of the list."
    if form.effective_on < today:
        errors["effective_on"] = "This day is past. Give a day from today on."
    if form.effective_on > today + LONGEST_AHEAD:
        errors["effective_on"] = "This is more than five years ahead. Check the year."
    for found, record in versions:
        if record.state is State.PROPOSED:
            errors["product"] = (
                f"{record.number} (version {found.version}) is proposed for it already. Have it signed or void first."
            )
        begins = found.in_force_from
        if record.state is State.EFFECTIVE and begins is not None and form.effective_on < begins:
            errors["effective_on"] = (
                f"{record.number} (version {found.version}) is in force from {words.day(begins)}. Give a later day."
            )
    if errors:
        raise FieldErrors(errors)


def add_test(session: Session, actor: Actor, ref: Ref, form: TestForm, now: datetime) -> Record:
    """Add a test to a proposed specification; signatures that it has already are void."""
    found = change.begin(session, actor, ref, "add_test", now)
    if errors := criteria.faults(form) | named_twice(form, found.tests):
        raise FieldErrors(errors)
    _add(session, actor, found.record, [form], now)
    return found.record


def add_tests(
    session: Session, actor: Actor, ref: Ref, forms: Sequence[TestForm], source: str, now: datetime
) -> Record:
    """Add the tests of a file, which were checked row by row, to a proposed specification."""
    found = change.begin(session, actor, ref, "upload_tests", now)
    for form in forms:
        if errors := criteria.faults(form) | named_twice(form, found.tests):
            raise FieldErrors(errors)
    _add(session, actor, found.record, forms, now, source)
    return found.record


def named_twice(form: TestForm, others: Sequence[SpecificationTest | TestForm]) -> dict[str, str]:
    """Give the fault of a test whose name another one has: a result could not tell which of them it is of."""
    if lot_key(form.test) in {lot_key(one.test) for one in others}:
        return {"test": f"There is a test {form.test} already. Give it a name of its own."}
    return {}


def _add(
    session: Session, actor: Actor, record: Record, forms: Sequence[TestForm], now: datetime, source: str = ""
) -> None:
    there = len(specification.list_tests(session, record.id))
    if there + len(forms) > MOST_TESTS:
        raise FieldErrors({"test": f"These would be {there + len(forms)} tests; {MOST_TESTS} is the most."})
    change.worked(session, actor.person.id, record)
    last = specification.last_number(session, record.id)
    of = {"partnership_id": record.partnership_id, "record_id": record.id}
    rows = [
        asdict(form) | {"number": number, "test_key": lot_key(form.test), **of}
        for number, form in enumerate(forms, last + 1)
    ]
    specification.add_tests(session, rows)
    told = {"tests": ", ".join(form.test for form in forms), "given": [_given(form) for form in forms], "file": source}
    change.finish(session, actor, record, "tests_added", now, changes=change.told(told))


def _given(form: TestForm) -> dict[str, Any]:
    return {name: value for name, value in asdict(form).items() if value not in ("", None, True)}


def remove_test(session: Session, actor: Actor, ref: Ref, test_id: int, reason: str, now: datetime) -> Record:
    """Take a test out of a proposed specification; its row stays, and so does why."""
    found = change.begin(session, actor, ref, "remove_test", now)
    gone = next((one for one in found.tests if one.id == test_id), None)
    if gone is None:
        raise FieldErrors({"test": "This test is not in it any more. Choose another of the list."})
    change.worked(session, actor.person.id, found.record)
    gone.removed_by_id = actor.person.id
    changes = {"test": [None, gone.test]}  # the sentence of the event names what is gone
    change.finish(session, actor, found.record, "test_removed", now, changes=changes, reason=reason)
    return found.record


def take_effect(session: Session, actor: Actor, found: Sheet, signed: dict[str, Any], now: datetime) -> None:
    """Let a version be effective by its last signature: from its day on, at the earliest today."""
    record, details = found.record, specification.get(session, found.record.id)
    today = actor.calendar.day_of(now)
    before = _before(session, details, record)
    begins = [details.effective_on, today] + ([one.in_force_from for one, _ in before if one.in_force_from])
    details.in_force_from = max(begins)
    changes = {"in_force_from": [None, details.in_force_from.isoformat()]}
    change.move(session, actor, record, State.EFFECTIVE, "effective", now, changes=changes, signed=signed)
    for one, other in before:
        _succeed(session, actor, one, other, record, details.in_force_from, now)
        if details.in_force_from <= today:
            _retire(session, actor, one, other, record.number, now)


def _before(session: Session, details: Specification, record: Record) -> list[tuple[Specification, Record]]:
    """List the effective versions that a new one follows: one, or none."""
    versions = specification.list_versions(session, record.partnership_id, record.product, details.sample_type)
    return [(one, other) for one, other in versions if other.state is State.EFFECTIVE and other.id != record.id]


def _succeed(
    session: Session, actor: Actor, details: Specification, record: Record, by: Record, on: date, now: datetime
) -> None:
    """Note from which day a version is in force no more; what is asked about it lapses."""
    details.in_force_until = details.retires_on = on
    changes = {"in_force_until": [None, on.isoformat()], "successor": [None, by.number]}
    changes |= change.lapse(session, actor, record, now)
    change.finish(session, actor, record, "succeeded", now, changes=changes)


def _retire(
    session: Session, doer: Doer, details: Specification, record: Record, successor: str, now: datetime
) -> None:
    details.retires_on = None
    record.state, record.closed_at = State.SUPERSEDED, now
    changes = {"state": [State.EFFECTIVE, State.SUPERSEDED], "successor": [None, successor]}
    change.finish(session, doer, record, "superseded", now, changes=changes)


def retire_due(session: Session, now: datetime, limit: int) -> bool:
    """Supersede the versions whose successor's day has come, where their partnership is; True for perhaps more."""
    # A day begins up to fourteen hours earlier than in UTC.
    due = specification.list_retiring(session, (now + timedelta(hours=14)).date(), limit)
    retired = 0
    for details, record in due:
        there = partnership.get(session, record.partnership_id)
        calendar = calendar_of(there, partnership.companies(session, there.id))
        if details.retires_on is None or details.retires_on > calendar.day_of(now):
            continue
        versions = specification.list_versions(session, there.id, record.product, details.sample_type)
        following = (other for one, other in versions if one.in_force_from == details.in_force_until)
        successor = next((other.number for other in following if other.id != record.id), "a later version")
        _retire(session, Machine(), details, record, successor, now)
        retired += 1
    return retired == limit


def withdraw(session: Session, actor: Actor, record: Record, now: datetime) -> None:
    """Let what a version that is void took the place of stay in force, where its day had not come."""
    details = specification.get(session, record.id)
    begins, today = details.in_force_from, actor.calendar.day_of(now)
    if begins is None or begins <= today:
        return
    for one, other in _before(session, details, record):
        if one.in_force_until == begins:
            one.in_force_until = one.retires_on = None
            change.finish(session, actor, other, "stays", now, changes={"successor": [None, record.number]})


def in_force(
    session: Session, actor: Actor, on: date, limit: int, typed: str = ""
) -> list[tuple[Specification, Record]]:
    """List the specifications of the actor's partnership that are in force on a day."""
    return specification.list_in_force(session, actor.partnership.id, on, limit, typed)
