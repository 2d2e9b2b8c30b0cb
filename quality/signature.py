"""Signing: a person's approval of one version of a record, with meaning, time and two components (21 CFR Part 11).

What is signed, by whom and to what effect. Every attempt that is refused is kept in the journal.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlmodel import Session

from quality import approval, capa, change, disposition, people, specification
from quality.approval import PLAN, RECORD
from quality.capa import CheckForm
from quality.change import Ref
from quality.content import content, digest
from quality.device import Method
from quality.people import Actor, Identity
from quality.refusal import Refusal, Witnessed
from quality.sheet import Sheet, of_record
from storage import draft, journal, partnership, person
from storage import record as stored
from storage import signature as signatures
from storage.journal import JournalEntry
from storage.oos import RetestPlan
from storage.person import Role
from storage.record import Kind, Outcome, Record, State
from storage.signature import Signature

KEPT = ("name", "company", "role", "zone", "meaning", "method", "version", "scope", "hash")  # in the journal, too
SIGNED = ("approve", "approve_plan", "check")  # the acts that take a signature


@dataclass(frozen=True)
class Attempt:
    """What a Sign modal brings."""

    partnership_id: int
    ref: Ref
    act: str
    code: str
    opened_by: str  # Slack's user id
    draft_id: int | None = None


@dataclass(frozen=True)
class Statement:
    """What a person is about to sign: the record as it is, what the signature means, and the hash of the content."""

    sheet: Sheet
    act: str
    meaning: str
    scope: str
    hash: str | None  # None where the content is complete only with the signature's own form


def state(session: Session, actor: Actor, record_id: int, act: str, now: datetime) -> Statement:
    """Say what the actor would sign; a Refusal when they may not."""
    found = change.may(session, actor, record_id, act, now)
    if act == "check":
        return Statement(found, act, "Check of effectiveness", f"check {len(found.checks) + 1}", None)
    scope = _scope(act)
    return Statement(found, act, meaning(found, act), scope, digest(content(found, scope)))


def meaning(found: Sheet, act: str) -> str:
    """Say what a signature means."""
    if act == "check":
        return f"Check of effectiveness: {found.checks[-1].outcome}"
    if act == "approve_plan":
        return "Approval of the retest plan" if found.record.kind is Kind.OOS else "Approval of the action plan"
    if found.record.kind is Kind.DISPOSITION:
        return f"Disposition of the batch: {disposition.proposed(found).decision}"
    if found.record.kind is Kind.SPECIFICATION:
        return "Approval of the specification"
    if found.record.kind is Kind.OOS:
        return f"Approval of the investigation and its outcome: {found.record.outcome}"
    return "Approval of the investigation and its conclusion"


def sign(session: Session, who: Identity, attempt: Attempt, method: Method, now: datetime) -> Record:
    """Sign; a refused attempt changes nothing but is journaled, and is raised as Witnessed."""
    try:
        actor = people.actor_of(session, attempt.partnership_id, who)
    except Refusal as refusal:
        _witness(session, attempt, _stranger(session, attempt.partnership_id, who), refusal, now)
        raise Witnessed(refusal) from refusal
    try:
        found = _checked(session, actor, attempt, method, now)
        with session.begin_nested():
            EFFECTS[attempt.act](session, actor, found, attempt, method, now)
    except Refusal as refusal:
        _witness(session, attempt, actor.signature(), refusal, now)
        raise Witnessed(refusal) from refusal
    return found.record


def _checked(session: Session, actor: Actor, attempt: Attempt, method: Method, now: datetime) -> Sheet:
    """Check everything that has to be true of a signature, the code last, so that no good code is spent in vain."""
    if attempt.opened_by != actor.person.user_id:
        raise Refusal("Somebody else opened this form, and a signature is personal. Press the button yourself.")
    if attempt.act not in SIGNED:
        raise Refusal("That is nothing to be signed.")
    found = change.begin(session, actor, attempt.ref, attempt.act, now)
    if found.record.kind is Kind.DISPOSITION:
        found = disposition.hold_still(session, actor, found, now)
    if attempt.act == "check":
        drafted(session, actor, attempt)
    method.check(session, actor, attempt.code, now)
    return found


def drafted(session: Session, actor: Actor, attempt: Attempt) -> CheckForm:
    """Give the check that the person filled in and signs now."""
    given = draft.find(session, attempt.draft_id or 0, attempt.ref.record_id, actor.person.id)
    if given is None:
        raise Refusal("What you filled in is no longer there. Press *Check effectiveness* again.")
    return CheckForm(Outcome(given["outcome"]), given["evidence"])


def _signed(
    session: Session, actor: Actor, found: Sheet, act: str, scope: str, method: Method, now: datetime
) -> dict[str, Any]:
    """Keep a signature; gives what the journal says of it."""
    text = content(found, scope)
    signature = Signature(
        partnership_id=found.record.partnership_id,
        record_id=found.record.id,
        person_id=actor.person.id,
        scope=scope,
        meaning=meaning(found, act),
        name=actor.person.name,
        company=actor.company.name,
        side=actor.person.side,
        role=Role.QA,
        team_id=actor.person.team_id,
        user_id=actor.person.user_id,
        at=now,
        zone=actor.person.time_zone,
        method=method.name,
        version=found.record.version,
        content=text,
        hash=digest(text),
    )
    session.add(signature)
    return {field: getattr(signature, field) for field in KEPT}


def _approve(session: Session, actor: Actor, found: Sheet, attempt: Attempt, method: Method, now: datetime) -> None:
    """Keep an approval; the last one that is needed has its effect."""
    is_last = approval.is_last(found)
    signature = _signed(session, actor, found, attempt.act, _scope(attempt.act), method, now)
    if is_last:
        LAST[found.record.kind, attempt.act](session, actor, found, signature, now)
    else:
        change.finish(session, actor, found.record, "approved", now, signed=signature)


def _close(session: Session, actor: Actor, found: Sheet, signed: dict[str, Any], now: datetime) -> None:
    change.move(session, actor, found.record, State.CLOSED, "closed", now, signed=signed)


def _let_retest(session: Session, actor: Actor, found: Sheet, signed: dict[str, Any], now: datetime) -> None:
    if (plan := found.part(RetestPlan)) is not None:
        plan.approved_at = now
    change.finish(session, actor, found.record, "plan_approved", now, signed=signed)


def _let_act(session: Session, actor: Actor, found: Sheet, signed: dict[str, Any], now: datetime) -> None:
    change.move(session, actor, found.record, State.IN_PROGRESS, "begun", now, signed=signed)


def _check(session: Session, actor: Actor, found: Sheet, attempt: Attempt, method: Method, now: datetime) -> None:
    check = capa.add_check(session, actor, found, drafted(session, actor, attempt), now)
    found = change.sheet(session, actor, found.record.id)
    record = found.record
    signature = _signed(session, actor, found, "check", f"check {check.number}", method, now)
    changes = change.told({"outcome": check.outcome, "evidence": check.evidence})
    if check.outcome is Outcome.INCONCLUSIVE:
        capa.check_again(session, actor, record, now)
        change.finish(session, actor, record, "checked", now, changes=changes, signed=signature)
        return
    record.outcome = check.outcome
    change.move(session, actor, record, State.CLOSED, "closed", now, changes=changes, signed=signature)
    if check.outcome is Outcome.NOT_EFFECTIVE:
        capa.follow_up(session, actor, found, check.evidence, now)


def verify(session: Session) -> Iterator[str | None]:
    """Hold every signature against the journal and, where it counts, against its record; gives each one's fault."""
    told = 0
    for entry in journal.each(session, journal.list_signed):
        told += 1
        yield _fault(session, entry)
    kept = signatures.count(session)
    if kept != told:
        yield f"{kept} signatures are kept, the journal knows of {told}"


def _fault(session: Session, entry: JournalEntry) -> str | None:
    body = entry.content
    by, said = body["by"], body["signature"]
    one = signatures.find(session, entry.record_id or 0, by["user"], entry.at)
    if one is None:
        return f"{body['record']}: the signature of {by['name']} is gone"
    where = f"{body['record']}: the signature of {one.name}"
    kept = {field: getattr(one, field) for field in KEPT} | {"team": one.team_id, "side": one.side}
    if kept != {field: said[field] for field in KEPT} | {"team": by["team"], "side": by["side"]}:
        return f"{where} is not what the journal says"
    if digest(one.content) != one.hash:
        return f"{where} does not match its hash"
    if one.counts and digest(content(of_record(session, one.partnership_id, one.record_id), one.scope)) != one.hash:
        return f"{where} is not of the record's present content"
    return None


def _scope(act: str) -> str:
    return RECORD if act == "approve" else PLAN


def _stranger(session: Session, partnership_id: int, who: Identity) -> dict[str, str]:
    known = person.find(session, partnership_id, who.team_id, who.user_id)
    if known is not None:
        return people.signature(known, partnership.companies(session, partnership_id)[known.side])
    return {"name": "somebody not on the roster", "company": "", "team": who.team_id, "user": who.user_id}


def _witness(session: Session, attempt: Attempt, by: dict[str, str], refusal: Refusal, now: datetime) -> None:
    """Journal an attempt that was refused."""
    try:
        record = stored.get(session, attempt.partnership_id, attempt.ref.record_id)
    except LookupError:
        record = None  # a forged form: it names a record that is none of this partnership's
    body: dict[str, Any] = {"by": by, "changes": {}, "reason": str(refusal)}
    body |= {"record": record.number, "version": record.version} if record else {}
    event = f"{record.kind if record else 'person'}.signature_refused"
    journal.append(session, attempt.partnership_id, event, now, body, record.id if record else None)


Effect = Callable[[Session, Actor, Sheet, Attempt, Method, datetime], None]
EFFECTS: Mapping[str, Effect] = MappingProxyType({"approve": _approve, "approve_plan": _approve, "check": _check})
# What the last approval that is needed brings about.
LAST: Mapping[tuple[Kind, str], Callable[[Session, Actor, Sheet, dict[str, Any], datetime], None]] = MappingProxyType(
    {
        (Kind.DEVIATION, "approve"): _close,
        (Kind.OOS, "approve"): _close,
        (Kind.OOS, "approve_plan"): _let_retest,
        (Kind.CAPA, "approve_plan"): _let_act,
        (Kind.SPECIFICATION, "approve"): specification.take_effect,
        (Kind.DISPOSITION, "approve"): disposition.decide,
    }
)
