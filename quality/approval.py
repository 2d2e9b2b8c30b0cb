"""Approvals: which companies' QA have to sign a record now, and who has worked on it and therefore may not."""

from collections.abc import Iterable
from dataclasses import dataclass

from quality.sheet import Sheet
from storage.oos import RetestPlan
from storage.partnership import Side
from storage.record import Asked, Class, Kind, Record, State
from storage.signature import Signature

RECORD, PLAN = "record", "plan"  # what of a record is signed; an effectiveness check is `check 1`
BOTH = (Side.CMO, Side.SPONSOR)


@dataclass(frozen=True)
class Approval:
    """Signatures that a record waits for: of which companies; ordered says that the first goes first."""

    scope: str
    sides: tuple[Side, ...]
    ordered: bool = True


def wanted(sheet: Sheet) -> Approval | None:
    """Give the approval that a record waits for; None when it waits for none."""
    record = sheet.record
    if record.state is State.PENDING_APPROVAL:
        return Approval(RECORD, (Side.CMO,) if record.class_ is Class.MINOR else BOTH)
    if record.state is State.PROPOSED and record.kind is Kind.DISPOSITION:
        return Approval(RECORD, (Side.SPONSOR,))  # 21 CFR 211.22(a): never the CMO's to decide
    if record.state is State.PROPOSED:
        return Approval(RECORD, BOTH, ordered=False)
    if record.state is State.PHASE_2:
        plan = sheet.part(RetestPlan)
        waits = plan is not None and plan.approved_at is None
        return Approval(PLAN, BOTH, ordered=False) if waits else None
    if record.kind is Kind.CAPA and record.state is State.PLANNED:
        return Approval(PLAN, _plan_sides(sheet), ordered=False)
    return None


def _plan_sides(sheet: Sheet) -> tuple[Side, ...]:
    owners = sheet.owner.side if sheet.owner else sheet.record.logged_side
    return (owners, owners.other) if any(is_weighty(source) for source in sheet.sources) else (owners,)


def is_weighty(source: Record) -> bool:
    """Whether a source of a CAPA makes both companies approve its plan."""
    return source.kind is Kind.OOS or source.class_ in (Class.MAJOR, Class.CRITICAL)


def covers(capa: Record, source: Record, signatures: Iterable[Signature]) -> bool:
    """Whether a CAPA's plan has, or has still to get before it begins, the signatures that a source asks for."""
    if capa.state is State.PLANNED or not is_weighty(source):
        return True  # the plan takes at least one company's signature in any case
    plan = (one for one in signatures if one.counts and one.scope == PLAN and one.record_id == capa.id)
    return {one.side for one in plan} == set(BOTH)


def covering(sheet: Sheet) -> list[Record]:
    """List the CAPAs that a record can be closed with."""
    return [capa for capa in sheet.capas if covers(capa, sheet.record, sheet.plan_signatures)]


def given(sheet: Sheet, scope: str) -> list[Signature]:
    """List the signatures of a scope that count."""
    return [one for one in sheet.signatures if one.counts and one.scope == scope]


def remaining(sheet: Sheet) -> tuple[Side, ...]:
    """Give the companies whose signature is missing, the next one first."""
    approval = wanted(sheet)
    if approval is None:
        return ()
    signed = {one.side for one in given(sheet, approval.scope)}
    return tuple(side for side in approval.sides if side not in signed)


def open_sides(sheet: Sheet) -> tuple[Side, ...]:
    """Give the companies whose QA may sign now."""
    approval = wanted(sheet)
    missing = remaining(sheet)
    return missing[:1] if approval and approval.ordered else missing


def answering(sheet: Sheet) -> tuple[Side, ...]:
    """Give the companies whose QA may answer what is asked: for a later due date both, else not the asker's."""
    asked = sheet.request
    if asked is None:
        return ()
    other_than = asked.first_yes_by_id if asked.what is Asked.EXTEND else asked.asked_by_id
    who = sheet.people.get(other_than or 0)
    return BOTH if who is None else (who.side.other,)


def is_last(sheet: Sheet) -> bool:
    """Whether one signature more is the last."""
    return len(remaining(sheet)) == 1


def authors(sheet: Sheet, scope: str) -> set[int]:
    """Give the ids of the people whose work is approved under a scope: the owner, and who else worked on it."""
    worked = {one.person_id for one in sheet.authors if one.scope == scope}
    return worked | ({sheet.record.owner_id} if sheet.record.owner_id else set())


def signers(sheet: Sheet, scope: str) -> set[str]:
    """Give the Slack ids of the people whose signature counts: nobody signs twice, whichever company they are of."""
    return {one.user_id for one in given(sheet, scope)}
