"""Whose turn it is: the next step of a record, by whom, in one sentence."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from quality import approval, guards, transitions, words
from quality.sheet import Sheet
from storage.clock import Clock, ClockName
from storage.oos import RetestPlan
from storage.partnership import Side
from storage.person import Person
from storage.record import Asked, Kind, Outcome, Record, State

MOST_NAMED = 3


def next_step(sheet: Sheet, now: datetime) -> str:
    """Say what has to happen next, and whose turn it is."""
    record = sheet.record
    told = (
        _asked(sheet),
        _stopped(sheet),
        _acknowledge(sheet, now),
        _life(sheet, now),
        _reports(sheet),
        _follows(record, sheet),
    )
    return " ".join(sentence for sentence in told if sentence) or "Nothing more to do."


def side(sheet: Sheet) -> Side | None:
    """Tell which company's turn it is; None when nobody's, for the record is done or its clock is stopped."""
    record = sheet.record
    if record.state in transitions.DONE or (sheet.due is not None and sheet.due.paused_at is not None):
        return None
    working = sheet.owner.side if sheet.owner else record.logged_side
    if sheet.request is not None:
        able = {who.side for who in _able(sheet, _answer(sheet.request.what))}
        able = able or set(approval.answering(sheet))  # it is a company's turn also while nobody of it can act
    else:
        able = set(approval.open_sides(sheet))
    return next(iter(able)) if len(able) == 1 else working


def _reports(sheet: Sheet) -> str:
    """Tell of reports to authorities that are open: closing a record does not settle them."""
    if all(report.is_settled for report in sheet.reports):
        return ""
    return f"QA of {sheet.companies[Side.SPONSOR].name} answers for the reports to authorities."


def _follows(record: Record, sheet: Sheet) -> str:
    """Tell that a deviation follows a confirmed result."""
    stands = record.state is State.CLOSED and record.outcome is Outcome.CONFIRMED
    if not stands or any(one.kind is Kind.DEVIATION for one in sheet.followers):
        return ""
    return "A deviation follows: press Log deviation."


def _asked(sheet: Sheet) -> str:
    asked = sheet.request
    if asked is None:
        return ""
    what = words.request(asked.what, asked.wanted)
    return f"{_people(sheet, _answer(asked.what))} answers {sheet.who(asked.asked_by_id)}, who asks to {what}."


def _answer(asked: Asked) -> str:
    """Name the act that agrees to what is asked."""
    return "grant" if asked is Asked.EXTEND else "agree"


def _stopped(sheet: Sheet) -> str:
    due = sheet.due
    if due is None or due.paused_at is None or due.pause_ends_on is None:
        return ""
    return f"The clock is stopped until {words.day(due.pause_ends_on)}."


def _acknowledge(sheet: Sheet, now: datetime) -> str:
    if not sheet.waits_for_acknowledgement:
        return ""
    return f"{sheet.other_company.name} acknowledges {_by(sheet, sheet.clocks[ClockName.ACKNOWLEDGE], now)}."


def _by(sheet: Sheet, clock: Clock, now: datetime) -> str:
    """`by Wed 25 Nov 2026, 17:00 Berlin`, and that it is late once it is."""
    when = words.due(clock.due_at, sheet.partnership.time_zone)
    return f"by {when}{' (late)' if clock.due_at < now else ''}"


def _life(sheet: Sheet, now: datetime) -> str:
    if sheet.record.state in transitions.DONE:
        return ""
    if sheet.owner is None or not sheet.owner.active:
        return "QA of either company assigns an owner."
    return STEPS[sheet.record.kind, sheet.record.state](sheet, now)


def _owner(does: str) -> Callable[[Sheet, datetime], str]:
    def sentence(sheet: Sheet, _now: datetime) -> str:
        return f"{sheet.who(sheet.record.owner_id)} {does}."

    return sentence


def _approve(sheet: Sheet, now: datetime) -> str:
    missing = guards.CAPA_LINKED.fails(sheet, now)
    first = "A CAPA has to be added or linked; then " if missing else ""
    more = approval.remaining(sheet)[1:]
    then = f" Then QA of {sheet.companies[more[0]].name} signs." if more else ""
    return f"{first}{_people(sheet, 'approve')} approves by signature.{then}"


def _phase_2(sheet: Sheet, _now: datetime) -> str:
    plan = sheet.part(RetestPlan)
    owner = sheet.who(sheet.record.owner_id)
    if plan is None:
        return f"{owner} plans retests, or gives the phase II result."
    if plan.approved_at is None:
        return _sign_plan(sheet)
    if len(sheet.retests) < plan.number:
        return f"{owner} records retest {len(sheet.retests) + 1} of {plan.number}."
    return f"{owner} gives the phase II result."


def _planned(sheet: Sheet, now: datetime) -> str:
    if guards.PLAN_WRITTEN.fails(sheet, now):
        return f"{_accept(sheet, now)}{sheet.who(sheet.record.owner_id)} or QA writes the plan."
    return f"{_accept(sheet, now)}{_sign_plan(sheet)}"


def _accept(sheet: Sheet, now: datetime) -> str:
    waiting = sheet.clocks.get(ClockName.ACCEPT)
    if waiting is None or waiting.stopped_at is not None:
        return ""
    return f"{sheet.who(sheet.record.owner_id)} accepts it {_by(sheet, waiting, now)}. "


def _in_progress(sheet: Sheet, now: datetime) -> str:
    return f"{_accept(sheet, now)}{sheet.who(sheet.record.owner_id)} carries it out and marks it implemented."


def _sign_plan(sheet: Sheet) -> str:
    if len(approval.remaining(sheet)) > 1:
        return "QA of both companies approve the plan by signature."
    return f"{_people(sheet, 'approve_plan')} approves the plan by signature."


def _check(sheet: Sheet, now: datetime) -> str:
    early = guards.CHECK_DATE.fails(sheet, now)
    when = words.local_day(sheet.clocks[ClockName.CHECK].due_at, sheet.partnership.time_zone)
    return f"{_people(sheet, 'check')} checks its effectiveness{f' from {when} on' if early else ''}."


def _proposed(sheet: Sheet, now: datetime) -> str:
    if guards.HAS_TESTS.fails(sheet, now):
        return f"{sheet.who(sheet.record.owner_id)} adds its tests."
    if len(approval.remaining(sheet)) > 1:
        return "QA of both companies approve it by signature."
    return f"{_people(sheet, 'approve')} approves it by signature."


def _decide(sheet: Sheet, now: datetime) -> str:
    waits = guards.RELEASABLE.fails(sheet, now) is not None
    first = "What holds the batch has to be closed first; then " if waits else ""
    return f"{first}{_people(sheet, 'approve')} decides by signature."


def _people(sheet: Sheet, name: str) -> str:
    """Name who may do an act now: `Elif Kaya or Finn Larsen (Borealis)`; whose turn it is where that is nobody."""
    able = _able(sheet, name)
    if not able:
        return _nobody(sheet, name)
    if len({who.side for who in able}) > 1:
        return "QA of either company"
    return _names(sheet, able)


def _able(sheet: Sheet, name: str) -> list[Person]:
    act = transitions.find(sheet.record.kind, name)
    return [who for who in sheet.roster if act is not None and act.who.allows(who, sheet)]


def _names(sheet: Sheet, people: list[Person]) -> str:
    company = sheet.companies[people[0].side].name
    if len(people) > MOST_NAMED:
        return f"QA of {company}"
    return f"{' or '.join(who.name for who in people)} ({company})"


def _nobody(sheet: Sheet, name: str) -> str:
    """Name the company that has to act, where nobody of it can."""
    answers = name in ("grant", "agree")
    sides = approval.answering(sheet) if answers else approval.open_sides(sheet)
    whose = f"QA of {sheet.companies[sides[0]].name}" if len(sides) == 1 else "QA of either company"
    if name == "agree" or sheet.owner is None:  # whoever owns it may answer that
        return f"{whose} (there is nobody yet)"
    return f"{whose} (another than {sheet.owner.name})"


Step = Callable[[Sheet, datetime], str]
STEPS: Mapping[tuple[Kind, State], Step] = MappingProxyType(
    {
        (Kind.DEVIATION, State.OPEN): _owner("starts the investigation"),
        (Kind.DEVIATION, State.UNDER_INVESTIGATION): _owner("investigates and submits it for approval"),
        (Kind.DEVIATION, State.PENDING_APPROVAL): _approve,
        (Kind.OOS, State.PHASE_1): _owner("gives the phase I result"),
        (Kind.OOS, State.PHASE_2): _phase_2,
        (Kind.OOS, State.PENDING_APPROVAL): _approve,
        (Kind.CAPA, State.PLANNED): _planned,
        (Kind.CAPA, State.IN_PROGRESS): _in_progress,
        (Kind.CAPA, State.IMPLEMENTED): _check,
        (Kind.SPECIFICATION, State.PROPOSED): _proposed,
        (Kind.DISPOSITION, State.PROPOSED): _decide,
    }
)
